use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{ParseError, shown};

/// A dataset's name: a family and a rest, `dataset/fx-model`, `raw-billing-s0/bills`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DatasetName(Box<str>);

impl DatasetName {
    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the first `/`: `dataset`, `model`, `policy`, `raw-billing-s0` …; empty where there is none.
    pub fn family(&self) -> &str {
        self.0.split_once('/').map_or("", |(family, _)| family)
    }

    /// What stands after the first `/`; the whole name where there is none.
    pub fn rest(&self) -> &str {
        self.0.split_once('/').map_or(&self.0, |(_, rest)| rest)
    }
}

impl FromStr for DatasetName {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for DatasetName {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        if text.is_empty() {
            return Err(ParseError::new("empty text where a dataset's name belongs"));
        }
        if text.len() > 512 || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(ParseError::new(format!(
                "«{}» is no dataset's name: at most 512 bytes, no white space",
                shown(&text)
            )));
        }
        Ok(Self(text.into_boxed_str()))
    }
}

impl From<DatasetName> for String {
    fn from(name: DatasetName) -> Self {
        name.0.into()
    }
}

impl fmt::Display for DatasetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DatasetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatasetName({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn family_and_rest() {
        let name: DatasetName = "raw-billing-s0/bills".parse().unwrap();
        assert_eq!((name.family(), name.rest()), ("raw-billing-s0", "bills"));
        let bare: DatasetName = "bills".parse().unwrap();
        assert_eq!((bare.family(), bare.rest()), ("", "bills"));
        assert!("two words".parse::<DatasetName>().is_err());
    }
}
