//! Versions are compared by how they begin: some services tell seven digits of a commit, some eight, some all.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ParseError;

const SHORTEST: usize = 7;
const LONGEST: usize = 128;

/// A version, or how it begins: at least seven characters. Fewer are too easily another version's.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VersionPrefix(String);

impl VersionPrefix {
    /// As a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the same version: one of both begins with the other, and both have at least seven characters.
    pub fn fits(&self, version: &str) -> bool {
        same(&self.0, version)
    }
}

/// Whether two texts tell the same version, without regard to capitals.
pub(super) fn same(one: &str, other: &str) -> bool {
    let length = one.len().min(other.len());
    length >= SHORTEST && one.as_bytes()[..length].eq_ignore_ascii_case(&other.as_bytes()[..length])
}

impl FromStr for VersionPrefix {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let why = if text.len() < SHORTEST {
            "give at least 7 characters: fewer are too easily another version's"
        } else if text.len() > LONGEST {
            "it is longer than 128 characters"
        } else if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-+".contains(&byte)) {
            "it has something else in it than letters, digits and ._-+"
        } else {
            return Ok(Self(text.to_ascii_lowercase()));
        };
        Err(ParseError::new("version", why))
    }
}

impl TryFrom<String> for VersionPrefix {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        text.parse()
    }
}

impl From<VersionPrefix> for String {
    fn from(prefix: VersionPrefix) -> Self {
        prefix.0
    }
}

impl fmt::Display for VersionPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for VersionPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VersionPrefix({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_may_be_the_shorter_one() {
        let prefix = |text: &str| text.parse::<VersionPrefix>().unwrap();
        assert!(prefix("6c957ed").fits("6c957ed851d8"));
        assert!(prefix("6C957ED851d8").fits("6c957ed"));
        assert!(!prefix("6c957ed8").fits("6c957ed9"));
        assert!(!prefix("6c957ed8").fits("6c957e"), "six are too few");
        assert!(!prefix("6c957ed8").fits(""));
        assert!(prefix("6c957ed").fits("6c957edé"), "what it is not, is not looked at");
    }

    #[test]
    fn what_is_none() {
        for wrong in ["", "6c957e", "6c957ed 1", "é6c957ed", "6c957ed\n", &"a".repeat(129)] {
            assert!(wrong.parse::<VersionPrefix>().is_err(), "{wrong:?}");
        }
        assert!(serde_json::from_str::<VersionPrefix>("\"6c9\"").is_err());
    }
}
