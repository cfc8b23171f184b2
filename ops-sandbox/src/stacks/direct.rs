//! What a test does to stacks behind everybody's back: no fault hits it, nothing is logged.

use std::time::Duration;

use cloudformation_ops::{DriftedResource, Stack, StackName};
use ops_client::Result;

use super::port::StacksPort;
use super::spec::StackSpec;
use super::versions::VersionsPort;
use crate::World;

/// Services and their stacks: what is put there, and what others do there.
impl World {
    /// The stacks' ports.
    pub fn stacks(&self) -> StacksPort {
        StacksPort::new(self.clone())
    }

    /// The port by which services are asked for their version.
    pub fn versions(&self) -> VersionsPort {
        VersionsPort::new(self.clone())
    }

    /// Puts a stack there, or another one in the place of that with its name.
    pub fn put_stack(&self, spec: StackSpec) {
        let mut state = self.state();
        let now = state.now();
        state.stacks.put(spec, now);
    }

    /// A stack as it is now; `None` where there is none of this name.
    pub fn stack(&self, name: &StackName) -> Option<Stack> {
        self.state().stacks.held(name).ok().map(|held| held.shown())
    }

    /// How long instances take to be healthy from now on: 20 s at first. What needs none takes a twentieth of that.
    pub fn instances_take(&self, time: Duration) {
        self.state().stacks.pace = time;
    }

    /// How long change sets take to be computed from now on, and how long it takes to clear away what an update or a rollback
    /// left over: no time at first. Until then a set is pending, and a stack takes no other update.
    pub fn stacks_take(&self, set: Duration, cleanup: Duration) {
        let stacks = &mut self.state().stacks;
        (stacks.sets_take, stacks.cleanup) = (set, cleanup);
    }

    /// Somebody else updates a stack: it is done when this returns, or taken back.
    ///
    /// # Errors
    /// `NotFound` for an unknown stack, `Conflict` where it takes no update, `Invalid` where nothing would change, or for
    /// what its template does not know or does not take.
    pub fn colleague_updates(&self, name: &StackName, key: &str, value: &str) -> Result<()> {
        let update = || {
            let mut state = self.state();
            let now = state.now();
            let number = state.stacks.somebody_updates(name, key, value, now)?;
            state.stacks.finish(name, number, now);
            Ok(())
        };
        update().map_err(|refusal: crate::refusal::Refusal| refusal.directly())
    }

    /// Somebody else updates a stack: it has begun when this returns.
    ///
    /// # Errors
    /// As [`colleague_updates`](Self::colleague_updates).
    pub fn colleague_begins(&self, name: &StackName, key: &str, value: &str) -> Result<()> {
        let mut state = self.state();
        let now = state.now();
        let begun = state.stacks.somebody_updates(name, key, value, now);
        begun.map(drop).map_err(|refusal| refusal.directly())
    }

    /// From now on updates of a stack begin, and do not end.
    ///
    /// # Errors
    /// `NotFound` for an unknown stack.
    pub fn hold_updates(&self, name: &StackName) -> Result<()> {
        self.state().stacks.held_mut(name).map_err(|refusal| refusal.directly())?.stopped = true;
        Ok(())
    }

    /// Updates of a stack end again; at once, where one would have ended already.
    ///
    /// # Errors
    /// `NotFound` for an unknown stack.
    pub fn release_updates(&self, name: &StackName) -> Result<()> {
        let mut state = self.state();
        let now = state.now();
        let held = state.stacks.held_mut(name).map_err(|refusal| refusal.directly())?;
        held.stopped = false;
        let due = held.order.as_ref().filter(|order| order.is_due && held.stack.status.is_in_progress());
        if let Some(number) = due.map(|order| order.number) {
            state.stacks.end(name, number, now);
        }
        Ok(())
    }

    /// A version answers from now on that it is ill, wherever this stack runs it; or is well again. The balancer keeps it.
    ///
    /// # Errors
    /// `NotFound` for an unknown stack.
    pub fn set_ill(&self, name: &StackName, version: &str, ill: bool) -> Result<()> {
        let mut state = self.state();
        let held = state.stacks.held_mut(name).map_err(|refusal| refusal.directly())?;
        if ill {
            held.ill.insert(version.to_owned());
        } else {
            held.ill.remove(version);
        }
        Ok(())
    }

    /// Somebody changes a resource behind CloudFormation's back: the next check for drift finds it.
    ///
    /// # Errors
    /// `NotFound` for an unknown stack.
    pub fn change_resource(&self, name: &StackName, resource: DriftedResource) -> Result<()> {
        let mut state = self.state();
        let held = state.stacks.held_mut(name).map_err(|refusal| refusal.directly())?;
        held.drifted.insert(resource.logical_id.clone(), resource);
        Ok(())
    }
}
