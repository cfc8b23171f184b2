//! Avro's binary encoding. Nothing takes more memory than the bytes it is read from, and nothing goes on for ever: what has no bytes
//! is counted.

use super::super::value::{self, Tree};
use super::super::{Read, Refusal};
use super::kind::{DEPTH, Kind, Schema};
use crate::{Limits, Value};

/// Bytes, and how far they were read.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    short: bool,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, short: false }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Whether the last failure was for want of bytes.
    pub(super) fn wants_more(&self) -> bool {
        self.short
    }

    pub(super) fn take(&mut self, count: usize) -> Read<&'a [u8]> {
        let taken = self.at.checked_add(count).and_then(|end| self.bytes.get(self.at..end));
        let Some(taken) = taken else {
            self.short = true;
            return Err(Refusal::damaged("a value goes beyond its block"));
        };
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| Refusal::damaged("a value goes beyond its block"))
    }

    pub(super) fn long(&mut self) -> Read<i64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok((value >> 1).cast_signed() ^ -((value & 1).cast_signed()));
            }
        }
        Err(Refusal::damaged("a number without an end"))
    }

    pub(super) fn bytes(&mut self) -> Read<&'a [u8]> {
        let length = self.long()?;
        let length = usize::try_from(length).map_err(|_| Refusal::damaged(format!("a value of {length} bytes")))?;
        self.take(length)
    }

    /// How many elements the next block of a list or map has; none at its end.
    pub(super) fn block(&mut self) -> Read<u64> {
        let count = self.long()?;
        if count < 0 {
            // Then its bytes are told, too.
            self.long()?;
        }
        Ok(count.unsigned_abs())
    }
}

struct Reader<'a> {
    schema: &'a Schema,
    cursor: Cursor<'a>,
    /// How many values may still be read.
    values: usize,
    chars: usize,
}

impl Schema {
    /// So many values from the beginning of a block, as rows.
    pub(super) fn rows(&self, block: &[u8], count: usize, limits: &Limits) -> Read<Vec<Vec<Value>>> {
        let mut reader =
            Reader { schema: self, cursor: Cursor::new(block), values: limits.page_values, chars: limits.value_chars };
        (0..count).map(|_| reader.row(limits.columns)).collect()
    }
}

impl Reader<'_> {
    fn row(&mut self, most: usize) -> Read<Vec<Value>> {
        let Kind::Record { fields, .. } = self.schema.kind(self.schema.root) else {
            return Ok(vec![self.tree(self.schema.root, 0, true)?.into_value(self.chars)]);
        };
        let mut row = Vec::new();
        for (place, (_, kind)) in fields.iter().enumerate() {
            let tree = self.tree(*kind, 0, place < most)?;
            if place < most {
                row.push(tree.into_value(self.chars));
            }
        }
        Ok(row)
    }

    fn tree(&mut self, kind: usize, depth: usize, wanted: bool) -> Read<Tree> {
        if depth > DEPTH {
            return Err(Refusal::beyond(format!("a value is more than {DEPTH} levels deep")));
        }
        self.values = self.values.checked_sub(1).ok_or_else(|| Refusal::beyond("a block has too many values"))?;
        let value = match self.schema.kind(kind) {
            Kind::Array(of) => {
                let mut elements = Vec::new();
                loop {
                    let count = self.cursor.block()?;
                    if count == 0 {
                        return Ok(Tree::List(elements));
                    }
                    for _ in 0..count {
                        let wanted = wanted && elements.len() < self.chars;
                        let element = self.tree(*of, depth + 1, wanted)?;
                        if wanted {
                            elements.push(element);
                        }
                    }
                }
            }
            Kind::Map(of) => {
                let mut entries = Vec::new();
                loop {
                    let count = self.cursor.block()?;
                    if count == 0 {
                        return Ok(Tree::Map(entries));
                    }
                    for _ in 0..count {
                        let wanted = wanted && entries.len() < self.chars;
                        let key = Tree::Value(value::text(self.cursor.bytes()?, self.chars));
                        let element = self.tree(*of, depth + 1, wanted)?;
                        if wanted {
                            entries.push((key, element));
                        }
                    }
                }
            }
            Kind::Record { fields, .. } => {
                let mut parts = Vec::new();
                for (name, of) in fields {
                    let part = self.tree(*of, depth + 1, wanted)?;
                    if wanted {
                        parts.push((name.clone(), part));
                    }
                }
                return Ok(Tree::Struct(parts));
            }
            Kind::Union(of) => {
                let which = self.cursor.long()?;
                let of = usize::try_from(which).ok().and_then(|which| of.get(which).copied());
                let of = of.ok_or_else(|| Refusal::damaged(format!("a union has no type {which}")))?;
                return self.tree(of, depth + 1, wanted);
            }
            simple => self.value(simple, wanted)?,
        };
        Ok(Tree::Value(value))
    }

    fn value(&mut self, kind: &Kind, wanted: bool) -> Read<Value> {
        let chars = if wanted { self.chars } else { 0 };
        Ok(match kind {
            Kind::Boolean => Value::Boolean(self.cursor.array::<1>()? != [0]),
            Kind::Int | Kind::Long => Value::Integer(self.cursor.long()?),
            Kind::Float => value::single(f32::from_le_bytes(self.cursor.array()?)),
            Kind::Double => value::float(f64::from_le_bytes(self.cursor.array()?)),
            Kind::Bytes => value::hex(self.cursor.bytes()?, chars),
            Kind::String => value::text(self.cursor.bytes()?, chars),
            Kind::Date => value::date(self.cursor.long()?),
            Kind::Time(unit) => value::time(value::nanos(self.cursor.long()?, *unit)),
            Kind::Timestamp { unit, utc } => value::timestamp(value::nanos(self.cursor.long()?, *unit), *utc),
            Kind::Decimal { size: Some(size), scale, .. } => value::decimal(self.cursor.take(*size)?, *scale, chars),
            Kind::Decimal { size: None, scale, .. } => value::decimal(self.cursor.bytes()?, *scale, chars),
            Kind::Fixed { size, uuid } => {
                let bytes = self.cursor.take(*size)?;
                value::uuid(bytes).filter(|_| *uuid).unwrap_or_else(|| value::hex(bytes, chars))
            }
            Kind::Enum(symbols) => {
                let which = self.cursor.long()?;
                let symbol = usize::try_from(which).ok().and_then(|which| symbols.get(which));
                let symbol = symbol.ok_or_else(|| Refusal::damaged(format!("an enum has no word {which}")))?;
                value::text(symbol.as_bytes(), chars)
            }
            Kind::Null | Kind::Array(_) | Kind::Map(_) | Kind::Union(_) | Kind::Record { .. } => Value::Null,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(schema: &str, block: &[u8], count: usize) -> Read<Vec<Vec<Value>>> {
        Schema::parse(schema).unwrap().rows(block, count, &Limits::default().with_page_values(10_000))
    }

    #[test]
    fn values_as_they_are_specified() {
        let schema = r#"{"type": "record", "name": "r", "fields": [
            {"name": "a", "type": "long"}, {"name": "b", "type": "string"},
            {"name": "c", "type": {"type": "array", "items": ["null", "int"]}}]}"#;
        // 27, «foo», [3, null] in a block that tells its bytes.
        let block = [54, 6, b'f', b'o', b'o', 3, 6, 2, 6, 0, 0];
        let read = rows(schema, &block, 1).unwrap();
        let wanted = vec![Value::Integer(27), Value::Text("foo".into()), Value::Nested("[3,null]".into())];
        assert_eq!(read, [wanted]);
        assert!(matches!(rows(schema, &block[..9], 1), Err(Refusal::Damaged(_))));
    }

    #[test]
    fn nothing_goes_on_for_ever() {
        // 2^61 nulls, which take no byte; a record that holds itself without an end; a text of 2^61 bytes.
        let count = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
        assert!(matches!(rows(r#"{"type": "array", "items": "null"}"#, &count, 1), Err(Refusal::Beyond(_))));
        let itself = r#"{"type": "record", "name": "r", "fields": [{"name": "r", "type": "r"}]}"#;
        assert!(matches!(rows(itself, &[], 1), Err(Refusal::Beyond(_))));
        assert!(matches!(rows("\"string\"", &count, 1), Err(Refusal::Damaged(_))));
        // Twice as many with each level, and no byte.
        let mut doubling = String::from("\"null\"");
        for level in 0..40 {
            doubling = format!(
                r#"{{"type": "record", "name": "r{level}", "fields": [{{"name": "a", "type": {doubling}}},
                {{"name": "b", "type": {}}}]}}"#,
                if level == 0 { "\"null\"".into() } else { format!("\"r{}\"", level - 1) }
            );
        }
        assert!(matches!(rows(&doubling, &[], 1), Err(Refusal::Beyond(_))));
    }
}
