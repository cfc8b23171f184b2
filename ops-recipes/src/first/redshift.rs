//! Redshift and Metabase among the systems that are looked at first.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use metabase_client::MetabaseRead;
use ops_client::{ErrorKind, Probe, Result};
use redshift_ops::{ClusterRead, ClusterReadExt, ClusterStatus, LockGraph, Me, WarehouseRead};

use super::checkup::{Holder, check_up};
use super::{Access, Checkup, Severity, Sign, System};
use crate::words::{shell, wait};

/// Who waits for less is no sign.
const WAITING: SignedDuration = SignedDuration::from_mins(5);

/// Redshift, as the first looks see it: one cluster, and its warehouse where there is a way by SQL.
#[derive(Clone)]
pub struct RedshiftSystem {
    cluster: Arc<dyn ClusterRead>,
    id: String,
    warehouse: Option<Arc<dyn WarehouseRead>>,
    environment: String,
    address: String,
    loader: String,
}

impl fmt::Debug for RedshiftSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedshiftSystem").field("address", &self.address).field("id", &self.id).finish_non_exhaustive()
    }
}

impl RedshiftSystem {
    /// The cluster whose identifier is, or begins with, `id`, of an environment at an address (it is printed).
    pub fn new(
        cluster: Arc<dyn ClusterRead>,
        id: impl Into<String>,
        environment: impl Into<String>,
        address: impl Into<String>,
    ) -> Self {
        Self {
            cluster,
            id: id.into(),
            warehouse: None,
            environment: environment.into(),
            address: address.into(),
            loader: "loader".into(),
        }
    }

    /// With its warehouse.
    #[must_use]
    pub fn with_warehouse(mut self, warehouse: Arc<dyn WarehouseRead>) -> Self {
        self.warehouse = Some(warehouse);
        self
    }

    /// Where the loader works as another user than `loader`.
    #[must_use]
    pub fn with_loader(mut self, user: impl Into<String>) -> Self {
        self.loader = user.into();
        self
    }

    fn next(&self) -> String {
        format!("restart-redshift --env {}", shell(&self.environment))
    }

    async fn cluster(&self) -> Result<Option<Sign>> {
        let cluster = match self.cluster.find_cluster(&self.id).await {
            Ok(cluster) => cluster,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Invalid) => {
                let what = error.message().unwrap_or("there is no such cluster");
                let there = error.remedy().map_or(String::new(), |there| format!("; {there}"));
                return Ok(Some(Sign::new(Severity::Odd, format!("{what}{there}"))));
            }
            Err(error) => return Err(error),
        };
        if cluster.is_available() {
            return Ok(None);
        }
        let severity = match cluster.status {
            ClusterStatus::Paused | ClusterStatus::Available => Severity::Broken,
            _ => Severity::Odd,
        };
        let word = cluster.availability.as_deref().map_or(String::new(), |word| format!(" ({word})"));
        Ok(Some(Sign::new(severity, format!("{} is {}{word}", cluster.id, cluster.status))))
    }

    /// Who waits for a lock, and because of whom.
    async fn waits(&self, warehouse: &dyn WarehouseRead, now: Timestamp) -> Result<Vec<Sign>> {
        let graph = LockGraph::of(&warehouse.contended_locks().await?);
        if graph.is_empty() {
            return Ok(Vec::new());
        }
        let running = warehouse.running().await?;
        let mut signs = Vec::new();
        for root in graph.roots() {
            let waiting = graph.blocked_by(root);
            let since = running.iter().filter(|query| waiting.contains(&query.pid)).map(|query| query.began).min();
            if since.is_some_and(|since| now.duration_since(since) < WAITING) {
                continue;
            }
            let hung = waiting.iter().any(|pid| graph.user(*pid) == Some(&self.loader));
            let user = graph.user(root).unwrap_or("somebody");
            let all = wait(waiting.len());
            let what = if hung {
                format!("the loader hangs: session {root} of {user} has what it waits for; {all} in all")
            } else {
                format!("{all} because of session {root} of {user}")
            };
            let severity = if hung { Severity::Broken } else { Severity::Stuck };
            let mut sign = Sign::new(severity, what);
            sign.since = since;
            signs.push(if hung { sign.next(self.next()) } else { sign });
        }
        Ok(signs)
    }
}

#[async_trait]
impl System for RedshiftSystem {
    fn name(&self) -> &str {
        "Redshift"
    }

    fn address(&self) -> &str {
        &self.address
    }

    async fn check_up(&self) -> Result<Checkup> {
        let probe = self.cluster.probe().await?;
        let Some(warehouse) = &self.warehouse else {
            let unknown = Access::Unknown("no way to its sessions by SQL is configured".into());
            return check_up(Ok(probe), Ok(()), unknown, &Holder::default());
        };
        // The warehouse tells more of itself than the service does.
        let told = warehouse.probe().await;
        let (read, me) = match warehouse.me().await {
            Ok(me) => (Ok(()), Some(me)),
            // A database or a cluster that is not there is nothing that may be read.
            Err(error) if error.is_not_found() => (Err(error.with_kind(ErrorKind::Forbidden)), None),
            Err(error) => (Err(error), None),
        };
        let write = me.as_ref().map_or_else(|| Access::Unknown("who asks is not known".into()), may_end);
        let holder = Holder { who: me.as_ref().map(|me| me.user.clone()), expires: None };
        let probe: Probe = told.unwrap_or(probe);
        let mut checkup = check_up(Ok(probe), read, write, &holder)?;
        if me.as_ref().is_some_and(|me| !me.sees_all()) {
            checkup.read = Access::No("it sees only its own sessions and locks: a superuser, or sys:monitor".into());
        }
        Ok(checkup)
    }

    async fn signs(&self, now: Timestamp) -> Result<Vec<Sign>> {
        let mut signs: Vec<Sign> = self.cluster().await?.into_iter().collect();
        let Some(warehouse) = &self.warehouse else { return Ok(signs) };
        match self.waits(warehouse.as_ref(), now).await {
            Ok(waits) => signs.extend(waits),
            Err(error) => {
                signs.push(Sign::new(Severity::Broken, format!("does not answer SQL: {error}")).next(self.next()))
            }
        }
        Ok(signs)
    }
}

/// Whether sessions of others may be ended.
fn may_end(me: &Me) -> Access {
    if me.superuser {
        return Access::Yes;
    }
    match me.operator {
        Some(true) => Access::Yes,
        Some(false) => Access::No(format!("{} may end its own sessions only: a superuser, or sys:operator", me.user)),
        None => Access::Unknown("the warehouse does not tell which roles we have".into()),
    }
}

/// Metabase, as the first looks see it: only read, as the second way to the Loads table.
#[derive(Clone)]
pub struct MetabaseSystem {
    metabase: Arc<dyn MetabaseRead>,
    address: String,
}

impl fmt::Debug for MetabaseSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetabaseSystem").field("address", &self.address).finish_non_exhaustive()
    }
}

impl MetabaseSystem {
    /// Metabase at an address (no user info in it; it is printed).
    pub fn new(metabase: Arc<dyn MetabaseRead>, address: impl Into<String>) -> Self {
        Self { metabase, address: address.into() }
    }
}

#[async_trait]
impl System for MetabaseSystem {
    fn name(&self) -> &str {
        "Metabase"
    }

    fn address(&self) -> &str {
        &self.address
    }

    async fn check_up(&self) -> Result<Checkup> {
        let (read, who) = match self.metabase.me().await {
            Ok(me) => (Ok(()), Some(me.email)),
            Err(error) => (Err(error), None),
        };
        check_up(self.metabase.probe().await, read, Access::NotNeeded, &Holder { who, expires: None })
    }

    async fn signs(&self, _: Timestamp) -> Result<Vec<Sign>> {
        self.metabase.probe().await.map(|_| Vec::new())
    }
}
