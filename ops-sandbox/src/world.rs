use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use metapod_client::{AttributeId, DatasetId, IndexedAttributeId};
use uuid::Uuid;

use crate::airflow::Airflow;
use crate::aurora::Aurora;
use crate::databricks::Databricks;
use crate::faults::{Fault, Faults};
use crate::fleet::Fleet;
use crate::gocd::Gocd;
use crate::log::{Count, Line, Log};
use crate::metabase::Metabase;
use crate::metapod::{Catalogue, MetapodPort};
use crate::redshift::Redshift;
use crate::refusal::Refusal;
use crate::rng::Rng;
use crate::slack::Slack;
use crate::sonar::SonarPort;
use crate::stacks::Stacks;
use crate::tables::Tables;
use crate::{Operation, scenario};

/// A small data platform in memory. Clones are handles to the same world.
///
/// The systems of the platform are views of it: what is done through one is seen through the others.
#[derive(Clone)]
pub struct World(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    faults: Faults,
}

/// What the world is like at this moment. One part per system.
pub(crate) struct State {
    pub(crate) catalogue: Catalogue,
    pub(crate) airflow: Airflow,
    pub(crate) aurora: Aurora,
    pub(crate) databricks: Databricks,
    pub(crate) fleet: Fleet,
    pub(crate) gocd: Gocd,
    pub(crate) metabase: Metabase,
    pub(crate) redshift: Redshift,
    pub(crate) slack: Slack,
    pub(crate) stacks: Stacks,
    pub(crate) tables: Tables,
    pub(crate) rng: Rng,
    pub(crate) log: Log,
    clock: Clock,
}

enum Clock {
    Real,
    Set(Timestamp),
}

impl State {
    /// The time, in whole milliseconds, as Metapod has it.
    pub(crate) fn now(&self) -> Timestamp {
        let now = match self.clock {
            Clock::Real => Timestamp::now(),
            Clock::Set(at) => at,
        };
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

impl World {
    /// A world without anything in it. All that is made in it by chance (ids, file names, choices of a scenario) follows
    /// from the seed; times follow from the clock, and the ids show them. Same seed, same clock, same calls: same world.
    pub fn seeded(seed: u64) -> Self {
        let state = State {
            catalogue: Catalogue::default(),
            airflow: Airflow::default(),
            aurora: Aurora::default(),
            databricks: Databricks::default(),
            fleet: Fleet::default(),
            gocd: Gocd::default(),
            metabase: Metabase::default(),
            redshift: Redshift::default(),
            slack: Slack::default(),
            stacks: Stacks::default(),
            tables: Tables::default(),
            rng: Rng::new(seed),
            log: Log::default(),
            clock: Clock::Real,
        };
        Self(Arc::new(Shared { state: Mutex::new(state), faults: Faults::new(seed) }))
    }

    /// The same world with its clock stopped at this time, until it is set again.
    #[must_use]
    pub fn at(self, time: Timestamp) -> Self {
        self.set_time(time);
        self
    }

    /// A world with the nightly run of [`scenario::nightly`].
    pub fn nightly(seed: u64) -> (Self, scenario::Nightly) {
        let world = Self::seeded(seed);
        let night = scenario::nightly(&world);
        (world, night)
    }

    /// What time it is there.
    pub fn now(&self) -> Timestamp {
        self.state().now()
    }

    /// Stops the clock at this time.
    pub fn set_time(&self, time: Timestamp) {
        self.state().clock = Clock::Set(time);
    }

    /// Moves a stopped clock on; a running one stops, that much later than now.
    pub fn advance(&self, by: Duration) {
        let mut state = self.state();
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        let later = state.now().saturating_add(by).unwrap_or(Timestamp::MAX);
        state.clock = Clock::Set(later);
    }

    /// Metapod's ports.
    pub fn metapod(&self) -> MetapodPort {
        MetapodPort::new(self.clone())
    }

    /// Sonar's port.
    pub fn sonar(&self) -> SonarPort {
        SonarPort::new(self.clone())
    }

    /// What shall go wrong.
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// How often a retract really changed this dataset.
    pub fn effects(&self, dataset: DatasetId) -> u64 {
        self.count(Operation::RetractCommittedDataset, dataset.uuid()).effects
    }

    /// How often a retract of this dataset was asked for.
    pub fn calls(&self, dataset: DatasetId) -> u64 {
        self.count(Operation::RetractCommittedDataset, dataset.uuid()).calls
    }

    /// How often this attribute was really taken out of its schema.
    pub fn attribute_effects(&self, attribute: AttributeId) -> u64 {
        self.count(Operation::RetractAttribute, attribute.uuid()).effects
    }

    /// How often this indexed attribute was really taken away.
    pub fn indexed_attribute_effects(&self, attribute: IndexedAttributeId) -> u64 {
        self.count(Operation::RetractIndexedAttribute, attribute.uuid()).effects
    }

    /// How often an operation was asked for this subject, and what came of it.
    pub fn count(&self, operation: Operation, subject: Uuid) -> Count {
        self.state().log.count(operation, subject)
    }

    /// The whole log, ordered by operation and subject.
    pub fn log(&self) -> Vec<Line> {
        self.state().log.lines()
    }

    /// Empties the world: no transactions, no DAGs, no jobs, no machines, no clusters, an empty warehouse, no tables in Metabase,
    /// no pipelines, no channels, no stacks, no tables of DynamoDB, an empty workspace of Databricks, no log, no faults. Its clock and
    /// its seed's thread go on.
    pub fn clear(&self) {
        self.0.faults.clear();
        let mut state = self.state();
        state.catalogue = Catalogue::default();
        state.airflow = Airflow::default();
        state.aurora = Aurora::default();
        state.databricks = Databricks::default();
        state.fleet = Fleet::default();
        state.gocd = Gocd::default();
        state.metabase = Metabase::default();
        state.redshift = state.redshift.anew();
        state.slack = Slack::default();
        state.stacks = Stacks::default();
        state.tables = Tables::default();
        state.log.clear();
    }

    /// Forgets the log, not the world.
    pub fn clear_log(&self) {
        self.state().log.clear();
    }

    /// A number from the world's own seed, for a scenario's choices.
    pub(crate) fn draw(&self) -> u64 {
        self.state().rng.next()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic of a test that held the lock says nothing about the state.
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.catch_up();
        state
    }

    /// A call arrives: it is counted, and its fate is drawn. The subject is the id that it is about, nil where it has none.
    pub(crate) fn arrive(&self, operation: Operation, subject: Uuid) -> Option<Fault> {
        let fault = self.0.faults.draw(operation, subject);
        let mut state = self.state();
        let count = state.log.at(operation, subject);
        count.calls += 1;
        if fault.is_some_and(Fault::is_refusal) {
            count.refused += 1;
        }
        fault
    }

    /// A call arrives from somebody who has no right to it.
    pub(crate) fn turn_away(&self, operation: Operation, subject: Uuid) {
        let mut state = self.state();
        let count = state.log.at(operation, subject);
        count.calls += 1;
        count.refused += 1;
    }

    /// One call of an in-memory port: counted, hit by a fault or not, told as the real client tells it.
    pub(crate) async fn call<T: Send>(
        &self,
        operation: Operation,
        subject: Uuid,
        tell: fn(&Refusal, Operation) -> ops_client::Error,
        what: impl FnOnce(&mut State) -> Result<Done<T>, Refusal> + Send,
    ) -> ops_client::Result<T> {
        let act = || self.act(operation, subject, what).map_err(|refusal| tell(&refusal, operation));
        match self.arrive(operation, subject) {
            None => act(),
            // A login cannot have ended where none is asked for.
            Some(Fault::ExpiredToken) if !operation.needs_login() => act(),
            Some(fault) => fault.told(operation, act).await,
        }
    }

    /// Does what was asked, and counts it where it changed something.
    pub(crate) fn act<T, E>(
        &self,
        operation: Operation,
        subject: Uuid,
        what: impl FnOnce(&mut State) -> Result<Done<T>, E>,
    ) -> Result<T, E> {
        let mut state = self.state();
        let done = what(&mut state)?;
        if done.changed {
            state.log.at(operation, subject).effects += 1;
        }
        Ok(done.answer)
    }
}

/// What came of a call.
pub(crate) struct Done<T> {
    pub(crate) answer: T,
    /// Whether the world is another one now.
    pub(crate) changed: bool,
}

impl<T> Done<T> {
    pub(crate) fn changed(answer: T) -> Self {
        Self { answer, changed: true }
    }

    pub(crate) fn same(answer: T) -> Self {
        Self { answer, changed: false }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("World")
            .field("transactions", &state.catalogue.transactions().len())
            .field("datasets", &state.catalogue.len())
            .finish_non_exhaustive()
    }
}
