//! What a query found. A query that failed comes with a good status: `202` and `"status": "failed"`.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::Number;
use serde_json::value::RawValue;

use super::catalogue::{ANYTHING, named};
use super::{Fit, Misfit};
use crate::{Answer, Cell, Column, Query};

/// How many cells an answer may have; a row counts for one more. A cell takes more room here than on the wire.
const MOST_CELLS: usize = 1_000_000;

/// How the query went.
#[derive(Deserialize)]
pub(crate) struct Outcome<'a> {
    status: Option<String>,
    /// Most often a text. Nobody promises that.
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// Why there is no answer, where there is none: what went wrong, and the words of Metabase or of the database.
pub(crate) fn failure(outcome: &Outcome<'_>) -> Option<(Cow<'static, str>, String)> {
    let error = outcome.error.map_or("null", RawValue::get);
    let words = match serde_json::from_str::<Option<String>>(error) {
        Ok(words) => words.unwrap_or_default(),
        Err(_) => error.to_owned(),
    };
    let message = match outcome.status.as_deref() {
        Some("completed") if words.is_empty() => return None,
        Some("completed") => "the query was completed, and failed nevertheless".into(),
        Some("failed") => "the query failed".into(),
        Some(_) => "the query was not completed".into(),
        None if words.is_empty() => "the answer does not say whether the query was completed".into(),
        None => "the query was refused".into(),
    };
    Some((message, words))
}

#[derive(Deserialize)]
pub(crate) struct Found {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    cols: Vec<ColumnIn>,
    rows: Rows,
    /// Told, with their number, where there are as many as may be.
    rows_truncated: Option<u64>,
}

#[derive(Deserialize)]
struct ColumnIn {
    name: String,
    display_name: Option<String>,
    base_type: Option<String>,
}

/// The rows of an answer to a query that had this limit.
pub(crate) fn answer(found: Found, limit: Option<u32>) -> Fit<Answer> {
    let Data { cols, rows: Rows(rows), rows_truncated } = found.data;
    if let Some(at) = rows.iter().position(|row| row.len() != cols.len()) {
        let (cells, columns) = (rows[at].len(), cols.len());
        let why = format!("it has {cells} cells, and there are {columns} columns");
        return Err(Misfit::at(&format!("data.rows[{at}]"), &why));
    }
    let most = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX).min(Query::MOST_ROWS);
    let may_be_cut = rows_truncated.is_some() || rows.len() >= most;
    let columns = cols.into_iter().map(|column| {
        let base_type = column.base_type.unwrap_or_else(|| ANYTHING.to_owned());
        named(column.display_name, Column::new(column.name, base_type), Column::shown_as)
    });
    Ok(Answer::new(columns.collect(), rows).with_more(may_be_cut))
}

struct Rows(Vec<Vec<Cell>>);

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EachRow;

        impl<'de> Visitor<'de> for EachRow {
            type Value = Rows;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("rows")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Rows, A::Error> {
                let (mut rows, mut cells) = (Vec::new(), 0);
                while let Some(row) = list.next_element::<Vec<CellIn>>()? {
                    cells += row.len() + 1;
                    if cells > MOST_CELLS {
                        return Err(A::Error::custom(format!("more than {MOST_CELLS} cells")));
                    }
                    rows.push(row.into_iter().map(|cell| cell.0).collect());
                }
                Ok(Rows(rows))
            }
        }

        deserializer.deserialize_seq(EachRow)
    }
}

struct CellIn(Cell);

impl<'de> Deserialize<'de> for CellIn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let whole = |result: serde_json::Result<Cell>| result.map(CellIn).map_err(D::Error::custom);
        match raw.as_bytes().first() {
            Some(b'n') => Ok(Self(Cell::Null)),
            Some(b't' | b'f') => whole(serde_json::from_str(raw).map(Cell::Bool)),
            Some(b'"') => whole(serde_json::from_str(raw).map(Cell::Text)),
            // Read whole, it would take many times its length.
            Some(b'[' | b'{') => Ok(Self(Cell::Json(raw.to_owned()))),
            _ => Ok(Self(number(raw))),
        }
    }
}

/// A number, or, where a machine cannot hold it, its digits.
fn number(raw: &str) -> Cell {
    let is_whole = raw.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    match serde_json::from_str::<Number>(raw) {
        Ok(number) if !is_whole || !number.is_f64() => Cell::Number(number),
        _ => Cell::Text(raw.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rows: &str) -> Result<Vec<Vec<Cell>>, String> {
        serde_json::from_str::<Rows>(rows).map(|rows| rows.0).map_err(|error| error.to_string())
    }

    #[test]
    fn each_kind_of_cell() {
        let rows =
            read(r#"[[null, true, 7, -1.5, "a\"b", [1, {"x": 2}], {"y": []}, 123456789012345678901234567890, 1e999]]"#);
        let whole = |text: &str| Cell::Json(text.to_owned());
        assert_eq!(
            rows.unwrap(),
            [[
                Cell::Null,
                Cell::Bool(true),
                Cell::from(7),
                Cell::Number(Number::from_f64(-1.5).unwrap()),
                Cell::from("a\"b"),
                whole(r#"[1, {"x": 2}]"#),
                whole(r#"{"y": []}"#),
                Cell::from("123456789012345678901234567890"),
                Cell::from("1e999"),
            ]]
        );
    }

    #[test]
    fn cells_are_bounded() {
        let row = format!("[{}]", vec!["0"; 999].join(","));
        let rows = |count| format!("[{}]", vec![row.as_str(); count].join(","));
        assert_eq!(read(&rows(1000)).unwrap().len(), 1000);
        assert!(read(&rows(1001)).unwrap_err().contains("more than 1000000 cells"));
        assert!(read(&format!("[{}]", vec!["[]"; 1_000_001].join(","))).is_err());
        assert!(read("{}").is_err() && read("[1]").is_err() && read("[[nul]]").is_err());
    }
}
