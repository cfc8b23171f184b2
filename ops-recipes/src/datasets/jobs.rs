//! The port to whatever runs the jobs: which of them belong to a transaction, and how they are.

use async_trait::async_trait;
use metapod_model::TransactionId;
use ops_client::Result;
use serde::{Deserialize, Serialize};

/// Looking at the jobs of a transaction. Nothing here changes anything.
#[async_trait]
pub trait Jobs: Send + Sync {
    /// The jobs that write datasets of this transaction, in every state that is known. A job of which it is not known
    /// which transaction it works for belongs in the answer while it is live.
    ///
    /// # Errors
    /// Every [`ErrorKind`](ops_client::ErrorKind) of a read; the effect is always `None`.
    async fn jobs(&self, transaction: TransactionId) -> Result<Vec<Job>>;
}

/// A job, and how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Job {
    /// Its name, as [`Writer::job`](super::Writer::job) has it.
    pub name: String,
    /// How it is.
    pub state: JobState,
}

impl Job {
    /// A job in a state.
    pub fn new(name: impl Into<String>, state: JobState) -> Self {
        Self { name: name.into(), state }
    }
}

/// How a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum JobState {
    /// Its turn has not come.
    NotReached,
    /// It waits for a machine or a slot.
    Waiting,
    /// It works.
    Running,
    /// It failed and will be started again by itself.
    UpForRetry,
    /// It ended well.
    Succeeded,
    /// It failed for good.
    Failed,
    /// It was not started, because something before it failed.
    UpstreamFailed,
}

impl JobState {
    /// Whether it may write, now or soon, without anybody doing anything.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Waiting | Self::Running | Self::UpForRetry)
    }

    /// The state as a person says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotReached => "not reached",
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::UpForRetry => "up for retry",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::UpstreamFailed => "upstream failed",
        }
    }
}

impl std::fmt::Display for JobState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
