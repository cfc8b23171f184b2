//! Contexts and commands: API 1.2, from documents.

use serde::Deserialize;
use serde_json::Value;

use super::{Fit, Misfit, said};
use crate::{Column, Command, CommandResult, CommandState, ContextStatus, Table};

#[derive(Deserialize)]
pub(crate) struct Created {
    id: String,
}

impl Created {
    pub(crate) fn told<T: std::str::FromStr>(&self) -> Fit<T> {
        super::parsed("id", &self.id)
    }
}

#[derive(Deserialize)]
pub(crate) struct ContextIn {
    status: String,
}

impl ContextIn {
    pub(crate) fn told(&self) -> ContextStatus {
        ContextStatus::told(&self.status)
    }
}

#[derive(Deserialize)]
pub(crate) struct CommandIn {
    status: String,
    results: Option<Results>,
}

#[derive(Deserialize)]
struct Results {
    #[serde(rename = "resultType")]
    kind: Option<String>,
    #[serde(default)]
    data: Value,
    #[serde(default)]
    schema: Vec<ColumnIn>,
    #[serde(default)]
    truncated: bool,
    summary: Option<String>,
    cause: Option<String>,
}

#[derive(Deserialize)]
struct ColumnIn {
    name: String,
    /// A word in quotes, or the whole JSON of a nested type.
    #[serde(rename = "type", default)]
    kind: Value,
}

impl CommandIn {
    pub(crate) fn told(self) -> Fit<Command> {
        let state = CommandState::told(&self.status);
        let mut command = Command::new(state);
        if command.state.has_ended() {
            command.result = self.results.map(Results::told).transpose()?.flatten();
        }
        Ok(command)
    }
}

impl Results {
    fn told(self) -> Fit<Option<CommandResult>> {
        let Some(kind) = self.kind else { return Ok(None) };
        Ok(Some(match kind.as_str() {
            "text" => CommandResult::Text(match self.data {
                Value::String(text) => text,
                Value::Null => String::new(),
                other => other.to_string(),
            }),
            "error" => {
                let (summary, cause) = (said(self.summary), self.cause.unwrap_or_default());
                CommandResult::Error { summary, cause }
            }
            "table" => {
                let Value::Array(rows) = self.data else { return Err(Misfit::at("results.data", "it has no rows")) };
                let rows: Fit<Vec<_>> = rows.into_iter().map(row).collect();
                let columns = self.schema.into_iter().map(|column| Column::new(column.name, word(&column.kind)));
                let table = Table::new(columns.collect(), rows?);
                CommandResult::Table(if self.truncated { table.truncated() } else { table })
            }
            other => CommandResult::Other(other.chars().take(60).collect()),
        }))
    }
}

fn row(row: Value) -> Fit<Vec<Option<String>>> {
    match row {
        Value::Array(cells) => Ok(cells.into_iter().map(cell).collect()),
        _ => Err(Misfit::at("results.data", "a row is no list")),
    }
}

fn cell(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

fn word(kind: &Value) -> String {
    match kind {
        Value::Null => String::new(),
        Value::String(word) => word.trim_matches('"').to_owned(),
        other => other.to_string(),
    }
}
