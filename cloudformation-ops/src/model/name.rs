//! Names that AWS would take, and ids as it wrote them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// As long as AWS allows.
const LONGEST: usize = 128;

/// Why a text is no name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadName {
    text: String,
    what: &'static str,
    why: &'static str,
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no {}: {}", self.text, self.what, self.why)
    }
}

impl std::error::Error for BadName {}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident: $what:literal, begins $begins:expr, $begins_why:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as AWS writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadName;

            fn try_from(text: String) -> Result<Self, BadName> {
                let begins: fn(&u8) -> bool = $begins;
                let why = if text.is_empty() {
                    "it is empty"
                } else if text.len() > LONGEST {
                    "it is longer than 128 characters"
                } else if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
                    "only letters, digits and hyphens may be in it"
                } else if !text.as_bytes().first().is_some_and(begins) {
                    $begins_why
                } else {
                    return Ok(Self(text));
                };
                let text = text.chars().take(LONGEST + 1).collect();
                Err(BadName { text, what: $what, why })
            }
        }

        impl FromStr for $name {
            type Err = BadName;

            fn from_str(text: &str) -> Result<Self, BadName> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

name! {
    /// The name of a stack. To AWS the same place may hold a stack's id; a name is never one.
    ///
    /// ```
    /// use cloudformation_ops::StackName;
    ///
    /// let name: StackName = "prod-global-k-metapod".parse()?;
    /// assert_eq!(name.to_string(), "prod-global-k-metapod");
    /// assert!("4-stacks".parse::<StackName>().is_err());
    /// # Ok::<(), cloudformation_ops::BadName>(())
    /// ```
    StackName: "name of a stack", begins u8::is_ascii_alphabetic, "it must begin with a letter"
}

name! {
    /// The name of a change set: unique within its stack.
    ChangeSetName: "name of a change set", begins u8::is_ascii_alphabetic, "it must begin with a letter"
}

name! {
    /// What marks one order to a stack, however often it is sent, and everything that comes of it.
    ClientToken: "client request token", begins u8::is_ascii_alphanumeric, "it must begin with a letter or a digit"
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// An id as AWS wrote it.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The id as AWS writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

id! {
    /// The id of an event of a stack.
    EventId
}

id! {
    /// The id of a check for drift.
    DriftCheckId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_aws_takes() {
        for good in ["a", "prod-global-k-metapod", "A1-", &"x".repeat(128)] {
            assert_eq!(good.parse::<StackName>().unwrap().as_str(), good);
        }
        let arn = "arn:aws:cloudformation:us-east-1:123456789012:stack/x/1";
        for bad in ["", "1a", "-a", "a_b", "a b", "é", arn, &"x".repeat(129)] {
            assert!(bad.parse::<StackName>().is_err() && bad.parse::<ChangeSetName>().is_err(), "{bad}");
        }
        assert!("59d18220-0d3a-4d8e-a1ee-7d2b57a6b5d0".parse::<ClientToken>().is_ok());
        let error = "4-stacks".parse::<StackName>().unwrap_err();
        assert_eq!(error.to_string(), "\"4-stacks\" is no name of a stack: it must begin with a letter");
        assert!("é".repeat(9000).parse::<StackName>().unwrap_err().to_string().len() < 400);
    }
}
