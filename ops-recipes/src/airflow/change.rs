//! The changes of a DAG run, each with what it saw: the fencing token that stops it when the world moved.

use std::fmt;
use std::time::Duration;

use airflow_client::{
    Clear, NewRunState, NewTaskState, RunKey, RunState, SetTaskState, TaskId, TaskInstance, TaskKey, TaskState, Which,
};
use jiff::Timestamp;
use ops_client::{Error, Result};
use ops_plan::{Action, Danger, Digest, Repeat};
use serde::{Deserialize, Serialize};

use super::AirflowWrites;
use super::cluster::LiveJob;
use crate::words::{count, fit, names};

/// How long no task may have been live until a stopped run counts as still.
const STILL: Duration = Duration::from_secs(60);
/// How long a stopped run may take to become still.
const STILL_WITHIN: Duration = Duration::from_secs(15 * 60);
/// How long Airflow takes at most until a change shows.
const SETTLE: Duration = Duration::from_secs(60);
/// A line of a plan is no longer.
const LINE: usize = 100;

/// A change of a DAG run, or a wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DagChange {
    /// A task gets a state.
    Mark(Mark),
    /// Tasks are cleared, in one call.
    Clear(ClearTasks),
    /// The run gets a state.
    SetRun(SetRun),
    /// Jobs that tasks started are killed.
    Kill(Kill),
    /// Waits until nothing of the run is live any more.
    Still(Still),
}

/// A task instance as it was when the plan was made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Seen {
    /// Which one.
    pub task: TaskKey,
    /// Its state.
    pub state: TaskState,
    /// Its try.
    pub try_number: u32,
}

impl Seen {
    /// As this instance is now.
    pub fn of(task: &TaskInstance) -> Self {
        Self { task: task.key.clone(), state: task.state.clone(), try_number: task.try_number }
    }

    /// Whether the instance is still as it was.
    pub fn is_still(&self, now: &TaskInstance) -> bool {
        self.state == now.state && self.try_number == now.try_number
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, try {})", self.task, self.state, self.try_number)
    }
}

/// A task gets a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Mark {
    /// The run.
    pub run: RunKey,
    /// The task, as it was seen.
    pub seen: Seen,
    /// The state.
    pub to: NewTaskState,
    /// The structure of the DAG around the task, where a change of it would make the plan another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structure: Option<Digest>,
    /// When the DAG's next run begins, where Airflow says it: until then what is left behind must be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_run: Option<Timestamp>,
}

/// Tasks of a run are cleared, in one call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClearTasks {
    /// The run.
    pub run: RunKey,
    /// The tasks, as they were seen.
    pub tasks: Vec<Seen>,
    /// Which of their instances. With [`Which::Failed`] those that have left `failed` and `upstream_failed` meanwhile are
    /// left alone: that is what earlier phases of the same plan cause.
    pub which: Which,
    /// Whether they run the DAG's newest version (Airflow 3.1 and later).
    #[serde(default)]
    pub on_latest_version: bool,
    /// What it is for, in a few words.
    pub what: String,
    /// As for [`Mark::structure`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structure: Option<Digest>,
    /// The green task that would take machines away again, and is left out so that they stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<Seen>,
}

impl ClearTasks {
    /// The tasks, each once.
    pub fn ids(&self) -> Vec<TaskId> {
        let mut ids: Vec<TaskId> = self.tasks.iter().map(|seen| seen.task.task.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The call.
    pub fn call(&self) -> Clear {
        let clear = match self.which {
            Which::Failed => Clear::failed(self.run.clone(), self.ids()),
            Which::Any => Clear::any(self.run.clone(), self.ids()),
        };
        if self.on_latest_version { clear.on_latest_version() } else { clear }
    }
}

/// The run gets a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SetRun {
    /// The run.
    pub run: RunKey,
    /// Its state when the plan was made. Queued and running are alike: it may begin meanwhile.
    pub seen: RunState,
    /// The state.
    pub to: NewRunState,
    /// Tasks that would have taken machines away, and will not run: their machines stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaves_machines: Vec<TaskId>,
}

/// Jobs that tasks started are killed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Kill {
    /// The run.
    pub run: RunKey,
    /// The job's name.
    pub job: String,
    /// Its processes, as they were captured.
    pub processes: Vec<LiveJob>,
}

/// Waits until nothing of the run is live any more, and has not been for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Still {
    /// The run.
    pub run: RunKey,
    /// The names under which its jobs run on the cluster.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<String>,
    /// The processes that are watched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<LiveJob>,
}

impl Still {
    /// How long nothing may have been live.
    pub const FOR: Duration = STILL;
}

impl DagChange {
    /// The run.
    pub fn run(&self) -> &RunKey {
        match self {
            Self::Mark(mark) => &mark.run,
            Self::Clear(clear) => &clear.run,
            Self::SetRun(set) => &set.run,
            Self::Kill(kill) => &kill.run,
            Self::Still(still) => &still.run,
        }
    }

    /// The structure that it counts on.
    pub(crate) fn structure(&self) -> Option<Digest> {
        match self {
            Self::Mark(mark) => mark.structure,
            Self::Clear(clear) => clear.structure,
            Self::SetRun(_) | Self::Kill(_) | Self::Still(_) => None,
        }
    }

    /// Sends it. A recipe that wraps this action calls it from its own `perform`.
    ///
    /// # Errors
    /// As the port's call.
    pub async fn perform(&self, writes: &AirflowWrites) -> Result<()> {
        match self {
            Self::Mark(mark) => {
                let change = SetTaskState::new(mark.run.clone(), mark.seen.task.clone(), mark.to);
                writes.airflow.set_task_state(&change).await
            }
            Self::Clear(clear) => writes.airflow.clear(&clear.call()).await.map(drop),
            Self::SetRun(set) => writes.airflow.set_run_state(&set.run, set.to).await,
            Self::Kill(kill) => match &writes.jobs {
                Some(jobs) => {
                    let ids: Vec<String> = kill.processes.iter().map(|process| process.id.clone()).collect();
                    jobs.kill(&ids).await
                }
                None => {
                    Err(Error::invalid("cluster.kill", "no cluster to kill jobs on is configured for this program")
                        .with_remedy("configure it, or kill the jobs by hand and resume"))
                }
            },
            Self::Still(_) => Ok(()),
        }
    }
}

impl Action for DagChange {
    fn key(&self) -> String {
        match self {
            Self::Mark(mark) => format!("mark/{}/{}/{}", mark.run.run, mark.seen.task, mark.to),
            Self::Clear(clear) => format!("clear/{}/{}", clear.run.run, clear.what),
            Self::SetRun(set) => format!("run/{}/{}", set.run.run, set.to),
            Self::Kill(kill) => format!("kill/{}/{}", kill.run.run, kill.job),
            Self::Still(still) => format!("still/{}", still.run.run),
        }
    }

    fn danger(&self) -> Danger {
        match self {
            Self::Still(_) => Danger::Nothing,
            // Others wait for the run, machines are made, jobs begin.
            Self::Mark(_) | Self::Clear(_) | Self::SetRun(_) => Danger::Disruptive,
            Self::Kill(_) => Danger::Irreversible,
        }
    }

    fn repeat(&self) -> Repeat {
        match self {
            Self::Kill(_) | Self::Still(_) => Repeat::Safe,
            // A clear that arrives twice stops what the first one started.
            Self::Mark(_) | Self::Clear(_) | Self::SetRun(_) => Repeat::IfPending,
        }
    }

    fn settle(&self) -> Duration {
        match self {
            Self::Still(_) => STILL_WITHIN,
            Self::Kill(_) => Duration::from_secs(120),
            Self::Mark(_) | Self::Clear(_) | Self::SetRun(_) => SETTLE,
        }
    }

    fn by_hand(&self) -> String {
        let RunKey { dag, run } = self.run();
        let place = format!("Airflow › DAG {dag} › run {run}");
        match self {
            Self::Mark(mark) => {
                let to = if mark.to == NewTaskState::Success { "success" } else { mark.to.as_str() };
                format!("{place} › task {} › Mark {to}, without past, future, upstream and downstream", mark.seen.task)
            }
            Self::Clear(clear) => {
                let only = if clear.which == Which::Failed { "only failed" } else { "all states" };
                let ids: Vec<String> = clear.ids().iter().map(ToString::to_string).collect();
                format!(
                    "{place} › Clear, {only}, without past, future, upstream and downstream, these tasks:\n{}",
                    ids.join("\n")
                )
            }
            Self::SetRun(set) => format!("{place} › Mark run {}", set.to),
            Self::Kill(kill) => {
                let ids: Vec<&str> = kill.processes.iter().map(|process| process.id.as_str()).collect();
                format!(
                    "kill these processes of the job {} on the cluster, and no others:\n{}",
                    kill.job,
                    ids.join("\n")
                )
            }
            Self::Still(_) => format!("{place} › look until no task is running or queued for {} s", STILL.as_secs()),
        }
    }
}

impl fmt::Display for DagChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = match self {
            Self::Mark(mark) => {
                let Seen { task, state, try_number } = &mark.seen;
                format!("mark {task}: {state} (try {try_number}) → {}", mark.to)
            }
            Self::Clear(clear) => {
                let ids = clear.ids();
                match ids.as_slice() {
                    [] | [_] | [_, _] => format!("clear {}: {}", clear.what, names(&ids)),
                    [first, ..] => format!("clear {}: {first} and {} more", clear.what, ids.len() - 1),
                }
            }
            Self::SetRun(set) => format!("set the run {}: {} → {}", set.run.run, set.seen, set.to),
            Self::Kill(kill) => format!("kill {} of job {}", count(kill.processes.len(), "process"), kill.job),
            Self::Still(_) => format!("wait until nothing of the run was live for {} s", STILL.as_secs()),
        };
        f.write_str(&fit(&line, LINE))
    }
}
