//! Values as people read them.

use std::fmt::Write as _;

use crate::Value;
use crate::schema::shape::Unit;

/// A value, or what is made of values.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Value(Value),
    List(Vec<Tree>),
    Struct(Vec<(String, Tree)>),
    Map(Vec<(Tree, Tree)>),
}

impl Tree {
    /// The value of a cell: what is nested becomes JSON, of so many characters at most.
    pub(super) fn into_value(self, chars: usize) -> Value {
        match self {
            Self::Value(value) => value,
            nested => {
                let mut text = String::new();
                nested.write(&mut text, chars.saturating_mul(4));
                Value::Nested(cut(text, chars))
            }
        }
    }

    fn write(&self, out: &mut String, enough: usize) {
        if out.len() > enough {
            return;
        }
        match self {
            Self::Value(value) => out.push_str(&json(value)),
            Self::List(elements) => {
                out.push('[');
                for (place, element) in elements.iter().enumerate() {
                    comma(out, place);
                    element.write(out, enough);
                }
                out.push(']');
            }
            Self::Struct(fields) => {
                out.push('{');
                for (place, (name, field)) in fields.iter().enumerate() {
                    comma(out, place);
                    let _ = write!(out, "{}:", json(&Value::Text(name.clone())));
                    field.write(out, enough);
                }
                out.push('}');
            }
            Self::Map(entries) => {
                out.push('{');
                for (place, (key, value)) in entries.iter().enumerate() {
                    comma(out, place);
                    let mut name = String::new();
                    key.write(&mut name, enough);
                    // JSON's names are texts.
                    let name = if name.starts_with('"') { name } else { json(&Value::Text(name)) };
                    let _ = write!(out, "{name}:");
                    value.write(out, enough);
                }
                out.push('}');
            }
        }
    }
}

fn comma(out: &mut String, place: usize) {
    if place > 0 {
        out.push(',');
    }
}

fn json(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// At most so many characters.
pub(super) fn cut(mut text: String, chars: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(chars) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// A text, of so many characters at most; what is no UTF-8 is replaced.
pub(super) fn text(bytes: &[u8], chars: usize) -> Value {
    // A character has four bytes at most: more of them are not needed to know that it is cut.
    let enough = bytes.len().min(chars.saturating_add(1).saturating_mul(4));
    let whole = enough == bytes.len();
    let text = String::from_utf8_lossy(bytes.get(..enough).unwrap_or(bytes)).into_owned();
    let cut = cut(text, chars);
    Value::Text(if whole || cut.ends_with('…') { cut } else { cut + "…" })
}

/// Bytes as hexadecimal digits, of so many characters at most.
pub(super) fn hex(bytes: &[u8], chars: usize) -> Value {
    let mut digits = String::new();
    for byte in bytes.iter().take(chars / 2 + 1) {
        let _ = write!(digits, "{byte:02x}");
    }
    Value::Bytes(cut(digits, chars))
}

pub(super) fn uuid(bytes: &[u8]) -> Option<Value> {
    let bytes: [u8; 16] = bytes.try_into().ok()?;
    let mut text = String::new();
    for (place, byte) in bytes.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let _ = write!(text, "{byte:02x}");
    }
    Some(Value::Text(text))
}

pub(super) fn float(value: f64) -> Value {
    Value::Float(value)
}

/// A `f32` as the shortest decimal number that means it, not with the digits that a `f64` would add.
pub(super) fn single(value: f32) -> Value {
    Value::Float(value.to_string().parse().unwrap_or(f64::from(value)))
}

/// IEEE's half precision.
pub(super) fn half(bits: u16) -> Value {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let fraction = f64::from(bits & 0x03ff);
    Value::Float(match (bits >> 10) & 0x1f {
        0 => sign * fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN,
        exponent => sign * (1.0 + fraction / 1024.0) * 2_f64.powi(i32::from(exponent) - 15),
    })
}

/// The longest decimal that is written out, in bytes: 76 digits have 32.
const DECIMAL_BYTES: usize = 64;

/// An exact number: two's complement, the most significant byte first, so many digits behind the point.
pub(super) fn decimal(bytes: &[u8], scale: i32, chars: usize) -> Value {
    let Ok(scale) = usize::try_from(scale) else { return hex(bytes, chars) };
    if bytes.len() > DECIMAL_BYTES || scale > 4 * DECIMAL_BYTES {
        return hex(bytes, chars);
    }
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let mut rest = bytes.to_vec();
    if negative {
        // Turned around, and one more.
        let mut carry = true;
        for byte in rest.iter_mut().rev() {
            let (next, over) = (!*byte).overflowing_add(u8::from(carry));
            (*byte, carry) = (next, over);
        }
    }
    let mut digits = Vec::new();
    while rest.iter().any(|byte| *byte != 0) {
        let mut left = 0_u16;
        for byte in &mut rest {
            let now = left << 8 | u16::from(*byte);
            *byte = u8::try_from(now / 10).unwrap_or(u8::MAX);
            left = now % 10;
        }
        digits.push(char::from(b'0' + u8::try_from(left).unwrap_or(0)));
    }
    while digits.len() <= scale {
        digits.push('0');
    }
    let mut text = String::from(if negative { "-" } else { "" });
    for (place, digit) in digits.iter().enumerate().rev() {
        text.push(*digit);
        if place == scale && scale > 0 {
            text.push('.');
        }
    }
    Value::Decimal(text)
}

/// A whole number; as an exact one where no `i64` holds it.
pub(super) fn unsigned(value: u64) -> Value {
    i64::try_from(value).map_or_else(|_| Value::Decimal(value.to_string()), Value::Integer)
}

/// A day, counted from 1970-01-01.
pub(super) fn date(days: i64) -> Value {
    Value::Date(day(days))
}

/// The day in the calendar that goes on for ever both ways, by counting from a 1 March that begins 400 years.
fn day(days: i64) -> String {
    let days = i128::from(days) + 719_468;
    let (era, rest) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (rest - rest / 1_460 + rest / 36_524 - rest / 146_096) / 365;
    let of_year = rest - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = year + era * 400 + next;
    if (0..10_000).contains(&year) {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:+07}-{month:02}-{day:02}")
    }
}

const DAY: i128 = 86_400_000_000_000;

pub(super) fn nanos(value: i64, unit: Unit) -> i128 {
    i128::from(value)
        * match unit {
            Unit::Millis => 1_000_000,
            Unit::Micros => 1_000,
            Unit::Nanos => 1,
        }
}

pub(super) fn timestamp(nanos: i128, utc: bool) -> Value {
    let days = i64::try_from(nanos.div_euclid(DAY)).unwrap_or(i64::MAX);
    Value::Timestamp(format!("{}T{}{}", day(days), clock(nanos.rem_euclid(DAY)), if utc { "Z" } else { "" }))
}

pub(super) fn time(nanos: i128) -> Value {
    if (0..DAY).contains(&nanos) { Value::Time(clock(nanos)) } else { Value::Decimal(nanos.to_string()) }
}

/// As many digits behind the second as it takes, by threes.
fn clock(nanos: i128) -> String {
    let (seconds, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = match rest {
        0 => String::new(),
        _ if rest % 1_000_000 == 0 => format!(".{:03}", rest / 1_000_000),
        _ if rest % 1_000 == 0 => format!(".{:06}", rest / 1_000),
        _ => format!(".{rest:09}"),
    };
    format!("{hour:02}:{minute:02}:{second:02}{fraction}")
}

/// Spark's INT96: nanoseconds of the day, and the day of astronomers, whose days begin at noon of the day before 1970-01-01 by
/// 2,440,588.
pub(super) fn int96(parts: &[u32]) -> Value {
    let [low, high, julian] = parts else { return Value::Null };
    let of_day = i128::from(u64::from(*high) << 32 | u64::from(*low));
    let days = i128::from(julian.cast_signed()) - 2_440_588;
    timestamp(days * DAY + of_day, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (days, text) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (20_783, "2026-11-26"),
            (-719_528, "0000-01-01"),
            (2_932_897, "+010000-01-01"),
            (-719_529, "-000001-12-31"),
        ] {
            assert_eq!(date(days), Value::Date(text.into()));
        }
        // No day is too far.
        date(i64::MAX);
        date(i64::MIN);
    }

    #[test]
    fn decimals_keep_every_digit() {
        for (bytes, scale, text) in [
            (&[0x04_u8, 0xd2][..], 2, "12.34"),
            (&[0xfb, 0x2e], 2, "-12.34"),
            (&[0x05], 3, "0.005"),
            (&[0xff], 0, "-1"),
            (&[0x00], 2, "0.00"),
            (&[], 0, "0"),
            (&[0x80, 0, 0, 0, 0, 0, 0, 0], 0, "-9223372036854775808"),
        ] {
            assert_eq!(decimal(bytes, scale, 200), Value::Decimal(text.into()));
        }
        let large = decimal(&99_999_999_999_999_999_999_999_999_999_999_999_999_i128.to_be_bytes(), 18, 200);
        assert_eq!(large, Value::Decimal("99999999999999999999.999999999999999999".into()));
        assert!(matches!(decimal(&[1; 100], 0, 200), Value::Bytes(_)));
    }

    #[test]
    fn instants() {
        assert_eq!(timestamp(1_000_000, true), Value::Timestamp("1970-01-01T00:00:00.001Z".into()));
        assert_eq!(timestamp(-1, false), Value::Timestamp("1969-12-31T23:59:59.999999999".into()));
        // 2020-01-02T03:04:05 as Spark writes it.
        let of_day = (3 * 3600 + 4 * 60 + 5) * 1_000_000_000_u64;
        let parts = [of_day as u32, (of_day >> 32) as u32, 2_458_851];
        assert_eq!(int96(&parts), Value::Timestamp("2020-01-02T03:04:05Z".into()));
        assert_eq!(time(3_723_000_004_000), Value::Time("01:02:03.000004".into()));
    }

    #[test]
    fn halves() {
        for (bits, value) in [(0x3c00, 1.0), (0xc000, -2.0), (0x0001, 2_f64.powi(-24)), (0x7bff, 65504.0), (0, 0.0)] {
            assert_eq!(half(bits), Value::Float(value));
        }
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(text("é".repeat(300).as_bytes(), 3), Value::Text("ééé…".into()));
        assert_eq!(text("abc".as_bytes(), 3), Value::Text("abc".into()));
        assert_eq!(text(b"\xff\x00", 3), Value::Text("\u{fffd}\0".into()));
        assert_eq!(hex(&[0xab; 10], 4), Value::Bytes("abab…".into()));
    }

    #[test]
    fn what_is_nested_is_json() {
        let tree = Tree::Struct(vec![
            ("a\"b".into(), Tree::List(vec![Tree::Value(Value::Integer(1)), Tree::Value(Value::Null)])),
            ("m".into(), Tree::Map(vec![(Tree::Value(Value::Integer(7)), Tree::Value(Value::Text("x".into())))])),
        ]);
        let text = tree.clone().into_value(100).to_string();
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read, serde_json::json!({ "a\"b": [1, null], "m": { "7": "x" } }));
        assert_eq!(tree.into_value(5), Value::Nested("{\"a\\\"…".into()));
    }
}
