//! Texts of statements, fit to be shown.

use std::borrow::Cow;

/// What stands before a literal that nobody may see.
const SECRET: [&str; 7] = [
    "credentials",
    "password",
    "access_key_id",
    "secret_access_key",
    "session_token",
    "master_symmetric_key",
    "secret",
];
/// What no literal may be shown with.
const KEYS: [&str; 4] = ["aws_secret_access_key", "aws_access_key_id", "token=", "master_symmetric_key"];

/// The text without what it says of passwords and keys: `COPY … CREDENTIALS '***'`.
///
/// ```
/// use redshift_ops::statement::masked;
///
/// let text = "copy fact.bills from 's3://b/k' credentials 'aws_access_key_id=A;aws_secret_access_key=B'";
/// assert_eq!(masked(text), "copy fact.bills from 's3://b/k' credentials '***'");
/// assert_eq!(masked("create user ada password 'x''y' valid until '2027-01-01'"), "create user ada password '***' valid until '2027-01-01'");
/// ```
pub fn masked(text: &str) -> Cow<'_, str> {
    if !text.contains('\'') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut changed = false;
    while let Some(open) = rest.find('\'') {
        let (before, literal) = rest.split_at(open);
        out.push_str(before);
        let length = literal_length(literal);
        let (literal, after) = literal.split_at(length);
        if is_secret(&out, literal) {
            out.push_str("'***'");
            changed = true;
        } else {
            out.push_str(literal);
        }
        rest = after;
    }
    out.push_str(rest);
    if changed { Cow::Owned(out) } else { Cow::Borrowed(text) }
}

/// How long the literal is that a text begins with, quotes included. One that was cut off goes to the end.
fn literal_length(text: &str) -> usize {
    let mut at = 1;
    let bytes = text.as_bytes();
    while let Some(&byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1)) {
            (b'\\', Some(_)) => at += 2,
            (b'\'', Some(b'\'')) => at += 2,
            (b'\'', _) => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

fn is_secret(before: &str, literal: &str) -> bool {
    let mut words = before.rsplit(|c: char| c.is_whitespace() || c == '=').filter(|word| !word.is_empty());
    let word = words.find(|word| !word.eq_ignore_ascii_case("as")).unwrap_or_default();
    let lower = literal.to_ascii_lowercase();
    SECRET.iter().any(|secret| word.eq_ignore_ascii_case(secret)) || KEYS.iter().any(|key| lower.contains(key))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        for (text, wanted) in [
            (
                "COPY t FROM 's3://b' CREDENTIALS AS 'aws_secret_access_key=x'",
                "COPY t FROM 's3://b' CREDENTIALS AS '***'",
            ),
            (
                "copy t access_key_id 'A' secret_access_key 'B' session_token 'C'",
                "copy t access_key_id '***' secret_access_key '***' session_token '***'",
            ),
            ("alter user u password='planted'", "alter user u password='***'"),
            ("copy t credentials 'aws_secret_access_key=cut off at the six hundr", "copy t credentials '***'"),
            ("copy t credentials 'a\\'planted' x", "copy t credentials '***' x"),
            ("select 'it''s fine', 'password'", "select 'it''s fine', 'password'"),
            ("drop schema if exists fact cascade", "drop schema if exists fact cascade"),
        ] {
            assert_eq!(masked(text), wanted);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in ".{0,200}") {
            let _ = masked(&text);
        }

        #[test]
        fn no_password_is_shown(before in "[a-z ']{0,20}", secret in "[a-z]{12}") {
            let text = format!("alter user x password '{secret}' {before}");
            prop_assert!(!masked(&text).contains(&secret));
        }
    }
}
