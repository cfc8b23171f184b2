//! What any implementation of [`BuildsRead`] must do: a fake in memory, a sandbox server, the real one.
//!
//! An implementation is put on a [`Stage`], which says what can be done there. [`run_all`] runs every case that is
//! possible on it, and names those that are not.

mod cases;
mod scenario;

use async_trait::async_trait;
pub use cases::CASES;
pub use ops_client::conformance::{Fault, Needs, Prepare, Report, Verdict};
pub use scenario::{PipelinePlay, Scenario};

use crate::{BuildsRead, PipelineName, Result};

/// Where the cases begin.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Start {
    /// The pipeline to look at: where the stage can prepare, the scenario's first one; elsewhere any one that was
    /// built.
    pub pipeline: PipelineName,
}

impl Start {
    /// At this pipeline.
    pub fn new(pipeline: PipelineName) -> Self {
        Self { pipeline }
    }
}

/// Where an implementation is put to the test.
#[async_trait]
pub trait Stage: Prepare<Scenario = Scenario, Start = Start> {
    /// The port under test.
    fn gocd(&self) -> &dyn BuildsRead;

    /// Makes the system fail from now on. Only called where the stage can `Fault`.
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn fault(&self, fault: Fault) -> Result<()>;
}

/// A stage that was prepared.
pub type Scene<'a> = ops_client::conformance::Scene<'a, dyn Stage>;

/// Runs every case, one after the other, each on a freshly prepared stage.
pub async fn run_all(stage: &(dyn Stage + 'static)) -> Report {
    ops_client::conformance::run_all(stage, Scenario::shipped(), CASES).await
}
