//! A statement and its values.

use std::fmt;

/// A statement with `:name` where a value belongs.
///
/// ```
/// use redshift_ops::sql::Statement;
///
/// let statement = Statement::new("select 1 from loads where table_name = :table").with("table", "it's");
/// assert_eq!(statement.inline()?, "select 1 from loads where table_name = 'it''s'");
/// # Ok::<(), redshift_ops::sql::Unquotable>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    text: String,
    values: Vec<(String, String)>,
}

/// A value that cannot be written into a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unquotable(String);

impl fmt::Display for Unquotable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the value of :{} cannot be sent: it holds a zero character", self.0)
    }
}

impl std::error::Error for Unquotable {}

impl Statement {
    /// A statement. Its text is the program's own, never a user's.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), values: Vec::new() }
    }

    /// With a value, which may be anybody's.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.values.push((name.into(), value.into()));
        self
    }

    /// The text, with `:name` where values belong.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The values by name.
    pub fn values(&self) -> &[(String, String)] {
        &self.values
    }

    /// The text with its values in it: what the simple protocol sends.
    ///
    /// # Errors
    /// Where a value holds a zero character, which neither Redshift nor PostgreSQL can say.
    pub fn inline(&self) -> Result<String, Unquotable> {
        let mut out = String::with_capacity(self.text.len());
        let mut rest = self.text.as_str();
        let mut quote = None;
        while let Some(c) = rest.chars().next() {
            let cast = quote.is_none() && rest.starts_with("::");
            if cast {
                out.push_str("::");
                rest = &rest[2..];
                continue;
            }
            if quote.is_none() && c == ':' {
                let name: &str = rest[1..].split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or("");
                if let Some((_, value)) = self.values.iter().find(|(known, _)| known == name && !name.is_empty()) {
                    out.push_str(&quoted(value).ok_or_else(|| Unquotable(name.to_owned()))?);
                    rest = &rest[1 + name.len()..];
                    continue;
                }
            }
            match quote {
                None if c == '\'' || c == '"' => quote = Some(c),
                Some(open) if open == c => quote = None,
                _ => {}
            }
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
        Ok(out)
    }
}

/// A text as a literal. To Redshift a backslash in a literal is an escape, to PostgreSQL it is itself: it is said in a way that
/// both read alike.
fn quoted(value: &str) -> Option<String> {
    if value.contains('\0') {
        return None;
    }
    let plain = |part: &str| format!("'{}'", part.replace('\'', "''"));
    if !value.contains('\\') {
        return Some(plain(value));
    }
    let parts: Vec<String> = value.split('\\').map(plain).collect();
    Some(format!("({})", parts.join(" || chr(92) || ")))
}

/// A name as an identifier, where it may be one: letters, digits, `_` and `$`, not beginning with a digit.
pub(super) fn identifier(name: &str) -> Option<String> {
    let mut letters = name.chars();
    let first = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let rest = letters.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$');
    (first && rest && name.len() <= 127).then(|| format!("\"{name}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inline(value: &str) -> String {
        Statement::new("select :v, ':v', x::text, \":v\" from t").with("v", value).inline().unwrap()
    }

    #[test]
    fn values_are_literals_and_nothing_else_is() {
        assert_eq!(inline("plain"), "select 'plain', ':v', x::text, \":v\" from t");
        assert_eq!(inline("'; drop table t --"), "select '''; drop table t --', ':v', x::text, \":v\" from t");
        assert_eq!(inline(r"a\'b"), r#"select ('a' || chr(92) || '''b'), ':v', x::text, ":v" from t"#);
        assert!(Statement::new("select :v").with("v", "a\0b").inline().is_err());
        assert_eq!(Statement::new("select :unknown").inline().unwrap(), "select :unknown");
    }

    #[test]
    fn a_name_that_is_none_is_no_identifier() {
        assert_eq!(identifier("table_name").as_deref(), Some("\"table_name\""));
        for bad in ["", "1x", "a b", "a\"b", "a;b", "é"] {
            assert_eq!(identifier(bad), None, "{bad}");
        }
    }
}
