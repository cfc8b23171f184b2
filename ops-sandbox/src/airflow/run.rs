//! A run of a DAG and its task instances. Every change of a state goes through [`Run::set`], which keeps the counts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use airflow_client::{ExecutionDate, RunKey, RunState, TaskId, TaskKey, TaskState};
use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::{Builder, Uuid};

use super::rules::Before;
use super::structure::Structure;

/// How often something really happened to a task instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// How often it began to run.
    pub starts: u64,
    /// How often a mark gave it another state.
    pub marks: u64,
    /// How often it was cleared, by a clear or because of a mark.
    pub clears: u64,
}

/// A line of a log.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) at: Timestamp,
    pub(crate) level: &'static str,
    pub(crate) text: String,
}

/// What a try was like.
#[derive(Clone, Debug)]
pub(crate) struct Try {
    pub(crate) id: Uuid,
    pub(crate) state: TaskState,
    pub(crate) number: u32,
    pub(crate) max_tries: u32,
    pub(crate) scheduled_at: Option<Timestamp>,
    pub(crate) queued_at: Option<Timestamp>,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) pid: Option<u32>,
}

/// A task in a run.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) key: TaskKey,
    /// The number of its task; none where the DAG no longer has it.
    pub(crate) task: Option<usize>,
    /// The current try.
    pub(crate) now: Try,
    /// The tries before, the first one first.
    pub(crate) before: Vec<Try>,
    pub(crate) note: Option<String>,
    pub(crate) logs: BTreeMap<u32, Vec<Said>>,
    pub(crate) left: Option<Value>,
    pub(crate) tally: Tally,
    /// Grows with every change: a step that was foreseen before is void.
    pub(crate) epoch: u32,
    /// Its running try was told to fail.
    pub(crate) fails: bool,
    /// Its time to try again has come.
    pub(crate) retries: bool,
    /// The scheduler still sees what failed before it (a race of the real one).
    pub(crate) stale: bool,
}

impl Instance {
    /// Keeps the current try among those before, once.
    pub(crate) fn remember(&mut self, now: Timestamp) {
        if self.now.number == 0 || self.before.iter().any(|one| one.number == self.now.number) {
            return;
        }
        let mut past = self.now.clone();
        if !past.state.is_final() {
            past.state = TaskState::Failed;
            past.ended_at = Some(past.ended_at.unwrap_or(now));
        }
        self.before.push(past);
    }

    pub(crate) fn say(&mut self, at: Timestamp, level: &'static str, text: impl Into<String>) {
        self.logs.entry(self.now.number).or_default().push(Said { at, level, text: text.into() });
    }
}

/// Whether a task in this state has a place in its pool.
pub(crate) fn takes_place(state: &TaskState) -> bool {
    matches!(state, TaskState::Queued | TaskState::Running | TaskState::Restarting)
}

/// A run of a DAG.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) key: RunKey,
    pub(crate) state: RunState,
    pub(crate) about: Option<ExecutionDate>,
    pub(crate) run_after: Timestamp,
    pub(crate) queued_at: Option<Timestamp>,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) last_decision: Option<Timestamp>,
    pub(crate) run_type: &'static str,
    pub(crate) conf: Map<String, Value>,
    pub(crate) note: Option<String>,
    pub(crate) by: &'static str,
    pub(crate) structure: Arc<Structure>,
    pub(crate) instances: Vec<Instance>,
    /// The instances of each task.
    pub(crate) of: Vec<Vec<usize>>,
    /// How those directly before each task ended. It is kept as they change: a task may follow thousands of others. Empty while
    /// the instances are fitted to the DAG.
    pub(crate) before: Vec<Before>,
    /// Tasks that the scheduler must look at.
    pub(crate) pending: BTreeSet<usize>,
    /// Instances that have not ended.
    pub(crate) unfinished: usize,
    /// Instances to which something will happen by itself.
    pub(crate) live: usize,
    /// Places taken in each pool.
    pub(crate) taken: BTreeMap<String, i64>,
    minted: u32,
}

/// A run without task instances: [`Run::integrate`] makes them.
impl Run {
    pub(crate) fn new(key: RunKey, structure: Arc<Structure>, at: Timestamp) -> Self {
        Self {
            key,
            state: RunState::Queued,
            about: None,
            run_after: at,
            queued_at: Some(at),
            started_at: None,
            ended_at: None,
            last_decision: None,
            run_type: "manual",
            conf: Map::new(),
            note: None,
            by: "admin",
            structure,
            instances: Vec::new(),
            of: Vec::new(),
            before: Vec::new(),
            pending: BTreeSet::new(),
            unfinished: 0,
            live: 0,
            taken: BTreeMap::new(),
            minted: 0,
        }
    }

    /// Where the instance is.
    pub(crate) fn find(&self, key: &TaskKey) -> Option<usize> {
        let same = |&at: &usize| self.instances[at].key == *key;
        match self.structure.number(&key.task) {
            Some(task) => self.of[task].iter().copied().find(same),
            None => (0..self.instances.len()).find(same),
        }
    }

    /// All instances of a task, also of one that the DAG no longer has.
    pub(crate) fn all_of(&self, task: &TaskId) -> Vec<usize> {
        match self.structure.number(task) {
            Some(task) => self.of[task].clone(),
            None => (0..self.instances.len()).filter(|&at| self.instances[at].key.task == *task).collect(),
        }
    }

    /// Gives an instance a state, whoever wants it. What foresaw another step is void.
    pub(crate) fn set(&mut self, at: usize, state: TaskState) {
        let instance = &mut self.instances[at];
        instance.epoch += 1;
        instance.retries = false;
        let before = std::mem::replace(&mut instance.now.state, state);
        let after = &instance.now.state;
        self.unfinished = self.unfinished + usize::from(!after.is_final()) - usize::from(!before.is_final());
        self.live = self.live + usize::from(after.is_live()) - usize::from(before.is_live());
        let places = i64::from(takes_place(after)) - i64::from(takes_place(&before));
        let Some(task) = instance.task else { return };
        if let (Some(pool), true) = (&self.structure.tasks[task].task.pool, places != 0) {
            *self.taken.entry(pool.clone()).or_default() += places;
        }
        if !self.before.is_empty() {
            for &next in &self.structure.downstream[task] {
                self.before[next].moved(&before, after);
            }
        }
        if *after == TaskState::NoStatus {
            self.pending.insert(task);
        } else if after.is_final() {
            self.pending.extend(&self.structure.downstream[task]);
        }
    }

    /// As [`set`](Self::set), with the times that Airflow gives where a person or the scheduler decides.
    pub(crate) fn decide(&mut self, at: usize, state: TaskState, now: Timestamp) {
        let current = &mut self.instances[at].now;
        current.started_at = current.started_at.or(Some(now));
        if state.is_final() {
            current.ended_at = current.ended_at.or(Some(now));
        }
        self.set(at, state);
    }

    /// Makes an instance as if it never ran, and says that it was cleared. Its next try is another one.
    pub(crate) fn reset(&mut self, at: usize, now: Timestamp) {
        let id = self.mint(now);
        let retries = self.instances[at].task.map(|task| self.structure.tasks[task].task.retries);
        let instance = &mut self.instances[at];
        instance.remember(now);
        instance.tally.clears += 1;
        instance.stale = false;
        instance.now.id = id;
        instance.now.max_tries = match retries {
            Some(retries) => instance.now.number + retries,
            None => instance.now.max_tries.max(instance.now.number),
        };
        self.set(at, TaskState::NoStatus);
    }

    /// Begins, waits or ends, with the times that belong to it.
    pub(crate) fn turn(&mut self, state: RunState, now: Timestamp) {
        if self.state == state {
            return;
        }
        match state {
            RunState::Queued => (self.queued_at, self.started_at, self.ended_at) = (Some(now), None, None),
            RunState::Running => {
                self.started_at = self.started_at.or(Some(now));
                self.ended_at = None;
            }
            _ => self.ended_at = Some(now),
        }
        self.state = state;
    }

    /// Fits the instances to the DAG as it is now: new tasks come, those that are gone are `removed`, unless they ended while
    /// the run goes on.
    pub(crate) fn integrate(&mut self, structure: &Arc<Structure>, now: Timestamp) {
        if Arc::ptr_eq(&self.structure, structure) && !self.of.is_empty() {
            return;
        }
        self.structure = Arc::clone(structure);
        self.of = vec![Vec::new(); structure.tasks.len()];
        self.before.clear();
        self.pending.clear();
        for at in 0..self.instances.len() {
            let instance = &mut self.instances[at];
            instance.task = structure.number(&instance.key.task);
            let (is_final, removed) = (instance.now.state.is_final(), instance.now.state == TaskState::Removed);
            match instance.task {
                Some(task) => {
                    self.of[task].push(at);
                    if removed {
                        self.set(at, TaskState::NoStatus);
                    }
                }
                None if !removed && (self.state != RunState::Running || !is_final) => self.set(at, TaskState::Removed),
                None => {}
            }
        }
        for task in 0..structure.tasks.len() {
            if self.of[task].is_empty() {
                let spec = &structure.tasks[task];
                match spec.task.mapped && !spec.late {
                    true => (0..spec.items.len()).for_each(|index| self.add(task, u32::try_from(index).ok(), now)),
                    false => self.add(task, None, now),
                }
            }
        }
        self.before = vec![Before::default(); structure.tasks.len()];
        for (task, instances) in self.of.iter().enumerate() {
            for &next in &structure.downstream[task] {
                instances.iter().for_each(|&at| self.before[next].count(&self.instances[at].now.state));
            }
        }
        self.pending.extend(0..structure.tasks.len());
    }

    fn add(&mut self, task: usize, map_index: Option<u32>, now: Timestamp) {
        let id = self.mint(now);
        let spec = &self.structure.tasks[task].task;
        let current = Try {
            id,
            state: TaskState::NoStatus,
            number: 0,
            max_tries: spec.retries,
            scheduled_at: None,
            queued_at: None,
            started_at: None,
            ended_at: None,
            pid: None,
        };
        if !self.before.is_empty() {
            let next = &self.structure.downstream[task];
            next.iter().for_each(|&next| self.before[next].count(&TaskState::NoStatus));
        }
        self.of[task].push(self.instances.len());
        self.instances.push(Instance {
            key: TaskKey { task: spec.id.clone(), map_index },
            task: Some(task),
            now: current,
            before: Vec::new(),
            note: None,
            logs: BTreeMap::new(),
            left: None,
            tally: Tally::default(),
            epoch: 0,
            fails: false,
            retries: false,
            stale: false,
        });
        self.unfinished += 1;
    }

    /// Makes a mapped task's only instance one for each item. There are no instances of no items: it is passed over.
    pub(crate) fn expand(&mut self, task: usize, now: Timestamp) {
        let items = self.structure.tasks[task].items.len();
        let Some(&first) = self.of[task].first() else { return };
        if items == 0 {
            self.decide(first, TaskState::Skipped, now);
            return;
        }
        self.instances[first].key.map_index = Some(0);
        (1..items).for_each(|index| self.add(task, u32::try_from(index).ok(), now));
    }

    /// An id whose order is the order in which ids were made: the instant first, then a count.
    fn mint(&mut self, now: Timestamp) -> Uuid {
        self.minted += 1;
        let [_, high, middle, low] = self.minted.to_be_bytes();
        let mut bytes = [0; 10];
        // The upper bits of the first and of the third byte say what kind of id it is.
        (bytes[0], bytes[1]) = (high >> 6, (high << 2) | (middle >> 6));
        (bytes[2], bytes[3]) = (middle & 0x3f, low);
        let name = Uuid::new_v5(&Uuid::NAMESPACE_OID, self.key.to_string().as_bytes());
        bytes[4..].copy_from_slice(&name.as_bytes()[10..]);
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
    }
}
