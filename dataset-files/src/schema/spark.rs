//! The schema as Spark notes it in the footer: JSON, under a key of its own.

use serde_json::{Value, json};

use super::shape::{Field, Scalar, Shape};

/// The key in a Parquet footer.
pub(crate) const KEY: &str = "org.apache.spark.sql.parquet.row.metadata";

/// The JSON of a row with these fields, or what Spark has no type for.
pub(super) fn row(fields: &[Field]) -> Result<String, String> {
    Ok(structure(fields, "")?.to_string())
}

/// Whether a JSON that a file brought is one of these very columns.
pub(super) fn agrees(text: &str, fields: &[Field]) -> bool {
    let Ok(theirs) = serde_json::from_str::<Value>(text) else { return false };
    structure(fields, "").is_ok_and(|ours| same(&ours, &theirs))
}

/// The same types and names; of nullability and of what is noted beside them, the file's own word counts.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => ours.iter().all(|(key, value)| match key.as_str() {
            "nullable" | "containsNull" | "valueContainsNull" => theirs.get(key).is_some_and(Value::is_boolean),
            "metadata" => theirs.get(key).is_some_and(Value::is_object),
            _ => theirs.get(key).is_some_and(|their| same(value, their)),
        }),
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
        }
        _ => ours == theirs,
    }
}

fn structure(fields: &[Field], above: &str) -> Result<Value, String> {
    let fields = fields.iter().map(|field| {
        let kind = kind(&field.shape, &path(above, &field.name))?;
        Ok(json!({ "name": field.name, "type": kind, "nullable": field.nullable, "metadata": {} }))
    });
    Ok(json!({ "type": "struct", "fields": fields.collect::<Result<Vec<_>, String>>()? }))
}

fn path(above: &str, name: &str) -> String {
    if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") }
}

fn kind(shape: &Shape, at: &str) -> Result<Value, String> {
    Ok(match shape {
        Shape::Struct(fields) => structure(fields, at)?,
        Shape::List(_, element) => json!({
            "type": "array", "elementType": kind(&element.shape, at)?, "containsNull": element.nullable
        }),
        Shape::Map(_, key, value) => json!({
            "type": "map", "keyType": kind(&key.shape, at)?, "valueType": kind(&value.shape, at)?,
            "valueContainsNull": value.nullable
        }),
        Shape::Leaf(_, scalar) => word(*scalar, at)?.into(),
    })
}

fn word(scalar: Scalar, at: &str) -> Result<String, String> {
    Ok(match scalar {
        // What is unsigned has the next larger type: Spark has only signed ones.
        Scalar::Int { bits: 8, signed: false } => "short".into(),
        Scalar::Int { bits: 16, signed: false } => "integer".into(),
        Scalar::Int { bits: 32, signed: false } => "long".into(),
        Scalar::Int { signed: false, .. } => "decimal(20,0)".into(),
        Scalar::Decimal { precision, .. } if precision > 38 => {
            return Err(format!("column {at} has {precision} digits, and Spark has 38"));
        }
        // Spark reads the bytes: it has no type for them.
        Scalar::Uuid => "binary".into(),
        Scalar::Float16 | Scalar::Time(_) | Scalar::Interval => {
            return Err(format!("column {at} is of the type {scalar}, which Spark does not have"));
        }
        _ => scalar.to_string(),
    })
}
