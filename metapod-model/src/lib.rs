#![doc = include_str!("../README.md")]

mod dataset;
mod id;
mod name;
mod path;
mod transaction;

pub use dataset::{Attribute, CommitFormat, DatasetAction, DatasetFormat, LogicalType, Partition, Schema};
pub use id::{AttributeId, DatasetId, IndexedAttributeId, PartitionId, TransactionId};
pub use name::DatasetName;
pub use path::S3Path;
pub use transaction::{CreateType, Transaction, TransactionType};

/// Why a text is not what it was taken for: what it is, and what belongs there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError(String);

impl ParseError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ParseError {}

/// A text as an error may show it: short, and on one line.
pub(crate) fn shown(text: &str) -> String {
    let mut short: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(80).collect();
    if text.chars().nth(80).is_some() {
        short.push('…');
    }
    short
}
