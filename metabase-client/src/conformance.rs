//! What any implementation of [`MetabaseRead`] must do: a fake in memory, a sandbox server, the real one.
//!
//! An implementation is put on a [`Stage`], which says what can be done there. [`run_all`] runs every case that is
//! possible on it, and names those that are not.

mod cases;
mod scenario;

use async_trait::async_trait;
pub use cases::CASES;
pub use ops_client::conformance::{Fault, Needs, Prepare, Report, Verdict};
pub use scenario::{ColumnPlay, QuestionPlay, Scenario, TablePlay};

use crate::{CardId, DatabaseId, MetabaseRead, Result};

/// Where the cases begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Start {
    /// The database to look at: where the stage can prepare, that of the scenario's first table; elsewhere any one that has a
    /// table with rows and fields.
    pub database: DatabaseId,
    /// The scenario's saved question, where the stage can prepare.
    pub question: Option<CardId>,
}

impl Start {
    /// In this database, without a saved question.
    pub fn new(database: DatabaseId) -> Self {
        Self { database, question: None }
    }

    /// With the scenario's saved question.
    #[must_use]
    pub fn with_question(mut self, card: CardId) -> Self {
        self.question = Some(card);
        self
    }
}

/// Where an implementation is put to the test.
#[async_trait]
pub trait Stage: Prepare<Scenario = Scenario, Start = Start> {
    /// The port under test.
    fn metabase(&self) -> &dyn MetabaseRead;

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
