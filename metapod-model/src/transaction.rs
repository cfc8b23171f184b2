use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::TransactionId;
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

/// A transaction: the datasets of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Transaction {
    /// Its id.
    pub id: TransactionId,
    /// Its name, `:prod/itaipu-<sha>`; often none.
    pub name: Option<String>,
    /// What kind of run it belongs to.
    pub transaction_type: Option<TransactionType>,
    /// When it was created.
    pub started_at: Option<Timestamp>,
    /// When its last dataset was committed.
    pub committed_at: Option<Timestamp>,
    /// The day on which the run runs (one day after Airflow's execution date).
    pub target_date: Option<Date>,
    /// The day that the data speaks about.
    pub reference_date: Option<Date>,
}

impl Transaction {
    /// A transaction of which only the id is known.
    pub fn new(id: TransactionId) -> Self {
        Self {
            id,
            name: None,
            transaction_type: None,
            started_at: None,
            committed_at: None,
            target_date: None,
            reference_date: None,
        }
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
