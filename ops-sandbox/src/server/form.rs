//! Forms and queries, encoded as URLs are.

/// What a form or a query says: `a=b&c=d`, encoded.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| (decoded(name, true), decoded(value, true))).collect()
}

/// A text as it was before it was encoded. What is not encoded well stays as it is.
pub(crate) fn decoded(text: &str, plus_is_blank: bool) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|&byte| char::from(byte).to_digit(16));
    let (bytes, mut out, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while at < bytes.len() {
        match (bytes[at], digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                at += 3;
                continue;
            }
            (b'+', ..) if plus_is_blank => out.push(b' '),
            (byte, ..) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_is_read() {
        assert_eq!(pairs("a=b+c&d=%2B&e&=f"), [("a", "b c"), ("d", "+"), ("e", ""), ("", "f")].map(owned));
        assert_eq!(decoded("a+b%2Fc%zz%", false), "a+b/c%zz%");
    }

    fn owned((a, b): (&str, &str)) -> (String, String) {
        (a.to_owned(), b.to_owned())
    }
}
