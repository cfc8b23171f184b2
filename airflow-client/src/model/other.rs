//! What else can be looked at: the server, its log, variables, pools, import errors, events.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{DagId, DagRunId, RunKey, TaskId, TaskKey};

/// A release of Airflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Release {
    /// 2 or 3.
    pub major: u32,
    /// The minor version.
    pub minor: u32,
    /// The patch.
    pub patch: u32,
}

impl Release {
    /// This release.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }

    /// Whether this release is that one or newer.
    pub fn is_at_least(self, major: u32, minor: u32) -> bool {
        (self.major, self.minor) >= (major, minor)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// How a part of Airflow says it feels.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// `metadatabase`, `scheduler`, `triggerer`, `dag_processor`.
    pub name: String,
    /// Whether it says that it is healthy; `None` where it does not run at all.
    pub healthy: Option<bool>,
    /// Its last sign of life.
    pub heartbeat: Option<Timestamp>,
}

impl Part {
    /// A part.
    pub fn new(name: impl Into<String>, healthy: Option<bool>) -> Self {
        Self { name: name.into(), healthy, heartbeat: None }
    }

    /// With its last sign of life.
    #[must_use]
    pub fn with_heartbeat(mut self, at: Timestamp) -> Self {
        self.heartbeat = Some(at);
        self
    }
}

/// How Airflow says it feels, part by part, sorted by name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// The parts.
    pub parts: Vec<Part>,
}

impl Health {
    /// From these parts.
    pub fn new(mut parts: Vec<Part>) -> Self {
        parts.sort_by(|a, b| a.name.cmp(&b.name));
        Self { parts }
    }

    /// Whether every part that runs says that it is healthy.
    pub fn is_healthy(&self) -> bool {
        self.parts.iter().all(|part| part.healthy != Some(false))
    }
}

/// Which log is read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogRequest {
    /// The run.
    pub run: RunKey,
    /// The task.
    pub task: TaskKey,
    /// The try, from 1.
    pub try_number: u32,
    /// The stream ends with an error once it brought more bytes than this. 64 MiB unless said.
    pub max_bytes: u64,
}

impl LogRequest {
    /// The log of one try.
    pub fn new(run: RunKey, task: impl Into<TaskKey>, try_number: u32) -> Self {
        Self { run, task: task.into(), try_number, max_bytes: 64 << 20 }
    }

    /// At most so many bytes.
    #[must_use]
    pub fn at_most(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }
}

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogLine {
    /// When, where the line says so.
    pub at: Option<Timestamp>,
    /// `info`, `error` …, where the line says so.
    pub level: Option<String>,
    /// What it says.
    pub text: String,
}

impl LogLine {
    /// A line.
    pub fn new(text: impl Into<String>) -> Self {
        Self { at: None, level: None, text: text.into() }
    }
}

/// An Airflow variable. Many hold secrets: neither `Debug` nor an error shows its value.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variable {
    /// Its name.
    pub key: String,
    /// Its value; `None` where Airflow keeps it to itself. Where it is JSON, Airflow 3 gives it back written anew: the same
    /// value, perhaps in other characters (measured).
    pub value: Option<String>,
    /// What it is for.
    pub description: Option<String>,
}

impl Variable {
    /// A variable.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: Some(value.into()), description: None }
    }
}

impl fmt::Debug for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variable").field("key", &self.key).finish_non_exhaustive()
    }
}

/// A pool: how many tasks may run at once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// How many places it has; -1 is without limit.
    pub slots: i64,
    /// How many are taken by tasks that run.
    pub running: i64,
    /// How many are taken by tasks in the queue.
    pub queued: i64,
    /// How many are free.
    pub open: i64,
}

impl Pool {
    /// A pool of which nothing is taken.
    pub fn new(name: impl Into<String>, slots: i64) -> Self {
        Self { name: name.into(), slots, running: 0, queued: 0, open: slots }
    }
}

/// A DAG file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportError {
    /// The file.
    pub file: String,
    /// When it was tried.
    pub at: Option<Timestamp>,
    /// The stack trace.
    pub trace: String,
}

impl ImportError {
    /// A file that could not be read.
    pub fn new(file: impl Into<String>, trace: impl Into<String>) -> Self {
        Self { file: file.into(), at: None, trace: trace.into() }
    }
}

/// Who did what. The names of events differ between the API generations (`api.post_clear_task_instances`,
/// `post_clear_task_instances`): the prefix `api.` is taken off, nothing else is changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: String,
    /// Who.
    pub who: Option<String>,
    /// The DAG.
    pub dag: Option<DagId>,
    /// The run.
    pub run: Option<DagRunId>,
    /// The task.
    pub task: Option<TaskId>,
    /// What was sent, as Airflow kept it.
    pub extra: Option<String>,
}

impl Event {
    /// Something that was done.
    pub fn new(at: Timestamp, event: impl Into<String>) -> Self {
        Self { at, event: event.into(), who: None, dag: None, run: None, task: None, extra: None }
    }
}

/// Which events are listed, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventFilter {
    /// About this DAG.
    pub dag: Option<DagId>,
    /// About this task.
    pub task: Option<TaskId>,
    /// Since then.
    pub since: Option<Timestamp>,
    /// At most so many.
    pub limit: usize,
}

impl EventFilter {
    /// The newest 100 events.
    pub fn newest() -> Self {
        Self { dag: None, task: None, since: None, limit: 100 }
    }

    /// Only about this DAG.
    #[must_use]
    pub fn of(mut self, dag: DagId) -> Self {
        self.dag = Some(dag);
        self
    }

    /// Only about this task.
    #[must_use]
    pub fn about(mut self, task: TaskId) -> Self {
        self.task = Some(task);
        self
    }

    /// Only since then.
    #[must_use]
    pub fn since(mut self, at: Timestamp) -> Self {
        self.since = Some(at);
        self
    }

    /// At most so many.
    #[must_use]
    pub fn at_most(mut self, events: usize) -> Self {
        self.limit = events;
        self
    }
}
