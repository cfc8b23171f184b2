//! The first rows of a Parquet file, column by column.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use ops_client::Result;

use super::chunk::{self, Trouble};
use super::footer::Footer;
use super::leaf;
use super::rows::Assembly;
use super::source::Source;
use crate::schema::shape::{Field, Scalar, Shape};
use crate::{LeftOut, Limits, Preview, Value};

/// How many columns are read side by side.
const SIDE_BY_SIDE: usize = 4;
/// How many row groups are looked at: a file may have empty ones.
const MAX_GROUPS: usize = 1024;

/// What a column's place in a preview holds, until it is left out.
struct Shown<'a> {
    field: &'a Field,
    values: Vec<Value>,
}

pub(crate) async fn first_rows(source: &Source, footer: &Footer, count: usize, limits: &Limits) -> Result<Preview> {
    let wanted = usize::try_from(footer.rows).unwrap_or(usize::MAX).min(count).min(limits.rows);
    let mut left_out = Vec::new();
    let mut shown = Vec::new();
    for field in &footer.fields {
        if shown.len() < limits.columns {
            shown.push(Shown { field, values: Vec::new() });
        } else {
            left_out.push(LeftOut::new(&field.name, format!("only {} columns are shown", limits.columns)));
        }
    }
    let mut rows = 0;
    for group in 0..footer.metadata.num_row_groups().min(MAX_GROUPS) {
        let of_group = usize::try_from(footer.metadata.row_group(group).num_rows()).unwrap_or(0).min(wanted - rows);
        if of_group == 0 {
            continue;
        }
        let mut reads = Vec::new();
        for shown in &shown {
            reads.push(column(source, footer, shown.field, group, of_group, limits));
        }
        let columns: Vec<_> = stream::iter(reads).buffered(SIDE_BY_SIDE).try_collect().await?;
        shown = std::iter::zip(shown, columns)
            .filter_map(|(mut shown, column)| match column {
                Ok(values) => {
                    shown.values.extend(values);
                    Some(shown)
                }
                Err(why) => {
                    left_out.push(LeftOut::new(&shown.field.name, why));
                    None
                }
            })
            .collect();
        rows += of_group;
        if rows >= wanted {
            break;
        }
    }
    let columns = shown.iter().map(|shown| shown.field.column()).collect();
    let mut values: Vec<_> = shown.into_iter().map(|shown| shown.values.into_iter()).collect();
    let row = |_| values.iter_mut().map(|column| column.next().unwrap_or(Value::Null)).collect();
    let mut preview = Preview::new(source.path.clone(), columns, (0..rows).map(row).collect());
    preview.more = footer.rows > rows as u64;
    preview.left_out = left_out;
    preview.bytes_read = source.read();
    Ok(preview)
}

/// The values of a column in the first rows of a row group, or why it is left out.
async fn column(
    source: &Source,
    footer: &Footer,
    field: &Field,
    group: usize,
    rows: usize,
    limits: &Limits,
) -> Result<std::result::Result<Vec<Value>, String>> {
    let outcome = read(source, footer, field, group, rows, limits).await;
    if footer.encrypted
        && let Err(Trouble::Refused(_)) = outcome
    {
        return Ok(Err("it is encrypted, or damaged".into()));
    }
    chunk::settle(source, outcome)
}

async fn read(
    source: &Source,
    footer: &Footer,
    field: &Field,
    group: usize,
    rows: usize,
    limits: &Limits,
) -> std::result::Result<Vec<Value>, Trouble> {
    let group = footer.metadata.row_group(group);
    let mut scalars = Vec::new();
    leaves(field, &mut scalars);
    let first = field.leaves().start;
    let mut decoded = Vec::new();
    for (number, scalar) in scalars {
        let Some(chunk) = group.columns().get(number) else { continue };
        let pages = chunk::pages(source, chunk, rows, limits).await?;
        let column = chunk.column_descr_ptr();
        decoded.push(source.aside(move || leaf::decode(column, pages, rows, scalar)).await?);
    }
    let (field, chars) = (field.clone(), limits.value_chars);
    Ok(source.aside(move || Assembly::new(first, decoded, chars).column(&field, rows)).await?)
}

fn leaves(field: &Field, found: &mut Vec<(usize, Scalar)>) {
    match &field.shape {
        Shape::Leaf(number, scalar) => found.push((*number, *scalar)),
        Shape::Struct(fields) => fields.iter().for_each(|field| leaves(field, found)),
        Shape::List(_, element) => leaves(element, found),
        Shape::Map(_, key, value) => {
            leaves(key, found);
            leaves(value, found);
        }
    }
}
