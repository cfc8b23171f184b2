//! Which channel.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest id that is taken: Slack's have nine to eleven characters.
const LONGEST: usize = 32;

/// A channel's id, such as `C1234567890`. Its name will not do: Slack's API takes ids, and names change.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChannelId(String);

/// What is no channel's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError(());

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this is no channel's id: one is like C1234567890, and stands at the end of the channel's details")
    }
}

impl std::error::Error for ParseError {}

impl ChannelId {
    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ChannelId {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for ChannelId {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        let letters = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        let begins = text.starts_with(['C', 'D', 'G']);
        if letters && begins && (2..=LONGEST).contains(&text.len()) { Ok(Self(text)) } else { Err(ParseError(())) }
    }
}

impl From<ChannelId> for String {
    fn from(id: ChannelId) -> Self {
        id.0
    }
}

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_no_ids() {
        for wrong in ["", "C", "#guild-data-eng", "guild", "C123/x", "c1234567890", "U1234567890", &"C1".repeat(17)] {
            assert!(wrong.parse::<ChannelId>().is_err(), "{wrong}");
        }
        assert_eq!("C1234567890".parse::<ChannelId>().unwrap().as_str(), "C1234567890");
    }
}
