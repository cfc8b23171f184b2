//! What a Parquet schema means: structs, lists and maps instead of groups and levels.

use std::fmt::{self, Write as _};

use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::schema::types::Type;

use crate::Column;

/// A field, and the definition level from which on it is there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) nullable: bool,
    pub(crate) def: i16,
    pub(crate) shape: Shape,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    /// A value of the leaf column with this number.
    Leaf(usize, Scalar),
    Struct(Vec<Field>),
    List(Levels, Box<Field>),
    Map(Levels, Box<Field>, Box<Field>),
}

/// The levels of something repeated: from which definition level on there is an element, and which repetition level says that
/// another one follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Levels {
    pub(crate) def: i16,
    pub(crate) rep: i16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Millis,
    Micros,
    Nanos,
}

/// What a value of a leaf means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Boolean,
    Int { bits: u8, signed: bool },
    Float16,
    Float,
    Double,
    Decimal { precision: i32, scale: i32 },
    String,
    Binary,
    Uuid,
    Date,
    Time(Unit),
    Timestamp { unit: Unit, utc: bool },
    Int96,
    Interval,
}

/// The fields of a message.
pub(crate) fn fields(message: &Type) -> Vec<Field> {
    let mut leaves = 0;
    children(message, &mut leaves, Levels { def: 0, rep: 0 })
}

fn children(group: &Type, leaves: &mut usize, at: Levels) -> Vec<Field> {
    parts(group).iter().map(|part| field(part, leaves, at)).collect()
}

fn parts(group: &Type) -> &[std::sync::Arc<Type>] {
    match group {
        Type::GroupType { fields, .. } => fields,
        Type::PrimitiveType { .. } => &[],
    }
}

fn repetition(part: &Type) -> Repetition {
    let info = part.get_basic_info();
    if info.has_repetition() { info.repetition() } else { Repetition::REQUIRED }
}

fn field(part: &Type, leaves: &mut usize, at: Levels) -> Field {
    let name = part.name().to_owned();
    match repetition(part) {
        // Repeated without a list around it: a list that is never null, of elements that are never null.
        Repetition::REPEATED => {
            let inside = Levels { def: at.def + 1, rep: at.rep + 1 };
            let element = Field { name: "element".into(), ..present(part, leaves, inside, false) };
            Field { name, nullable: false, def: at.def, shape: Shape::List(inside, Box::new(element)) }
        }
        Repetition::OPTIONAL => present(part, leaves, Levels { def: at.def + 1, ..at }, true),
        Repetition::REQUIRED => present(part, leaves, at, false),
    }
}

/// The field without its own repetition.
fn present(part: &Type, leaves: &mut usize, at: Levels, nullable: bool) -> Field {
    let shape = match part {
        Type::PrimitiveType { .. } => {
            *leaves += 1;
            Shape::Leaf(*leaves - 1, scalar(part))
        }
        Type::GroupType { .. } => {
            repeated(part, leaves, at).unwrap_or_else(|| Shape::Struct(children(part, leaves, at)))
        }
    };
    Field { name: part.name().to_owned(), nullable, def: at.def, shape }
}

/// A list or a map, in each of the ways in which writers spell them; `None` for a struct.
fn repeated(part: &Type, leaves: &mut usize, at: Levels) -> Option<Shape> {
    let info = part.get_basic_info();
    let map = matches!(info.logical_type_ref(), Some(LogicalType::Map))
        || matches!(info.converted_type(), ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE);
    let list =
        matches!(info.logical_type_ref(), Some(LogicalType::List)) || info.converted_type() == ConvertedType::LIST;
    let [middle] = parts(part) else { return None };
    if !(map || list) || repetition(middle) != Repetition::REPEATED {
        return None;
    }
    let inside = Levels { def: at.def + 1, rep: at.rep + 1 };
    match parts(middle) {
        [key, value] if map => {
            let (key, value) = (field(key, leaves, inside), field(value, leaves, inside));
            Some(Shape::Map(inside, Box::new(key), Box::new(value)))
        }
        // The element is in a group of its own, unless the group is the element.
        [element] if middle.name() != "array" && middle.name() != format!("{}_tuple", part.name()) => {
            Some(Shape::List(inside, Box::new(field(element, leaves, inside))))
        }
        _ => {
            let element = Field { name: "element".into(), ..present(middle, leaves, inside, false) };
            Some(Shape::List(inside, Box::new(element)))
        }
    }
}

fn unit(unit: &TimeUnit) -> Unit {
    match unit {
        TimeUnit::MILLIS => Unit::Millis,
        TimeUnit::MICROS => Unit::Micros,
        TimeUnit::NANOS => Unit::Nanos,
    }
}

fn scalar(part: &Type) -> Scalar {
    let Type::PrimitiveType { basic_info, physical_type, type_length, scale, precision } = part else {
        return Scalar::Binary;
    };
    let physical = *physical_type;
    let logical = match basic_info.logical_type_ref() {
        Some(LogicalType::Integer(int)) => {
            Some(Scalar::Int { bits: int.bit_width.unsigned_abs(), signed: int.is_signed })
        }
        Some(LogicalType::Decimal(decimal)) => {
            Some(Scalar::Decimal { precision: decimal.precision, scale: decimal.scale })
        }
        Some(LogicalType::String | LogicalType::Enum | LogicalType::Json) => Some(Scalar::String),
        Some(LogicalType::Uuid) => Some(Scalar::Uuid),
        Some(LogicalType::Date) => Some(Scalar::Date),
        Some(LogicalType::Time(time)) => Some(Scalar::Time(unit(&time.unit))),
        Some(LogicalType::Timestamp(time)) => {
            Some(Scalar::Timestamp { unit: unit(&time.unit), utc: time.is_adjusted_to_u_t_c })
        }
        Some(LogicalType::Float16) => Some(Scalar::Float16),
        _ => None,
    };
    let converted = || match basic_info.converted_type() {
        ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON => Some(Scalar::String),
        ConvertedType::DECIMAL => Some(Scalar::Decimal { precision: *precision, scale: *scale }),
        ConvertedType::DATE => Some(Scalar::Date),
        ConvertedType::TIME_MILLIS => Some(Scalar::Time(Unit::Millis)),
        ConvertedType::TIME_MICROS => Some(Scalar::Time(Unit::Micros)),
        ConvertedType::TIMESTAMP_MILLIS => Some(Scalar::Timestamp { unit: Unit::Millis, utc: true }),
        ConvertedType::TIMESTAMP_MICROS => Some(Scalar::Timestamp { unit: Unit::Micros, utc: true }),
        ConvertedType::UINT_8 => Some(Scalar::Int { bits: 8, signed: false }),
        ConvertedType::UINT_16 => Some(Scalar::Int { bits: 16, signed: false }),
        ConvertedType::UINT_32 => Some(Scalar::Int { bits: 32, signed: false }),
        ConvertedType::UINT_64 => Some(Scalar::Int { bits: 64, signed: false }),
        ConvertedType::INT_8 => Some(Scalar::Int { bits: 8, signed: true }),
        ConvertedType::INT_16 => Some(Scalar::Int { bits: 16, signed: true }),
        ConvertedType::INT_32 => Some(Scalar::Int { bits: 32, signed: true }),
        ConvertedType::INT_64 => Some(Scalar::Int { bits: 64, signed: true }),
        ConvertedType::INTERVAL => Some(Scalar::Interval),
        _ => None,
    };
    let meant = logical.or_else(converted).filter(|meant| fits(*meant, physical, *type_length));
    meant.unwrap_or(match physical {
        Physical::BOOLEAN => Scalar::Boolean,
        Physical::INT32 => Scalar::Int { bits: 32, signed: true },
        Physical::INT64 => Scalar::Int { bits: 64, signed: true },
        Physical::INT96 => Scalar::Int96,
        Physical::FLOAT => Scalar::Float,
        Physical::DOUBLE => Scalar::Double,
        Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY => Scalar::Binary,
    })
}

/// Whether bytes of this kind can be meant so: a file may say anything.
fn fits(meant: Scalar, physical: Physical, length: i32) -> bool {
    let fixed = |bytes| physical == Physical::FIXED_LEN_BYTE_ARRAY && length == bytes;
    match meant {
        Scalar::Boolean => physical == Physical::BOOLEAN,
        Scalar::Int { bits: 64, .. } => physical == Physical::INT64,
        Scalar::Int { .. } => physical == Physical::INT32,
        Scalar::Float => physical == Physical::FLOAT,
        Scalar::Double => physical == Physical::DOUBLE,
        Scalar::Float16 => fixed(2),
        Scalar::Uuid => fixed(16),
        Scalar::Interval => fixed(12),
        Scalar::Decimal { .. } => {
            matches!(
                physical,
                Physical::INT32 | Physical::INT64 | Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY
            )
        }
        Scalar::String | Scalar::Binary => physical == Physical::BYTE_ARRAY,
        Scalar::Date | Scalar::Time(Unit::Millis) => physical == Physical::INT32,
        Scalar::Time(_) | Scalar::Timestamp { .. } => physical == Physical::INT64,
        Scalar::Int96 => physical == Physical::INT96,
    }
}

impl Field {
    /// The column as a person reads it.
    pub(crate) fn column(&self) -> Column {
        let fields = match &self.shape {
            Shape::Struct(fields) => fields.iter().map(Self::column).collect(),
            _ => Vec::new(),
        };
        let mut kind = Bounded(String::new());
        if write!(kind, "{}", self.shape).is_err() {
            kind.0.push('…');
        }
        let column = Column::new(&self.name, kind.0).with_fields(fields);
        if self.nullable { column } else { column.required() }
    }

    /// The numbers of the leaf columns that it is made of.
    #[cfg(feature = "object-store")]
    pub(crate) fn leaves(&self) -> std::ops::Range<usize> {
        match &self.shape {
            Shape::Leaf(column, _) => *column..*column + 1,
            Shape::List(_, element) => element.leaves(),
            Shape::Map(_, key, value) => {
                let (key, value) = (key.leaves(), value.leaves());
                if value.is_empty() { key } else { key.start..value.end }
            }
            Shape::Struct(fields) => {
                let mut parts = fields.iter().map(Self::leaves).filter(|leaves| !leaves.is_empty());
                let first = parts.next().unwrap_or_default();
                first.start..parts.next_back().map_or(first.end, |last| last.end)
            }
        }
    }
}

/// A text that stops growing: each level of a schema tells all that is below it.
struct Bounded(String);

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > 4096 {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaf(_, scalar) => scalar.fmt(f),
            Self::List(_, element) => write!(f, "array<{}>", element.shape),
            Self::Map(_, key, value) => write!(f, "map<{}, {}>", key.shape, value.shape),
            Self::Struct(fields) => {
                f.write_str("struct<")?;
                for (place, field) in fields.iter().enumerate() {
                    write!(f, "{}{}: {}", if place == 0 { "" } else { ", " }, field.name, field.shape)?;
                }
                f.write_str(">")
            }
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => f.write_str("boolean"),
            Self::Int { bits: 8, signed: true } => f.write_str("byte"),
            Self::Int { bits: 16, signed: true } => f.write_str("short"),
            Self::Int { bits: 64, signed: true } => f.write_str("long"),
            Self::Int { signed: true, .. } => f.write_str("integer"),
            Self::Int { bits, signed: false } => write!(f, "unsigned {bits} bit"),
            Self::Float16 => f.write_str("half float"),
            Self::Float => f.write_str("float"),
            Self::Double => f.write_str("double"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::String => f.write_str("string"),
            Self::Binary => f.write_str("binary"),
            Self::Uuid => f.write_str("uuid"),
            Self::Date => f.write_str("date"),
            Self::Time(_) => f.write_str("time"),
            Self::Timestamp { utc: true, .. } | Self::Int96 => f.write_str("timestamp"),
            Self::Timestamp { utc: false, .. } => f.write_str("timestamp_ntz"),
            Self::Interval => f.write_str("interval"),
        }
    }
}
