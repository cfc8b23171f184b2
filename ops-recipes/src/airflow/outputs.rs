//! The port to what tasks write: which datasets of a task are committed in a run.

use airflow_client::{DagRun, TaskId};
use async_trait::async_trait;
use ops_client::Result;

/// A dataset that a task writes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Output {
    /// The dataset's name.
    pub dataset: String,
    /// Whether it is committed in this run.
    pub committed: bool,
}

impl Output {
    /// A dataset.
    pub fn new(dataset: impl Into<String>, committed: bool) -> Self {
        Self { dataset: dataset.into(), committed }
    }
}

/// Looking at what tasks write. Nothing here changes anything.
#[async_trait]
pub trait Outputs: Send + Sync {
    /// The datasets that these tasks write, and whether they are committed in this run. `None` where it is not known what
    /// they write.
    ///
    /// # Errors
    /// Every [`ErrorKind`](ops_client::ErrorKind) of a read; the effect is always `None`.
    async fn outputs(&self, run: &DagRun, tasks: &[TaskId]) -> Result<Option<Vec<Output>>>;
}
