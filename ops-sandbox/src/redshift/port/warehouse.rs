//! The warehouse in memory: its ports, as one user.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use redshift_ops::{
    LastQuery, Load, LoadError, LoadFilter, LoadsRead, Lock, Me, Pid, Probe, Result, RunningQuery, Session, SessionKey,
    WarehouseRead, WarehouseWrite,
};

use super::super::About;
use super::super::spec::Rights;
use super::super::state::Redshift;
use super::super::warehouse::Warehouse;
use crate::refusal::Refusal;
use crate::world::{Done, State};
use crate::{Operation, World};

/// The warehouse in memory: its ports, as one user. It has a session of its own from its first call until all of its
/// clones are gone, and a new one where that was ended.
#[derive(Clone, Debug)]
pub struct WarehousePort {
    connection: Arc<Connection>,
    spared: Vec<String>,
}

struct Connection {
    world: World,
    user: String,
    session: Mutex<Option<SessionKey>>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("user", &self.user).finish_non_exhaustive()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let had = self.session.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(key) = had {
            self.world.close_session(&key);
        }
    }
}

/// What a call has to do with: the warehouse, who asks by which session, and when.
struct Asked<'a> {
    redshift: &'a mut Redshift,
    user: &'a str,
    own: SessionKey,
    now: Timestamp,
}

impl Asked<'_> {
    fn warehouse(&self) -> &Warehouse {
        &self.redshift.warehouse
    }
}

impl WarehousePort {
    pub(crate) fn new(world: World, user: String) -> Self {
        Self { connection: Arc::new(Connection { world, user, session: Mutex::new(None) }), spared: Vec::new() }
    }

    /// It ends no session of these users.
    #[must_use]
    pub fn protecting<S: Into<String>>(mut self, users: impl IntoIterator<Item = S>) -> Self {
        self.spared.extend(users.into_iter().map(Into::into));
        self
    }

    async fn call<T: Send>(
        &self,
        operation: Operation,
        about: About<'_>,
        what: impl FnOnce(Asked<'_>) -> std::result::Result<Done<T>, Refusal> + Send,
    ) -> Result<T> {
        let Connection { world, user, session } = &*self.connection;
        let connected = |state: &mut State| {
            let now = state.now();
            let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
            let own = state.redshift.connect(user, *session, now)?;
            *session = Some(own);
            drop(session);
            what(Asked { redshift: &mut state.redshift, user, own, now })
        };
        world.call(operation, about.subject(), Refusal::told, connected).await
    }

    async fn read<T: Send>(
        &self,
        operation: Operation,
        about: About<'_>,
        what: impl FnOnce(Asked<'_>) -> T + Send,
    ) -> Result<T> {
        self.call(operation, about, |asked| Ok(Done::same(what(asked)))).await
    }

    async fn end(
        &self,
        operation: Operation,
        session: &SessionKey,
        how: fn(&mut Redshift, &SessionKey, Timestamp) -> bool,
    ) -> Result<()> {
        self.call(operation, About::Session(session), |asked| {
            let Asked { redshift, user, own, now } = asked;
            redshift.warehouse.aimed_at(user, &own, session, &self.spared)?;
            Ok(Done { changed: how(redshift, session, now), answer: () })
        })
        .await
    }
}

#[async_trait]
impl WarehouseRead for WarehousePort {
    async fn probe(&self) -> Result<Probe> {
        let version = "PostgreSQL 8.0.2 on i686-pc-linux-gnu, Redshift 1.0.63030";
        let told = |asked: Asked<'_>| {
            Probe::new("memory", Duration::ZERO).with_version(version).with_server_time(asked.now.into())
        };
        self.read(Operation::WarehouseProbe, About::Everything, told).await
    }

    async fn me(&self) -> Result<Me> {
        let told = |asked: Asked<'_>| {
            let rights = asked.warehouse().rights(asked.user);
            let mut me = Me::new(asked.user, asked.own.pid);
            me.superuser = rights == Rights::Superuser;
            me.monitor = Some(matches!(rights, Rights::Monitor | Rights::Operator));
            me.operator = Some(rights == Rights::Operator);
            me
        };
        self.read(Operation::WarehouseMe, About::Everything, told).await
    }

    async fn sessions(&self) -> Result<Vec<Session>> {
        let told = |asked: Asked<'_>| asked.warehouse().sessions_for(asked.user);
        self.read(Operation::WarehouseSessions, About::Everything, told).await
    }

    async fn running(&self) -> Result<Vec<RunningQuery>> {
        let told = |asked: Asked<'_>| asked.warehouse().running_for(asked.user, asked.now);
        self.read(Operation::WarehouseRunning, About::Everything, told).await
    }

    async fn last_query(&self, session: &SessionKey) -> Result<Option<LastQuery>> {
        let told = |asked: Asked<'_>| asked.warehouse().last_query_for(asked.user, session);
        self.read(Operation::WarehouseLastQuery, About::Session(session), told).await
    }

    async fn contended_locks(&self) -> Result<Vec<Lock>> {
        let told = |asked: Asked<'_>| asked.warehouse().contended_for(asked.user);
        self.read(Operation::WarehouseContendedLocks, About::Everything, told).await
    }

    async fn locks_of(&self, pid: Pid) -> Result<Vec<Lock>> {
        let told = |asked: Asked<'_>| {
            let mut locks = asked.warehouse().locks_for(asked.user);
            locks.retain(|lock| lock.pid == pid);
            locks
        };
        self.read(Operation::WarehouseLocksOf, About::Everything, told).await
    }

    async fn schemas(&self) -> Result<Vec<String>> {
        let told = |asked: Asked<'_>| asked.warehouse().schemas.iter().cloned().collect();
        self.read(Operation::WarehouseSchemas, About::Everything, told).await
    }

    async fn load_errors(&self, limit: u32) -> Result<Vec<LoadError>> {
        let told = |asked: Asked<'_>| asked.warehouse().errors_for(asked.user, limit);
        self.read(Operation::WarehouseLoadErrors, About::Everything, told).await
    }
}

#[async_trait]
impl WarehouseWrite for WarehousePort {
    async fn terminate(&self, session: &SessionKey) -> Result<()> {
        self.end(Operation::TerminateSession, session, Redshift::terminate).await
    }

    async fn cancel(&self, session: &SessionKey) -> Result<()> {
        self.end(Operation::CancelSession, session, Redshift::cancel).await
    }
}

#[async_trait]
impl LoadsRead for WarehousePort {
    async fn loads(&self, filter: &LoadFilter) -> Result<Vec<Load>> {
        let told = |asked: Asked<'_>| asked.warehouse().loads_for(filter);
        self.read(Operation::WarehouseLoads, About::Everything, told).await
    }
}
