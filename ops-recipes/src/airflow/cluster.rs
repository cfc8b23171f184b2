//! The ports to whatever runs the jobs that tasks start: an Aurora cluster, for one. Reading and killing are apart.

use airflow_client::DagRun;
use async_trait::async_trait;
use jiff::Timestamp;
use ops_client::Result;
use serde::{Deserialize, Serialize};

/// A job's process on the cluster: alive, or ended lately.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LiveJob {
    /// The cluster's id of this very process: a new one has another.
    pub id: String,
    /// The job's name, which is the task's id (attested). Yesterday's and today's run share it.
    pub job: String,
    /// Whether it works for the run that was asked about; `None` where its configuration does not say.
    pub ours: Option<bool>,
    /// When it ended; `None` while it is alive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The version that it runs, where its configuration says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl LiveJob {
    /// A process.
    pub fn new(id: impl Into<String>, job: impl Into<String>, ours: Option<bool>) -> Self {
        Self { id: id.into(), job: job.into(), ours, ended_at: None, version: None }
    }

    /// That has ended.
    #[must_use]
    pub fn ended_at(mut self, at: Timestamp) -> Self {
        self.ended_at = Some(at);
        self
    }

    /// That runs this version.
    #[must_use]
    pub fn running(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Whether it is alive.
    pub fn is_alive(&self) -> bool {
        self.ended_at.is_none()
    }
}

/// Looking at the jobs that the tasks of a run started. Nothing here changes anything.
#[async_trait]
pub trait RunJobs: Send + Sync {
    /// The processes that are alive under the names of `tasks`, those of other runs included: the caller tells them apart.
    /// With them those that ended within the last minutes, where the cluster still knows when: whoever waits until nothing
    /// has been live for a while cannot tell without.
    ///
    /// # Errors
    /// Every [`ErrorKind`](ops_client::ErrorKind) of a read; the effect is always `None`.
    async fn live(&self, run: &DagRun, tasks: &[String]) -> Result<Vec<LiveJob>>;
}

/// Ending jobs.
#[async_trait]
pub trait KillJobs: Send + Sync {
    /// Kills exactly these processes. One that is gone is no error. Safe to repeat.
    ///
    /// # Errors
    /// Every kind; the effect says what may have happened.
    async fn kill(&self, ids: &[String]) -> Result<()>;
}
