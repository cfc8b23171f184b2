//! What any implementation of the ports must do: a fake in memory, a sandbox server, the real one.
//!
//! An implementation is put on a [`Stage`], which says what can be done there. [`run_all`] runs every case that is
//! possible on it, and names those that are not.

mod cases;
mod scenario;

use std::time::Duration;

use async_trait::async_trait;
pub use cases::CASES;
pub use ops_client::conformance::{Fault, Needs, Prepare, Report, Verdict};
pub use scenario::{CommandPlay, RunPlay, Scenario, StatementPlay};

use crate::{Result, WorkspacePath, WorkspaceRead, WorkspaceWrite};

/// Time can be made to pass there: only then do runs go on.
pub const CLOCK: Needs = Needs::Other("turn the clock");

/// Where the cases begin.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Start {
    /// A folder with something in it.
    pub folder: WorkspacePath,
}

impl Start {
    /// At this folder.
    pub fn new(folder: WorkspacePath) -> Self {
        Self { folder }
    }
}

/// Where an implementation is put to the test.
#[async_trait]
pub trait Stage: Prepare<Scenario = Scenario, Start = Start> {
    /// The port under test, to read.
    fn read(&self) -> &dyn WorkspaceRead;

    /// The port under test, to change. Only called where the stage can `Change`.
    fn write(&self) -> &dyn WorkspaceWrite;

    /// Lets so much time pass. Only called where the stage can turn the [`CLOCK`].
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn pass(&self, time: Duration) -> Result<()>;

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
