//! What any implementation of [`TablesRead`] and [`TablesWrite`] must do: a fake in memory, the real service, a
//! stand-in for it.
//!
//! An implementation is put on a [`Stage`], which says what can be done there. [`run_all`] runs every case that is
//! possible on it, and names those that are not.

mod cases;
mod scenario;

use std::time::Duration;

use async_trait::async_trait;
pub use cases::CASES;
use jiff::Timestamp;
pub use ops_client::conformance::{Fault, Needs, Prepare, Report, Verdict};
pub use scenario::{Demand, Index, Minute, Paid, Play, Scales, Scenario};

use crate::{Capacity, Place, Result, Table, TableName, TablesRead, TablesWrite};

/// Where an implementation is put to the test. [Preparing](Prepare) it plays the scenario: its tables are all there
/// are. A stage that cannot prepare may have any tables.
#[async_trait]
pub trait Stage: Prepare<Scenario = Scenario, Start = ()> {
    /// The port for reading that is tested.
    fn reads(&self) -> &dyn TablesRead;

    /// The port for changing that is tested. Only used where the stage can `Change` or `Fault`.
    fn writes(&self) -> &dyn TablesWrite;

    /// What time it is there.
    fn now(&self) -> Timestamp;

    /// A table, seen behind the ports' back: no fault applies. Only called where the stage can `Change`.
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn look(&self, table: &TableName) -> Result<Table>;

    /// A colleague's change behind the ports' back: it has begun when this returns. Only called where the stage can
    /// `Change`.
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn update(&self, table: &TableName, place: &Place, to: Capacity) -> Result<()>;

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
