//! The strict binary encoding: everything is big-endian, and tagged with a byte that says what it is.

use super::error::DecodeError;
use super::room::Room;
use super::value::{Kind, Read, Write};
use super::{MAX_DEPTH, MessageKind};

const VERSION: u32 = 0x8001_0000;

impl Kind {
    fn byte(self) -> u8 {
        match self {
            Self::Bool => 2,
            Self::I8 => 3,
            Self::Double => 4,
            Self::I16 => 6,
            Self::I32 => 8,
            Self::I64 => 10,
            Self::Text => 11,
            Self::Struct => 12,
            Self::Map => 13,
            Self::Set => 14,
            Self::List => 15,
        }
    }

    fn of_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            2 => Self::Bool,
            3 => Self::I8,
            4 => Self::Double,
            6 => Self::I16,
            8 => Self::I32,
            10 => Self::I64,
            11 => Self::Text,
            12 => Self::Struct,
            13 => Self::Map,
            14 => Self::Set,
            15 => Self::List,
            _ => return None,
        })
    }

    /// The fewest bytes that a value takes.
    fn least(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::Struct => 1,
            Self::I16 => 2,
            Self::I32 | Self::Text => 4,
            Self::List | Self::Set => 5,
            Self::Map => 6,
            Self::Double | Self::I64 => 8,
        }
    }
}

/// Reads the binary encoding.
#[derive(Debug)]
pub(super) struct BinaryReader<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    room: Room,
}

impl<'a> BinaryReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, depth: 0, room: Room::of_message(bytes.len()) }
    }

    pub(super) fn message(&mut self) -> Result<(String, MessageKind, i32), DecodeError> {
        let word = u32::from_be_bytes(self.take()?);
        if word & 0xffff_0000 != VERSION {
            return Err(self.wrong("no strict binary message"));
        }
        let kind = MessageKind::of(i64::from(word & 0xff)).ok_or_else(|| self.wrong("a message of an unknown kind"))?;
        let name = self.text()?;
        Ok((name, kind, self.i32()?))
    }

    pub(super) fn end(&self) -> Result<(), DecodeError> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.wrong("more bytes than a message")) }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let bytes = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>());
        let bytes = *bytes.ok_or_else(|| self.wrong("the bytes end here"))?;
        self.at += N;
        Ok(bytes)
    }

    fn pass(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let end = self.at.checked_add(count);
        let part = end.and_then(|end| self.bytes.get(self.at..end));
        let part = part.ok_or_else(|| self.wrong("longer than what is left"))?;
        self.at += count;
        Ok(part)
    }

    fn kind(&mut self) -> Result<Kind, DecodeError> {
        let [byte] = self.take()?;
        Kind::of_byte(byte).ok_or_else(|| self.wrong("a value of an unknown kind"))
    }

    fn deeper(&mut self) -> Result<(), DecodeError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(self.wrong("nested too deep")) } else { Ok(()) }
    }

    fn count(&mut self, least: usize) -> Result<usize, DecodeError> {
        let count = usize::try_from(self.i32()?).map_err(|_| self.wrong("less than nothing"))?;
        let left = self.bytes.len() - self.at;
        if count.checked_mul(least).is_none_or(|bytes| bytes > left) {
            return Err(self.wrong("more values than bytes are left"));
        }
        Ok(count)
    }
}

impl Read for BinaryReader<'_> {
    fn bool(&mut self) -> Result<bool, DecodeError> {
        let [byte] = self.take()?;
        Ok(byte != 0)
    }

    fn i32(&mut self) -> Result<i32, DecodeError> {
        self.take().map(i32::from_be_bytes)
    }

    fn i64(&mut self) -> Result<i64, DecodeError> {
        self.take().map(i64::from_be_bytes)
    }

    fn double(&mut self) -> Result<f64, DecodeError> {
        self.take().map(f64::from_be_bytes)
    }

    fn text(&mut self) -> Result<String, DecodeError> {
        let length = self.count(1)?;
        let bytes = self.pass(length)?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| self.wrong("no UTF-8"))
    }

    fn open_struct(&mut self) -> Result<(), DecodeError> {
        self.deeper()
    }

    fn open_field(&mut self) -> Result<Option<(i16, Kind)>, DecodeError> {
        if self.bytes.get(self.at) == Some(&0) {
            self.at += 1;
            self.depth -= 1;
            return Ok(None);
        }
        let kind = self.kind()?;
        Ok(Some((i16::from_be_bytes(self.take()?), kind)))
    }

    fn close_field(&mut self) -> Result<(), DecodeError> {
        Ok(())
    }

    fn open_list(&mut self) -> Result<(Kind, usize), DecodeError> {
        self.deeper()?;
        let kind = self.kind()?;
        Ok((kind, self.count(kind.least())?))
    }

    fn item(&mut self) -> Result<(), DecodeError> {
        Ok(())
    }

    fn close_list(&mut self) -> Result<(), DecodeError> {
        self.depth -= 1;
        Ok(())
    }

    fn open_map(&mut self) -> Result<(Kind, Kind, usize), DecodeError> {
        self.deeper()?;
        let [from, to] = self.take()?;
        let kinds = (Kind::of_byte(from), Kind::of_byte(to));
        match (kinds, self.i32()?) {
            // Of an empty map the kinds are not meant.
            (_, 0) => Ok((Kind::Text, Kind::Text, 0)),
            ((Some(from), Some(to)), _) => {
                self.at -= 4;
                Ok((from, to, self.count(from.least() + to.least())?))
            }
            _ => Err(self.wrong("a value of an unknown kind")),
        }
    }

    fn key(&mut self) -> Result<String, DecodeError> {
        self.text()
    }

    fn close_map(&mut self) -> Result<(), DecodeError> {
        self.depth -= 1;
        Ok(())
    }

    fn skip(&mut self, kind: Kind) -> Result<(), DecodeError> {
        match kind {
            Kind::Bool | Kind::I8 => self.pass(1).map(drop),
            Kind::I16 => self.pass(2).map(drop),
            Kind::I32 => self.pass(4).map(drop),
            Kind::I64 | Kind::Double => self.pass(8).map(drop),
            Kind::Text => {
                let length = self.count(1)?;
                self.pass(length).map(drop)
            }
            Kind::Struct => {
                self.open_struct()?;
                while let Some((_, kind)) = self.open_field()? {
                    self.skip(kind)?;
                }
                Ok(())
            }
            Kind::List | Kind::Set => {
                let (kind, len) = self.open_list()?;
                for _ in 0..len {
                    self.skip(kind)?;
                }
                self.close_list()
            }
            Kind::Map => {
                let (from, to, len) = self.open_map()?;
                for _ in 0..len {
                    self.skip(from)?;
                    self.skip(to)?;
                }
                self.close_map()
            }
        }
    }

    fn room(&mut self, count: usize, size: usize) -> Result<(), DecodeError> {
        self.room.take(count, size, self.at)
    }

    fn wrong(&self, what: &'static str) -> DecodeError {
        DecodeError::new(what, self.at)
    }
}

/// Writes the binary encoding.
#[derive(Debug, Default)]
pub(super) struct BinaryWriter {
    pub(super) bytes: Vec<u8>,
}

impl BinaryWriter {
    pub(super) fn message(&mut self, name: &str, kind: MessageKind, seq: i32) {
        self.bytes.extend((VERSION | u32::from(kind.byte())).to_be_bytes());
        self.text(name);
        self.i32(seq);
    }

    /// Nothing that travels is longer than this can tell.
    fn count(&mut self, count: usize) {
        self.i32(i32::try_from(count).unwrap_or(i32::MAX));
    }
}

impl Write for BinaryWriter {
    fn bool(&mut self, value: bool) {
        self.bytes.push(u8::from(value));
    }

    fn i32(&mut self, value: i32) {
        self.bytes.extend(value.to_be_bytes());
    }

    fn i64(&mut self, value: i64) {
        self.bytes.extend(value.to_be_bytes());
    }

    fn double(&mut self, value: f64) {
        self.bytes.extend(value.to_be_bytes());
    }

    fn text(&mut self, value: &str) {
        self.count(value.len());
        self.bytes.extend(value.as_bytes());
    }

    fn open_struct(&mut self) {}

    fn open_field(&mut self, id: i16, kind: Kind) {
        self.bytes.push(kind.byte());
        self.bytes.extend(id.to_be_bytes());
    }

    fn close_field(&mut self) {}

    fn close_struct(&mut self) {
        self.bytes.push(0);
    }

    fn open_list(&mut self, of: Kind, len: usize) {
        self.bytes.push(of.byte());
        self.count(len);
    }

    fn item(&mut self) {}

    fn close_list(&mut self) {}

    fn open_map(&mut self, to: Kind, len: usize) {
        self.bytes.extend([Kind::Text.byte(), to.byte()]);
        self.count(len);
    }

    fn key(&mut self, key: &str) {
        self.text(key);
    }

    fn close_map(&mut self) {}
}
