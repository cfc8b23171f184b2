use serde::{Deserialize, Serialize};

use crate::dataset::word;

word! {
    /// The type of a transaction, as read. Daily and hotfix transactions drive the loads downstream.
    TransactionType {
        /// The nightly run.
        Daily = "DAILY",
        /// A run that somebody defined; may feed reports all the same.
        Custom = "CUSTOM",
        /// A copy of another transaction.
        Copied = "COPIED",
        /// A repair that is loaded like a daily one (spelling inferred).
        Hotfix = "HOTFIX",
        /// A test (spelling inferred).
        Debug = "DEBUG",
    }
}

/// The type of a transaction that is created: a closed choice, and a decision about who is affected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CreateType {
    /// The nightly run: it will be loaded by every consumer.
    #[serde(rename = "DAILY")]
    Daily,
    /// A run of one's own.
    #[serde(rename = "CUSTOM")]
    Custom,
}

impl CreateType {
    /// The spelling on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "DAILY",
            Self::Custom => "CUSTOM",
        }
    }
}
