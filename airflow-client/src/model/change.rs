//! What can be changed. Each change says everything that Airflow would otherwise assume.

use std::fmt;

use ops_client::{Error, Result};
use serde::{Deserialize, Serialize};

use super::DagGraph;
use crate::{DagId, DagRunId, ExecutionDate, RunKey, TaskId, TaskKey};

/// A task of a run, as the answer to a change names it. A mapped task is named once, whichever of its instances are meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TaskRef {
    /// The run.
    pub run: DagRunId,
    /// The task.
    pub task: TaskId,
}

impl TaskRef {
    /// A task of a run.
    pub fn new(run: DagRunId, task: TaskId) -> Self {
        Self { run, task }
    }
}

/// How far a change reaches beyond the tasks that it names. Nothing is assumed: [`Spread::none`] stays with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Spread {
    /// Also all that comes before.
    pub upstream: bool,
    /// Also all that follows.
    pub downstream: bool,
    /// Also the same tasks in earlier runs.
    pub past: bool,
    /// Also the same tasks in later runs.
    pub future: bool,
}

impl Spread {
    /// No further than the tasks that are named.
    pub fn none() -> Self {
        Self::default()
    }

    /// Also to all that comes before.
    #[must_use]
    pub fn upstream(mut self) -> Self {
        self.upstream = true;
        self
    }

    /// Also to all that follows.
    #[must_use]
    pub fn downstream(mut self) -> Self {
        self.downstream = true;
        self
    }

    /// Also to the same tasks in earlier runs.
    #[must_use]
    pub fn past(mut self) -> Self {
        self.past = true;
        self
    }

    /// Also to the same tasks in later runs.
    #[must_use]
    pub fn future(mut self) -> Self {
        self.future = true;
        self
    }
}

/// A state that a person may give to a task. Airflow accepts no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewTaskState {
    /// As if it had ended well. Airflow then clears by itself, in the same run, all that follows and is failed or
    /// `upstream_failed`, and sets the run going (measured on 2.7.3, 2.11.2, 3.0.6, 3.3.2).
    Success,
    /// As if it had failed. A running process is stopped at its next heartbeat.
    Failed,
    /// As if it had been passed over.
    Skipped,
}

impl NewTaskState {
    /// Airflow's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl fmt::Display for NewTaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Gives a task of a run another state: «mark success», «mark failed».
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetTaskState {
    /// The run.
    pub run: RunKey,
    /// The task. Of a mapped task one instance: a change of all of them would be another one on each API generation.
    pub task: TaskKey,
    /// The state.
    pub state: NewTaskState,
    /// How far it reaches. Beyond the task itself only for tasks that are not mapped.
    pub spread: Spread,
}

impl SetTaskState {
    /// Gives one task a state, and no other.
    pub fn new(run: RunKey, task: impl Into<TaskKey>, state: NewTaskState) -> Self {
        Self { run, task: task.into(), state, spread: Spread::none() }
    }

    /// Also to others.
    #[must_use]
    pub fn spread(mut self, spread: Spread) -> Self {
        self.spread = spread;
        self
    }
}

/// Which instances of the tasks a clear takes, by their state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Which {
    /// Those that are `failed` or `upstream_failed`.
    Failed,
    /// All, also those that are well.
    Any,
}

/// Clears tasks of *one named run*, so that they run again: a clear without a run (it would clear all runs) cannot be
/// written down. Tasks that the DAG does not have are an error (Airflow would silently clear nothing). Tasks that are
/// running, or about to (`queued`, `scheduled`), are refused unless they are to be [restarted](Self::restarting_running):
/// Airflow 2 would say that it cleared them, and leave them alone; Airflow 3.2 and later refuse just these (measured).
///
/// The run is set going again: with `reset_dag_runs` off Airflow leaves the tasks without a state and schedules nothing
/// (measured), so that is not offered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Clear {
    /// The run.
    pub run: RunKey,
    /// The tasks; at least one. A mapped task is cleared whole.
    pub tasks: Vec<TaskId>,
    /// Which of their instances.
    pub which: Which,
    /// How far it reaches.
    pub spread: Spread,
    /// Whether running tasks are stopped and started again. Only Airflow 3 can.
    pub restart_running: bool,
    /// Whether the tasks run the DAG's newest version instead of the one that the run is pinned to (3.1 and later, where
    /// bundles are versioned). Elsewhere the newest one runs anyway.
    pub on_latest_version: bool,
}

impl Clear {
    /// Clears these tasks of this run, and no others, where they are failed or `upstream_failed`.
    pub fn failed(run: RunKey, tasks: impl IntoIterator<Item = TaskId>) -> Self {
        Self {
            run,
            tasks: tasks.into_iter().collect(),
            which: Which::Failed,
            spread: Spread::none(),
            restart_running: false,
            on_latest_version: false,
        }
    }

    /// Clears these tasks of this run, and no others, in whatever state they are.
    pub fn any(run: RunKey, tasks: impl IntoIterator<Item = TaskId>) -> Self {
        Self { which: Which::Any, ..Self::failed(run, tasks) }
    }

    /// Also others.
    #[must_use]
    pub fn spread(mut self, spread: Spread) -> Self {
        self.spread = spread;
        self
    }

    /// Stops what is running, and starts it again.
    #[must_use]
    pub fn restarting_running(mut self) -> Self {
        self.restart_running = true;
        self
    }

    /// Runs the DAG's newest version.
    #[must_use]
    pub fn on_latest_version(mut self) -> Self {
        self.on_latest_version = true;
        self
    }

    /// That a task is named, and that the DAG has each of them. Every implementation of the ports checks it first.
    ///
    /// # Errors
    /// `Invalid`, naming the tasks that the DAG does not have; nothing was sent.
    pub fn check(&self, op: &'static str, graph: &DagGraph) -> Result<()> {
        if self.tasks.is_empty() {
            return Err(Error::invalid(op, "no task is named"));
        }
        let unknown: Vec<&str> = self.tasks.iter().filter(|task| !graph.contains(task)).map(TaskId::as_str).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        Err(Error::invalid(op, format!("{} has no task {}", graph.dag(), unknown.join(", ")))
            .with_remedy("look the tasks up in the DAG: a group's id is none, and a renamed task has a new one"))
    }
}

/// A state that a person may give to a run. Airflow accepts no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewRunState {
    /// It goes on.
    Queued,
    /// It has ended well. On Airflow 2 every task becomes `success`, on Airflow 3 they stay (measured).
    Success,
    /// It has failed: running tasks become failed, those that did not run yet are skipped (measured).
    Failed,
}

impl NewRunState {
    /// Airflow's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Success => "success",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for NewRunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A run that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trigger {
    /// Of this DAG.
    pub dag: DagId,
    /// Under this id. Without one Airflow makes one up, and a lost answer could not be settled by looking.
    pub run: DagRunId,
    /// What it is about; without one Airflow 2 takes this moment, Airflow 3 none.
    pub execution_date: Option<ExecutionDate>,
    /// What it is given.
    pub conf: serde_json::Map<String, serde_json::Value>,
    /// What a person shall read at it.
    pub note: Option<String>,
}

impl Trigger {
    /// A run of this DAG under this id.
    pub fn new(dag: DagId, run: DagRunId) -> Self {
        Self { dag, run, execution_date: None, conf: serde_json::Map::new(), note: None }
    }

    /// About this instant.
    #[must_use]
    pub fn about(mut self, date: ExecutionDate) -> Self {
        self.execution_date = Some(date);
        self
    }

    /// Given this.
    #[must_use]
    pub fn with_conf(mut self, conf: serde_json::Map<String, serde_json::Value>) -> Self {
        self.conf = conf;
        self
    }

    /// With a note for people.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}
