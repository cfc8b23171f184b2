//! The fleet in memory: both of its ports.

use std::time::Duration;

use async_trait::async_trait;
use fleet_ops::{FleetRead, FleetWrite, Group, GroupFilter, InstanceId, Probe, Refresh, RefreshRequest, Result, Size};

use ops_client::Error;

use super::About;
use crate::refusal::Refusal;
use crate::world::{Done, State};
use crate::{Operation, World};

/// The fleet in memory: both of its ports.
#[derive(Clone, Debug)]
pub struct FleetPort {
    world: World,
    may_change: bool,
}

impl FleetPort {
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
        what: impl FnOnce(&State) -> std::result::Result<T, Refusal> + Send,
    ) -> Result<T> {
        self.world.call(operation, about.subject(), Refusal::told, |state| what(state).map(Done::same)).await
    }

    async fn change<T: Send>(
        &self,
        operation: Operation,
        about: About<'_>,
        what: impl FnOnce(&mut State) -> std::result::Result<Done<T>, Refusal> + Send,
    ) -> Result<T> {
        if !self.may_change {
            self.world.turn_away(operation, about.subject());
            let words = "AccessDenied: User is not authorized to perform this operation";
            return Err(Refusal::Forbidden(words.to_owned()).told(operation));
        }
        self.world.call(operation, about.subject(), Refusal::told, what).await
    }
}

#[async_trait]
impl FleetRead for FleetPort {
    async fn probe(&self) -> Result<Probe> {
        let told = |state: &State| {
            let probe = Probe::new("memory", Duration::ZERO).with_version("2011-01-01");
            Ok(probe.with_server_time(state.now().into()))
        };
        self.read(Operation::FleetProbe, About::Everything, told).await
    }

    async fn groups(&self, filter: &GroupFilter) -> Result<Vec<Group>> {
        self.read(Operation::FleetGroups, About::Everything, |state| {
            let wanted = |group: &Group| filter.tags.iter().all(|(name, value)| group.tags.get(name) == Some(value));
            Ok(state.fleet.groups.values().map(|group| group.shown()).filter(wanted).collect())
        })
        .await
    }

    async fn group(&self, name: &str) -> Result<Group> {
        let found = |state: &State| state.fleet.group(name).map(|group| group.shown());
        self.read(Operation::FleetGroup, About::Group(name), found).await
    }

    async fn refreshes(&self, group: &str) -> Result<Vec<Refresh>> {
        self.read(Operation::FleetRefreshes, About::Group(group), |state| {
            let refreshes = &state.fleet.group(group)?.refreshes;
            Ok(refreshes.iter().rev().map(|one| one.shown.clone()).collect())
        })
        .await
    }
}

#[async_trait]
impl FleetWrite for FleetPort {
    async fn replace(&self, machine: &InstanceId) -> Result<()> {
        self.change(Operation::ReplaceMachine, About::Machine(machine), |state| {
            let now = state.now();
            state.fleet.replace(machine, now).map(|changed| Done { answer: (), changed })
        })
        .await
    }

    async fn set_size(&self, group: &str, size: Size) -> Result<()> {
        if let Some(why) = size.contradiction() {
            return Err(Error::invalid(Operation::SetGroupSize.name(), why));
        }
        self.change(Operation::SetGroupSize, About::Group(group), |state| {
            let now = state.now();
            state.fleet.set_size(group, size, now).map(|changed| Done { answer: (), changed })
        })
        .await
    }

    async fn start_refresh(&self, group: &str, request: &RefreshRequest) -> Result<String> {
        self.change(Operation::StartRefresh, About::Group(group), |state| {
            let now = state.now();
            state.fleet.start_refresh(group, *request, now).map(Done::changed)
        })
        .await
    }

    async fn cancel_refresh(&self, group: &str) -> Result<()> {
        self.change(Operation::CancelRefresh, About::Group(group), |state| {
            let now = state.now();
            state.fleet.cancel_refresh(group, now).map(|_| Done::changed(()))
        })
        .await
    }
}
