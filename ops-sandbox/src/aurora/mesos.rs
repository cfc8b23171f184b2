//! The Mesos masters, and who is registered with them.

use std::time::Duration;

use aurora_client::{Agent, Framework, FrameworkId, MesosSeen, TaskStatus};
use fleet_ops::InstanceId;
use jiff::Timestamp;

use super::life::Due;
use super::state::{Aurora, Record};
use super::trouble::Trouble;
use crate::agenda::later;
use crate::refusal::Refusal;

/// How long an election takes.
const ELECTION: Duration = Duration::from_millis(300);

/// The masters.
#[derive(Clone, Debug)]
pub(crate) struct Mesos {
    /// Whether a master answers at all.
    pub(crate) up: bool,
    /// The host of the master that leads.
    pub(crate) leader: Option<String>,
    /// The masters that are machines of the fleet.
    masters: Vec<(InstanceId, String)>,
    pub(crate) frameworks: Vec<Framework>,
    /// The framework of the scheduler that leads; it may not be connected.
    own: Option<FrameworkId>,
    registered: u32,
    /// Whether a scheduler that comes back registers anew, so that what ran before is nobody's.
    pub(crate) leaves_orphan: bool,
}

/// One that leads, on a machine that is not of the fleet.
impl Default for Mesos {
    fn default() -> Self {
        Self {
            up: true,
            leader: Some("mesos-master.example.com".to_owned()),
            masters: Vec::new(),
            frameworks: Vec::new(),
            own: None,
            registered: 0,
            leaves_orphan: false,
        }
    }
}

impl Mesos {
    pub(crate) fn leads(&self) -> bool {
        self.up && self.leader.is_some()
    }

    /// The newest master, or the one that is not of the fleet.
    pub(super) fn last_master(&self) -> String {
        self.masters.last().map_or_else(|| "mesos-master.example.com".to_owned(), |(_, host)| host.clone())
    }

    /// The scheduler's framework, and whether it is there.
    fn own_mut(&mut self) -> Option<&mut Framework> {
        let own = self.own.clone();
        self.frameworks.iter_mut().find(|one| Some(&one.id) == own.as_ref())
    }

    /// The scheduler on this host registers: again, or for the first time.
    pub(super) fn register(&mut self, host: Option<String>, now: Timestamp) {
        if self.own_mut().is_none() {
            let id = FrameworkId::new(format!("20171120-231405-16842879-5050-1-{:04}", self.registered));
            self.registered += 1;
            let mut framework = Framework::new(id.clone(), "Aurora");
            framework.registered_at = Some(now);
            self.frameworks.push(framework);
            self.own = Some(id);
        }
        if let Some(own) = self.own_mut() {
            (own.active, own.connected) = (true, true);
            own.webui_url = host.as_ref().map(|host| format!("http://{host}:8081/scheduler"));
            own.hostname = host;
        }
    }

    /// The scheduler is no longer heard of.
    pub(super) fn disconnect(&mut self) {
        if let Some(own) = self.own_mut() {
            (own.active, own.connected) = (false, false);
        }
    }
}

impl Aurora {
    /// A machine with a master has come. The first one leads at once, where nothing is wrong.
    pub(crate) fn master_came(&mut self, machine: InstanceId, host: String, now: Timestamp) {
        let first = self.mesos.masters.is_empty() && self.mesos.leads();
        if first {
            self.mesos.leader = Some(host.clone());
        }
        self.mesos.masters.push((machine, host));
        if !first {
            self.agenda.write(later(now, ELECTION), Due::Elect);
        }
    }

    /// A machine with a master is gone. Where another is left, it is elected.
    pub(crate) fn master_left(&mut self, machine: &InstanceId, now: Timestamp) {
        let Some(at) = self.mesos.masters.iter().position(|(known, _)| known == machine) else { return };
        let (_, host) = self.mesos.masters.remove(at);
        if self.mesos.leader.as_ref() == Some(&host) {
            self.mesos.leader = None;
            self.mesos.up = !self.mesos.masters.is_empty();
            self.mesos.disconnect();
            self.schedulers.iter_mut().for_each(|one| one.registered = false);
            self.agenda.write(later(now, ELECTION), Due::Elect);
        }
    }

    /// A master leads, and then a scheduler: where that can help, it does.
    pub(super) fn elect(&mut self, now: Timestamp) {
        let Some((_, host)) = self.mesos.masters.last().cloned() else { return };
        if self.mesos.leads() && self.trouble == Trouble::Healthy {
            return;
        }
        (self.mesos.up, self.mesos.leader) = (true, Some(host));
        let helps = matches!(
            self.trouble,
            Trouble::Healthy
                | Trouble::SchedulerDown
                | Trouble::NotRegistered
                | Trouble::MesosDown
                | Trouble::MesosWithoutLeader
        );
        if !helps {
            let trouble = self.trouble;
            self.set_trouble(trouble, now);
            return;
        }
        if self.mesos.leaves_orphan && self.trouble == Trouble::SchedulerDown {
            self.orphan(now);
        }
        self.become_well(now);
    }

    /// What ran before is nobody's: it goes on in Mesos, and Aurora knows no more of it than that it is lost.
    fn orphan(&mut self, now: Timestamp) {
        let running = u64::try_from(self.which(has_place).len()).unwrap_or(u64::MAX);
        if let Some(own) = self.mesos.own_mut() {
            (own.active, own.connected, own.tasks_running) = (false, false, running);
        }
        self.mesos.own = None;
        self.lose_all(now);
    }

    fn lose_all(&mut self, now: Timestamp) {
        for at in self.which(has_place) {
            let killing = self.tasks[at].as_ref().is_some_and(|record| record.task.status == TaskStatus::Killing);
            self.over(at, TaskStatus::Lost, Some("Reconciliation: task is unknown to the master"), !killing, now);
        }
    }

    /// Forgets a framework. That of the scheduler takes all tasks with it, and the scheduler ends. True where it was there.
    pub(crate) fn teardown(&mut self, id: &FrameworkId, now: Timestamp) -> bool {
        let known = self.mesos.frameworks.iter().any(|one| one.id == *id);
        if known && self.mesos.own.as_ref() == Some(id) {
            self.set_trouble(Trouble::SchedulerDown, now);
            self.mesos.own = None;
            self.lose_all(now);
        }
        self.mesos.frameworks.retain(|one| one.id != *id);
        known
    }

    pub(crate) fn mesos_answers(&self) -> Result<(), Refusal> {
        match self.mesos.up {
            true => Ok(()),
            false => Err(Refusal::Unreachable("Connection refused".to_owned())),
        }
    }

    /// What the leading master knows.
    pub(crate) fn mesos_seen(&self) -> Result<MesosSeen, Refusal> {
        self.mesos_answers()?;
        let leader = self.mesos.leader.as_ref();
        let leader = leader.ok_or_else(|| Refusal::Unavailable("no master leads".to_owned()))?;
        let mut seen = MesosSeen::new(format!("{leader}:5050"));
        seen.cluster = Some(self.cluster.clone());
        seen.frameworks.clone_from(&self.mesos.frameworks);
        for one in &mut seen.frameworks {
            if Some(&one.id) == self.mesos.own.as_ref() {
                one.tasks_running = self.count(|_| true);
            }
        }
        let agent = |one: &super::hosts::Agent| {
            let mut agent = Agent::new(format!("{}-S", one.machine), &one.host);
            agent.attributes = vec![
                ("host".to_owned(), one.host.clone()),
                ("instance_id".to_owned(), one.machine.to_string()),
                ("slave_type".to_owned(), one.slave_type.clone()),
            ];
            agent.tasks_running = self.count(|record| record.machine.as_ref() == Some(&one.machine));
            agent
        };
        seen.agents = self.agents.iter().map(agent).collect();
        Ok(seen)
    }

    fn count(&self, wanted: impl Fn(&Record) -> bool) -> u64 {
        let runs = |record: &&Record| record.task.status == TaskStatus::Running && wanted(record);
        self.records().filter(runs).count() as u64
    }
}

fn has_place(record: &Record) -> bool {
    record.machine.is_some() && !record.task.status.is_terminal()
}
