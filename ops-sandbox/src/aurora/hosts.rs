//! Machines that run tasks, and their maintenance.

use aurora_client::{HostMode, HostStatus, Resources, TaskStatus};
use fleet_ops::InstanceId;
use jiff::Timestamp;

use super::state::Aurora;

/// A machine that runs tasks.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) machine: InstanceId,
    pub(crate) host: String,
    pub(crate) slave_type: String,
    pub(crate) room: Resources,
    pub(crate) mode: HostMode,
}

impl Aurora {
    /// A machine has come.
    pub(crate) fn agent_came(&mut self, agent: Agent, now: Timestamp) {
        self.agents.retain(|known| known.machine != agent.machine);
        self.agents.push(agent);
        self.place_soon(now);
    }

    /// A machine is gone, and all that ran there is lost: other tasks take the place of what was not told to end.
    pub(crate) fn agent_left(&mut self, machine: &InstanceId, now: Timestamp) {
        self.agents.retain(|agent| agent.machine != *machine);
        let on_it = |record: &super::state::Record| {
            record.machine.as_ref() == Some(machine) && !record.task.status.is_terminal()
        };
        for at in self.which(on_it) {
            let killing = self.tasks[at].as_ref().is_some_and(|record| record.task.status == TaskStatus::Killing);
            self.over(at, TaskStatus::Lost, Some("Agent was removed"), !killing, now);
        }
    }

    /// What these hosts may take, in this order.
    pub(crate) fn host_statuses(&self, hosts: &[String]) -> Vec<HostStatus> {
        let mode = |host: &String| self.agents.iter().find(|agent| agent.host == *host).map(|agent| self.mode(agent));
        hosts.iter().map(|host| HostStatus::new(host, mode(host))).collect()
    }

    /// A host is drained once nothing is left there.
    fn mode(&self, agent: &Agent) -> HostMode {
        let empty = !self.is_busy(agent);
        if agent.mode == HostMode::Draining && empty { HostMode::Drained } else { agent.mode }
    }

    fn is_busy(&self, agent: &Agent) -> bool {
        let on_it = |record: &super::state::Record| record.machine.as_ref() == Some(&agent.machine);
        self.records().any(|record| on_it(record) && !record.task.status.is_terminal())
    }

    /// Gives hosts another mode. Unknown ones are left out. True where something changed.
    pub(crate) fn set_mode(&mut self, hosts: &[String], mode: HostMode, now: Timestamp) -> bool {
        let mut changed = false;
        for host in hosts {
            let current = self.agents.iter().find(|agent| agent.host == *host).map(|agent| self.mode(agent));
            let done =
                |current: HostMode| current == mode || mode == HostMode::Draining && current == HostMode::Drained;
            if current.is_none_or(done) {
                continue;
            }
            changed = true;
            self.agents.iter_mut().filter(|agent| agent.host == *host).for_each(|agent| agent.mode = mode);
            if mode == HostMode::Draining {
                self.drain(host, now);
            }
        }
        self.place_soon(now);
        changed
    }

    fn drain(&mut self, host: &str, now: Timestamp) {
        let there = self.which(|record| {
            let works = matches!(
                record.task.status,
                TaskStatus::Assigned | TaskStatus::Starting | TaskStatus::Running | TaskStatus::Partitioned
            );
            works && record.task.host.as_deref() == Some(host)
        });
        for at in there {
            self.tell_to_end(at, TaskStatus::Draining, Some("Draining machine for maintenance."), now);
        }
    }
}
