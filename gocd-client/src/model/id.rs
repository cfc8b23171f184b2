//! Names and commits: each kind a type of its own, checked when it is parsed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// GoCD's own limit for names, in characters.
const MAX_NAME: usize = 255;
const FULL: usize = 40;
const SHORTEST: usize = 7;

/// Why a text is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    what: &'static str,
    why: &'static str,
    text: String,
}

impl ParseError {
    fn new(what: &'static str, why: &'static str, text: &str) -> Self {
        Self { what, why, text: text.chars().take(60).collect() }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no {}: {}", self.text, self.what, self.why)
    }
}

impl std::error::Error for ParseError {}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $check:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// As a text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = ParseError;

            fn from_str(text: &str) -> Result<Self, ParseError> {
                $check(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = ParseError;

            fn try_from(text: String) -> Result<Self, ParseError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(it: $name) -> Self {
                it.0
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

text! {
    /// The name of a pipeline, such as `metapod` or `metapod-to-prod`: letters, digits and `_-.`, not beginning with a
    /// dot.
    PipelineName, name
}
text! {
    /// A commit in full: forty hexadecimal digits, kept in small letters.
    Sha, full
}
text! {
    /// How a commit begins: seven to forty hexadecimal digits, kept in small letters. Fewer are too easily another
    /// commit's.
    ShaPrefix, prefix
}

impl Sha {
    /// As people write it: the first seven digits.
    pub fn short(&self) -> &str {
        &self.0[..SHORTEST]
    }
}

impl ShaPrefix {
    /// Whether this commit begins so.
    pub fn fits(&self, sha: &Sha) -> bool {
        sha.0.starts_with(&self.0)
    }

    /// Whether it is a whole commit, which nothing else can begin with.
    pub fn is_full(&self) -> bool {
        self.0.len() == FULL
    }
}

impl From<&Sha> for ShaPrefix {
    fn from(sha: &Sha) -> Self {
        Self(sha.0.clone())
    }
}

fn name(text: &str) -> Result<String, ParseError> {
    let why = if text.is_empty() {
        "it is empty"
    } else if text.starts_with('.') {
        "it begins with a dot"
    } else if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)) {
        "it has something else in it than letters, digits and _-."
    } else if text.len() > MAX_NAME {
        "it is longer than 255 characters"
    } else {
        return Ok(text.to_owned());
    };
    Err(ParseError::new("pipeline's name", why, text))
}

fn full(text: &str) -> Result<String, ParseError> {
    let sha = hex("full commit", text)?;
    if sha.len() == FULL { Ok(sha) } else { Err(ParseError::new("full commit", "it has not 40 digits", text)) }
}

fn prefix(text: &str) -> Result<String, ParseError> {
    let what = "commit";
    let sha = hex(what, text)?;
    match sha.len() {
        SHORTEST..=FULL => Ok(sha),
        0..SHORTEST => {
            Err(ParseError::new(what, "give at least 7 digits: fewer are too easily another commit's", text))
        }
        _ => Err(ParseError::new(what, "it has more than 40 digits", text)),
    }
}

fn hex(what: &'static str, text: &str) -> Result<String, ParseError> {
    if text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(ParseError::new(what, "it has something else in it than hexadecimal digits", text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["metapod", "metapod-to-prod", "_x", "-x", "A.b_c-9"] {
            assert_eq!(good.parse::<PipelineName>().unwrap().as_str(), good);
        }
        for wrong in ["", ".", "..", ".x", "a/b", "a b", "é", "a\n", &"x".repeat(256)] {
            assert!(wrong.parse::<PipelineName>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn commits() {
        let sha: Sha = "6C957ED851d82103e2b151b04aa8a5ede042c3c5".parse().unwrap();
        assert_eq!((sha.as_str(), sha.short()), ("6c957ed851d82103e2b151b04aa8a5ede042c3c5", "6c957ed"));
        let prefix: ShaPrefix = "6C957ed".parse().unwrap();
        assert!(prefix.fits(&sha) && !prefix.is_full() && ShaPrefix::from(&sha).is_full());
        assert!(!"6c957ee".parse::<ShaPrefix>().unwrap().fits(&sha));
        let error = "6c957e".parse::<ShaPrefix>().unwrap_err().to_string();
        assert!(error.contains("at least 7 digits"), "{error}");
        for wrong in ["", "6c957eg", "6c957ed 1", "é6c957ed", &"a".repeat(41)] {
            assert!(wrong.parse::<ShaPrefix>().is_err(), "{wrong:?}");
            assert!(wrong.parse::<Sha>().is_err(), "{wrong:?}");
        }
        assert!("6c957ed".parse::<Sha>().is_err());
    }

    #[test]
    fn what_is_stored_is_checked_when_it_is_read() {
        let sha: Sha = "6c957ed851d82103e2b151b04aa8a5ede042c3c5".parse().unwrap();
        let stored = serde_json::to_string(&sha).unwrap();
        assert_eq!(serde_json::from_str::<Sha>(&stored).unwrap(), sha);
        assert!(serde_json::from_str::<Sha>("\"6c957ed\"").is_err());
        assert!(serde_json::from_str::<PipelineName>("\"a/b\"").is_err());
    }
}
