//! The values of one leaf column, with the levels that say where they belong.

use parquet::column::page::Page;
use parquet::column::reader::{ColumnReader, get_column_reader};
use parquet::data_type::{ByteArray, FixedLenByteArray, Int96};
use parquet::schema::types::ColumnDescPtr;

use super::pages::Ready;
use super::{Read, Refusal, value};
use crate::Value;
use crate::schema::shape::Scalar;

/// The levels and values of the first rows of a leaf column, and how far they were taken.
#[derive(Debug)]
pub(super) struct Leaf {
    def: Vec<i16>,
    rep: Vec<i16>,
    max_def: i16,
    entries: usize,
    raw: Raw,
    scalar: Scalar,
    /// The next entry, and the next value: an entry has a value only at the greatest level.
    at: usize,
    value: usize,
}

#[derive(Debug)]
enum Raw {
    Boolean(Vec<bool>),
    Int(Vec<i32>),
    Long(Vec<i64>),
    Int96(Vec<Int96>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Bytes(Vec<ByteArray>),
    Fixed(Vec<FixedLenByteArray>),
}

/// Decodes the first rows of pages. It may panic, because the crate that decodes them may: whoever calls this contains that.
pub(super) fn decode(column: ColumnDescPtr, pages: Vec<Page>, rows: usize, scalar: Scalar) -> Read<Leaf> {
    let (max_def, max_rep) = (column.max_def_level(), column.max_rep_level());
    let (mut def, mut rep) = (Vec::new(), Vec::new());
    macro_rules! read {
        ($reader:ident, $kind:ident) => {{
            let mut values = Vec::new();
            let levels = (max_def > 0).then_some(&mut def);
            let repeated = (max_rep > 0).then_some(&mut rep);
            let (records, _, entries) = $reader.read_records(rows, levels, repeated, &mut values)?;
            (records, entries, Raw::$kind(values))
        }};
    }
    let (records, entries, raw) = match get_column_reader(column, Box::new(Ready::new(pages))) {
        ColumnReader::BoolColumnReader(mut reader) => read!(reader, Boolean),
        ColumnReader::Int32ColumnReader(mut reader) => read!(reader, Int),
        ColumnReader::Int64ColumnReader(mut reader) => read!(reader, Long),
        ColumnReader::Int96ColumnReader(mut reader) => read!(reader, Int96),
        ColumnReader::FloatColumnReader(mut reader) => read!(reader, Float),
        ColumnReader::DoubleColumnReader(mut reader) => read!(reader, Double),
        ColumnReader::ByteArrayColumnReader(mut reader) => read!(reader, Bytes),
        ColumnReader::FixedLenByteArrayColumnReader(mut reader) => read!(reader, Fixed),
    };
    if records != rows {
        return Err(Refusal::damaged(format!("a column has {records} of {rows} rows")));
    }
    Ok(Leaf { def, rep, max_def, entries, raw, scalar, at: 0, value: 0 })
}

impl Leaf {
    /// The definition and the repetition level of the next entry.
    pub(super) fn peek(&self) -> Option<(i16, i16)> {
        let levels = (self.def.get(self.at).copied().unwrap_or(0), self.rep.get(self.at).copied().unwrap_or(0));
        (self.at < self.entries).then_some(levels)
    }

    /// Goes past the next entry, of which the value is made only where it is wanted.
    pub(super) fn take(&mut self, wanted: bool, chars: usize) -> Read<Value> {
        let (def, _) = self.peek().ok_or_else(|| Refusal::damaged("a column ends before the others"))?;
        self.at += 1;
        if def < self.max_def {
            return Ok(Value::Null);
        }
        self.value += 1;
        if !wanted {
            return Ok(Value::Null);
        }
        self.raw
            .value(self.value - 1, self.scalar, chars)
            .ok_or_else(|| Refusal::damaged("a column has fewer values than levels"))
    }
}

impl Raw {
    fn value(&self, at: usize, scalar: Scalar, chars: usize) -> Option<Value> {
        Some(match self {
            Self::Boolean(values) => Value::Boolean(*values.get(at)?),
            Self::Int(values) => int(*values.get(at)?, scalar, chars),
            Self::Long(values) => long(*values.get(at)?, scalar, chars),
            Self::Int96(values) => value::int96(values.get(at)?.data()),
            Self::Float(values) => value::single(*values.get(at)?),
            Self::Double(values) => value::float(*values.get(at)?),
            Self::Bytes(values) => bytes(values.get(at)?.data(), scalar, chars),
            Self::Fixed(values) => bytes(values.get(at)?.data(), scalar, chars),
        })
    }
}

fn int(number: i32, scalar: Scalar, chars: usize) -> Value {
    match scalar {
        Scalar::Date => value::date(number.into()),
        Scalar::Time(unit) => value::time(value::nanos(number.into(), unit)),
        Scalar::Decimal { scale, .. } => value::decimal(&number.to_be_bytes(), scale, chars),
        Scalar::Int { signed: false, .. } => value::unsigned(number.cast_unsigned().into()),
        _ => Value::Integer(number.into()),
    }
}

fn long(number: i64, scalar: Scalar, chars: usize) -> Value {
    match scalar {
        Scalar::Timestamp { unit, utc } => value::timestamp(value::nanos(number, unit), utc),
        Scalar::Time(unit) => value::time(value::nanos(number, unit)),
        Scalar::Decimal { scale, .. } => value::decimal(&number.to_be_bytes(), scale, chars),
        Scalar::Int { signed: false, .. } => value::unsigned(number.cast_unsigned()),
        _ => Value::Integer(number),
    }
}

fn bytes(data: &[u8], scalar: Scalar, chars: usize) -> Value {
    match scalar {
        Scalar::String => value::text(data, chars),
        Scalar::Decimal { scale, .. } => value::decimal(data, scale, chars),
        Scalar::Uuid => value::uuid(data).unwrap_or_else(|| value::hex(data, chars)),
        Scalar::Float16 => {
            data.try_into().map_or_else(|_| value::hex(data, chars), |bits| value::half(u16::from_le_bytes(bits)))
        }
        _ => value::hex(data, chars),
    }
}
