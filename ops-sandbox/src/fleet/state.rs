//! The groups, their machines, and how these come and go.

use std::collections::BTreeMap;
use std::time::Duration;

use fleet_ops::{Group, InstanceId, Life, Machine, Size};
use jiff::Timestamp;
use uuid::Uuid;

use super::refresh::Refreshing;
use super::spec::{Duty, GroupSpec};
use crate::agenda::{Agenda, later};
use crate::refusal::Refusal;

/// How long a group takes to see that it has too few machines or too many.
const LOOK: Duration = Duration::from_millis(100);

/// Something that happens by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// A machine is in service.
    Comes(String, InstanceId),
    /// A machine is gone.
    Gone(String, InstanceId),
    /// A group looks whether it has as many machines as it shall have.
    Balance(String),
    /// A refresh goes on.
    Refresh(String),
    /// A refresh that is being cancelled is cancelled.
    Cancelled(String),
}

/// What other systems feel of a machine.
#[derive(Clone, Debug)]
pub(crate) enum News {
    Came { machine: InstanceId, host: String, duty: Duty },
    Left { machine: InstanceId, duty: Duty },
}

/// A machine and its name in the network.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) machine: Machine,
    pub(crate) host: String,
}

/// A group as it is now.
#[derive(Debug)]
pub(crate) struct Machines {
    pub(crate) spec: GroupSpec,
    pub(crate) size: Size,
    pub(crate) units: Vec<Unit>,
    pub(crate) suspended: Vec<String>,
    /// The newest last.
    pub(crate) refreshes: Vec<Refreshing>,
    /// Until then it answers that a scaling activity is in progress.
    pub(crate) busy_until: Option<Timestamp>,
}

impl Machines {
    /// Machines that work or are about to.
    fn counted(&self) -> usize {
        self.units.iter().filter(|unit| matches!(unit.machine.life, Life::Pending | Life::InService)).count()
    }

    pub(super) fn is_whole(&self) -> bool {
        let working = self.units.iter().filter(|unit| unit.machine.in_service()).count();
        working >= self.size.desired as usize
    }

    fn does(&self, process: &str) -> bool {
        !self.suspended.iter().any(|name| name == process)
    }

    pub(crate) fn shown(&self) -> Group {
        let mut group = Group::new(&self.spec.name, self.size);
        group.tags.clone_from(&self.spec.tags);
        group.machines = self.units.iter().map(|unit| unit.machine.clone()).collect();
        group.machines.sort_by(|a, b| a.id.cmp(&b.id));
        group.suspended.clone_from(&self.suspended);
        group
    }

    /// That nobody else changes it at this moment.
    fn is_free(&self, now: Timestamp) -> Result<(), Refusal> {
        if self.busy_until.is_some_and(|until| now < until) {
            let name = &self.spec.name;
            return Err(Refusal::Conflict(format!(
                "ScalingActivityInProgress: Scaling activity in progress for group {name}"
            )));
        }
        Ok(())
    }
}

/// All groups.
#[derive(Debug)]
pub(crate) struct Fleet {
    pub(crate) groups: BTreeMap<String, Machines>,
    pub(super) agenda: Agenda<Due>,
    pub(super) news: Vec<News>,
    made: u32,
    /// How long a machine takes to come, and to go.
    pub(super) pace: (Duration, Duration),
}

impl Default for Fleet {
    fn default() -> Self {
        Self {
            groups: BTreeMap::new(),
            agenda: Agenda::default(),
            news: Vec::new(),
            made: 0,
            pace: (Duration::from_secs(1), Duration::from_millis(500)),
        }
    }
}

impl Fleet {
    pub(crate) fn next_at(&self) -> Option<Timestamp> {
        self.agenda.next_at()
    }

    /// What others have not been told yet.
    pub(crate) fn take_news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    pub(crate) fn has_news(&self) -> bool {
        !self.news.is_empty()
    }

    /// Lets the next thing happen.
    pub(crate) fn step(&mut self) {
        let Some((at, due)) = self.agenda.pop() else { return };
        match due {
            Due::Comes(group, id) => self.comes(&group, &id, at),
            Due::Gone(group, id) => {
                if let Some(found) = self.groups.get_mut(&group) {
                    found.units.retain(|unit| unit.machine.id != id);
                }
            }
            Due::Balance(group) => self.balance(&group, at),
            Due::Refresh(group) => self.refresh(&group, at),
            Due::Cancelled(group) => self.cancelled(&group),
        }
    }

    pub(crate) fn put(&mut self, spec: GroupSpec) {
        let name = spec.name.clone();
        let (size, duty) = (spec.size, spec.duty.clone());
        let units: Vec<Unit> = (0..size.desired).map(|_| self.make(Life::InService)).collect();
        self.news.extend(units.iter().map(|unit| News::Came {
            machine: unit.machine.id.clone(),
            host: unit.host.clone(),
            duty: duty.clone(),
        }));
        let (suspended, refreshes) = (Vec::new(), Vec::new());
        self.groups.insert(name, Machines { spec, size, units, suspended, refreshes, busy_until: None });
    }

    fn make(&mut self, life: Life) -> Unit {
        self.made += 1;
        let made = self.made;
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("machine/{made}").as_bytes()).simple().to_string();
        let mut machine = Machine::new(InstanceId::new(format!("i-{}", &id[..17])), life);
        machine.zone = format!("us-east-1{}", ["a", "b", "c"][made as usize % 3]);
        Unit { machine, host: format!("ip-10-20-{}-{}.example.internal", made / 200, made % 200 + 10) }
    }

    pub(crate) fn group(&self, name: &str) -> Result<&Machines, Refusal> {
        self.groups.get(name).ok_or_else(|| unknown_group(name))
    }

    pub(super) fn group_mut(&mut self, name: &str) -> Result<&mut Machines, Refusal> {
        self.groups.get_mut(name).ok_or_else(|| unknown_group(name))
    }

    /// The group that has this machine.
    pub(super) fn home(&self, id: &InstanceId) -> Option<&str> {
        let has = |group: &&Machines| group.units.iter().any(|unit| unit.machine.id == *id);
        self.groups.values().find(has).map(|group| group.spec.name.as_str())
    }

    /// Ends a machine on purpose; another takes its place. True where that is new.
    pub(crate) fn replace(&mut self, id: &InstanceId, now: Timestamp) -> Result<bool, Refusal> {
        let home = self.home(id).map(str::to_owned);
        let home = home.ok_or_else(|| {
            Refusal::NotFound(format!(
                "ValidationError: Instance Id not found - No managed instance found for instance ID: {id}"
            ))
        })?;
        self.group(&home)?.is_free(now)?;
        Ok(self.end(&home, id, now))
    }

    /// How many machines a group shall have. True where that is new.
    pub(crate) fn set_size(&mut self, name: &str, size: Size, now: Timestamp) -> Result<bool, Refusal> {
        let group = self.group_mut(name)?;
        if let Some(why) = size.contradiction() {
            return Err(Refusal::Invalid(format!("ValidationError: {why}")));
        }
        group.is_free(now)?;
        let changed = std::mem::replace(&mut group.size, size) != size;
        self.balance_soon(name, now);
        Ok(changed)
    }

    /// A job wants so many machines of a kind: the groups get them whose tag `service` names it (`on-demand`, without one).
    pub(crate) fn scale(&mut self, nodes: u32, mode: Option<&str>, now: Timestamp) {
        let kind = mode.unwrap_or("on-demand");
        let names = |group: &&mut Machines| {
            group.spec.tags.get("service").is_some_and(|service| service.ends_with(kind))
                && matches!(group.spec.duty, Duty::Agent { .. })
        };
        let mut scaled = Vec::new();
        for group in self.groups.values_mut().filter(names) {
            let Size { min, max, .. } = group.size;
            group.size = Size::new(min, nodes.clamp(min, max), max);
            scaled.push(group.spec.name.clone());
        }
        scaled.iter().for_each(|name| self.balance_soon(name, now));
    }

    pub(super) fn balance_soon(&mut self, name: &str, now: Timestamp) {
        self.agenda.write(later(now, LOOK), Due::Balance(name.to_owned()));
    }

    /// A machine begins to go.
    pub(super) fn end(&mut self, name: &str, id: &InstanceId, now: Timestamp) -> bool {
        let Some(group) = self.groups.get_mut(name) else { return false };
        let unit = group.units.iter_mut().find(|unit| unit.machine.id == *id);
        let Some(unit) = unit.filter(|unit| unit.machine.life != Life::Terminating) else { return false };
        unit.machine.life = Life::Terminating;
        self.news.push(News::Left { machine: id.clone(), duty: group.spec.duty.clone() });
        self.agenda.write(later(now, self.pace.1), Due::Gone(name.to_owned(), id.clone()));
        self.balance_soon(name, now);
        true
    }

    fn comes(&mut self, name: &str, id: &InstanceId, at: Timestamp) {
        let Some(group) = self.groups.get_mut(name) else { return };
        let unit = group.units.iter_mut().find(|unit| unit.machine.id == *id);
        // It was ended before it came.
        let Some(unit) = unit.filter(|unit| unit.machine.life == Life::Pending) else { return };
        unit.machine.life = Life::InService;
        let (host, duty) = (unit.host.clone(), group.spec.duty.clone());
        self.news.push(News::Came { machine: id.clone(), host, duty });
        self.refresh_after_warmup(name, at);
    }

    fn balance(&mut self, name: &str, at: Timestamp) {
        loop {
            let Some(group) = self.groups.get(name) else { return };
            let (has, wants) = (group.counted(), group.size.desired as usize);
            if has < wants && group.does("Launch") {
                let unit = self.make(Life::Pending);
                self.agenda.write(later(at, self.pace.0), Due::Comes(name.to_owned(), unit.machine.id.clone()));
                self.groups.get_mut(name).into_iter().for_each(|group| group.units.push(unit.clone()));
            } else if has > wants && group.does("Terminate") {
                let may = |unit: &&Unit| {
                    !unit.machine.protected && matches!(unit.machine.life, Life::Pending | Life::InService)
                };
                let Some(id) = group.units.iter().rev().find(may).map(|unit| unit.machine.id.clone()) else { return };
                self.end(name, &id, at);
            } else {
                return;
            }
        }
    }
}

pub(super) fn unknown_group(name: &str) -> Refusal {
    Refusal::NotFound(format!("ValidationError: AutoScalingGroup name not found - AutoScalingGroup: {name} not found"))
}
