//! DAGs and runs that shall be in the world.

use std::time::Duration;

use airflow_client::{DagId, DagRunId, ExecutionDate, Task, TaskId, TriggerRule};
use jiff::Timestamp;
use metapod_client::{DatasetName, TransactionId};
use serde_json::{Map, Value};

use crate::aurora::OnAurora;

/// A task that shall be in a DAG. Unless it is [empty](Self::empty) it is a job: each of its tries takes a while, writes a
/// log, and leaves its name under `return_value`.
#[derive(Clone, Debug)]
pub struct TaskSpec {
    pub(crate) task: Task,
    pub(crate) retry_delay: Duration,
    pub(crate) duration: Duration,
    pub(crate) items: Vec<String>,
    pub(crate) late: bool,
    pub(crate) commits: Vec<DatasetName>,
    pub(crate) empty: bool,
    pub(crate) on_aurora: Option<OnAurora>,
}

impl TaskSpec {
    /// A job of one second, which starts when all before it succeeded, and which nothing follows.
    pub fn new(id: TaskId) -> Self {
        Task::new(id).into()
    }

    /// These follow it.
    #[must_use]
    pub fn followed_by(mut self, downstream: impl IntoIterator<Item = TaskId>) -> Self {
        self.task = self.task.followed_by(downstream);
        self
    }

    /// With another rule for its start.
    #[must_use]
    pub fn trigger_rule(mut self, rule: TriggerRule) -> Self {
        self.task = self.task.with_trigger_rule(rule);
        self
    }

    /// Starts so often again by itself, each time so much later.
    #[must_use]
    pub fn retries(mut self, retries: u32, delay: Duration) -> Self {
        self.task = self.task.with_retries(retries);
        self.retry_delay = delay;
        self
    }

    /// Each try takes so long.
    #[must_use]
    pub fn takes(mut self, duration: Duration) -> Self {
        self.duration = duration;
        self
    }

    /// Mapped over a list that the DAG's file names: it has one instance for each of these from the beginning.
    #[must_use]
    pub fn mapped<S: Into<String>>(mut self, items: impl IntoIterator<Item = S>) -> Self {
        self.task = self.task.mapped();
        self.items = items.into_iter().map(Into::into).collect();
        self
    }

    /// Mapped over what a task before it leaves: it has one instance, without a place, until its turn has come.
    #[must_use]
    pub fn mapped_late<S: Into<String>>(self, items: impl IntoIterator<Item = S>) -> Self {
        Self { late: true, ..self.mapped(items) }
    }

    /// Bounded by this pool.
    #[must_use]
    pub fn pool(mut self, pool: impl Into<String>) -> Self {
        self.task.pool = Some(pool.into());
        self
    }

    /// When it succeeds it commits these datasets of its run's transaction, where they are there and not committed.
    #[must_use]
    pub fn commits(mut self, datasets: impl IntoIterator<Item = DatasetName>) -> Self {
        self.commits.extend(datasets);
        self
    }

    /// Stands on a job of Aurora: each try creates it, and ends as it ends. What it commits, the job writes.
    #[must_use]
    pub fn on_aurora(mut self, how: OnAurora) -> Self {
        self.on_aurora = Some(how);
        self
    }

    /// Does nothing: the scheduler itself ends it when its turn has come.
    #[must_use]
    pub fn empty(mut self) -> Self {
        self.empty = true;
        self.task.operator = Some("EmptyOperator".to_owned());
        self
    }
}

impl From<Task> for TaskSpec {
    fn from(mut task: Task) -> Self {
        task.operator.get_or_insert_with(|| "PythonOperator".to_owned());
        task.owner.get_or_insert_with(|| "data-infra".to_owned());
        task.pool.get_or_insert_with(|| "default_pool".to_owned());
        Self {
            task,
            retry_delay: Duration::from_secs(300),
            duration: Duration::from_secs(1),
            items: Vec::new(),
            late: false,
            commits: Vec::new(),
            empty: false,
            on_aurora: None,
        }
    }
}

/// A DAG that shall be in the world.
#[derive(Clone, Debug)]
pub struct DagSpec {
    pub(crate) id: DagId,
    pub(crate) tasks: Vec<TaskSpec>,
    pub(crate) description: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) schedule: Option<String>,
    pub(crate) max_active_runs: u32,
    pub(crate) paused: bool,
}

impl DagSpec {
    /// A DAG of these tasks: active, not paused, at most 16 runs at once. Arrows to tasks that it does not have lead nowhere.
    pub fn new(id: DagId, tasks: impl IntoIterator<Item = TaskSpec>) -> Self {
        Self {
            id,
            tasks: tasks.into_iter().collect(),
            description: None,
            tags: Vec::new(),
            schedule: None,
            max_active_runs: 16,
            paused: false,
        }
    }

    /// What it says of itself.
    #[must_use]
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// All of its tasks stand on jobs of Aurora, apart from those that do nothing or say how by themselves.
    #[must_use]
    pub fn on_aurora(mut self, how: OnAurora) -> Self {
        for task in self.tasks.iter_mut().filter(|task| !task.empty) {
            task.on_aurora.get_or_insert_with(|| how.clone());
        }
        self
    }

    /// With these tags.
    #[must_use]
    pub fn tags<S: Into<String>>(mut self, tags: impl IntoIterator<Item = S>) -> Self {
        self.tags.extend(tags.into_iter().map(Into::into));
        self.tags.sort_unstable();
        self
    }

    /// What it says of its schedule. Nothing starts by it: runs come from [`World::add_run`](crate::World::add_run) and from
    /// triggers.
    #[must_use]
    pub fn schedule(mut self, schedule: impl Into<String>) -> Self {
        self.schedule = Some(schedule.into());
        self
    }

    /// At most so many of its runs at once.
    #[must_use]
    pub fn max_active_runs(mut self, runs: u32) -> Self {
        self.max_active_runs = runs;
        self
    }

    /// Paused: its runs stay queued.
    #[must_use]
    pub fn paused(mut self) -> Self {
        self.paused = true;
        self
    }
}

/// A run that shall be in the world.
#[derive(Clone, Debug)]
pub struct RunSpec {
    pub(crate) id: DagRunId,
    pub(crate) about: Option<ExecutionDate>,
    pub(crate) at: Option<Timestamp>,
    pub(crate) scheduled: bool,
    pub(crate) conf: Map<String, Value>,
}

impl RunSpec {
    /// A run that somebody made by hand, just now.
    pub fn new(id: DagRunId) -> Self {
        Self { id, about: None, at: None, scheduled: false, conf: Map::new() }
    }

    /// About this instant.
    #[must_use]
    pub fn about(mut self, date: ExecutionDate) -> Self {
        self.about = Some(date);
        self
    }

    /// Made by the schedule.
    #[must_use]
    pub fn scheduled(mut self) -> Self {
        self.scheduled = true;
        self
    }

    /// Made at this time. Where that is past, the time since then passes in it at once.
    #[must_use]
    pub fn made_at(mut self, at: Timestamp) -> Self {
        self.at = Some(at);
        self
    }

    /// Of this transaction: its conf says so, and its tasks commit their datasets there.
    #[must_use]
    pub fn transaction(mut self, id: TransactionId) -> Self {
        self.conf.insert("transaction".to_owned(), Value::from(id.to_string()));
        self
    }

    /// Given this.
    #[must_use]
    pub fn conf(mut self, conf: Map<String, Value>) -> Self {
        self.conf.extend(conf);
        self
    }
}
