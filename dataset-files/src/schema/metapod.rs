//! A dataset's schema as Metapod tells it, as the Parquet message that Spark writes for it.

use std::fmt::Write as _;

use metapod_model::{Attribute, LogicalType, Schema};

/// The message, or what stands in the way.
pub(super) fn message(schema: &Schema) -> Result<String, String> {
    if let Some(twice) = schema.duplicates().first() {
        return Err(format!("the schema has the attribute {} twice", twice.name));
    }
    let mut message = String::from("message spark_schema {\n");
    for attribute in &schema.attributes {
        column(&mut message, attribute)?;
    }
    message.push('}');
    Ok(message)
}

fn column(message: &mut String, attribute: &Attribute) -> Result<(), String> {
    let name = &attribute.name;
    // What a message's text cannot hold, and Spark refuses in a Parquet file, too.
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control() || " ,;{}()=".contains(c)) {
        return Err(format!("«{}» is no name of a column in a Parquet file", name.escape_debug()));
    }
    let kind = attribute.logical_type.as_ref().ok_or_else(|| format!("attribute {name} has no type"))?;
    let repetition = if attribute.nullable == Some(false) { "required" } else { "optional" };
    // Writing into a string does not fail.
    let _ = match kind {
        LogicalType::Array => {
            let of = attribute.logical_sub_type.as_ref();
            let of = of.ok_or_else(|| format!("attribute {name} is an array of which the elements have no type"))?;
            let (physical, annotation) = scalar(of, name)?;
            write!(
                message,
                "  {repetition} group {name} (LIST) {{\n    repeated group list {{\n      \
                 optional {physical} element{annotation};\n    }}\n  }}\n"
            )
        }
        kind => {
            let (physical, annotation) = scalar(kind, name)?;
            writeln!(message, "  {repetition} {physical} {name}{annotation};")
        }
    };
    Ok(())
}

/// The physical type and its annotation, as Spark writes them by default: `INTEGER` is a long, a UUID a string, a decimal has the
/// most digits that Spark has and 18 behind the point (Metapod tells neither), a timestamp is an INT96.
fn scalar(kind: &LogicalType, name: &str) -> Result<(&'static str, &'static str), String> {
    Ok(match kind {
        LogicalType::Boolean => ("boolean", ""),
        LogicalType::Date => ("int32", " (DATE)"),
        LogicalType::Decimal => ("fixed_len_byte_array(16)", " (DECIMAL(38,18))"),
        LogicalType::Double => ("double", ""),
        LogicalType::Integer => ("int64", ""),
        LogicalType::Enum | LogicalType::String | LogicalType::Uuid => ("binary", " (STRING)"),
        LogicalType::Timestamp => ("int96", ""),
        LogicalType::Array => {
            return Err(format!("attribute {name} is an array of arrays: of what, Metapod does not tell"));
        }
        other => return Err(format!("attribute {name} has the type {other}, which this version does not know")),
    })
}
