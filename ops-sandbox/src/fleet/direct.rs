//! What a test does to the fleet behind everybody's back: no fault hits it, nothing is logged.

use std::time::Duration;

use fleet_ops::{Group, InstanceId, Life, Machine};
use ops_client::Result;

use super::port::FleetPort;
use super::spec::GroupSpec;
use crate::World;
use crate::agenda::later;
use crate::refusal::Refusal;

/// The fleet: what is put there, and what others do there.
impl World {
    /// The fleet's ports.
    pub fn fleet(&self) -> FleetPort {
        FleetPort::new(self.clone())
    }

    /// Puts a group there, with all of its machines in service.
    pub fn put_group(&self, spec: GroupSpec) {
        self.state().fleet.put(spec);
    }

    /// A group as it is now; `None` where there is none of this name.
    pub fn group(&self, name: &str) -> Option<Group> {
        self.state().fleet.group(name).ok().map(|group| group.shown())
    }

    /// The host name of a machine.
    pub fn host_of(&self, machine: &InstanceId) -> Option<String> {
        let state = self.state();
        let units = state.fleet.groups.values().flat_map(|group| &group.units);
        units.into_iter().find(|unit| unit.machine.id == *machine).map(|unit| unit.host.clone())
    }

    /// How long machines take to come from now on, and how long to go: a second and half a one at first.
    pub fn machines_take(&self, to_come: Duration, to_go: Duration) {
        self.state().fleet.pace = (to_come, to_go);
    }

    /// For so long this group answers that it is being scaled.
    ///
    /// # Errors
    /// `NotFound` for an unknown group.
    pub fn keep_group_busy(&self, name: &str, time: Duration) -> Result<()> {
        let mut state = self.state();
        let until = later(state.now(), time);
        let group = state.fleet.group_mut(name).map_err(|refusal| refusal.directly())?;
        group.busy_until = Some(until);
        Ok(())
    }

    /// From now on the service does not do this for a group (`Launch`, `Terminate`), until nothing is named.
    ///
    /// # Errors
    /// `NotFound` for an unknown group.
    pub fn suspend<S: Into<String>>(&self, name: &str, processes: impl IntoIterator<Item = S>) -> Result<()> {
        let mut state = self.state();
        let now = state.now();
        let group = state.fleet.group_mut(name).map_err(|refusal| refusal.directly())?;
        group.suspended = processes.into_iter().map(Into::into).collect();
        state.fleet.balance_soon(name, now);
        Ok(())
    }

    /// A machine dies by itself; its group puts another in its place.
    ///
    /// # Errors
    /// `NotFound` where no group has it.
    pub fn lose_machine(&self, machine: &InstanceId) -> Result<()> {
        let mut state = self.state();
        let now = state.now();
        let home = state.fleet.home(machine).map(str::to_owned).ok_or_else(|| unknown(machine).directly())?;
        state.fleet.end(&home, machine, now);
        state.settle(now);
        Ok(())
    }

    /// A person takes a machine aside, or protects it: it is changed as it stands in its group.
    ///
    /// # Errors
    /// `NotFound` where no group has it.
    pub fn change_machine(&self, machine: &InstanceId, change: impl FnOnce(&mut Machine)) -> Result<()> {
        let mut state = self.state();
        let units = state.fleet.groups.values_mut().flat_map(|group| &mut group.units);
        let found = units.into_iter().find(|unit| unit.machine.id == *machine);
        change(&mut found.ok_or_else(|| unknown(machine).directly())?.machine);
        Ok(())
    }

    /// A person takes a machine out of its group, to look at it. It is still told as `Detached`, and counts for nothing.
    ///
    /// # Errors
    /// `NotFound` where no group has it.
    pub fn detach_machine(&self, machine: &InstanceId) -> Result<()> {
        self.change_machine(machine, |machine| machine.life = Life::Detached)?;
        let mut state = self.state();
        let now = state.now();
        if let Some(home) = state.fleet.home(machine).map(str::to_owned) {
            state.fleet.balance_soon(&home, now);
        }
        Ok(())
    }
}

fn unknown(machine: &InstanceId) -> Refusal {
    Refusal::NotFound(format!("no group has the machine {machine}"))
}
