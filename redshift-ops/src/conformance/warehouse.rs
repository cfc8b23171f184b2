//! What any implementation of [`WarehouseRead`], [`WarehouseWrite`] and [`LoadsRead`] must do.

mod cases;
mod scenario;

use std::time::Duration;

use async_trait::async_trait;
pub use cases::CASES;
pub use scenario::{Scenario, User};

use super::{Fault, Needs, Prepare, Report};
use crate::{Load, LoadError, LoadsRead, Result, SessionKey, WarehouseRead, WarehouseWrite};

/// The port keeps one session for all that it asks: it has a session of its own that can be found.
pub const KEEP_A_SESSION: Needs = Needs::Other("keep a session");

/// Rows that could not be loaded can be put there.
pub const WRITE_LOAD_ERRORS: Needs = Needs::Other("write load errors");

/// As whom the warehouse is asked. Each is a user of the [scenario](Scenario).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Who {
    /// `sao_pedro`, a superuser.
    Superuser,
    /// `operator`, with the role `sys:operator`.
    Operator,
    /// `monitor`, with the role `sys:monitor`.
    Monitor,
    /// `sandrews`, who reads.
    Reader,
}

impl Who {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Superuser, Self::Operator, Self::Monitor, Self::Reader];

    /// The user's name.
    pub fn user(self) -> &'static str {
        match self {
            Self::Superuser => "sao_pedro",
            Self::Operator => "operator",
            Self::Monitor => "monitor",
            Self::Reader => "sandrews",
        }
    }
}

/// Where an implementation is put to the test. [Preparing](Prepare) it brings users and tables to the scenario, ends
/// all sessions but the ports' own, and empties the Loads table and what is known of rows that were not loaded.
///
/// What the stage does itself, it does behind the ports' back: no fault applies.
#[async_trait]
pub trait Stage: Prepare<Scenario = Scenario, Start = ()> {
    /// The port for reading that is tested, as this user.
    fn reads(&self, who: Who) -> &dyn WarehouseRead;

    /// The port for changing that is tested, as this user. Only used where the stage can `Change`.
    fn writes(&self, who: Who) -> &dyn WarehouseWrite;

    /// The port for the Loads table that is tested.
    fn loads(&self) -> &dyn LoadsRead;

    /// Opens a session of this user that reads a table (`schema.name`) by a `select`, and then is idle in its
    /// transaction. Only called where nobody waits for that table.
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn hold(&self, user: &str, table: &str) -> Result<SessionKey>;

    /// Opens a session of this user that begins to drop the schema `fact` with all that is in it, by `drop schema`, and
    /// does not wait until that is done. When it is, the session ends its transaction.
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn swap(&self, user: &str) -> Result<SessionKey>;

    /// Ends a session from its own side, as a client that goes away.
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn close(&self, session: &SessionKey) -> Result<()>;

    /// Whether a session has not ended.
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn is_there(&self, session: &SessionKey) -> Result<bool>;

    /// Puts a row into the Loads table.
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn insert_load(&self, load: &Load) -> Result<()>;

    /// Puts down that a row could not be loaded. Only called where the stage can [`WRITE_LOAD_ERRORS`].
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn insert_load_error(&self, error: &LoadError) -> Result<()>;

    /// Lets time pass there: where the system has a clock of its own, by turning it. Cases wait by it for at most a
    /// minute, in steps that begin with a tenth of a second and grow.
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
