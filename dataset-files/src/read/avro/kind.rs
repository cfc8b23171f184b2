//! Avro's schemas, from their JSON.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::{Map, Value as Json};

use super::super::{Read, Refusal};
use crate::Column;
use crate::schema::shape::Unit;

/// How deep a schema, or a value of a schema that holds itself, may go.
pub(super) const DEPTH: usize = 64;
/// A description of types that hold each other grows with every level.
const NAME_BYTES: usize = 4096;
const PARTS: usize = 1000;

/// A schema: types by number, for a type may hold itself.
#[derive(Clone, Debug)]
pub(crate) struct Schema {
    pub(super) types: Vec<Kind>,
    pub(super) root: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Date,
    Time(Unit),
    Timestamp {
        unit: Unit,
        utc: bool,
    },
    /// Decimals are bytes, or so many bytes.
    Decimal {
        size: Option<usize>,
        precision: i64,
        scale: i32,
    },
    Fixed {
        size: usize,
        uuid: bool,
    },
    Enum(Vec<String>),
    Array(usize),
    Map(usize),
    Union(Vec<usize>),
    Record {
        name: String,
        fields: Vec<(String, usize)>,
    },
}

struct Parser {
    types: Vec<Kind>,
    names: HashMap<String, usize>,
}

fn wrong(what: impl Into<String>) -> Refusal {
    Refusal::Damaged(format!("its schema: {}", what.into()))
}

impl Schema {
    pub(super) fn parse(text: &str) -> Read<Self> {
        // The parser of JSON stops at 128 levels by itself.
        let json: Json = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let mut parser = Parser { types: Vec::new(), names: HashMap::new() };
        let root = parser.kind(&json, "", 0)?;
        Ok(Self { types: parser.types, root })
    }

    pub(super) fn kind(&self, number: usize) -> &Kind {
        self.types.get(number).unwrap_or(&Kind::Null)
    }

    /// The columns: the fields of a record. Anything else is one column.
    pub(super) fn columns(&self) -> Vec<Column> {
        match self.kind(self.root) {
            Kind::Record { fields, .. } => {
                let mut left = PARTS;
                fields.iter().map(|(name, kind)| self.column(name, *kind, 0, &mut left)).collect()
            }
            _ => vec![self.column("value", self.root, 0, &mut PARTS.clone())],
        }
    }

    /// A column with so many parts at most: types that hold each other have more of them with every level.
    fn column(&self, name: &str, kind: usize, depth: usize, left: &mut usize) -> Column {
        let (kind, nullable) = self.without_null(kind);
        let mut text = String::new();
        self.describe(kind, &mut text, &mut Vec::new());
        let fields = match self.kind(kind) {
            Kind::Record { fields, .. } if depth < 8 && fields.len() <= *left => {
                *left -= fields.len();
                fields.iter().map(|(name, kind)| self.column(name, *kind, depth + 1, left)).collect()
            }
            _ => Vec::new(),
        };
        let column = Column::new(name, text).with_fields(fields);
        if nullable { column } else { column.required() }
    }

    /// A union of null and another type is that type, perhaps empty.
    fn without_null(&self, kind: usize) -> (usize, bool) {
        match self.kind(kind) {
            Kind::Union(of) => {
                let null = |kind: &usize| matches!(self.kind(*kind), Kind::Null);
                match *of.as_slice() {
                    [first, second] if null(&first) => (second, true),
                    [first, second] if null(&second) => (first, true),
                    _ => (kind, of.iter().any(null)),
                }
            }
            Kind::Null => (kind, true),
            _ => (kind, false),
        }
    }

    fn describe(&self, kind: usize, out: &mut String, open: &mut Vec<usize>) {
        if out.len() > NAME_BYTES || open.len() > DEPTH {
            out.push('…');
            return;
        }
        if open.contains(&kind) {
            if let Kind::Record { name, .. } = self.kind(kind) {
                out.push_str(name);
            }
            return;
        }
        open.push(kind);
        match self.kind(kind) {
            Kind::Array(of) => {
                out.push_str("array<");
                self.describe(self.without_null(*of).0, out, open);
                out.push('>');
            }
            Kind::Map(of) => {
                out.push_str("map<string, ");
                self.describe(self.without_null(*of).0, out, open);
                out.push('>');
            }
            Kind::Record { fields, .. } => {
                out.push_str("struct<");
                for (place, (name, of)) in fields.iter().enumerate().take(NAME_BYTES) {
                    let _ = write!(out, "{}{name}: ", if place == 0 { "" } else { ", " });
                    self.describe(self.without_null(*of).0, out, open);
                }
                out.push('>');
            }
            Kind::Union(of) => {
                out.push_str("union<");
                for (place, of) in of.iter().enumerate() {
                    out.push_str(if place == 0 { "" } else { ", " });
                    self.describe(*of, out, open);
                }
                out.push('>');
            }
            Kind::Decimal { precision, scale, .. } => {
                let _ = write!(out, "decimal({precision},{scale})");
            }
            simple => out.push_str(match simple {
                Kind::Null => "null",
                Kind::Boolean => "boolean",
                Kind::Int => "integer",
                Kind::Long => "long",
                Kind::Float => "float",
                Kind::Double => "double",
                Kind::Date => "date",
                Kind::Time(_) => "time",
                Kind::Timestamp { utc: true, .. } => "timestamp",
                Kind::Timestamp { utc: false, .. } => "timestamp_ntz",
                Kind::Fixed { uuid: true, .. } => "uuid",
                Kind::String | Kind::Enum(_) => "string",
                _ => "binary",
            }),
        }
        open.pop();
    }
}

impl Parser {
    fn add(&mut self, kind: Kind) -> usize {
        self.types.push(kind);
        self.types.len() - 1
    }

    fn kind(&mut self, json: &Json, space: &str, depth: usize) -> Read<usize> {
        if depth > DEPTH {
            return Err(wrong(format!("more than {DEPTH} levels deep")));
        }
        match json {
            Json::String(name) => self.named(name, space),
            Json::Array(of) => {
                let of = of.iter().map(|of| self.kind(of, space, depth + 1)).collect::<Read<_>>()?;
                Ok(self.add(Kind::Union(of)))
            }
            Json::Object(object) => self.object(object, space, depth),
            _ => Err(wrong("a type that is none")),
        }
    }

    fn named(&mut self, name: &str, space: &str) -> Read<usize> {
        if let Some(kind) = primitive(name) {
            return Ok(self.add(kind));
        }
        let number = self.names.get(&full(name, space)).or_else(|| self.names.get(name)).copied();
        number.ok_or_else(|| wrong(format!("no type is named {}", super::super::value::text(name.as_bytes(), 80))))
    }

    fn object(&mut self, object: &Map<String, Json>, space: &str, depth: usize) -> Read<usize> {
        let kind = object.get("type").ok_or_else(|| wrong("a type without a type"))?;
        let Json::String(kind) = kind else { return self.kind(kind, space, depth + 1) };
        let logical = object.get("logicalType").and_then(Json::as_str).unwrap_or_default();
        let word = |key: &str| object.get(key).and_then(Json::as_str);
        let part = |key: &str| object.get(key).ok_or_else(|| wrong(format!("{kind} without {key}")));
        match kind.as_str() {
            "array" => {
                let of = self.kind(part("items")?, space, depth + 1)?;
                Ok(self.add(Kind::Array(of)))
            }
            "map" => {
                let of = self.kind(part("values")?, space, depth + 1)?;
                Ok(self.add(Kind::Map(of)))
            }
            "record" | "error" | "enum" | "fixed" => {
                let name = word("name").ok_or_else(|| wrong(format!("{kind} without a name")))?;
                let name = full(name, word("namespace").unwrap_or(space));
                let space = name.rsplit_once('.').map_or("", |(space, _)| space).to_owned();
                // Its fields may name it.
                let number = self.add(Kind::Null);
                self.names.insert(name.clone(), number);
                let named = match kind.as_str() {
                    "enum" => {
                        Kind::Enum(list(part("symbols")?)?.iter().filter_map(Json::as_str).map(str::to_owned).collect())
                    }
                    "fixed" => fixed(object, part("size")?, logical)?,
                    _ => {
                        let mut fields = Vec::new();
                        for field in list(part("fields")?)? {
                            let name = field
                                .get("name")
                                .and_then(Json::as_str)
                                .ok_or_else(|| wrong("a field without a name"))?;
                            let of = field.get("type").ok_or_else(|| wrong("a field without a type"))?;
                            fields.push((name.to_owned(), self.kind(of, &space, depth + 1)?));
                        }
                        Kind::Record { name, fields }
                    }
                };
                if let Some(place) = self.types.get_mut(number) {
                    *place = named;
                }
                Ok(number)
            }
            name => match logical_kind(name, logical, object) {
                Some(kind) => Ok(self.add(kind)),
                None => self.named(name, space),
            },
        }
    }
}

fn list(json: &Json) -> Read<&Vec<Json>> {
    json.as_array().ok_or_else(|| wrong("no list where one belongs"))
}

fn full(name: &str, space: &str) -> String {
    if name.contains('.') || space.is_empty() { name.to_owned() } else { format!("{space}.{name}") }
}

fn primitive(name: &str) -> Option<Kind> {
    Some(match name {
        "null" => Kind::Null,
        "boolean" => Kind::Boolean,
        "int" => Kind::Int,
        "long" => Kind::Long,
        "float" => Kind::Float,
        "double" => Kind::Double,
        "bytes" => Kind::Bytes,
        "string" => Kind::String,
        _ => return None,
    })
}

fn fixed(object: &Map<String, Json>, size: &Json, logical: &str) -> Read<Kind> {
    let size = size.as_u64().and_then(|size| usize::try_from(size).ok()).ok_or_else(|| wrong("a size that is none"))?;
    Ok(match (logical, decimal(object)) {
        ("decimal", Some((precision, scale))) => Kind::Decimal { size: Some(size), precision, scale },
        _ => Kind::Fixed { size, uuid: logical == "uuid" && size == 16 },
    })
}

fn decimal(object: &Map<String, Json>) -> Option<(i64, i32)> {
    let precision = object.get("precision")?.as_i64()?;
    let scale = object.get("scale").map_or(Some(0), Json::as_i64)?;
    Some((precision, i32::try_from(scale).ok()?))
}

/// What is meant by a primitive type with another name; what is not known is the type itself.
fn logical_kind(name: &str, logical: &str, object: &Map<String, Json>) -> Option<Kind> {
    Some(match (name, logical) {
        ("int", "date") => Kind::Date,
        ("int", "time-millis") => Kind::Time(Unit::Millis),
        ("long", "time-micros") => Kind::Time(Unit::Micros),
        ("long", "timestamp-millis") => Kind::Timestamp { unit: Unit::Millis, utc: true },
        ("long", "timestamp-micros") => Kind::Timestamp { unit: Unit::Micros, utc: true },
        ("long", "timestamp-nanos") => Kind::Timestamp { unit: Unit::Nanos, utc: true },
        ("long", "local-timestamp-millis") => Kind::Timestamp { unit: Unit::Millis, utc: false },
        ("long", "local-timestamp-micros") => Kind::Timestamp { unit: Unit::Micros, utc: false },
        ("long", "local-timestamp-nanos") => Kind::Timestamp { unit: Unit::Nanos, utc: false },
        ("bytes", "decimal") => {
            let (precision, scale) = decimal(object)?;
            Kind::Decimal { size: None, precision, scale }
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(text: &str) -> Vec<String> {
        Schema::parse(text).unwrap().columns().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn types_are_told_as_spark_names_them() {
        let text = r#"{"type": "record", "name": "row", "namespace": "a.b", "fields": [
            {"name": "id", "type": "long"},
            {"name": "at", "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}]},
            {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}},
            {"name": "kind", "type": {"type": "enum", "name": "kinds", "symbols": ["x"]}},
            {"name": "again", "type": "kinds"},
            {"name": "tags", "type": {"type": "map", "values": {"type": "array", "items": ["null", "string"]}}},
            {"name": "either", "type": ["int", "string"]},
            {"name": "next", "type": ["null", "row"]}]}"#;
        assert_eq!(
            columns(text),
            [
                "id: long not null",
                "at: timestamp",
                "price: decimal(10,2) not null",
                "kind: string not null",
                "again: string not null",
                "tags: map<string, array<string>> not null",
                "either: union<integer, string> not null",
                "next: struct<id: long, at: timestamp, price: decimal(10,2), kind: string, again: string, \
                 tags: map<string, array<string>>, either: union<integer, string>, next: a.b.row>",
            ]
        );
        assert_eq!(columns("\"string\""), ["value: string not null"]);
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        for text in ["", "7", "{}", "\"none\"", r#"{"type": "record", "name": "x"}"#, &"[".repeat(200)] {
            assert!(Schema::parse(text).is_err(), "{text}");
        }
        let deep = format!("{}\"int\"{}", "[".repeat(100), "]".repeat(100));
        assert!(Schema::parse(&deep).is_err());
    }
}
