//! The scenario that all stages play: the warehouse's loads, beside tables that are named or filled to confuse.

use ops_client::{Effect, Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::Cell;

/// Tables with their rows, and a saved question. The ids are the stage's own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scenario {
    /// All tables of all databases; the first one is the one to look at.
    pub tables: Vec<TablePlay>,
    /// The saved question.
    pub question: QuestionPlay,
}

/// One table of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TablePlay {
    /// The database that it is in.
    pub database: String,
    /// The schema that it is in.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<ColumnPlay>,
    /// Its rows, in no particular order.
    pub rows: Vec<Vec<Cell>>,
}

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ColumnPlay {
    /// The name that the database knows.
    pub name: String,
    /// The name that people see, which Metabase makes of the other by itself.
    pub shown: String,
    /// What it holds, in Metabase's words.
    pub base_type: String,
}

/// The saved question: all columns of a table, in SQL, where one column is what a variable says. The variable must be given.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct QuestionPlay {
    /// The database of the table.
    pub database: String,
    /// The schema of the table.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The variable, a text.
    pub tag: String,
    /// The column that is compared with it.
    pub column: String,
}

impl Scenario {
    /// The shipped file, as text: `conformance/scenario.json`.
    pub const JSON: &'static str = include_str!("../../conformance/scenario.json");

    /// The shipped scenario.
    ///
    /// # Errors
    /// `Decode`, where the shipped file is broken.
    pub fn shipped() -> Result<Self> {
        let file: File = serde_json::from_str(Self::JSON).map_err(|error| {
            Error::new("metabase.conformance", ErrorKind::Decode, Effect::None)
                .with_message("the scenario cannot be read")
                .with_source(error)
        })?;
        Ok(Self { tables: file.tables.into_iter().map(TablePlay::from).collect(), question: file.question })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    tables: Vec<TableInFile>,
    question: QuestionPlay,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableInFile {
    database: String,
    schema: String,
    name: String,
    columns: Vec<ColumnPlay>,
    #[serde(default)]
    rows: Vec<Vec<Json>>,
    /// Instead of rows: the numbers from 1 to this.
    #[serde(default)]
    counted: i64,
}

impl From<TableInFile> for TablePlay {
    fn from(table: TableInFile) -> Self {
        let written = table.rows.into_iter().map(|row| row.into_iter().map(Cell::from).collect());
        let counted = (1..=table.counted).map(|number| vec![Cell::from(number)]);
        let rows = written.chain(counted).collect();
        let TableInFile { database, schema, name, columns, .. } = table;
        Self { database, schema, name, columns, rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_scenario_has_what_the_cases_need() {
        let scenario = Scenario::shipped().unwrap();
        for table in &scenario.tables {
            assert!(table.rows.iter().all(|row| row.len() == table.columns.len()), "{}", table.name);
        }
        let first = &scenario.tables[0];
        assert!(first.rows.len() > 2 && first.columns.len() > 2);
        let namesakes = scenario.tables.iter().filter(|table| table.name == first.name);
        assert_eq!(namesakes.count(), 2, "a table of the same name in another schema");
        assert!(scenario.tables.iter().any(|table| table.rows.len() > crate::Query::MOST_ROWS));
        assert!(scenario.tables.iter().any(|table| table.rows.is_empty()));
    }
}
