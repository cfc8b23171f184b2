//! What tables are called.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is no name of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadName {
    text: String,
    why: &'static str,
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no name of a table: {}", self.text, self.why)
    }
}

impl std::error::Error for BadName {}

/// The name of a table: 3 to 255 letters, digits and `_-.`.
///
/// ```
/// use dynamodb_ops::TableName;
///
/// let candidates = TableName::candidates("prod", Some("s3"), "analytics")?;
/// assert_eq!(candidates[0].as_str(), "prod-s3-analytics-datomic");
/// assert_eq!(candidates[1].as_str(), "prod-analytics-datomic");
/// assert!("prod/analytics".parse::<TableName>().is_err());
/// # Ok::<(), dynamodb_ops::BadName>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TableName(String);

/// Shards whose tables bear no shard, as a rule.
const PLAIN: [&str; 2] = ["s0", "global"];

impl TableName {
    /// As a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the table behind a service's Datomic database may be called, the likeliest first: with its shard and
    /// without. Most tables of `s0` and `global` bear none.
    ///
    /// # Errors
    /// Where these parts make no name.
    pub fn candidates(environment: &str, prototype: Option<&str>, service: &str) -> Result<Vec<Self>, BadName> {
        let without: Self = format!("{environment}-{service}-datomic").parse()?;
        let Some(prototype) = prototype else { return Ok(vec![without]) };
        let with: Self = format!("{environment}-{prototype}-{service}-datomic").parse()?;
        Ok(if PLAIN.contains(&prototype) { vec![without, with] } else { vec![with, without] })
    }
}

impl FromStr for TableName {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let why = if !(3..=255).contains(&text.len()) {
            "it has 3 to 255 characters"
        } else if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)) {
            "it has only letters, digits, _, - and ."
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(BadName { text: text.chars().take(255).collect(), why })
    }
}

impl TryFrom<String> for TableName {
    type Error = BadName;

    fn try_from(text: String) -> Result<Self, BadName> {
        text.parse()
    }
}

impl From<TableName> for String {
    fn from(name: TableName) -> Self {
        name.0
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TableName({})", self.0)
    }
}
