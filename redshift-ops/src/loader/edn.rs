//! As much of EDN as a log's maps need: values are found, and only those that matter are read.

use std::borrow::Cow;

/// Maps within maps are no deeper.
const DEEPEST: usize = 64;

/// Why a value could not be read.
pub(super) type Fault = &'static str;

/// A place in a text.
#[derive(Clone, Copy)]
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Commas are blanks.
    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b',' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Passes over one value, whatever is in it.
    fn value(&mut self) -> Result<&'a [u8], Fault> {
        self.blanks();
        let from = self.at;
        let mut open = [0_u8; DEEPEST];
        let mut depth = 0;
        loop {
            self.blanks();
            let Some(byte) = self.peek() else { return Err("it ends in the middle of a value") };
            let closed = match byte {
                b'{' | b'[' | b'(' => {
                    let slot = open.get_mut(depth).ok_or("it is too deep")?;
                    *slot = match byte {
                        b'{' => b'}',
                        b'[' => b']',
                        _ => b')',
                    };
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                b'}' | b']' | b')' => {
                    depth = depth.checked_sub(1).ok_or("it closes what is not open")?;
                    if open.get(depth) != Some(&byte) {
                        return Err("it closes what is not open");
                    }
                    self.at += 1;
                    true
                }
                // A set or an expression is opened by the next character; a tag stands before its value. What Clojure prints of a
                // var, of a number that is none, and of an object without a reader is whole by itself.
                b'#' => {
                    self.at += 1;
                    match self.peek() {
                        Some(b'{' | b'"') => continue,
                        Some(b'\'' | b'#') => self.atom(),
                        Some(b'<') => self.object()?,
                        _ => {
                            self.atom();
                            continue;
                        }
                    }
                    true
                }
                b'"' => {
                    self.string()?;
                    true
                }
                b'\\' => {
                    self.at = (self.at + 2).min(self.bytes.len());
                    self.atom();
                    true
                }
                _ => {
                    self.atom();
                    true
                }
            };
            if closed && depth == 0 {
                return self.bytes.get(from..self.at).ok_or("it ends in the middle of a value");
            }
        }
    }

    /// A number, a word, a keyword: to the next blank or bracket.
    fn atom(&mut self) {
        let ends = |byte: &u8| {
            matches!(byte, b' ' | b',' | b'\t' | b'\r' | b'\n' | b'{' | b'}' | b'[' | b']' | b'(' | b')' | b'"')
        };
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(ends).unwrap_or(rest.len());
    }

    /// `#<Object 1f2e>`.
    fn object(&mut self) -> Result<(), Fault> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += memchr::memchr(b'>', rest).ok_or("it ends in the middle of a value")? + 1;
        Ok(())
    }

    fn string(&mut self) -> Result<(), Fault> {
        self.at += 1;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            match memchr::memchr2(b'"', b'\\', rest) {
                None => return Err("it ends in the middle of a text"),
                Some(found) if rest.get(found) == Some(&b'"') => {
                    self.at += found + 1;
                    return Ok(());
                }
                Some(found) => self.at = (self.at + found + 2).min(self.bytes.len()),
            }
        }
    }
}

/// Tells each key of a map with its value, as they stand there. What comes after the map does not matter.
pub(super) fn entries<'a>(text: &'a [u8], mut tell: impl FnMut(&'a [u8], &'a [u8])) -> Result<(), Fault> {
    let mut cursor = Cursor { bytes: text, at: 0 };
    cursor.blanks();
    if cursor.peek() != Some(b'{') {
        return Err("it is no map");
    }
    cursor.at += 1;
    loop {
        cursor.blanks();
        match cursor.peek() {
            None => return Err("the map has no end"),
            Some(b'}') => return Ok(()),
            Some(_) => {
                let key = cursor.value()?;
                cursor.blanks();
                if cursor.peek() == Some(b'}') {
                    return Err("a key has no value");
                }
                let value = cursor.value()?;
                tell(key, value);
            }
        }
    }
}

/// Whether a map has nothing in it; `None` where it is no map.
pub(super) fn is_empty(map: &[u8]) -> Option<bool> {
    let inside = map.strip_prefix(b"{")?.strip_suffix(b"}")?;
    Some(inside.iter().all(|byte| matches!(byte, b' ' | b',' | b'\t')))
}

/// The first element of a vector.
pub(super) fn first(vector: &[u8]) -> Option<&[u8]> {
    let inside = vector.strip_prefix(b"[")?.strip_suffix(b"]")?;
    Cursor { bytes: inside, at: 0 }.value().ok()
}

/// A number. Big ones may end in `N`.
pub(super) fn number(value: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(value.strip_suffix(b"N").unwrap_or(value)).ok()?;
    text.parse().ok()
}

/// A text, or what a tag stands before (`#uuid "…"`, `#inst "…"`); a keyword or word as it stands there. `None` for nil.
pub(super) fn text(value: &[u8]) -> Option<Cow<'_, str>> {
    if value == b"nil" {
        return None;
    }
    let quote = memchr::memchr(b'"', value);
    let Some(inside) = quote.and_then(|from| value.get(from + 1..value.len().saturating_sub(1))) else {
        return Some(String::from_utf8_lossy(value));
    };
    let text = String::from_utf8_lossy(inside);
    if !text.contains('\\') {
        return Some(text);
    }
    Some(Cow::Owned(unescaped(&text)))
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => out.push('\n'),
            ('\\', Some('t')) => out.push('\t'),
            ('\\', Some('r')) => out.push('\r'),
            ('\\', Some('u')) => {
                // Half of a pair says nothing, and loggers do not write pairs so.
                let code = chars.as_str().get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
                if code.is_some() {
                    chars.nth(3);
                }
                out.push(code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            ('\\', Some(other)) => out.push(other),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys(text: &str) -> Result<Vec<(String, String)>, Fault> {
        let mut found = Vec::new();
        entries(text.as_bytes(), |key, value| {
            let plain = |bytes| String::from_utf8_lossy(bytes).into_owned();
            found.push((plain(key), plain(value)));
        })?;
        Ok(found)
    }

    #[test]
    fn values_are_found_whatever_is_in_them() {
        let text = r#"{:a 1, :b {:c "x } :a 2", :d [1 2 #{3}]} :e #inst "2018-01-18", :f \} :g nil, "h" (1 2)} more"#;
        let found = keys(text).unwrap();
        let names: Vec<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(names, [":a", ":b", ":e", ":f", ":g", "\"h\""]);
        assert_eq!(found[1].1, r#"{:c "x } :a 2", :d [1 2 #{3}]}"#);
        assert_eq!(found[2].1, r##"#inst "2018-01-18""##);
    }

    #[test]
    fn what_clojure_prints_without_a_reader_is_whole() {
        let found = keys(r##"{:a #'x/y, :b ##NaN :c #<Atom 1f> :d #"x}" :e #object[x 0x1 "y"], :f 1}"##).unwrap();
        let names: Vec<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(names, [":a", ":b", ":c", ":d", ":e", ":f"]);
    }

    #[test]
    fn what_is_broken_is_told() {
        for text in ["", "[]", "{:a", "{:a 1", "{:a}", "{:a ]}", "{:a \"x}", &format!("{{:a {}", "[".repeat(100))] {
            assert!(keys(text).is_err(), "{text}");
        }
    }

    #[test]
    fn scalars() {
        assert_eq!((number(b"24"), number(b"24N"), number(b"x"), number(b"-1")), (Some(24), Some(24), None, None));
        assert_eq!(text(br#""DROP \"x\"""#).as_deref(), Some("DROP \"x\""));
        assert_eq!(text(b"#uuid \"556b\"").as_deref(), Some("556b"));
        assert_eq!(text(br#""\u00e9\n\ud800x\u2""#).as_deref(), Some("é\n\u{fffd}x\u{fffd}2"));
        assert_eq!(text(b"nil"), None);
        assert_eq!(first(br#"["a b" 1]"#), Some(&br#""a b""#[..]));
        assert_eq!(
            (is_empty(b"{}"), is_empty(b"{ }"), is_empty(b"{:a 1}"), is_empty(b"3")),
            (Some(true), Some(true), Some(false), None)
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = entries(&bytes, |key, value| {
                let _ = (number(key), text(value), first(value), is_empty(value));
            });
        }

        #[test]
        fn any_brackets_are_taken(text in r#"[{}\[\]()#"\\ a:,]{0,60}"#) {
            let _ = keys(&format!("{{{text}"));
        }
    }
}
