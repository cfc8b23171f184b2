//! The port: what a program may ask of GoCD. Nothing here changes anything.

use async_trait::async_trait;
use ops_client::{Probe, Result};

use crate::{Cursor, HistoryPage, PipelineName, PipelineStatus};

/// Reading GoCD. What follows from its answers is told by [`BuildsReadExt`](crate::BuildsReadExt).
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait BuildsRead: Send + Sync {
    /// That it answers, and its version.
    ///
    /// # Errors
    /// Every [`ErrorKind`](ops_client::ErrorKind) of a read; the effect is always `None`.
    async fn probe(&self) -> Result<Probe>;

    /// Builds of a pipeline, the newest first: as many as the server gives at once, from the newest one or from where
    /// the last page ended. While builds begin, pages of older servers may overlap.
    ///
    /// # Errors
    /// `NotFound` where there is no such pipeline; otherwise as [`BuildsRead::probe`].
    async fn history(&self, pipeline: &PipelineName, after: Option<Cursor>) -> Result<HistoryPage>;

    /// Whether a pipeline may be built now.
    ///
    /// # Errors
    /// As [`BuildsRead::history`].
    async fn status(&self, pipeline: &PipelineName) -> Result<PipelineStatus>;
}
