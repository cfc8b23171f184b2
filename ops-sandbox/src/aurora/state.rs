//! All that Aurora and Mesos keep.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use aurora_client::{JobKey, Resources, Task, TaskId};
use fleet_ops::InstanceId;
use jiff::Timestamp;

use super::cluster::Scheduler;
use super::hosts::Agent;
use super::life::{Due, Link, News};
use super::mesos::Mesos;
use super::spec::{Ailment, JobOrder, JobSpec};
use super::trouble::Trouble;
use crate::agenda::Agenda;

/// A task, and what only the sandbox knows of it.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) task: Task,
    pub(super) job: Arc<JobSpec>,
    /// The machine that it is on.
    pub(super) machine: Option<InstanceId>,
    /// Grows with every change: a step that was foreseen before is void.
    pub(super) epoch: u32,
    /// Whoever waits for it.
    pub(super) link: Option<Link>,
}

/// Schedulers, tasks, machines, and what stands beside them.
#[derive(Debug)]
pub(crate) struct Aurora {
    pub(crate) cluster: String,
    pub(crate) schedulers: Vec<Scheduler>,
    /// Whether changes are asked for credentials.
    pub(crate) secured: bool,
    pub(crate) trouble: Trouble,
    pub(crate) mesos: Mesos,
    pub(crate) agents: Vec<Agent>,
    /// In the order in which they came to be. What is forgotten leaves its place empty.
    pub(super) tasks: Vec<Option<Record>>,
    pub(super) by_id: HashMap<TaskId, usize>,
    pub(super) orders: HashMap<JobKey, JobOrder>,
    pub(super) ailments: HashMap<JobKey, Ailment>,
    pub(super) updating: BTreeSet<JobKey>,
    pub(super) quotas: BTreeMap<String, Resources>,
    pub(super) agenda: Agenda<Due>,
    pub(super) news: Vec<News>,
    /// When a look for places is foreseen.
    pub(super) places: Option<Timestamp>,
    pub(super) minted: u64,
}

/// Two schedulers of which the first one leads, and a Mesos master, without any machine.
impl Default for Aurora {
    fn default() -> Self {
        let mut aurora = Self {
            cluster: "aurora".to_owned(),
            schedulers: ["aurora-1.example.com", "aurora-2.example.com"]
                .map(|host| Scheduler::new(host, Timestamp::UNIX_EPOCH))
                .to_vec(),
            secured: true,
            trouble: Trouble::Healthy,
            mesos: Mesos::default(),
            agents: Vec::new(),
            tasks: Vec::new(),
            by_id: HashMap::new(),
            orders: HashMap::new(),
            ailments: HashMap::new(),
            updating: BTreeSet::new(),
            quotas: BTreeMap::new(),
            agenda: Agenda::default(),
            news: Vec::new(),
            places: None,
            minted: 0,
        };
        aurora.become_well(Timestamp::UNIX_EPOCH);
        aurora
    }
}

impl Aurora {
    pub(crate) fn next_at(&self) -> Option<Timestamp> {
        self.agenda.next_at()
    }

    /// All tasks that are known.
    pub(crate) fn records(&self) -> impl Iterator<Item = &Record> {
        self.tasks.iter().flatten()
    }

    /// The places of the tasks for which this is so.
    pub(super) fn which(&self, wanted: impl Fn(&Record) -> bool) -> Vec<usize> {
        let held = self.tasks.iter().enumerate();
        held.filter(|(_, record)| record.as_ref().is_some_and(&wanted)).map(|(at, _)| at).collect()
    }

    /// The places of the active tasks of a job.
    pub(super) fn active_of(&self, key: &JobKey) -> Vec<usize> {
        self.which(|record| record.task.job == *key && record.task.status.is_active())
    }

    /// The instances of a job that are active.
    pub(crate) fn active_instances(&self, key: &JobKey) -> Vec<u32> {
        let active = |record: &&Record| record.task.job == *key && record.task.status.is_active();
        self.records().filter(active).map(|record| record.task.instance).collect()
    }
}
