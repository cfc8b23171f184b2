//! Schemas as they come: a key, a time, and some columns of the matter.

use metapod_client::{Attribute, LogicalType, Schema};

use crate::rng::Rng;

const COLUMNS: [(&str, LogicalType); 12] = [
    ("customer__id", LogicalType::Uuid),
    ("account__id", LogicalType::Uuid),
    ("amount", LogicalType::Decimal),
    ("currency", LogicalType::Enum),
    ("status", LogicalType::Enum),
    ("score", LogicalType::Double),
    ("attempts", LogicalType::Integer),
    ("due_date", LogicalType::Date),
    ("updated_at", LogicalType::Timestamp),
    ("active", LogicalType::Boolean),
    ("comment", LogicalType::String),
    ("labels", LogicalType::Array),
];

/// A schema with a primary key and two to five columns more.
pub(crate) fn schema(rng: &mut Rng) -> Schema {
    let mut columns = vec![key(), column("created_at", LogicalType::Timestamp)];
    let first = rng.below(COLUMNS.len());
    for step in 0..2 + rng.below(4) {
        let (name, kind) = &COLUMNS[(first + step) % COLUMNS.len()];
        columns.push(column(name, kind.clone()));
    }
    Schema::new(columns)
}

/// A schema that bears one name twice, as a faulty commit leaves it.
pub(crate) fn with_duplicate(twice: &str) -> Schema {
    Schema::new(vec![
        key(),
        column("street", LogicalType::String),
        column(twice, LogicalType::String),
        column("city", LogicalType::String),
        column(twice, LogicalType::String),
    ])
}

fn key() -> Attribute {
    let mut key = column("id", LogicalType::Uuid);
    key.primary_key = Some(true);
    key.nullable = Some(false);
    key
}

fn column(name: &str, kind: LogicalType) -> Attribute {
    let mut column = Attribute::new(name).with_type(kind.clone());
    if kind == LogicalType::Array {
        column.logical_sub_type = Some(LogicalType::String);
    }
    column.primary_key = Some(false);
    column.nullable = Some(true);
    column
}
