//! Why bytes could not be read.

use std::fmt;

/// Bytes that are not what they should be. What stands there is not told: it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    what: &'static str,
    at: usize,
}

impl DecodeError {
    pub(super) fn new(what: &'static str, at: usize) -> Self {
        Self { what, at }
    }

    /// At which byte.
    pub fn at(&self) -> usize {
        self.at
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.what, self.at)
    }
}

impl std::error::Error for DecodeError {}
