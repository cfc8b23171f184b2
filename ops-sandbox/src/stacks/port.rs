//! Stacks in memory: both of their ports.

use std::time::Duration;

use async_trait::async_trait;
use cloudformation_ops::{
    Change, ChangeSet, ChangeSetName, ChangeSetSummary, ClientToken, DriftCheck, DriftCheckId, EventId, Family, Probe,
    Result, Stack, StackEvent, StackName, StackStatus, StacksRead, StacksWrite,
};

use super::About;
use super::sets::Wish;
use crate::refusal::Refusal;
use crate::world::{Done, State};
use crate::{Operation, World};

/// Stacks in memory: both of their ports.
#[derive(Clone, Debug)]
pub struct StacksPort {
    world: World,
    may_change: bool,
}

impl StacksPort {
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
        what: impl FnOnce(&mut State) -> std::result::Result<T, Refusal> + Send,
    ) -> Result<T> {
        self.world.call(operation, about.subject(), Refusal::told, |state| what(state).map(Done::same)).await
    }

    /// What it does tells whether that is new.
    async fn change(
        &self,
        operation: Operation,
        stack: &StackName,
        what: impl FnOnce(&mut State) -> std::result::Result<bool, Refusal> + Send,
    ) -> Result<()> {
        let subject = About::Stack(stack).subject();
        if !self.may_change {
            self.world.turn_away(operation, subject);
            let words = "AccessDenied: User is not authorized to perform this operation";
            return Err(Refusal::Forbidden(words.to_owned()).told(operation));
        }
        let act = |state: &mut State| what(state).map(|changed| Done { answer: (), changed });
        self.world.call(operation, subject, Refusal::told, act).await
    }
}

#[async_trait]
impl StacksRead for StacksPort {
    async fn probe(&self) -> Result<Probe> {
        let told = |state: &mut State| {
            let probe = Probe::new("memory", Duration::ZERO).with_version("2010-05-15");
            Ok(probe.with_server_time(state.now().into()))
        };
        self.read(Operation::StacksProbe, About::Everything, told).await
    }

    async fn stacks(&self, family: &Family) -> Result<Vec<Stack>> {
        self.read(Operation::Stacks, About::Everything, |state| {
            let meant = state.stacks.all.iter().filter(|(name, _)| family.matches(name));
            Ok(meant.map(|(_, held)| held.shown()).filter(is_there).collect())
        })
        .await
    }

    async fn stack(&self, name: &StackName) -> Result<Stack> {
        self.read(Operation::Stack, About::Stack(name), |state| {
            let found = state.stacks.held(name)?.shown();
            let gone = || Refusal::NotFound(format!("there is no stack {name}"));
            Some(found).filter(is_there).ok_or_else(gone)
        })
        .await
    }

    async fn events<'a>(&self, stack: &StackName, after: Option<&'a EventId>) -> Result<Vec<StackEvent>> {
        let told = |state: &mut State| state.stacks.events(stack, after).map(<[_]>::to_vec);
        self.read(Operation::StackEvents, About::Stack(stack), told).await
    }

    async fn change_set(&self, stack: &StackName, name: &ChangeSetName) -> Result<ChangeSet> {
        let told = |state: &mut State| state.stacks.set(stack, name).cloned();
        self.read(Operation::ChangeSet, About::Stack(stack), told).await
    }

    async fn change_sets(&self, stack: &StackName) -> Result<Vec<ChangeSetSummary>> {
        self.read(Operation::ChangeSets, About::Stack(stack), |state| {
            Ok(state.stacks.held(stack)?.sets.values().map(|set| summary(&set.shown)).collect())
        })
        .await
    }

    async fn start_drift_check(&self, stack: &StackName) -> Result<DriftCheckId> {
        self.read(Operation::StartDriftCheck, About::Stack(stack), |state| {
            let now = state.now();
            state.stacks.start_check(stack, now)
        })
        .await
    }

    async fn drift_check(&self, stack: &StackName, id: &DriftCheckId) -> Result<DriftCheck> {
        let told = |state: &mut State| state.stacks.check(id).map(|check| check.shown.clone());
        self.read(Operation::DriftCheck, About::Stack(stack), told).await
    }
}

#[async_trait]
impl StacksWrite for StacksPort {
    async fn create_change_set(&self, change: &Change, name: &ChangeSetName) -> Result<()> {
        self.change(Operation::CreateChangeSet, change.stack(), |state| {
            let now = state.now();
            state.stacks.create_set(change.stack(), &Wish::from(change), name, now).map(|_| true)
        })
        .await
    }

    async fn execute_change_set(&self, stack: &StackName, name: &ChangeSetName, token: &ClientToken) -> Result<()> {
        self.change(Operation::ExecuteChangeSet, stack, |state| {
            let now = state.now();
            state.stacks.execute(stack, name, token, now)
        })
        .await
    }

    async fn delete_change_set(&self, stack: &StackName, name: &ChangeSetName) -> Result<()> {
        self.change(Operation::DeleteChangeSet, stack, |state| state.stacks.delete_set(stack, name)).await
    }

    async fn cancel_update(&self, stack: &StackName, token: &ClientToken) -> Result<()> {
        self.change(Operation::CancelUpdate, stack, |state| {
            let now = state.now();
            state.stacks.cancel(stack, token, now)
        })
        .await
    }

    async fn continue_rollback(&self, stack: &StackName, skip: &[String], token: &ClientToken) -> Result<()> {
        self.change(Operation::ContinueRollback, stack, |state| {
            let now = state.now();
            state.stacks.continue_rollback(stack, skip, token, now)
        })
        .await
    }

    async fn roll_back(&self, stack: &StackName, token: &ClientToken) -> Result<()> {
        self.change(Operation::RollBackStack, stack, |state| {
            let now = state.now();
            state.stacks.roll_back(stack, token, now)
        })
        .await
    }
}

fn is_there(stack: &Stack) -> bool {
    stack.status != StackStatus::DeleteComplete
}

fn summary(set: &ChangeSet) -> ChangeSetSummary {
    let mut listed = ChangeSetSummary::new(&set.id, set.name.clone(), set.status.clone(), set.execution.clone());
    listed.reason.clone_from(&set.reason);
    listed.created = set.created;
    listed.description.clone_from(&set.description);
    listed
}
