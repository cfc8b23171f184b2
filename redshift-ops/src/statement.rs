//! Texts of statements, fit to be shown.

use std::borrow::Cow;

/// What a word has in it whose value nobody may see.
const SECRET: [&str; 10] = [
    "credential",
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "access_key",
    "api_key",
    "private_key",
    "symmetric_key",
];
/// How the id of an access key begins.
const KEYS: [&str; 2] = ["AKIA", "ASIA"];
/// What stands instead.
const MASK: &str = "'***'";

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
    if !is_secret(text) && !has_key(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let (mut kept, mut at, mut near) = (0, 0, Near::Nothing);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (token, length) = token(rest);
        let whole = rest.get(..length).unwrap_or(rest);
        let (hides, length) = near.next(token, whole, rest);
        if hides {
            out.push_str(text.get(kept..at).unwrap_or_default());
            out.push_str(MASK);
            kept = at + length;
        }
        at += length;
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(kept..).unwrap_or_default());
    Cow::Owned(out)
}

/// How near a secret is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Near {
    Nothing,
    /// Its name was said.
    Named,
    /// Its name was said, and that a value follows.
    Assigned,
    /// Its value may be put together in so many parentheses.
    Within(u32),
    /// Its value was said; there may be more of it.
    Said,
}

impl Near {
    /// Whether a token is hidden, and how much of the text it is.
    fn next(&mut self, token: Token, whole: &str, rest: &str) -> (bool, usize) {
        let near = *self;
        let length = whole.len();
        let (hides, next) = match (token, near) {
            (Token::Blank, _) => (false, near),
            // Redshift takes a quote after a backslash for a part of the literal, standard SQL for its end.
            (Token::Literal, Near::Nothing | Near::Said) if whole.contains("\\'") && is_secret(rest) => {
                return (true, rest.len());
            }
            (Token::Literal, Near::Nothing | Near::Said) => (has_key(whole), Near::Nothing),
            (Token::Name, Near::Nothing | Near::Said | Near::Named) if is_secret(whole) => (false, Near::Named),
            (Token::Name, Near::Nothing | Near::Said) => (false, Near::Nothing),
            (Token::Literal | Token::Name, Near::Within(_)) => (true, near),
            (Token::Literal | Token::Name, _) => (true, Near::Said),
            (Token::Word | Token::Other(_), Near::Assigned) if is_value(token, whole) => {
                let end = rest.find(|c: char| c.is_whitespace() || "'\"(),;&".contains(c));
                // What is called makes the secret of what it is given.
                let called = end.is_some_and(|end| rest.get(end..).is_some_and(|rest| rest.starts_with('(')));
                *self = if called { Near::Assigned } else { Near::Said };
                return (!called, end.unwrap_or(rest.len()));
            }
            (Token::Word, Near::Within(_)) => (is_key(whole), near),
            (Token::Word, _) if is_secret(whole) => (false, Near::Named),
            (Token::Word, Near::Named | Near::Assigned) if is_prefix(whole) => (false, near),
            (Token::Word, _) => (is_key(whole), Near::Nothing),
            (Token::Other('('), Near::Named | Near::Assigned) => (false, Near::Within(1)),
            (Token::Other('('), Near::Within(open)) => (false, Near::Within(open.saturating_add(1))),
            (Token::Other(')'), Near::Within(1)) => (false, Near::Said),
            (Token::Other(')'), Near::Within(open)) => (false, Near::Within(open - 1)),
            (Token::Other(_), Near::Within(_)) => (false, near),
            (Token::Other('=' | ':'), Near::Named | Near::Assigned) => (false, Near::Assigned),
            (Token::Other('>'), Near::Assigned) => (false, near),
            (Token::Other('|'), Near::Said | Near::Assigned) => (false, Near::Assigned),
            (Token::Other(_), _) => (false, Near::Nothing),
        };
        *self = next;
        (hides, length)
    }
}

/// A piece of SQL.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    /// Blanks and comments.
    Blank,
    Word,
    /// In single quotes, or between dollar signs.
    Literal,
    /// In double quotes.
    Name,
    Other(char),
}

/// What a text begins with, and how long that is. What was cut off goes to the end.
fn token(text: &str) -> (Token, usize) {
    let first = text.chars().next().unwrap_or(' ');
    let until = |end: &str, from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        rest.find(end).map_or(text.len(), |at| from + at + end.len())
    };
    let run = |is: fn(char) -> bool| text.find(|c| !is(c)).unwrap_or(text.len());
    match first {
        _ if first.is_whitespace() => (Token::Blank, run(char::is_whitespace)),
        _ if text.starts_with("--") => (Token::Blank, until("\n", 2)),
        _ if text.starts_with("/*") => (Token::Blank, until("*/", 2)),
        '\'' | '"' => (if first == '"' { Token::Name } else { Token::Literal }, quoted(text, first)),
        '$' => {
            let tag = text.get(1..).unwrap_or_default().find(|c: char| !is_word(c)).and_then(|end| text.get(..end + 2));
            let tag = tag.unwrap_or_default();
            if tag.ends_with('$') { (Token::Literal, until(tag, tag.len())) } else { (Token::Other(first), 1) }
        }
        _ if is_word(first) => (Token::Word, run(is_word)),
        _ => (Token::Other(first), first.len_utf8()),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// How long what stands in quotes is, the quotes included.
fn quoted(text: &str, quote: char) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && quote == '\'' {
            chars.next();
        } else if c == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
            return at + quote.len_utf8();
        }
    }
    text.len()
}

/// Whether it is, or begins, a value without quotes.
fn is_value(token: Token, whole: &str) -> bool {
    match token {
        Token::Other(c) => !"=:>|(),;".contains(c),
        _ => !is_prefix(whole),
    }
}

/// What may stand between a secret's name and its value: `AS`, `TO`, and `E` before a literal.
fn is_prefix(word: &str) -> bool {
    ["as", "e", "n", "to", "with"].iter().any(|one| word.eq_ignore_ascii_case(one))
}

/// Whether a secret's name is in it.
fn is_secret(text: &str) -> bool {
    secrets(text).next().is_some()
}

/// What comes after each secret's name.
fn secrets(text: &str) -> impl Iterator<Item = &[u8]> {
    let bytes = text.as_bytes();
    // Nearly no word has one: most places are left by their first letter.
    let places = (0..bytes.len()).filter(|at| bytes.get(*at).is_some_and(|byte| b"acpst".contains(&(byte | 0x20))));
    places.filter_map(|at| {
        let rest = bytes.get(at..)?;
        SECRET.iter().find_map(|secret| {
            let (name, after) = rest.split_at_checked(secret.len())?;
            name.eq_ignore_ascii_case(secret.as_bytes()).then_some(after)
        })
    })
}

/// Whether a literal is a secret or holds one: `aws_secret_access_key=…`, an address with a password, the id of a key.
fn has_key(literal: &str) -> bool {
    let assigned = secrets(literal).any(|after| {
        let mut after = after.iter().skip_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b' '));
        matches!(after.next(), Some(b'=' | b':'))
    });
    let login = literal.split("://").skip(1).any(|rest| {
        let host = rest.split(['/', '?', ' ']).next().unwrap_or_default();
        host.rsplit_once('@').is_some_and(|(login, _)| login.contains(':'))
    });
    let signed = literal.contains("X-Amz-Signature") || literal.contains("x-amz-signature");
    let may_be_key = literal.contains(KEYS[0]) || literal.contains(KEYS[1]);
    assigned || login || signed || may_be_key && literal.split(|c| !is_word(c)).any(is_key)
}

/// Whether a word is the id of an access key.
fn is_key(word: &str) -> bool {
    let upper = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    word.len() == 20 && KEYS.iter().any(|key| word.starts_with(key)) && word.bytes().all(upper)
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
            ("alter user u password E'planted'", "alter user u password E'***'"),
            ("alter user u password /* new */ 'planted'", "alter user u password /* new */ '***'"),
            ("alter user u password $x$plan'ted$x$ createdb", "alter user u password '***' createdb"),
            ("set api_key to 'x', token = planted; select 1", "set api_key to '***', token = '***'; select 1"),
            ("alter user u password=!plan$ted", "alter user u password='***'"),
            (
                "update u set password = md5('planted' || 'b', 'c'), n = 'd'",
                "update u set password = md5('***' || '***', '***'), n = 'd'",
            ),
            ("copy t secret_access_key 'pla' || 'nted'", "copy t secret_access_key '***' || '***'"),
            (r#"{"password": "planted", "user": "ada"}"#, r#"{"password": '***', "user": "ada"}"#),
            ("select 's3://b/k?X-Amz-Signature=planted'", "select '***'"),
            ("select 'postgres://ada:planted@example.com/db'", "select '***'"),
            ("select AKIAABCDEFGHIJKLMNOP, 'AKIAABCDEFGHIJKLMNOP'", "select '***', '***'"),
            ("select 'a\\', password 'planted'", "select '***'"),
            ("select password, 'x' from u where name = 'ada'", "select password, 'x' from u where name = 'ada'"),
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
