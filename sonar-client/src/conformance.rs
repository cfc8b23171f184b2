//! What any implementation of [`SonarRead`] must do: a fake in memory, a sandbox server, a server by
//! another hand, the real one.
//!
//! An implementation is put on a [`Stage`], which says what can be done there. [`run_all`] runs every case that is
//! possible on it, and names those that are not.

mod cases;
mod scenario;

use async_trait::async_trait;
pub use cases::CASES;
use jiff::Timestamp;
pub use ops_client::conformance::{Fault, Needs, Prepare, Report, Verdict};
pub use scenario::{Play, Scenario};

use crate::{DatasetFormat, DatasetId, Result, S3Path, SonarRead, TransactionId};

/// A change that happens behind the port's back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The dataset's commit is taken back.
    Retract(DatasetId),
    /// The dataset is committed.
    Commit {
        /// The dataset.
        dataset: DatasetId,
        /// Where its files lie.
        path: S3Path,
        /// Their format.
        format: DatasetFormat,
        /// When. A stage that has a clock of its own may use that.
        at: Timestamp,
    },
}

/// Where an implementation is put to the test. [Preparing](Prepare) it tells which transaction to look at: where it can
/// prepare, the scenario's first; elsewhere any one that has committed datasets and others.
#[async_trait]
pub trait Stage: Prepare<Scenario = Scenario, Start = TransactionId> {
    /// The port under test.
    fn sonar(&self) -> &dyn SonarRead;

    /// Changes a dataset behind the port's back. Only called where the stage can `Change`.
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn change(&self, change: Change) -> Result<()>;

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
