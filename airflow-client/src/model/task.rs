//! Task instances: a task in a run.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::TaskState;
use crate::{TaskId, TaskKey};

/// A task in a run: its current try, or one of those before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TaskInstance {
    /// Which one.
    pub key: TaskKey,
    /// How it is.
    pub state: TaskState,
    /// Which try this is; 0 before the first one. After a clear it can grow by two (measured on API v1): compare with
    /// «larger», never with «one more».
    pub try_number: u32,
    /// How many tries it has in all.
    pub max_tries: u32,
    /// When this try was put in the queue.
    pub queued_at: Option<Timestamp>,
    /// When this try began.
    pub started_at: Option<Timestamp>,
    /// When this try ended.
    pub ended_at: Option<Timestamp>,
    /// How long this try took.
    pub duration: Option<Duration>,
    /// What carries it out.
    pub operator: Option<String>,
    /// The machine that this try ran on.
    pub hostname: Option<String>,
    /// The process that this try ran in.
    pub pid: Option<u32>,
    /// The pool that bounds it.
    pub pool: Option<String>,
    /// What a mapped instance is called.
    pub label: Option<String>,
    /// What a person wrote to it.
    pub note: Option<String>,
}

impl TaskInstance {
    /// A task in a state.
    pub fn new(key: impl Into<TaskKey>, state: TaskState) -> Self {
        Self {
            key: key.into(),
            state,
            try_number: 0,
            max_tries: 0,
            queued_at: None,
            started_at: None,
            ended_at: None,
            duration: None,
            operator: None,
            hostname: None,
            pid: None,
            pool: None,
            label: None,
            note: None,
        }
    }

    /// With the number of its try.
    #[must_use]
    pub fn with_try(mut self, number: u32) -> Self {
        self.try_number = number;
        self
    }

    /// With when it began and ended.
    #[must_use]
    pub fn with_times(mut self, started: Option<Timestamp>, ended: Option<Timestamp>) -> Self {
        (self.started_at, self.ended_at) = (started, ended);
        self
    }
}

/// Which task instances of a run are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskFilter {
    /// Of these tasks; `None` is all. An empty list is none.
    pub tasks: Option<Vec<TaskId>>,
    /// In one of these states; empty is every state.
    pub states: Vec<TaskState>,
}

impl TaskFilter {
    /// All of a run.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only of these tasks.
    #[must_use]
    pub fn of(mut self, tasks: impl IntoIterator<Item = TaskId>) -> Self {
        self.tasks.get_or_insert_default().extend(tasks);
        self
    }

    /// Only in this state; with several, in one of them.
    #[must_use]
    pub fn in_state(mut self, state: TaskState) -> Self {
        self.states.push(state);
        self
    }
}
