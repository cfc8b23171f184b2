//! What was found.

use jiff::Timestamp;
use metapod_model::TransactionId;

/// Who wrote a message: what is known of it, not who it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Author {
    /// A program.
    Bot,
    /// A person.
    Person,
    /// Slack does not say.
    Unknown,
}

/// A transaction that a message names. Of the message itself nothing is kept but when it was written, and by what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Mention {
    /// The transaction.
    pub transaction: TransactionId,
    /// When the message was written.
    pub at: Timestamp,
    /// Who wrote it.
    pub by: Author,
    /// Whether the message says that a run started.
    pub starts: bool,
}

impl Mention {
    /// A transaction that was named at this time by nobody known, in a message about anything.
    pub fn new(transaction: TransactionId, at: Timestamp) -> Self {
        Self { transaction, at, by: Author::Unknown, starts: false }
    }

    /// Written by this kind of author.
    #[must_use]
    pub fn by(mut self, author: Author) -> Self {
        self.by = author;
        self
    }

    /// In a message that says that a run started.
    #[must_use]
    pub fn starting(mut self) -> Self {
        self.starts = true;
        self
    }
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mentions {
    /// The transactions, those of the newest message first. One that several messages name is there several times.
    pub found: Vec<Mention>,
    /// How many messages were looked at.
    pub messages: u32,
    /// Whether the window has messages that were not looked at: the limit or the deadline came first.
    pub more: bool,
}

impl Mentions {
    /// These, found in so many messages, which are all there are.
    pub fn new(found: Vec<Mention>, messages: u32) -> Self {
        Self { found, messages, more: false }
    }

    /// There are messages that were not looked at.
    #[must_use]
    pub fn and_more(mut self) -> Self {
        self.more = true;
        self
    }
}
