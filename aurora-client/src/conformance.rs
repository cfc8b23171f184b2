//! What any implementation of Aurora's ports must do: a fake in memory, a sandbox server, the real one.
//!
//! An implementation is put on a [`Stage`], which says what can be done there. [`run_all`] runs every case that is possible
//! on it, and names those that are not.

mod cases;
mod scenario;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
pub use cases::CASES;
pub use ops_client::conformance::{Fault, Needs, Prepare, Report, Verdict};
pub use scenario::Scenario;

use crate::{AuroraAdmin, AuroraRead, AuroraWrite, JobKey, Result, Task};

/// It can be said there what becomes of a job's tasks.
pub const ORDER: Needs = Needs::Other("say what becomes of a job");

/// All three ports, as somebody has them.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Ports<'a> {
    /// For reading.
    pub reads: &'a dyn AuroraRead,
    /// For changing jobs.
    pub writes: &'a dyn AuroraWrite,
    /// For what only an administrator may.
    pub admin: &'a dyn AuroraAdmin,
}

impl<'a> Ports<'a> {
    /// The ports of what has all of them.
    pub fn of<P: AuroraRead + AuroraWrite + AuroraAdmin>(port: &'a P) -> Self {
        Self { reads: port, writes: port, admin: port }
    }
}

impl fmt::Debug for Ports<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ports").finish_non_exhaustive()
    }
}

/// What becomes of each task of a job that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// It ends well within a minute.
    Finishes,
    /// It fails within a minute.
    Fails,
    /// It runs on for an hour at least.
    Runs,
}

/// Where an implementation is put to the test. [Preparing](Prepare) it tells the hosts that run tasks, at least two of them;
/// there are no jobs then, and every host takes tasks. A stage that cannot prepare may have any jobs.
#[async_trait]
pub trait Stage: Prepare<Scenario = Scenario, Start = Vec<String>> {
    /// The ports that are tested, of somebody who may do everything. Those for changing are only used where the stage can
    /// `Change` or `Fault`.
    fn ports(&self) -> Ports<'_>;

    /// The same ports, of somebody whose password is wrong.
    fn stranger(&self) -> Ports<'_>;

    /// The tasks of a job, seen behind the ports' back: no fault applies. Only called where the stage can `Change`.
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn look(&self, job: &JobKey) -> Result<Vec<Task>>;

    /// Says what becomes of a job's tasks, before it is created. Only called where the stage [can](ORDER) do that.
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn order(&self, job: &JobKey, fate: Fate) -> Result<()>;

    /// Lets time pass there: where the system has a clock of its own, by turning it. Cases wait by it for at most ten minutes,
    /// in steps that begin with a tenth of a second and grow.
    async fn pass(&self, time: Duration);

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
