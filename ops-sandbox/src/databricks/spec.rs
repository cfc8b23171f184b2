//! How runs, commands and statements go.

use std::time::Duration;

use databricks_client::{CommandResult, NotebookPath, ResultState, RunOutput, StatementError, Table};

/// How the runs of a notebook go, from now on.
#[derive(Clone, Debug)]
#[must_use = "nothing goes so before it is said"]
pub struct RunPlan {
    pub(super) notebook: NotebookPath,
    pub(super) course: Course,
}

/// How one run goes.
#[derive(Clone, Debug)]
pub(super) struct Course {
    pub(super) pending: Duration,
    pub(super) running: Duration,
    pub(super) result: ResultState,
    pub(super) output: RunOutput,
}

impl Default for Course {
    /// Half a second, and well.
    fn default() -> Self {
        Self {
            pending: Duration::from_millis(200),
            running: Duration::from_millis(300),
            result: ResultState::Success,
            output: RunOutput::default(),
        }
    }
}

impl Course {
    pub(super) fn failing(error: String) -> Self {
        Self { result: ResultState::Failed, output: RunOutput::failed(error), ..Self::default() }
    }
}

impl RunPlan {
    /// Well, and within half a second.
    pub fn new(notebook: NotebookPath) -> Self {
        Self { notebook, course: Course::default() }
    }

    /// So long to be prepared, and so long to run.
    pub fn lasting(mut self, pending: Duration, running: Duration) -> Self {
        (self.course.pending, self.course.running) = (pending, running);
        self
    }

    /// Well, with this at its end.
    pub fn telling(mut self, result: impl Into<String>) -> Self {
        (self.course.result, self.course.output) = (ResultState::Success, RunOutput::of(result));
        self
    }

    /// Not well, and why.
    pub fn failing(mut self, error: impl Into<String>) -> Self {
        (self.course.result, self.course.output) = (ResultState::Failed, RunOutput::failed(error));
        self
    }
}

/// What commands tell that contain a text, from now on.
#[derive(Clone, Debug)]
#[must_use = "nothing goes so before it is said"]
pub struct CommandPlan {
    pub(super) contains: String,
    pub(super) lasts: Duration,
    pub(super) result: CommandResult,
}

impl CommandPlan {
    /// This, at once.
    pub fn new(contains: impl Into<String>, result: CommandResult) -> Self {
        Self { contains: contains.into(), lasts: Duration::ZERO, result }
    }

    /// Only after so long.
    pub fn lasting(mut self, time: Duration) -> Self {
        self.lasts = time;
        self
    }
}

/// What statements find that contain a text, from now on.
#[derive(Clone, Debug)]
#[must_use = "nothing goes so before it is said"]
pub struct StatementPlan {
    pub(super) contains: String,
    pub(super) lasts: Duration,
    pub(super) outcome: Result<Table, StatementError>,
}

impl StatementPlan {
    /// These rows, or this failure, at once.
    pub fn new(contains: impl Into<String>, outcome: Result<Table, StatementError>) -> Self {
        Self { contains: contains.into(), lasts: Duration::ZERO, outcome }
    }

    /// Only after so long.
    pub fn lasting(mut self, time: Duration) -> Self {
        self.lasts = time;
        self
    }
}
