//! The changes of a job on Aurora, each with what it saw.

use std::fmt;
use std::time::Duration;

use aurora_client::{AuroraWriteExt, InstanceSet, JobKey, Task, TaskFilter, TaskId, TaskStatus};
use ops_client::{Error, Result};
use ops_plan::{Action, Danger, Digest, Repeat};
use serde::{Deserialize, Serialize};

use crate::aurora::AuroraWrites;
use crate::words::{count, fit};

/// What the audit log of the cluster says of a change.
pub(in crate::aurora) const MESSAGE: &str = "asked for by an operations recipe";
/// How long a task may take to end.
const ENDS_WITHIN: Duration = Duration::from_secs(5 * 60);
/// How long a new task may take until it runs, besides the time that it is watched.
const RUNS_WITHIN: Duration = Duration::from_secs(10 * 60);
/// A line of a plan is no longer.
const LINE: usize = 100;

/// A change of a job, or a wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum JobChange {
    /// A job is created.
    Create(Create),
    /// Waits until a created job has come so far.
    Reach(Reach),
    /// Tasks are told to end.
    Kill(KillTasks),
    /// Instances begin anew, as one batch.
    Restart(RestartBatch),
}

/// A task as it was when the plan was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CapturedTask {
    /// Its id: what takes its place has another.
    pub id: TaskId,
    /// Which instance it is.
    pub instance: u32,
    /// Where it runs.
    pub host: Option<String>,
    /// What it was doing.
    pub status: TaskStatus,
}

impl CapturedTask {
    /// This task.
    pub fn of(task: &Task) -> Self {
        Self { id: task.id.clone(), instance: task.instance, host: task.host.clone(), status: task.status }
    }
}

impl fmt::Display for CapturedTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "instance {}: {} ({}", self.instance, self.id, self.status)?;
        match &self.host {
            Some(host) => write!(f, " on {host})"),
            None => f.write_str(")"),
        }
    }
}

/// A job is created, from the template of the question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Create {
    /// Its key.
    pub job: JobKey,
    /// How many instances.
    pub instances: u32,
    /// Marks this very creation: a lost reply is settled by looking for it.
    pub nonce: String,
    /// What the template became: another one would be another job.
    pub digest: Digest,
}

/// How far a created job must have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Until {
    /// Its tasks run.
    Running,
    /// Its tasks ended well.
    Finished,
}

/// Waits until a created job has come so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reach {
    /// Its key.
    pub job: JobKey,
    /// Marks the creation.
    pub nonce: String,
    /// How many instances.
    pub instances: u32,
    /// How far.
    pub until: Until,
    /// How long that may take, in seconds.
    pub within_s: u64,
}

/// Tasks are told to end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KillTasks {
    /// Their job.
    pub job: JobKey,
    /// The tasks.
    pub tasks: Vec<CapturedTask>,
}

/// Instances begin anew, as one batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RestartBatch {
    /// Their job.
    pub job: JobKey,
    /// The tasks whose place is taken.
    pub tasks: Vec<CapturedTask>,
    /// For how long each new task must have run, in seconds.
    pub watch_s: u64,
    /// How many of the batch may fail.
    pub may_fail: u32,
}

impl JobChange {
    /// The job.
    pub fn job(&self) -> &JobKey {
        match self {
            Self::Create(create) => &create.job,
            Self::Reach(reach) => &reach.job,
            Self::Kill(kill) => &kill.job,
            Self::Restart(restart) => &restart.job,
        }
    }

    /// Sends it; a creation is sent by its recipe, which has the template.
    pub(super) async fn perform(&self, writes: &AuroraWrites) -> Result<()> {
        match self {
            Self::Create(_) | Self::Reach(_) => Ok(()),
            Self::Kill(kill) => {
                let captured: Vec<TaskId> = kill.tasks.iter().map(|task| task.id.clone()).collect();
                writes.aurora.kill_captured(&*writes.look, &kill.job, &captured, MESSAGE).await.map(drop)
            }
            Self::Restart(restart) => {
                let Some(set) = still_there(writes, &restart.tasks).await? else { return Ok(()) };
                writes.aurora.restart(&restart.job, &set).await
            }
        }
    }
}

/// Aurora is told the numbers of instances: those of which the task is still the captured one.
async fn still_there(writes: &AuroraWrites, tasks: &[CapturedTask]) -> Result<Option<InstanceSet>> {
    let Some(filter) = TaskFilter::of_tasks(tasks.iter().map(|task| task.id.clone())) else { return Ok(None) };
    let now = writes.look.tasks(&filter.brief()).await?;
    let numbers: Vec<u32> = now.iter().filter(|task| task.status.is_active()).map(|task| task.instance).collect();
    if numbers.is_empty() {
        return Ok(None);
    }
    InstanceSet::new(numbers).map(Some).map_err(|error| Error::invalid("aurora.instances", error.to_string()))
}

impl Action for JobChange {
    fn key(&self) -> String {
        match self {
            Self::Create(create) => format!("create/{}/{}", create.job, create.nonce),
            Self::Reach(reach) => format!("reach/{}/{}", reach.job, reach.nonce),
            Self::Kill(kill) => format!("kill/{}", kill.job),
            Self::Restart(restart) => {
                let first = restart.tasks.first().map_or("none", |task| task.id.as_str());
                format!("restart/{}/{first}", restart.job)
            }
        }
    }

    fn danger(&self) -> Danger {
        match self {
            Self::Reach(_) => Danger::Nothing,
            Self::Create(_) | Self::Restart(_) => Danger::Disruptive,
            Self::Kill(_) => Danger::Irreversible,
        }
    }

    fn repeat(&self) -> Repeat {
        match self {
            Self::Reach(_) => Repeat::Safe,
            Self::Create(_) | Self::Kill(_) | Self::Restart(_) => Repeat::IfPending,
        }
    }

    fn settle(&self) -> Duration {
        match self {
            Self::Create(_) => Duration::from_secs(60),
            Self::Reach(reach) => Duration::from_secs(reach.within_s),
            Self::Kill(_) => ENDS_WITHIN,
            Self::Restart(restart) => RUNS_WITHIN + Duration::from_secs(restart.watch_s),
        }
    }

    fn by_hand(&self) -> String {
        match self {
            Self::Create(create) => format!(
                "create {} with the cluster's own client, from the same template and binds; first look that no task of it is alive",
                create.job
            ),
            Self::Reach(reach) => match reach.until {
                Until::Running => format!("look at {} until its tasks run", reach.job),
                Until::Finished => format!("look at {} until its tasks are FINISHED", reach.job),
            },
            Self::Kill(kill) => {
                format!("aurora job kill CLUSTER/{}/{}\n{}", kill.job, numbers(&kill.tasks), lines(&kill.tasks))
            }
            Self::Restart(restart) => format!(
                "aurora job restart --watch-secs={} CLUSTER/{}/{}\n{}",
                restart.watch_s,
                restart.job,
                numbers(&restart.tasks),
                lines(&restart.tasks)
            ),
        }
    }
}

fn numbers(tasks: &[CapturedTask]) -> String {
    InstanceSet::new(tasks.iter().map(|task| task.instance)).map_or_else(|_| "none".into(), |set| set.to_string())
}

fn lines(tasks: &[CapturedTask]) -> String {
    tasks.iter().map(|task| format!("# {task}")).collect::<Vec<_>>().join("\n")
}

impl fmt::Display for JobChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = match self {
            Self::Create(create) => format!("create {}, {}", create.job, count(create.instances as usize, "instance")),
            Self::Reach(reach) => match reach.until {
                Until::Running => format!("wait until {} runs", reach.job),
                Until::Finished => format!("wait until {} has ended well", reach.job),
            },
            Self::Kill(kill) => {
                let task = count(kill.tasks.len(), "task");
                format!("kill {task} of {}: instances {}", kill.job, numbers(&kill.tasks))
            }
            Self::Restart(restart) => format!("restart {}: instances {}", restart.job, numbers(&restart.tasks)),
        };
        f.write_str(&fit(&line, LINE))
    }
}
