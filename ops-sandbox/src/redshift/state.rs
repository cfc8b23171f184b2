//! Clusters, the warehouse and its loaders, and what happens to them by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use redshift_ops::{ClusterId, SessionKey};

use super::cluster::{Change, Unit, unknown};
use super::loader::{Loader, Step};
use super::spec::{ClusterSpec, Rights};
use super::warehouse::{LoadRow, News, Warehouse};
use crate::agenda::{Agenda, later};
use crate::refusal::Refusal;

/// Something that happens by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// What was begun with a cluster comes to its end.
    Settled(ClusterId),
    /// A session that was told to end is gone.
    Gone(SessionKey),
    /// A loader goes on, unless it failed since: which one, in which of its lives, how.
    Loader(usize, u32, Step),
}

#[derive(Debug)]
pub(crate) struct Redshift {
    pub(crate) clusters: BTreeMap<ClusterId, Unit>,
    /// The cluster that the warehouse is on.
    serving: Option<ClusterId>,
    pub(super) warehouse: Warehouse,
    pub(super) loaders: Vec<Loader>,
    pub(super) agenda: Agenda<Due>,
    /// How long a cluster's changes take, and how long a session takes to end.
    pub(super) pace: (Duration, Duration),
}

impl Default for Redshift {
    fn default() -> Self {
        Self {
            clusters: BTreeMap::new(),
            serving: None,
            warehouse: Warehouse::default(),
            loaders: Vec::new(),
            agenda: Agenda::default(),
            pace: (Duration::from_secs(5), Duration::from_millis(100)),
        }
    }
}

impl Redshift {
    /// An empty one, whose sessions are still other ones than those of this one.
    pub(crate) fn anew(&self) -> Self {
        Self { warehouse: self.warehouse.anew(), ..Self::default() }
    }

    /// The Loads table: what else shows it takes it from here.
    pub(crate) fn loads(&self) -> &[LoadRow] {
        &self.warehouse.loads
    }

    pub(crate) fn next_at(&self) -> Option<Timestamp> {
        self.agenda.next_at()
    }

    /// Lets the next thing happen.
    pub(crate) fn step(&mut self) {
        let Some((at, due)) = self.agenda.pop() else { return };
        match due {
            Due::Settled(id) => self.clusters.get_mut(&id).into_iter().for_each(|unit| unit.end(at)),
            Due::Gone(key) => {
                if self.warehouse.live(&key).is_some() {
                    self.warehouse.end(key.pid, true, at);
                }
            }
            Due::Loader(which, life, step) => self.loader_goes_on(which, life, step, at),
        }
        self.settle(at);
    }

    /// Tells the loaders what became of their sessions.
    pub(super) fn settle(&mut self, at: Timestamp) {
        while let Some(news) = self.warehouse.news.pop_front() {
            match news {
                News::Ready(pid) => self.loader_is_ready(pid, at),
                News::Failed(pid) => self.loader_failed(pid, "ERROR: Query cancelled on user's request", at),
                News::Cut(pid) => {
                    self.loader_failed(pid, "FATAL: terminating connection due to administrator command", at);
                }
            }
        }
    }

    pub(super) fn put_cluster(&mut self, spec: ClusterSpec) {
        let id = spec.cluster.id.clone();
        if spec.serves {
            self.serving = Some(id.clone());
        }
        self.clusters.insert(id, Unit::new(spec));
    }

    pub(crate) fn cluster(&self, id: &ClusterId) -> Result<&Unit, Refusal> {
        self.clusters.get(id).ok_or_else(|| unknown(id))
    }

    /// Begins to change a cluster. Who is connected loses the connection.
    pub(crate) fn change(&mut self, id: &ClusterId, change: Change, now: Timestamp) -> Result<(), Refusal> {
        self.clusters.get_mut(id).ok_or_else(|| unknown(id))?.begin(change)?;
        self.agenda.write(later(now, self.pace.0), Due::Settled(id.clone()));
        if self.serving.as_ref() == Some(id) {
            let pids: Vec<_> = self.warehouse.sessions.keys().copied().collect();
            pids.into_iter().for_each(|pid| self.warehouse.end(pid, true, now));
            self.settle(now);
        }
        Ok(())
    }

    /// Whether the warehouse can be reached.
    pub(super) fn is_reached(&self) -> Result<(), Refusal> {
        let unit = self.serving.as_ref().and_then(|id| self.clusters.get(id));
        match unit.filter(|unit| !unit.shown.is_available()) {
            Some(unit) => Err(Refusal::Unreachable(format!("nobody listens: the cluster is {}", unit.shown.status))),
            None => Ok(()),
        }
    }

    /// The session of a port: the one that it had, or a new one.
    pub(super) fn connect(
        &mut self,
        user: &str,
        had: Option<SessionKey>,
        now: Timestamp,
    ) -> Result<SessionKey, Refusal> {
        self.is_reached()?;
        if !self.warehouse.users.contains_key(user) {
            return Err(Refusal::Unauthenticated(format!("password authentication failed for user \"{user}\"")));
        }
        let alive = had.filter(|key| self.warehouse.live(key).is_some_and(|live| live.shown.user == user));
        Ok(alive.unwrap_or_else(|| self.warehouse.open(user, now)))
    }

    /// Tells a session to end. True where that is new.
    pub(super) fn terminate(&mut self, key: &SessionKey, now: Timestamp) -> bool {
        let Some(live) = self.warehouse.live(key) else { return false };
        if std::mem::replace(&mut live.is_ending, true) {
            return false;
        }
        self.agenda.write(later(now, self.pace.1), Due::Gone(*key));
        true
    }

    pub(super) fn cancel(&mut self, key: &SessionKey, now: Timestamp) -> bool {
        let cancelled = self.warehouse.cancel(key.pid, now);
        self.settle(now);
        cancelled
    }

    /// A process that ends serves another session from now on.
    pub(super) fn serve_another(&mut self, key: &SessionKey, user: &str, now: Timestamp) -> SessionKey {
        if self.warehouse.live(key).is_some() {
            self.warehouse.end(key.pid, true, now);
            self.settle(now);
        }
        let next = key.started.checked_add(SignedDuration::from_micros(1)).unwrap_or(now);
        let another = SessionKey::new(key.pid, now.max(next));
        self.warehouse.put(another, user);
        another
    }

    pub(super) fn put_user(&mut self, name: &str, rights: Rights) {
        self.warehouse.users.insert(name.to_owned(), rights);
    }
}
