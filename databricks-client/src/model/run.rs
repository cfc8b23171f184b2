//! Runs of notebooks.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::words::words;
use crate::{ClusterId, NotebookPath, RunId};

words! {
    /// Where a run is.
    LifeCycle {
        /// It waits for a place.
        Queued = "QUEUED",
        /// It is being prepared.
        Pending = "PENDING",
        /// It runs.
        Running = "RUNNING",
        /// It is being ended.
        Terminating = "TERMINATING",
        /// It is over; the result says how it went.
        Terminated = "TERMINATED",
        /// It was left out, as another one of its job runs.
        Skipped = "SKIPPED",
        /// The workspace itself has failed.
        InternalError = "INTERNAL_ERROR",
        /// It waits for another one.
        Blocked = "BLOCKED",
        /// It has failed, and will be tried again.
        WaitingForRetry = "WAITING_FOR_RETRY",
    }
}

impl LifeCycle {
    /// Whether nothing more will happen.
    pub fn has_ended(&self) -> bool {
        matches!(self, Self::Terminated | Self::Skipped | Self::InternalError)
    }
}

words! {
    /// How a run went.
    ResultState {
        /// Well.
        Success = "SUCCESS",
        /// It has failed.
        Failed = "FAILED",
        /// It took too long.
        TimedOut = "TIMEDOUT",
        /// Somebody has ended it.
        Canceled = "CANCELED",
        /// As many as may be were running.
        TooMany = "MAXIMUM_CONCURRENT_RUNS_REACHED",
        /// It was left out.
        Excluded = "EXCLUDED",
        /// Well, but for some tasks.
        SuccessWithFailures = "SUCCESS_WITH_FAILURES",
        /// What it waited for has failed.
        UpstreamFailed = "UPSTREAM_FAILED",
        /// What it waited for was ended.
        UpstreamCanceled = "UPSTREAM_CANCELED",
        /// It is switched off.
        Disabled = "DISABLED",
    }
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Run {
    /// Which one.
    pub id: RunId,
    /// How it was called.
    pub name: String,
    /// Where it is.
    pub life_cycle: LifeCycle,
    /// How it went, where it is over.
    pub result: Option<ResultState>,
    /// Why, in the server's words.
    pub message: Option<String>,
    /// When it was begun.
    pub started: Option<Timestamp>,
    /// When it was over.
    pub ended: Option<Timestamp>,
    /// Its page, for a browser.
    pub page: Option<String>,
    /// Its tasks, each a run of its own.
    pub tasks: Vec<TaskRun>,
}

/// A task of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskRun {
    /// Its key in the run.
    pub key: String,
    /// Its own run.
    pub run: RunId,
    /// Where it is.
    pub life_cycle: LifeCycle,
    /// How it went, where it is over.
    pub result: Option<ResultState>,
}

impl TaskRun {
    /// A task that is there.
    pub fn new(key: impl Into<String>, run: RunId, life_cycle: LifeCycle, result: Option<ResultState>) -> Self {
        Self { key: key.into(), run, life_cycle, result }
    }
}

impl Run {
    /// A run that is there.
    pub fn new(id: RunId, name: impl Into<String>, life_cycle: LifeCycle) -> Self {
        Self {
            id,
            name: name.into(),
            life_cycle,
            result: None,
            message: None,
            started: None,
            ended: None,
            page: None,
            tasks: Vec::new(),
        }
    }

    /// With how it went.
    #[must_use]
    pub fn with_result(mut self, result: ResultState) -> Self {
        self.result = Some(result);
        self
    }

    /// With the reason for its state.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// With its tasks.
    #[must_use]
    pub fn with_tasks(mut self, tasks: Vec<TaskRun>) -> Self {
        self.tasks = tasks;
        self
    }

    /// Whether nothing more will happen.
    pub fn has_ended(&self) -> bool {
        self.life_cycle.has_ended()
    }

    /// Whether it is over and went well.
    pub fn has_succeeded(&self) -> bool {
        self.life_cycle == LifeCycle::Terminated && self.result == Some(ResultState::Success)
    }

    /// Which run tells what this one told: its only task, or itself. Nothing where it has several tasks.
    pub fn output_of(&self) -> Option<RunId> {
        match &self.tasks[..] {
            [] => Some(self.id),
            [task] => Some(task.run),
            _ => None,
        }
    }
}

/// What a run told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunOutput {
    /// What the notebook ended with (`dbutils.notebook.exit`).
    pub result: Option<String>,
    /// Whether that was cut off: at most 5 MiB are kept.
    pub truncated: bool,
    /// What went wrong.
    pub error: Option<String>,
    /// Where, as far as that is known.
    pub trace: Option<String>,
}

impl RunOutput {
    /// A notebook that ended with this.
    pub fn of(result: impl Into<String>) -> Self {
        Self { result: Some(result.into()), ..Self::default() }
    }

    /// A notebook that failed.
    pub fn failed(error: impl Into<String>) -> Self {
        Self { error: Some(error.into()), ..Self::default() }
    }
}

/// A notebook that shall run once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Submit {
    /// How the run shall be called.
    pub name: String,
    /// On which cluster; one that is not running is started.
    pub cluster: ClusterId,
    /// Which notebook.
    pub notebook: NotebookPath,
    /// What its widgets shall hold.
    pub parameters: BTreeMap<String, String>,
    /// The workspace ends it after so many seconds.
    pub timeout_seconds: Option<u32>,
}

impl Submit {
    /// This notebook, on this cluster.
    pub fn new(name: impl Into<String>, cluster: ClusterId, notebook: NotebookPath) -> Self {
        Self { name: name.into(), cluster, notebook, parameters: BTreeMap::new(), timeout_seconds: None }
    }

    /// With one more parameter.
    #[must_use]
    pub fn with_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// Ended after so many seconds.
    #[must_use]
    pub fn with_timeout_seconds(mut self, seconds: u32) -> Self {
        self.timeout_seconds = Some(seconds);
        self
    }
}
