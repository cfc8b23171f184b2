//! Ids: each kind a type of its own, checked when it is parsed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// No id of a workspace is longer, in bytes.
const LONGEST_ID: usize = 200;
/// The workspace's own limit.
const LONGEST_TOKEN: usize = 64;

/// Why a text is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    what: &'static str,
    why: &'static str,
    text: String,
}

impl ParseError {
    pub(crate) fn new(what: &'static str, why: &'static str, text: &str) -> Self {
        Self { what, why, text: text.chars().take(200).collect() }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no {}: {}", self.text, self.what, self.why)
    }
}

impl std::error::Error for ParseError {}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// As a text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::ParseError;

            fn from_str(text: &str) -> Result<Self, $crate::ParseError> {
                $check(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::ParseError;

            fn try_from(text: String) -> Result<Self, $crate::ParseError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(it: $name) -> Self {
                it.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}
pub(crate) use text;

fn id(what: &'static str, text: &str) -> Result<String, ParseError> {
    let wrong = if text.is_empty() {
        "it is empty"
    } else if text.len() > LONGEST_ID {
        "it is longer than any"
    } else if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte)) {
        "letters, digits and -_.: belong here"
    } else {
        return Ok(text.to_owned());
    };
    Err(ParseError::new(what, wrong, text))
}

text! {
    /// Which cluster, such as `0118-031500-abc123`.
    ClusterId, |text| id("id of a cluster", text)
}
text! {
    /// Which SQL warehouse, such as `a1b2c3d4e5f60718`.
    WarehouseId, |text| id("id of a warehouse", text)
}
text! {
    /// Which context of a cluster.
    ContextId, |text| id("id of a context", text)
}
text! {
    /// Which command of a context.
    CommandId, |text| id("id of a command", text)
}
text! {
    /// Which statement.
    StatementId, |text| id("id of a statement", text)
}
text! {
    /// What makes a second submission the same run: up to 64 letters, digits and `-_.:`. It belongs to what is to be
    /// done, not to the attempt: whoever tries again after a crash must send the same one.
    IdempotencyToken, |text: &str| match id("idempotency token", text) {
        Ok(token) if token.len() > LONGEST_TOKEN => {
            Err(ParseError::new("idempotency token", "it has more than 64 characters", text))
        }
        checked => checked,
    }
}

/// Which run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(u64);

impl RunId {
    /// The run of this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl FromStr for RunId {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        text.parse().map(Self).map_err(|_| ParseError::new("id of a run", "a number belongs here", text))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_cannot_leave_their_place() {
        assert!("0118-031500-abc123".parse::<ClusterId>().is_ok());
        for wrong in ["", "a/b", "a b", "a?b", "é", "a\n", &"x".repeat(201)] {
            assert!(wrong.parse::<ClusterId>().is_err(), "{wrong:?}");
        }
        assert!("x".repeat(64).parse::<IdempotencyToken>().is_ok());
        assert!("x".repeat(65).parse::<IdempotencyToken>().is_err());
        assert_eq!("7".parse::<RunId>().unwrap(), RunId::new(7));
        assert!("-7".parse::<RunId>().is_err());
    }
}
