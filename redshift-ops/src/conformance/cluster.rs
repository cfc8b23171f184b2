//! What any implementation of [`ClusterRead`] and [`ClusterWrite`] must do.

mod cases;
mod scenario;

use std::time::Duration;

use async_trait::async_trait;
pub use cases::CASES;
use jiff::Timestamp;
pub use scenario::{Play, Scenario};

use super::{Fault, Prepare, Report};
use crate::{Cluster, ClusterId, ClusterRead, ClusterWrite, Result};

/// Where an implementation is put to the test. [Preparing](Prepare) it plays the scenario: its clusters are all there
/// are. A stage that cannot prepare may have any clusters.
#[async_trait]
pub trait Stage: Prepare<Scenario = Scenario, Start = ()> {
    /// The port for reading that is tested.
    fn reads(&self) -> &dyn ClusterRead;

    /// The port for changing that is tested. Only used where the stage can `Change` or `Fault`.
    fn writes(&self) -> &dyn ClusterWrite;

    /// A cluster, seen behind the ports' back: no fault applies. Only called where the stage can `Change`.
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn look(&self, id: &ClusterId) -> Result<Cluster>;

    /// What time it is there.
    fn now(&self) -> Timestamp;

    /// Lets time pass there: where the system has a clock of its own, by turning it. Cases wait by it for at most half
    /// an hour, in steps that begin with a tenth of a second and grow.
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
