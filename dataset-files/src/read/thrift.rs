//! Thrift's compact protocol, as far as Parquet's headers need it. It is walked here before the `parquet` crate reads it: that crate
//! takes memory for as many elements as a list claims to have, and calls itself for each level of a schema.

use super::{Read, Refusal};

/// How deep structures may lie in each other: Parquet's own are eight deep.
const DEPTH: usize = 32;
/// How many elements all lists may have together: in memory each is larger than in its file.
const ELEMENTS: u64 = 4 << 20;

pub(super) const TRUE: u8 = 1;
pub(super) const FALSE: u8 = 2;
pub(super) const I32: u8 = 5;
pub(super) const LIST: u8 = 9;
pub(super) const STRUCT: u8 = 12;

#[derive(Clone, Debug)]
pub(super) struct Compact<'a> {
    bytes: &'a [u8],
    at: usize,
    elements: u64,
}

/// A field of a structure: its id and the kind of its value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) id: i16,
    pub(super) kind: u8,
}

fn short() -> Refusal {
    Refusal::damaged("a structure goes beyond its end")
}

impl<'a> Compact<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, elements: ELEMENTS }
    }

    /// How much was read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Whether what was read ended with the bytes: more of them might have helped.
    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn byte(&mut self) -> Read<u8> {
        let byte = self.bytes.get(self.at).copied().ok_or_else(short);
        self.at += 1;
        byte
    }

    /// A byte that is no part of a structure.
    pub(super) fn take_byte(&mut self) -> Read<u8> {
        self.byte()
    }

    fn skip_bytes(&mut self, count: u64) -> Read<()> {
        let left = self.bytes.len().saturating_sub(self.at) as u64;
        if count > left {
            self.at = self.bytes.len();
            return Err(short());
        }
        self.at += usize::try_from(count).map_err(|_| short())?;
        Ok(())
    }

    pub(super) fn varint(&mut self) -> Read<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Refusal::damaged("a number without an end"))
    }

    pub(super) fn int(&mut self) -> Read<i64> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -((value & 1).cast_signed()))
    }

    /// The next field of a structure after the one with the id `last`; `None` at its end.
    pub(super) fn field(&mut self, last: i16) -> Read<Option<Head>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Ok(None);
        }
        let kind = byte & 0x0f;
        let id = match byte >> 4 {
            0 => i16::try_from(self.int()?).ok(),
            delta => last.checked_add(i16::from(delta)),
        };
        let id = id.ok_or_else(|| Refusal::damaged("a field without a proper id"))?;
        Ok(Some(Head { id, kind }))
    }

    /// How many elements a list has, and of which kind. It is as many as there could be at least.
    pub(super) fn list(&mut self) -> Read<(u64, u8)> {
        let byte = self.byte()?;
        let count = match byte >> 4 {
            15 => self.varint()?,
            count => u64::from(count),
        };
        // Each takes a byte at least.
        if count > self.bytes.len().saturating_sub(self.at) as u64 {
            self.at = self.bytes.len();
            return Err(Refusal::damaged(format!("a list claims {count} elements, more than there are bytes")));
        }
        self.elements = self
            .elements
            .checked_sub(count)
            .ok_or_else(|| Refusal::beyond(format!("its lists have more than {ELEMENTS} elements")))?;
        Ok((count, byte & 0x0f))
    }

    /// Goes past a value.
    pub(super) fn skip(&mut self, kind: u8) -> Read<()> {
        self.skip_at(kind, 0, false)
    }

    fn skip_at(&mut self, kind: u8, depth: usize, element: bool) -> Read<()> {
        if depth > DEPTH {
            return Err(Refusal::damaged(format!("structures more than {DEPTH} levels deep")));
        }
        match kind {
            // As a field, a truth is its own kind.
            TRUE | FALSE => {
                if element {
                    self.skip_bytes(1)
                } else {
                    Ok(())
                }
            }
            3 => self.skip_bytes(1),
            4..=6 => self.varint().map(drop),
            7 => self.skip_bytes(8),
            8 => {
                let count = self.varint()?;
                self.skip_bytes(count)
            }
            LIST | 10 => {
                let (count, kind) = self.list()?;
                (0..count).try_for_each(|_| self.skip_at(kind, depth + 1, true))
            }
            11 => {
                let count = self.varint()?;
                if count > 0 {
                    let kinds = self.byte()?;
                    for _ in 0..count {
                        self.skip_at(kinds >> 4, depth + 1, true)?;
                        self.skip_at(kinds & 0x0f, depth + 1, true)?;
                    }
                }
                Ok(())
            }
            STRUCT => {
                let mut last = 0;
                while let Some(head) = self.field(last)? {
                    self.skip_at(head.kind, depth + 1, false)?;
                    last = head.id;
                }
                Ok(())
            }
            other => Err(Refusal::damaged(format!("a value of the unknown kind {other}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (bytes, number) in
            [(&[0x00_u8][..], 0), (&[0x01], -1), (&[0x02], 1), (&[0xfe, 0x01], 127), (&[0xff, 0x01], -128)]
        {
            assert_eq!(Compact::new(bytes).int(), Ok(number));
        }
        assert!(Compact::new(&[0xff; 11]).int().is_err());
    }

    #[test]
    fn what_claims_too_much_is_refused() {
        // A list of four billion structures; a text of as many bytes; structures in structures.
        assert!(Compact::new(&[0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x00]).skip(LIST).is_err());
        assert!(Compact::new(&[0xff, 0xff, 0xff, 0xff, 0x0f, 0x00]).skip(8).is_err());
        assert!(Compact::new(&[0x1c; 4096]).skip(STRUCT).is_err());
        assert!(Compact::new(&[0x19; 4096]).skip(LIST).is_err());
    }
}
