//! The clusters in memory: both of their ports.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use redshift_ops::{Cluster, ClusterEvent, ClusterId, ClusterRead, ClusterWrite, Probe, Resize, Result, Snapshot};

use super::super::About;
use super::super::cluster::Change;
use super::super::state::Redshift;
use crate::refusal::Refusal;
use crate::world::{Done, State};
use crate::{Operation, World};

/// The clusters in memory: both of their ports.
#[derive(Clone, Debug)]
pub struct ClusterPort {
    world: World,
    may_change: bool,
}

impl ClusterPort {
    pub(crate) fn new(world: World) -> Self {
        Self { world, may_change: true }
    }

    /// As one who may look at everything and change nothing.
    #[must_use]
    pub fn as_viewer(mut self) -> Self {
        self.may_change = false;
        self
    }

    async fn read<T: Send>(
        &self,
        operation: Operation,
        about: About<'_>,
        what: impl FnOnce(&Redshift) -> std::result::Result<T, Refusal> + Send,
    ) -> Result<T> {
        let told = |state: &mut State| what(&state.redshift).map(Done::same);
        self.world.call(operation, about.subject(), Refusal::told, told).await
    }

    async fn change(&self, operation: Operation, id: &ClusterId, change: Change) -> Result<()> {
        let subject = About::Cluster(id).subject();
        if !self.may_change {
            self.world.turn_away(operation, subject);
            let words = "AccessDenied: User is not authorized to perform this operation";
            return Err(Refusal::Forbidden(words.to_owned()).told(operation));
        }
        let changed = |state: &mut State| {
            let now = state.now();
            state.redshift.change(id, change, now).map(Done::changed)
        };
        self.world.call(operation, subject, Refusal::told, changed).await
    }
}

#[async_trait]
impl ClusterRead for ClusterPort {
    async fn probe(&self) -> Result<Probe> {
        let probe = Probe::new("memory", Duration::ZERO).with_version("2012-12-01");
        let told = |state: &mut State| Ok(Done::same(probe.with_server_time(state.now().into())));
        self.world.call(Operation::RedshiftProbe, About::Everything.subject(), Refusal::told, told).await
    }

    async fn clusters(&self) -> Result<Vec<Cluster>> {
        let all = |redshift: &Redshift| Ok(redshift.clusters.values().map(|unit| unit.shown.clone()).collect());
        self.read(Operation::RedshiftClusters, About::Everything, all).await
    }

    async fn cluster(&self, id: &ClusterId) -> Result<Cluster> {
        let found = |redshift: &Redshift| redshift.cluster(id).map(|unit| unit.shown.clone());
        self.read(Operation::RedshiftCluster, About::Cluster(id), found).await
    }

    async fn events(&self, id: &ClusterId, from: Timestamp) -> Result<Vec<ClusterEvent>> {
        let since = |redshift: &Redshift| {
            let events = redshift.clusters.get(id).map(|unit| unit.events.as_slice()).unwrap_or_default();
            Ok(events.iter().filter(|event| event.at >= from).cloned().collect())
        };
        self.read(Operation::RedshiftEvents, About::Cluster(id), since).await
    }

    async fn snapshots_in_progress(&self, id: &ClusterId) -> Result<Vec<Snapshot>> {
        let going_on = |redshift: &Redshift| {
            let snapshots = redshift.cluster(id)?.snapshots.iter();
            Ok(snapshots.filter(|one| one.status == "creating").cloned().collect())
        };
        self.read(Operation::RedshiftSnapshots, About::Cluster(id), going_on).await
    }

    async fn resize(&self, id: &ClusterId) -> Result<Option<Resize>> {
        let last = |redshift: &Redshift| redshift.cluster(id).map(|unit| unit.resize.clone());
        self.read(Operation::RedshiftResize, About::Cluster(id), last).await
    }
}

#[async_trait]
impl ClusterWrite for ClusterPort {
    async fn reboot(&self, id: &ClusterId) -> Result<()> {
        self.change(Operation::RebootCluster, id, Change::Reboot).await
    }

    async fn pause(&self, id: &ClusterId) -> Result<()> {
        self.change(Operation::PauseCluster, id, Change::Pause).await
    }

    async fn resume(&self, id: &ClusterId) -> Result<()> {
        self.change(Operation::ResumeCluster, id, Change::Resume).await
    }
}
