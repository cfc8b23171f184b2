//! What any implementation of [`AirflowRead`], [`AirflowWrite`] and [`AirflowTrigger`] must do: a fake in memory, a sandbox
//! server over either API, a real Airflow 2, a real Airflow 3. All are measured against the same expectations.
//!
//! An implementation is put on a [`Stage`], which says what can be done there. [`run_all`] runs every case that is possible
//! on it, and names those that are not. Cases look at runs in a known state ([`Night`]); where making one takes long, a stage
//! keeps a stock of them.

mod cases;
mod night;
mod scenario;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
pub use cases::CASES;
pub use night::{Night, make};
pub use ops_client::conformance::{Fault, Needs, Prepare, Report, Verdict};
pub use scenario::{DagPlan, Scenario, TaskPlan};

use crate::{AirflowRead, AirflowTrigger, AirflowWrite, Result, RunKey};

/// There is a user that may read everything and change nothing.
pub const VIEWER: Needs = Needs::Other("log in as one who may only read");

/// Credentials that are none can be tried.
pub const STRANGER: Needs = Needs::Other("log in with a wrong password");

/// A running task can be stopped and started again by a clear. Airflow 2 only says so (measured).
pub const RESTART: Needs = Needs::Other("restart what is running");

/// It tells that a login has ended from a right that is missing. Airflow 2 answers both alike (measured): where no new login
/// is had, its refusal stands.
pub const EXPIRY: Needs = Needs::Other("tell that a login has ended");

/// The ports, as one user holds them.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct User<'a> {
    /// What the system calls the user.
    pub name: &'a str,
    /// For reading.
    pub reads: &'a dyn AirflowRead,
    /// For changing.
    pub writes: &'a dyn AirflowWrite,
    /// For making runs.
    pub triggers: &'a dyn AirflowTrigger,
}

impl<'a> User<'a> {
    /// A user who holds these: one client that reads and changes, and a handle that makes runs.
    pub fn new<C: AirflowRead + AirflowWrite>(name: &'a str, client: &'a C, triggers: &'a dyn AirflowTrigger) -> Self {
        Self { name, reads: client, writes: client, triggers }
    }
}

impl fmt::Debug for User<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("User").field(&self.name).finish()
    }
}

/// What a run's jobs are told. A job reads it when a try begins; names are those of [`TaskPlan::name`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Orders {
    /// These fail.
    pub fail: BTreeSet<String>,
    /// These sleep first, so many seconds.
    pub sleep: BTreeMap<String, u32>,
}

impl Orders {
    /// Everything works, at once.
    pub fn none() -> Self {
        Self::default()
    }

    /// This job fails.
    #[must_use]
    pub fn fails(mut self, name: &str) -> Self {
        self.fail.insert(name.to_owned());
        self
    }

    /// This job sleeps first.
    #[must_use]
    pub fn sleeps(mut self, name: &str, seconds: u32) -> Self {
        self.sleep.insert(name.to_owned(), seconds);
        self
    }
}

/// Whose a run is that a case asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Whose {
    /// The case only looks at it: others may be given the same.
    Shared,
    /// The case changes it: nobody else is given it, before or after.
    Own,
}

/// Where an implementation is put to the test. [Preparing](Prepare) it makes sure that the DAGs of the scenario are there
/// and not paused; runs of them may be there too.
#[async_trait]
pub trait Stage: Prepare<Scenario = Scenario, Start = ()> {
    /// One who may do everything.
    fn admin(&self) -> User<'_>;

    /// One who may read everything and change nothing. Only asked for where the stage can [`VIEWER`].
    fn viewer(&self) -> User<'_>;

    /// One whom the system does not know. Only asked for where the stage can [`STRANGER`].
    fn stranger(&self) -> User<'_>;

    /// Tells the jobs of a run what to do, instead of what they were told before. The run need not be there yet.
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn order(&self, run: &RunKey, orders: &Orders) -> Result<()>;

    /// Lets time pass there: where the system has a clock of its own, by turning it.
    async fn pass(&self, time: Duration);

    /// A run in this state. Where there is none in stock, [`make`] makes one.
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn night(&self, night: Night, whose: Whose) -> Result<RunKey>;

    /// Makes the system fail from now on, or heals it. Only called where the stage can `Fault`.
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn fault(&self, fault: Option<Fault>) -> Result<()>;
}

/// A stage that was prepared.
pub type Scene<'a> = ops_client::conformance::Scene<'a, dyn Stage>;

/// Runs every case, one after the other, each on a freshly prepared stage.
pub async fn run_all(stage: &(dyn Stage + 'static)) -> Report {
    ops_client::conformance::run_all(stage, Scenario::shipped(), CASES).await
}
