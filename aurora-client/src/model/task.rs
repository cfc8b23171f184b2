//! Tasks: the processes that instances of jobs are, and were.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Resources;
use crate::{InstanceSet, JobKey, TaskId};

/// What a task is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TaskStatus {
    /// Made this moment.
    Init,
    /// Kept back for a while, because it failed often.
    Throttled,
    /// Waits for a place.
    Pending,
    /// Has a place.
    Assigned,
    /// Its executor starts.
    Starting,
    /// Runs.
    Running,
    /// Its host is not heard of for the moment.
    Partitioned,
    /// Ends because its host is drained; another takes its place.
    Draining,
    /// Ends for a task of more weight; another takes its place.
    Preempting,
    /// Ends because it was told to restart; another takes its place.
    Restarting,
    /// Was told to end.
    Killing,
    /// Ended well.
    Finished,
    /// Ended badly.
    Failed,
    /// Ended because it was told to.
    Killed,
    /// Nobody knows what became of it.
    Lost,
    /// A number that this version does not know.
    Other(i32),
}

impl TaskStatus {
    /// Whether it is over for good: no later status comes.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Finished | Self::Failed | Self::Killed | Self::Lost)
    }

    /// Whether it counts as one of its job's tasks: it waits, runs or is about to end. A status that this version does not
    /// know counts too: nothing is taken for ended that may not be.
    pub fn is_active(self) -> bool {
        !self.is_terminal() && self != Self::Init
    }
}

impl fmt::Display for TaskStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::Other(number) => return f.pad(&format!("status {number}")),
            Self::Init => "INIT",
            Self::Throttled => "THROTTLED",
            Self::Pending => "PENDING",
            Self::Assigned => "ASSIGNED",
            Self::Starting => "STARTING",
            Self::Running => "RUNNING",
            Self::Partitioned => "PARTITIONED",
            Self::Draining => "DRAINING",
            Self::Preempting => "PREEMPTING",
            Self::Restarting => "RESTARTING",
            Self::Killing => "KILLING",
            Self::Finished => "FINISHED",
            Self::Failed => "FAILED",
            Self::Killed => "KILLED",
            Self::Lost => "LOST",
        };
        f.pad(word)
    }
}

/// Something that happened to a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TaskEvent {
    /// When.
    pub at: Timestamp,
    /// What it was from then on.
    pub status: TaskStatus,
    /// Why, where the scheduler or the executor said so.
    pub message: Option<String>,
    /// The host name of the scheduler that wrote it down.
    pub scheduler: Option<String>,
}

impl TaskEvent {
    /// An event.
    pub fn new(at: Timestamp, status: TaskStatus) -> Self {
        Self { at, status, message: None, scheduler: None }
    }

    /// With why.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }
}

/// What a task was told to be. What its executor reads may hold secrets: it is never shown by `Debug`, and never stored.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct TaskConfig {
    /// Whether it is to run for ever.
    pub is_service: bool,
    /// How often it may fail; −1 is without end.
    pub max_failures: i32,
    /// What it needs.
    pub resources: Resources,
    /// Labels, by key and value; a key may come more than once.
    pub metadata: Vec<(String, String)>,
    /// Its tier, where one was given.
    pub tier: Option<String>,
    /// What its executor reads: for Thermos, a JSON text with its processes. `None` where the scheduler left it out.
    pub executor_data: Option<String>,
}

impl TaskConfig {
    /// A job that ends, may fail once, and needs this.
    pub fn new(resources: Resources) -> Self {
        Self { is_service: false, max_failures: 1, resources, metadata: Vec::new(), tier: None, executor_data: None }
    }

    /// The first value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.metadata.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Whether a label's value or what the executor reads holds this text: a transaction's id, for one. `None` where the
    /// scheduler left out what the executor reads, and no label has it.
    pub fn mentions(&self, text: &str) -> Option<bool> {
        if self.metadata.iter().any(|(_, value)| value.contains(text)) {
            return Some(true);
        }
        self.executor_data.as_deref().map(|data| data.contains(text))
    }
}

impl fmt::Debug for TaskConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<&str> = self.metadata.iter().map(|(key, _)| key.as_str()).collect();
        f.debug_struct("TaskConfig")
            .field("is_service", &self.is_service)
            .field("max_failures", &self.max_failures)
            .field("resources", &self.resources)
            .field("metadata", &keys)
            .field("tier", &self.tier)
            .field("executor_data", &self.executor_data.as_ref().map(String::len))
            .finish()
    }
}

/// One process of one instance of a job.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// Its job.
    pub job: JobKey,
    /// Which instance of the job it is.
    pub instance: u32,
    /// What it does.
    pub status: TaskStatus,
    /// Where it runs or ran; `None` before it has a place.
    pub host: Option<String>,
    /// Which task it took the place of.
    pub ancestor: Option<TaskId>,
    /// How often its line of tasks has failed.
    pub failures: u32,
    /// What happened to it, the oldest first.
    pub events: Vec<TaskEvent>,
    /// What it was told to be.
    pub config: TaskConfig,
}

impl Task {
    /// A task.
    pub fn new(id: TaskId, job: JobKey, instance: u32, status: TaskStatus, config: TaskConfig) -> Self {
        Self { id, job, instance, status, host: None, ancestor: None, failures: 0, events: Vec::new(), config }
    }

    /// Since when it is what it is.
    pub fn since(&self) -> Option<Timestamp> {
        self.events.last().map(|event| event.at)
    }

    /// When it came into being.
    pub fn began(&self) -> Option<Timestamp> {
        self.events.first().map(|event| event.at)
    }

    /// When it ended; `None` while it has not.
    pub fn ended(&self) -> Option<Timestamp> {
        self.status.is_terminal().then(|| self.since()).flatten()
    }
}

/// Why a task waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PendingReason {
    /// The task.
    pub task: TaskId,
    /// The scheduler's words, as it joins them: `Insufficient: CPU`.
    pub reason: String,
}

impl PendingReason {
    /// A reason.
    pub fn new(task: TaskId, reason: impl Into<String>) -> Self {
        Self { task, reason: reason.into() }
    }
}

/// Which tasks are meant. Each condition restricts further; those of one kind are alternatives.
///
/// ```
/// use aurora_client::{JobKey, TaskFilter};
///
/// let job: JobKey = "jobs/prod/dagao".parse()?;
/// let alive = TaskFilter::of_job(&job).active();
/// # Ok::<(), aurora_client::ParseError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskFilter {
    /// Of these jobs.
    pub jobs: Vec<JobKey>,
    /// Of this role.
    pub role: Option<String>,
    /// Of this environment.
    pub environment: Option<String>,
    /// These very tasks.
    pub tasks: Vec<TaskId>,
    /// These instances.
    pub instances: Option<InstanceSet>,
    /// On these hosts.
    pub hosts: Vec<String>,
    /// Only those that wait, run or are about to end.
    pub active: bool,
    /// Without what their executor reads, which is most of what travels.
    pub brief: bool,
}

impl TaskFilter {
    /// The tasks of one job, those that ended and are still known included.
    pub fn of_job(job: &JobKey) -> Self {
        Self { jobs: vec![job.clone()], ..Self::default() }
    }

    /// The tasks of these jobs. Of no jobs, no tasks.
    pub fn of_jobs(jobs: impl IntoIterator<Item = JobKey>) -> Option<Self> {
        let jobs: Vec<JobKey> = jobs.into_iter().collect();
        (!jobs.is_empty()).then(|| Self { jobs, ..Self::default() })
    }

    /// All tasks of a role.
    pub fn of_role(role: impl Into<String>) -> Self {
        Self { role: Some(role.into()), ..Self::default() }
    }

    /// All tasks of a role in an environment.
    pub fn of_environment(role: impl Into<String>, environment: impl Into<String>) -> Self {
        Self { role: Some(role.into()), environment: Some(environment.into()), ..Self::default() }
    }

    /// These very tasks. Of no ids, no tasks.
    pub fn of_tasks(tasks: impl IntoIterator<Item = TaskId>) -> Option<Self> {
        let tasks: Vec<TaskId> = tasks.into_iter().collect();
        (!tasks.is_empty()).then(|| Self { tasks, ..Self::default() })
    }

    /// Whatever runs on these hosts. On no hosts, no tasks.
    pub fn on_hosts(hosts: impl IntoIterator<Item = String>) -> Option<Self> {
        let hosts: Vec<String> = hosts.into_iter().collect();
        (!hosts.is_empty()).then(|| Self { hosts, ..Self::default() })
    }

    /// Only these instances.
    #[must_use]
    pub fn instances(mut self, instances: InstanceSet) -> Self {
        self.instances = Some(instances);
        self
    }

    /// Only what waits, runs or is about to end.
    #[must_use]
    pub fn active(mut self) -> Self {
        self.active = true;
        self
    }

    /// Without what their executor reads.
    #[must_use]
    pub fn brief(mut self) -> Self {
        self.brief = true;
        self
    }
}
