//! When.

use jiff::Timestamp;

/// Messages from one instant to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Window {
    /// The first instant.
    pub from: Timestamp,
    /// The last instant.
    pub to: Timestamp,
}

impl Window {
    /// From here to there.
    pub fn new(from: Timestamp, to: Timestamp) -> Self {
        Self { from, to }
    }

    /// What is wrong with it, where something is.
    pub fn contradiction(&self) -> Option<&'static str> {
        if self.from > self.to {
            Some("the window ends before it begins")
        } else if self.from < Timestamp::UNIX_EPOCH {
            Some("the window begins before 1970, when nobody could write a message")
        } else {
            None
        }
    }

    /// Whether this instant is in it.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at <= self.to
    }
}
