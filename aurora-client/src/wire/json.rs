//! Thrift's JSON: fields by number, each value with a tag that says what it is. No white space is written or expected: the
//! scheduler's own reader compares byte by byte.

use std::fmt::Write as _;

use super::error::DecodeError;
use super::room::Room;
use super::value::{Kind, Read, Write};
use super::{MAX_DEPTH, MessageKind};

impl Kind {
    fn tag(self) -> &'static str {
        match self {
            Self::Bool => "tf",
            Self::I8 => "i8",
            Self::Double => "dbl",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::Text => "str",
            Self::Struct => "rec",
            Self::Map => "map",
            Self::Set => "set",
            Self::List => "lst",
        }
    }

    fn of_tag(tag: &[u8]) -> Option<Self> {
        Some(match tag {
            b"tf" => Self::Bool,
            b"i8" => Self::I8,
            b"dbl" => Self::Double,
            b"i16" => Self::I16,
            b"i32" => Self::I32,
            b"i64" => Self::I64,
            b"str" => Self::Text,
            b"rec" => Self::Struct,
            b"map" => Self::Map,
            b"set" => Self::Set,
            b"lst" => Self::List,
            _ => return None,
        })
    }
}

/// Reads Thrift's JSON.
#[derive(Debug)]
pub(super) struct JsonReader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    room: Room,
}

impl<'a> JsonReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let text = std::str::from_utf8(bytes).map_err(|error| DecodeError::new("no UTF-8", error.valid_up_to()))?;
        Ok(Self { text, at: 0, depth: 0, room: Room::of_message(bytes.len()) })
    }

    pub(super) fn message(&mut self) -> Result<(String, MessageKind, i32), DecodeError> {
        self.expect(b'[', "no message")?;
        if self.i64()? != 1 {
            return Err(self.wrong("another version of the encoding"));
        }
        self.expect(b',', "no message")?;
        let name = self.text()?;
        self.expect(b',', "no message")?;
        let kind = self.i64()?;
        let kind = MessageKind::of(kind).ok_or_else(|| self.wrong("a message of an unknown kind"))?;
        self.expect(b',', "no message")?;
        let seq = self.i32()?;
        self.expect(b',', "no message")?;
        Ok((name, kind, seq))
    }

    pub(super) fn end(&mut self) -> Result<(), DecodeError> {
        self.expect(b']', "more than a message")?;
        if self.text.get(self.at..).is_some_and(|rest| rest.trim().is_empty()) {
            Ok(())
        } else {
            Err(self.wrong("more than a message"))
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), DecodeError> {
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(self.wrong(what))
    }

    fn deeper(&mut self) -> Result<(), DecodeError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(self.wrong("nested too deep")) } else { Ok(()) }
    }

    /// A text without anything that would have to be replaced: a tag, or a number.
    fn short(&mut self) -> Result<&'a [u8], DecodeError> {
        self.expect(b'"', "a quote is missing")?;
        let from = self.at;
        let rest = self.text.as_bytes().get(from..).unwrap_or_default();
        let length = rest.iter().take(16).position(|byte| *byte == b'"').ok_or_else(|| self.wrong("too long"))?;
        self.at = from + length + 1;
        Ok(rest.get(..length).unwrap_or_default())
    }

    fn tag(&mut self) -> Result<Kind, DecodeError> {
        let tag = self.short()?;
        Kind::of_tag(tag).ok_or_else(|| self.wrong("a value of an unknown kind"))
    }

    /// The signs of a number.
    fn number(&mut self) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
        let length = rest.as_bytes().iter().take_while(|byte| is_part(byte)).count();
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn count(&mut self) -> Result<usize, DecodeError> {
        let count = usize::try_from(self.i32()?).map_err(|_| self.wrong("less than nothing"))?;
        // A comma and a sign are the least.
        if count.checked_mul(2).is_none_or(|bytes| bytes > self.text.len() - self.at) {
            return Err(self.wrong("more values than bytes are left"));
        }
        Ok(count)
    }

    /// A text whose quote was read; ends after its other quote.
    fn rest_of_text(&mut self) -> Result<String, DecodeError> {
        let mut all = String::new();
        loop {
            let from = self.at;
            let rest = self.text.as_bytes().get(from..).unwrap_or_default();
            let length = rest.iter().position(|byte| *byte == b'"' || *byte == b'\\' || *byte < 0x20);
            let length = length.ok_or_else(|| self.wrong("a text without an end"))?;
            let plain = self.text.get(from..from + length).unwrap_or_default();
            self.at = from + length + 1;
            match rest.get(length) {
                Some(b'"') if all.is_empty() => return Ok(plain.to_owned()),
                Some(b'"') => {
                    all.push_str(plain);
                    return Ok(all);
                }
                Some(b'\\') => {
                    all.push_str(plain);
                    let sign = self.escaped()?;
                    all.push(sign);
                }
                _ => {
                    self.at -= 1;
                    return Err(self.wrong("a control character in a text"));
                }
            }
        }
    }

    fn escaped(&mut self) -> Result<char, DecodeError> {
        let byte = self.peek().ok_or_else(|| self.wrong("a text without an end"))?;
        self.at += 1;
        Ok(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hex()?;
                let code = match first {
                    0xd800..=0xdbff => {
                        self.expect(b'\\', "half a sign")?;
                        self.expect(b'u', "half a sign")?;
                        let second = self.hex()?;
                        if !(0xdc00..=0xdfff).contains(&second) {
                            return Err(self.wrong("half a sign"));
                        }
                        0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
                    }
                    code => code,
                };
                char::from_u32(code).ok_or_else(|| self.wrong("half a sign"))?
            }
            _ => {
                self.at -= 1;
                return Err(self.wrong("an unknown escape"));
            }
        })
    }

    fn hex(&mut self) -> Result<u32, DecodeError> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let digits = digits.ok_or_else(|| self.wrong("no hexadecimal number"))?;
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|_| self.wrong("no hexadecimal number"))
    }

    fn skip_text(&mut self) -> Result<(), DecodeError> {
        self.expect(b'"', "a quote is missing")?;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let length = rest.iter().position(|byte| *byte == b'"' || *byte == b'\\');
            self.at += length.ok_or_else(|| self.wrong("a text without an end"))? + 1;
            if rest.get(length.unwrap_or(0)) == Some(&b'"') {
                return Ok(());
            }
            self.escaped()?;
        }
    }
}

impl Read for JsonReader<'_> {
    fn bool(&mut self) -> Result<bool, DecodeError> {
        match self.number() {
            "0" => Ok(false),
            "1" => Ok(true),
            _ => Err(self.wrong("neither 0 nor 1")),
        }
    }

    fn i32(&mut self) -> Result<i32, DecodeError> {
        self.number().parse().map_err(|_| self.wrong("no whole number of four bytes"))
    }

    fn i64(&mut self) -> Result<i64, DecodeError> {
        self.number().parse().map_err(|_| self.wrong("no whole number"))
    }

    fn double(&mut self) -> Result<f64, DecodeError> {
        if self.peek() != Some(b'"') {
            return self.number().parse().map_err(|_| self.wrong("no number"));
        }
        match self.short()? {
            b"NaN" => Ok(f64::NAN),
            b"Infinity" => Ok(f64::INFINITY),
            b"-Infinity" => Ok(f64::NEG_INFINITY),
            _ => Err(self.wrong("no number")),
        }
    }

    fn text(&mut self) -> Result<String, DecodeError> {
        self.expect(b'"', "no text")?;
        self.rest_of_text()
    }

    fn open_struct(&mut self) -> Result<(), DecodeError> {
        self.expect(b'{', "no struct")?;
        self.deeper()
    }

    fn open_field(&mut self) -> Result<Option<(i16, Kind)>, DecodeError> {
        if self.peek() == Some(b'}') {
            self.at += 1;
            self.depth -= 1;
            return Ok(None);
        }
        // The first field follows the brace, every other one a comma.
        let before = self.at.checked_sub(1).and_then(|at| self.text.as_bytes().get(at));
        if before != Some(&b'{') {
            self.expect(b',', "neither a field nor the end of the struct")?;
        }
        let id = self.short()?;
        let id = std::str::from_utf8(id).ok().and_then(|id| id.parse().ok());
        let id = id.ok_or_else(|| self.wrong("no number of a field"))?;
        self.expect(b':', "a field without a value")?;
        self.expect(b'{', "a field without a value")?;
        let kind = self.tag()?;
        self.expect(b':', "a field without a value")?;
        Ok(Some((id, kind)))
    }

    fn close_field(&mut self) -> Result<(), DecodeError> {
        self.expect(b'}', "more than a value")
    }

    fn open_list(&mut self) -> Result<(Kind, usize), DecodeError> {
        self.deeper()?;
        self.expect(b'[', "no list")?;
        let kind = self.tag()?;
        self.expect(b',', "a list without a number")?;
        Ok((kind, self.count()?))
    }

    fn item(&mut self) -> Result<(), DecodeError> {
        self.expect(b',', "fewer values than were said")
    }

    fn close_list(&mut self) -> Result<(), DecodeError> {
        self.depth -= 1;
        self.expect(b']', "more values than were said")
    }

    fn open_map(&mut self) -> Result<(Kind, Kind, usize), DecodeError> {
        self.deeper()?;
        self.expect(b'[', "no map")?;
        let from = self.tag()?;
        self.expect(b',', "a map without a kind")?;
        let to = self.tag()?;
        self.expect(b',', "a map without a number")?;
        let count = self.count()?;
        self.expect(b',', "a map without entries")?;
        self.expect(b'{', "a map without entries")?;
        Ok((from, to, count))
    }

    fn key(&mut self) -> Result<String, DecodeError> {
        let before = self.at.checked_sub(1).and_then(|at| self.text.as_bytes().get(at));
        if before != Some(&b'{') {
            self.expect(b',', "fewer entries than were said")?;
        }
        let key = self.text()?;
        self.expect(b':', "a key without a value")?;
        Ok(key)
    }

    fn close_map(&mut self) -> Result<(), DecodeError> {
        self.depth -= 1;
        self.expect(b'}', "more entries than were said")?;
        self.expect(b']', "more than a map")
    }

    /// Whatever it is: its brackets say where it ends.
    fn skip(&mut self, _: Kind) -> Result<(), DecodeError> {
        let mut open: u32 = 0;
        let from = self.depth;
        loop {
            match self.peek().ok_or_else(|| self.wrong("a value without an end"))? {
                b'"' => self.skip_text()?,
                b'[' | b'{' => {
                    self.at += 1;
                    open += 1;
                    self.deeper()?;
                }
                b']' | b'}' if open > 0 => {
                    self.at += 1;
                    open -= 1;
                    self.depth -= 1;
                }
                b',' | b':' if open > 0 => self.at += 1,
                _ => {
                    if self.number().is_empty() {
                        return Err(self.wrong("no value"));
                    }
                }
            }
            if open == 0 {
                self.depth = from;
                return Ok(());
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

/// Writes Thrift's JSON.
#[derive(Debug, Default)]
pub(super) struct JsonWriter {
    text: String,
}

impl JsonWriter {
    pub(super) fn message(&mut self, name: &str, kind: MessageKind, seq: i32) {
        self.text.push_str("[1,");
        self.text(name);
        self.put(format_args!(",{},{seq},", kind.byte()));
    }

    pub(super) fn end(mut self) -> Vec<u8> {
        self.text.push(']');
        self.text.into_bytes()
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a `String` cannot fail.
        let _ = self.text.write_fmt(text);
    }

    fn comma_unless(&mut self, opened: char) {
        if !self.text.ends_with(opened) {
            self.text.push(',');
        }
    }
}

impl Write for JsonWriter {
    fn bool(&mut self, value: bool) {
        self.text.push(if value { '1' } else { '0' });
    }

    fn i32(&mut self, value: i32) {
        self.put(format_args!("{value}"));
    }

    fn i64(&mut self, value: i64) {
        self.put(format_args!("{value}"));
    }

    fn double(&mut self, value: f64) {
        if value.is_nan() {
            self.text.push_str("\"NaN\"");
        } else if value.is_infinite() {
            self.text.push_str(if value > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" });
        } else {
            self.put(format_args!("{value:?}"));
        }
    }

    fn text(&mut self, value: &str) {
        self.text.push('"');
        let mut from = 0;
        for (at, byte) in value.bytes().enumerate().filter(|(_, byte)| *byte < 0x20 || matches!(byte, b'"' | b'\\')) {
            self.text.push_str(value.get(from..at).unwrap_or_default());
            from = at + 1;
            match byte {
                b'"' => self.text.push_str("\\\""),
                b'\\' => self.text.push_str("\\\\"),
                0x08 => self.text.push_str("\\b"),
                0x0c => self.text.push_str("\\f"),
                b'\n' => self.text.push_str("\\n"),
                b'\r' => self.text.push_str("\\r"),
                b'\t' => self.text.push_str("\\t"),
                // The scheduler's reader takes lower-case digits only.
                control => self.put(format_args!("\\u{control:04x}")),
            }
        }
        self.text.push_str(value.get(from..).unwrap_or_default());
        self.text.push('"');
    }

    fn open_struct(&mut self) {
        self.text.push('{');
    }

    fn open_field(&mut self, id: i16, kind: Kind) {
        self.comma_unless('{');
        self.put(format_args!("\"{id}\":{{\"{}\":", kind.tag()));
    }

    fn close_field(&mut self) {
        self.text.push('}');
    }

    fn close_struct(&mut self) {
        self.text.push('}');
    }

    fn open_list(&mut self, of: Kind, len: usize) {
        self.put(format_args!("[\"{}\",{len}", of.tag()));
    }

    fn item(&mut self) {
        self.text.push(',');
    }

    fn close_list(&mut self) {
        self.text.push(']');
    }

    fn open_map(&mut self, to: Kind, len: usize) {
        self.put(format_args!("[\"str\",\"{}\",{len},{{", to.tag()));
    }

    fn key(&mut self, key: &str) {
        self.comma_unless('{');
        self.text(key);
        self.text.push(':');
    }

    fn close_map(&mut self) {
        self.text.push_str("}]");
    }
}
