//! Statements: API 2.0, from documents.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Fit, Misfit, parsed};
use crate::{Column, Sql, Statement, StatementError, StatementState, Table};

/// It is begun, and not waited for: an answer that takes long is easily lost, and the statement's id with it.
pub(crate) fn question(sql: &Sql) -> Value {
    let mut body = json!({
        "warehouse_id": sql.warehouse, "statement": sql.statement, "row_limit": sql.row_limit,
        "wait_timeout": "0s", "on_wait_timeout": "CONTINUE", "disposition": "INLINE", "format": "JSON_ARRAY",
    });
    let parameters = sql.parameters.iter().map(|parameter| {
        let mut one = json!({"name": parameter.name});
        if let Some(value) = &parameter.value {
            one["value"] = value.as_str().into();
        }
        if let Some(kind) = &parameter.kind {
            one["type"] = kind.as_str().into();
        }
        one
    });
    let parameters: Vec<Value> = parameters.collect();
    if !parameters.is_empty() {
        body["parameters"] = parameters.into();
    }
    body
}

#[derive(Deserialize)]
pub(crate) struct StatementIn {
    statement_id: String,
    status: Status,
    manifest: Option<Manifest>,
    result: Option<Chunk>,
}

#[derive(Deserialize)]
struct Status {
    state: String,
    error: Option<Failure>,
}

#[derive(Deserialize)]
struct Failure {
    error_code: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct Manifest {
    schema: Schema,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
struct Schema {
    #[serde(default)]
    columns: Vec<ColumnIn>,
}

#[derive(Deserialize)]
struct ColumnIn {
    name: String,
    #[serde(default)]
    type_text: String,
}

/// A part of the rows.
#[derive(Deserialize)]
pub(crate) struct Chunk {
    #[serde(default)]
    data_array: Vec<Vec<Option<String>>>,
    next_chunk_index: Option<u32>,
}

impl Chunk {
    /// Its rows, and which part comes next.
    pub(crate) fn told(self) -> (Vec<Vec<Option<String>>>, Option<u32>) {
        (self.data_array, self.next_chunk_index)
    }
}

impl StatementIn {
    /// The statement with the first part of its rows, and which part comes next.
    pub(crate) fn told(self) -> Fit<(Statement, Option<u32>)> {
        let id = parsed("statement_id", &self.statement_id)?;
        let mut statement = Statement::new(id, StatementState::told(&self.status.state));
        if let Some(Failure { error_code, message }) = self.status.error {
            statement.error = Some(StatementError::new(error_code.unwrap_or_default(), message.unwrap_or_default()));
        }
        if statement.state != StatementState::Succeeded {
            return Ok((statement, None));
        }
        let Some(Manifest { schema, truncated }) = self.manifest else {
            return Err(Misfit::at("manifest", "it has succeeded, and has none"));
        };
        let columns = schema.columns.into_iter().map(|column| Column::new(column.name, column.type_text)).collect();
        let (rows, next) = self.result.map(Chunk::told).unwrap_or_default();
        let table = Table::new(columns, rows);
        statement.table = Some(if truncated { table.truncated() } else { table });
        Ok((statement, next))
    }
}
