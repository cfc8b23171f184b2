//! The ports: what a program may ask of a warehouse and its cluster, and what it may change there.

use async_trait::async_trait;
use jiff::Timestamp;
use ops_client::{Probe, Result};

use crate::{
    Cluster, ClusterEvent, ClusterId, LastQuery, Load, LoadError, LoadFilter, Lock, Me, Pid, Resize, RunningQuery,
    Session, SessionKey, Snapshot,
};

/// Reading clusters. Nothing here changes anything.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ClusterRead: Send + Sync {
    /// That the service answers.
    ///
    /// # Errors
    /// Every [`ErrorKind`](ops_client::ErrorKind) of a read; the effect is always `None`.
    async fn probe(&self) -> Result<Probe>;

    /// All clusters of the account and region, sorted by their identifiers.
    ///
    /// # Errors
    /// As [`ClusterRead::probe`].
    async fn clusters(&self) -> Result<Vec<Cluster>>;

    /// One cluster.
    ///
    /// # Errors
    /// `NotFound` where there is none; otherwise as [`ClusterRead::probe`].
    async fn cluster(&self, id: &ClusterId) -> Result<Cluster>;

    /// What happened to a cluster from then on, the newest first. The service forgets after 14 days.
    ///
    /// # Errors
    /// As [`ClusterRead::probe`].
    async fn events(&self, id: &ClusterId, from: Timestamp) -> Result<Vec<ClusterEvent>>;

    /// The snapshots of a cluster that are being made.
    ///
    /// # Errors
    /// As [`ClusterRead::cluster`].
    async fn snapshots_in_progress(&self, id: &ClusterId) -> Result<Vec<Snapshot>>;

    /// The last change of a cluster's size, if it ever had one.
    ///
    /// # Errors
    /// As [`ClusterRead::cluster`].
    async fn resize(&self, id: &ClusterId) -> Result<Option<Resize>>;
}

/// Changing clusters. A program that only previews never holds this. No call is sent twice by the client, unless it certainly
/// had no effect.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ClusterWrite: Send + Sync {
    /// Restarts a cluster: every session ends, and settings that wait for it change.
    ///
    /// # Errors
    /// `NotFound` where there is no such cluster, `Conflict` where it is not available; otherwise every kind. The effect says
    /// what may have happened.
    async fn reboot(&self, id: &ClusterId) -> Result<()>;

    /// Pauses a cluster: every session ends, and none can begin.
    ///
    /// # Errors
    /// As [`ClusterWrite::reboot`].
    async fn pause(&self, id: &ClusterId) -> Result<()>;

    /// Takes a paused cluster back.
    ///
    /// # Errors
    /// As [`ClusterWrite::reboot`]; `Conflict` where it is not paused.
    async fn resume(&self, id: &ClusterId) -> Result<()>;
}

/// Reading a warehouse's sessions and locks. Nothing here changes anything.
///
/// Who is neither a superuser nor has the role `sys:monitor` sees their own sessions only: an empty list says «nobody» only
/// where [`Me::sees_all`].
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait WarehouseRead: Send + Sync {
    /// That the warehouse answers: `select 1`, with its version and its clock.
    ///
    /// # Errors
    /// Every [`ErrorKind`](ops_client::ErrorKind) of a read; the effect is always `None`.
    async fn probe(&self) -> Result<Probe>;

    /// Who asks, and what they may see and do.
    ///
    /// # Errors
    /// As [`WarehouseRead::probe`].
    async fn me(&self) -> Result<Me>;

    /// All sessions, sorted by their keys.
    ///
    /// # Errors
    /// As [`WarehouseRead::probe`].
    async fn sessions(&self) -> Result<Vec<Session>>;

    /// The queries that run, the oldest first.
    ///
    /// # Errors
    /// As [`WarehouseRead::probe`].
    async fn running(&self) -> Result<Vec<RunningQuery>>;

    /// What a session did last, or does. A session that is idle in a transaction has no running query, and holds its locks.
    ///
    /// # Errors
    /// As [`WarehouseRead::probe`].
    async fn last_query(&self, session: &SessionKey) -> Result<Option<LastQuery>>;

    /// The locks, held or waited for, on every table that somebody waits for.
    ///
    /// # Errors
    /// As [`WarehouseRead::probe`].
    async fn contended_locks(&self) -> Result<Vec<Lock>>;

    /// The locks that one session holds or waits for: empty once its transaction has ended.
    ///
    /// # Errors
    /// As [`WarehouseRead::probe`].
    async fn locks_of(&self, pid: Pid) -> Result<Vec<Lock>>;

    /// The names of the schemas, sorted.
    ///
    /// # Errors
    /// As [`WarehouseRead::probe`].
    async fn schemas(&self) -> Result<Vec<String>>;

    /// The newest rows that could not be loaded, the newest first, at most so many.
    ///
    /// # Errors
    /// As [`WarehouseRead::probe`].
    async fn load_errors(&self, limit: u32) -> Result<Vec<LoadError>>;
}

/// Ending what sessions do. A program that only previews never holds this.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait WarehouseWrite: Send + Sync {
    /// Ends a session: its transaction is taken back, its locks are free, its client gets an error. That it was accepted says
    /// nothing: look until the session is gone.
    ///
    /// # Errors
    /// `NotFound` where the session has ended; `Conflict` where its pid is another session's by now, or where it is protected
    /// (the caller's own, `rdsdb`, a protected user's); `Forbidden` without the right. Otherwise every kind.
    async fn terminate(&self, session: &SessionKey) -> Result<()>;

    /// Cancels what a session runs. One that is idle in a transaction keeps its locks: only [`WarehouseWrite::terminate`] frees
    /// them.
    ///
    /// # Errors
    /// As [`WarehouseWrite::terminate`].
    async fn cancel(&self, session: &SessionKey) -> Result<()>;
}

/// Reading the Loads table, wherever it is looked at.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait LoadsRead: Send + Sync {
    /// The loads that the filter takes, the newest first.
    ///
    /// # Errors
    /// Every [`ErrorKind`](ops_client::ErrorKind) of a read; the effect is always `None`.
    async fn loads(&self, filter: &LoadFilter) -> Result<Vec<Load>>;
}
