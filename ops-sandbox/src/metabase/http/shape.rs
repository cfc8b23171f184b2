//! What is answered, in Metabase's shapes.

use metabase_client::{Answer, Cell, Database, Metadata, Query, Table, User};
use serde_json::{Value, json};

use crate::metabase::port::RELEASE;

pub(super) fn properties() -> Value {
    json!({"version": {"tag": RELEASE, "hash": "0a1b2c3", "branch": "release", "date": "2024-03-26"},
           "has-user-setup": true, "site-name": "Sandbox"})
}

pub(super) fn user(user: &User) -> Value {
    json!({"id": user.id, "email": user.email, "common_name": user.name, "is_superuser": user.superuser,
           "is_active": true})
}

pub(super) fn databases(all: &[Database]) -> Value {
    json!({"data": all.iter().map(database).collect::<Vec<_>>(), "total": all.len()})
}

fn database(database: &Database) -> Value {
    json!({"id": database.id, "name": database.name, "engine": database.engine, "is_sample": false})
}

pub(super) fn metadata(metadata: &Metadata) -> Value {
    let mut told = database(&metadata.database);
    told["tables"] = metadata.tables.iter().map(table).collect();
    told
}

fn table(table: &Table) -> Value {
    let fields = table.fields.iter().enumerate().map(|(position, field)| {
        json!({"id": field.id, "table_id": table.id, "name": field.name, "display_name": field.display_name,
               "base_type": field.base_type, "position": position, "active": true})
    });
    json!({"id": table.id, "db_id": table.database, "schema": table.schema, "name": table.name,
           "display_name": table.display_name, "active": true, "fields": fields.collect::<Vec<_>>()})
}

/// The rows come before the columns, as they do from the real one.
pub(super) fn answer(answer: &Answer) -> Value {
    let rows: Vec<Vec<Value>> = answer.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    let columns = answer
        .columns
        .iter()
        .map(|column| json!({"name": column.name, "display_name": column.display_name, "base_type": column.base_type}));
    let mut data = json!({"rows": rows, "cols": columns.collect::<Vec<_>>()});
    if answer.rows.len() >= Query::MOST_ROWS {
        data["rows_truncated"] = answer.rows.len().into();
    }
    json!({"data": data, "row_count": answer.rows.len(), "status": "completed", "running_time": 12})
}

fn cell(cell: &Cell) -> Value {
    match cell {
        Cell::Bool(value) => json!(value),
        Cell::Number(number) => json!(number),
        Cell::Text(text) => json!(text),
        Cell::Json(text) => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        _ => Value::Null,
    }
}

/// A query that failed.
pub(super) fn failed(words: &str) -> Value {
    json!({"status": "failed", "error": words, "error_type": "invalid-query", "row_count": 0,
           "data": {"rows": [], "cols": []}})
}
