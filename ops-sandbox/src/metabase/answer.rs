//! What a query finds: filtered, ordered, cut. Whatever fails here fails in the database: a query that is Rejected.

use std::borrow::Cow;
use std::cmp::Ordering;

use metabase_client::{Answer, CardId, Cell, Column, Field, FieldId, Filter, Kind, Parameter, Query, Table, Value};

use super::spec::{Source, Tag};
use super::state::Held;
use crate::refusal::Refusal;
use crate::world::State;

/// Whole numbers beyond this travel as texts: a browser could not read them.
const LARGEST: u64 = (1 << 53) - 1;

/// The rows of a table at this moment: the one place that knows where they come from.
fn rows<'a>(state: &'a State, held: &'a Held) -> Cow<'a, [Vec<Cell>]> {
    match &held.source {
        Source::Held(rows) => Cow::Borrowed(rows),
        Source::Seen(view) => Cow::Owned(view(state)),
    }
}

/// What a query finds.
pub(super) fn query(state: &State, query: &Query) -> Result<Answer, Refusal> {
    state.metabase.database(query.database)?;
    let in_place = |held: &&Held| held.table.id == query.table && held.table.database == query.database;
    let held = state.metabase.tables.iter().find(in_place);
    let held = held.ok_or_else(|| Refusal::Rejected(format!("Table {} does not exist", query.table)))?;
    let table = &held.table;
    let all = rows(state, held);
    let test = match &query.filter {
        Some(filter) => Some(Test::new(table, filter)?),
        None => None,
    };
    let mut found: Vec<&Vec<Cell>> =
        all.iter().filter(|row| test.as_ref().is_none_or(|test| test.holds(row))).collect();
    // From the last to the first: each sort keeps the order of the one before.
    for order in query.order.iter().rev() {
        let at = place(table, order.field)?;
        found.sort_by(|a, b| {
            let order_of = compare(&a[at], &b[at]);
            if order.descending { order_of.reverse() } else { order_of }
        });
    }
    let places = match query.fields.as_slice() {
        [] => (0..table.fields.len()).collect(),
        fields => fields.iter().map(|field| place(table, *field)).collect::<Result<Vec<_>, _>>()?,
    };
    let limit = query.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let columns = places.iter().map(|at| column(&table.fields[*at], &table.fields[*at].display_name));
    Ok(told(columns.collect(), found.into_iter().map(|row| places.iter().map(|at| &row[*at])), limit))
}

/// What a saved question finds. Its columns bear the names that they have in SQL.
pub(super) fn question(state: &State, card: CardId, parameters: &[Parameter]) -> Result<Answer, Refusal> {
    let spec = state.metabase.question(card)?;
    let held = state.metabase.asked(spec)?;
    let unknown =
        |given: &&Parameter| spec.tags.iter().all(|tag| tag.name != given.tag || tag.is_filter != is_filter(given));
    if let Some(given) = parameters.iter().find(unknown) {
        let words = format!("Invalid parameter: Card {card} does not have a template tag named {:?}.", given.tag);
        return Err(Refusal::Rejected(words));
    }
    let fields = &held.table.fields;
    let mut tests = Vec::new();
    for Tag { name, column, is_filter } in &spec.tags {
        let given = parameters.iter().find(|given| given.tag == *name);
        let at = fields.iter().position(|field| field.name == *column);
        match (at, given) {
            (Some(at), Some(given)) => tests.push((at, &given.values)),
            (Some(_), None) if *is_filter => {}
            (Some(_), None) => {
                let words = format!("Cannot run the query: missing required parameters: #{{\"{name}\"}}");
                return Err(Refusal::Rejected(words));
            }
            (None, _) => return Err(Refusal::Rejected(format!("ERROR: column \"{column}\" does not exist"))),
        }
    }
    let all = rows(state, held);
    let fits = |row: &&Vec<Cell>| tests.iter().all(|(at, values)| values.iter().any(|value| is(&row[*at], value)));
    let columns = fields.iter().map(|field| column(field, &field.name)).collect();
    Ok(told(columns, all.iter().filter(fits).map(|row| row.iter()), usize::MAX))
}

fn is_filter(given: &Parameter) -> bool {
    given.kind == Kind::FieldFilter
}

fn column(field: &Field, shown: &str) -> Column {
    Column::new(&field.name, &field.base_type).shown_as(shown)
}

fn told<'a, R: Iterator<Item = &'a Cell>>(columns: Vec<Column>, rows: impl Iterator<Item = R>, limit: usize) -> Answer {
    let most = limit.min(Query::MOST_ROWS);
    let rows: Vec<Vec<Cell>> = rows.take(most).map(|row| row.map(travelled).collect()).collect();
    let cut = rows.len() >= most;
    Answer::new(columns, rows).with_more(cut)
}

/// A cell as it arrives.
fn travelled(cell: &Cell) -> Cell {
    match cell {
        Cell::Number(number) if number.as_i64().is_some_and(|number| number.unsigned_abs() > LARGEST) => {
            Cell::Text(number.to_string())
        }
        cell => cell.clone(),
    }
}

/// Where a field stands in a row.
fn place(table: &Table, id: FieldId) -> Result<usize, Refusal> {
    let at = table.fields.iter().position(|field| field.id == id);
    at.ok_or_else(|| Refusal::Rejected(format!("ERROR: there is no field {id} in table \"{}\"", table.name)))
}

/// A filter whose fields were found.
enum Test<'a> {
    /// One of these.
    Is(usize, &'a [Value]),
    IsNot(usize, &'a Value),
    Contains(usize, &'a str),
    All(Vec<Self>),
}

impl<'a> Test<'a> {
    fn new(table: &Table, filter: &'a Filter) -> Result<Self, Refusal> {
        Ok(match filter {
            Filter::Is(id, value) => Self::Is(place(table, *id)?, std::slice::from_ref(value)),
            Filter::OneOf(id, values) => Self::Is(place(table, *id)?, values),
            Filter::IsNot(id, value) => Self::IsNot(place(table, *id)?, value),
            Filter::Contains(id, part) => Self::Contains(place(table, *id)?, part),
            Filter::All(all) => Self::All(all.iter().map(|filter| Test::new(table, filter)).collect::<Result<_, _>>()?),
            other => return Err(Refusal::Rejected(format!("the sandbox knows no such filter: {other:?}"))),
        })
    }

    fn holds(&self, row: &[Cell]) -> bool {
        match self {
            Self::Is(at, values) => values.iter().any(|value| is(&row[*at], value)),
            // What is nothing is not this either: Metabase sees to that.
            Self::IsNot(at, value) => !is(&row[*at], value),
            Self::Contains(at, part) => row[*at].as_text().is_some_and(|text| text.contains(part)),
            Self::All(all) => all.iter().all(|test| test.holds(row)),
        }
    }
}

fn is(cell: &Cell, value: &Value) -> bool {
    match (cell, value) {
        (Cell::Bool(cell), Value::Bool(value)) => cell == value,
        (Cell::Number(cell), Value::Number(value)) => {
            cell.as_i64().map_or_else(|| cell.as_f64() == Some(*value as f64), |cell| cell == *value)
        }
        (Cell::Text(cell), Value::Text(value)) => cell == value,
        _ => false,
    }
}

/// As the database orders: what is nothing is the greatest.
fn compare(a: &Cell, b: &Cell) -> Ordering {
    match (a, b) {
        (Cell::Null, Cell::Null) => Ordering::Equal,
        (Cell::Null, _) => Ordering::Greater,
        (_, Cell::Null) => Ordering::Less,
        (Cell::Number(a), Cell::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal),
        },
        (Cell::Bool(a), Cell::Bool(b)) => a.cmp(b),
        (a, b) => a.to_string().cmp(&b.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::spec::TableSpec;
    use super::*;
    use crate::World;

    #[test]
    fn rows_may_lie_elsewhere_in_the_world() {
        let world = World::seeded(1).at("2018-01-18T09:00:00Z".parse().unwrap());
        let spec = TableSpec::new("Belo Monte", "meta", "clock").column("now", "type/Text");
        let spec = spec.seen(|state| vec![vec![Cell::from(state.now().to_string())]]);
        let table = world.put_metabase_table(spec).unwrap();
        let now = |world: &World| {
            let state = world.state();
            let database = state.metabase.databases[0].id;
            super::query(&state, &Query::new(database, table)).unwrap().rows
        };
        assert_eq!(now(&world), [[Cell::from("2018-01-18T09:00:00Z")]]);
        world.advance(std::time::Duration::from_secs(60));
        assert_eq!(now(&world), [[Cell::from("2018-01-18T09:01:00Z")]]);
    }
}
