//! What any implementation of [`MetapodRead`] and [`MetapodWrite`] must do: a fake in memory, a sandbox server, the real one.
//!
//! An implementation is put on a [`Stage`], which says what can be done there. [`run_all`] runs every case that is possible
//! on it, and names those that are not.

mod cases;
mod scenario;

use async_trait::async_trait;
pub use cases::CASES;
pub use ops_client::conformance::{Fault, Needs, Prepare, Report, Verdict};
pub use scenario::{Committed, Part, Play, Scenario};

use crate::{
    DatasetAction, DatasetFormat, DatasetId, DatasetName, IndexedAttributeId, MetapodRead, MetapodWrite, Result,
    S3Path, Schema, TransactionId,
};

/// The ids of indexed attributes can be seen there. No query tells them.
pub const INDEXED: Needs = Needs::Other("show indexed attributes");

/// A dataset as it is seen behind the ports' back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shown {
    /// Its id.
    pub id: DatasetId,
    /// Its name.
    pub name: DatasetName,
    /// Whether it is committed.
    pub committed: bool,
    /// Where its files lie.
    pub path: Option<S3Path>,
    /// Their format.
    pub format: Option<DatasetFormat>,
    /// Its columns.
    pub schema: Option<Schema>,
    /// What was done on its commit.
    pub actions: Vec<DatasetAction>,
    /// Its indexed attributes, where the stage can show them.
    pub indexed: Vec<IndexedAttributeId>,
}

impl Shown {
    /// An uncommitted dataset; fill in what is known of a committed one.
    pub fn new(id: DatasetId, name: DatasetName) -> Self {
        Self {
            id,
            name,
            committed: false,
            path: None,
            format: None,
            schema: None,
            actions: Vec::new(),
            indexed: Vec::new(),
        }
    }
}

/// Where an implementation is put to the test. [Preparing](Prepare) it tells the ids of its transactions: where it can
/// prepare, those of the scenario, in their order; elsewhere any one that exists will do.
#[async_trait]
pub trait Stage: Prepare<Scenario = Scenario, Start = Vec<TransactionId>> {
    /// The port for reading that is tested.
    fn reads(&self) -> &dyn MetapodRead;

    /// The port for changing that is tested. Only used where the stage can `Change` or `Fault`.
    fn writes(&self) -> &dyn MetapodWrite;

    /// All datasets of a transaction, seen behind the ports' back: no fault applies. Only called where the stage can
    /// `Change`.
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn look(&self, transaction: TransactionId) -> Result<Vec<Shown>>;

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
