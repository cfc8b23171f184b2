//! What a test does to clusters and to the warehouse behind everybody's back: no fault hits it, nothing is logged.

use std::time::Duration;

use jiff::Timestamp;
use ops_client::Result;
use redshift_ops::{Cluster, ClusterId, ClusterStatus, Load, LoadError, Lock, LockMode, Session, SessionKey};

use super::About;
use super::loader::LoaderId;
use super::port::{ClusterPort, WarehousePort};
use super::sessions::Then;
use super::spec::{ClusterSpec, LoaderSpec, Rights};
use super::state::Redshift;
use super::warehouse::LoadRow;
use crate::refusal::Refusal;
use crate::{Operation, World};

/// Clusters and the warehouse: what is put there, and what others do there.
impl World {
    /// The ports of the clusters.
    pub fn redshift_cluster(&self) -> ClusterPort {
        ClusterPort::new(self.clone())
    }

    /// The ports of the warehouse, as this user. There are `sao_pedro` and `rdsdb` (superusers), `operator`, `monitor`,
    /// and the plain users `loader`, `metabase` and `sandrews`; [`World::put_user`] makes others.
    pub fn warehouse_as(&self, user: impl Into<String>) -> WarehousePort {
        WarehousePort::new(self.clone(), user.into())
    }

    /// Puts a cluster there.
    pub fn put_cluster(&self, spec: ClusterSpec) {
        self.state().redshift.put_cluster(spec);
    }

    /// A cluster as it is now; `None` where there is none of this name.
    pub fn cluster(&self, id: &ClusterId) -> Option<Cluster> {
        self.state().redshift.cluster(id).ok().map(|unit| unit.shown.clone())
    }

    /// From now on a cluster tells this of itself, and nothing else happens to it.
    ///
    /// # Errors
    /// `NotFound` for an unknown cluster.
    pub fn set_cluster(&self, id: &ClusterId, status: ClusterStatus) -> Result<()> {
        let mut state = self.state();
        let unit = state.redshift.clusters.get_mut(id).ok_or_else(|| super::cluster::unknown(id).directly())?;
        unit.set(status);
        Ok(())
    }

    /// How long a cluster takes to reboot, to pause and to come back from now on (five seconds at first), and how long
    /// a session takes to end (a tenth of one).
    pub fn redshift_takes(&self, cluster: Duration, session: Duration) {
        self.state().redshift.pace = (cluster, session);
    }

    /// Makes a user of the warehouse, or gives a user other rights.
    pub fn put_user(&self, name: &str, rights: Rights) {
        self.state().redshift.put_user(name, rights);
    }

    /// Makes a table (`schema.name`), and its schema where there is none. A name without a schema is of the schema
    /// `public`.
    pub fn put_table(&self, name: &str, rows: u64) {
        let (schema, table) = name.split_once('.').unwrap_or(("public", name));
        self.state().redshift.warehouse.put_table(schema, table, rows);
    }

    /// A schema is gone, as after a swap that was half committed.
    pub fn lose_schema(&self, name: &str) {
        self.change_warehouse(|redshift, now| redshift.warehouse.drop_schema(name, now));
    }

    /// Opens a session that does nothing.
    pub fn open_session(&self, user: &str) -> SessionKey {
        self.change_warehouse(|redshift, now| redshift.warehouse.open(user, now))
    }

    /// Lets a session run a statement that locks a table in this way. It waits where it must; then the session is idle
    /// in its transaction.
    ///
    /// # Errors
    /// `NotFound` where there is no such session or table.
    pub fn lock_table(&self, session: &SessionKey, table: &str, mode: LockMode, statement: &str) -> Result<()> {
        self.change_warehouse(|redshift, now| {
            let oid = redshift.warehouse.table(table).map_err(|refusal| refusal.directly())?;
            let gone = || Refusal::NotFound(format!("there is no {session}")).directly();
            redshift.warehouse.live(session).ok_or_else(gone)?;
            redshift.warehouse.run(session.pid, statement, [(oid, mode)], Then::Idle, now);
            Ok(())
        })
    }

    /// Opens a session that reads a table, and then is idle in its transaction.
    ///
    /// # Errors
    /// `NotFound` where there is no such table.
    pub fn hold_table(&self, user: &str, table: &str) -> Result<SessionKey> {
        let session = self.open_session(user);
        self.lock_table(&session, table, LockMode::AccessShare, &format!("select count(*) from {table}"))?;
        Ok(session)
    }

    /// Opens a session that drops a schema with all that is in it, and commits that when it has the locks. What lies in
    /// the schema stays, for the next one.
    pub fn begin_drop(&self, user: &str, schema: &str) -> SessionKey {
        self.change_warehouse(|redshift, now| {
            let key = redshift.warehouse.open(user, now);
            let tables = redshift.warehouse.tables_of(schema);
            let wants = tables.into_iter().map(|oid| (oid, LockMode::AccessExclusive));
            let statement = format!("DROP SCHEMA IF EXISTS {schema} CASCADE");
            redshift.warehouse.run(key.pid, statement, wants, Then::Commit, now);
            key
        })
    }

    /// The transaction of a session ends: it has no locks.
    pub fn end_transaction(&self, session: &SessionKey) {
        self.change_warehouse(|redshift, now| {
            if redshift.warehouse.live(session).is_some() {
                redshift.warehouse.end_transaction(session.pid, now);
            }
        });
    }

    /// A session ends from its own side. One that has ended stays so.
    pub fn close_session(&self, session: &SessionKey) {
        self.change_warehouse(|redshift, now| {
            if redshift.warehouse.live(session).is_some() {
                redshift.warehouse.end(session.pid, false, now);
            }
        });
    }

    /// A session ends, and its process serves another one of this user from now on.
    pub fn reuse_pid(&self, session: &SessionKey, user: &str) -> SessionKey {
        self.change_warehouse(|redshift, now| redshift.serve_another(session, user, now))
    }

    /// All sessions.
    pub fn sessions(&self) -> Vec<Session> {
        self.state().redshift.warehouse.sessions_for("rdsdb")
    }

    /// All locks, held and waited for.
    pub fn locks(&self) -> Vec<Lock> {
        self.state().redshift.warehouse.locks_for("rdsdb")
    }

    /// Puts a row into the Loads table.
    pub fn put_load(&self, load: &Load) {
        let row = LoadRow::new(&load.table, &load.transaction, load.at);
        self.state().redshift.warehouse.add_load(row);
    }

    /// Puts a row into the Loads table, with all that it tells. Its number comes with its place.
    pub fn put_load_row(&self, row: LoadRow) {
        self.state().redshift.warehouse.add_load(row);
    }

    /// The Loads table, in the order in which it was written.
    pub fn loads(&self) -> Vec<LoadRow> {
        self.state().redshift.loads().to_vec()
    }

    /// Puts down that a row could not be loaded.
    pub fn put_load_error(&self, error: LoadError) {
        self.state().redshift.warehouse.errors.push(error);
    }

    /// Lets a loader run. What it loads are the tables that its schemas have now.
    pub fn put_loader(&self, spec: LoaderSpec) -> LoaderId {
        let id = self.change_warehouse(|redshift, now| redshift.put_loader(spec, now));
        // What it did until now has happened.
        drop(self.state());
        id
    }

    /// What the first loader logged so far.
    pub fn loader_log(&self) -> String {
        self.loader_log_of(LoaderId(0))
    }

    /// What a loader logged so far.
    pub fn loader_log_of(&self, loader: LoaderId) -> String {
        self.state().redshift.log_of(loader)
    }

    /// The session of a loader, while it has one.
    pub fn loader_session(&self, loader: LoaderId) -> Option<SessionKey> {
        let state = self.state();
        let pid = state.redshift.session_of(loader)?;
        state.redshift.warehouse.sessions.get(&pid).map(|live| live.shown.key)
    }

    /// Whether a loader has committed.
    pub fn is_loaded(&self, loader: LoaderId) -> bool {
        self.state().redshift.is_loaded(loader)
    }

    /// How often a loader was started: once, and once more after each failure.
    pub fn loader_starts(&self, loader: LoaderId) -> u32 {
        self.state().redshift.starts_of(loader)
    }

    /// How often a cluster was really rebooted.
    pub fn reboots(&self, id: &ClusterId) -> u64 {
        self.count(Operation::RebootCluster, About::Cluster(id).subject()).effects
    }

    /// How often this session was really told to end: once at most.
    pub fn terminations(&self, session: &SessionKey) -> u64 {
        self.count(Operation::TerminateSession, About::Session(session).subject()).effects
    }

    /// How many sessions were told to end in all.
    pub fn all_terminations(&self) -> u64 {
        let lines = self.log().into_iter().filter(|line| line.operation == Operation::TerminateSession);
        lines.map(|line| line.count.effects).sum()
    }

    fn change_warehouse<T>(&self, what: impl FnOnce(&mut Redshift, Timestamp) -> T) -> T {
        let mut state = self.state();
        let now = state.now();
        let done = what(&mut state.redshift, now);
        state.redshift.settle(now);
        done
    }
}
