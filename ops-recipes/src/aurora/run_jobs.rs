//! The jobs of a DAG run on Aurora: a job has its task's id as its name (attested).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use airflow_client::DagRun;
use async_trait::async_trait;
use aurora_client::{AuroraRead, AuroraWrite, AuroraWriteExt, JobKey, Task, TaskFilter, TaskId};
use jiff::{SignedDuration, Timestamp};
use ops_client::Result;

use super::jobs::MESSAGE;
use crate::airflow::{KillJobs, LiveJob, RunJobs};

/// For how long a process that ended is still told of.
const LATELY: SignedDuration = SignedDuration::from_mins(10);
/// Where a run's configuration may name its transaction.
const NAMED: [&str; 2] = ["transaction", "metapod_transaction"];

/// Where the jobs of a DAG run are found on Aurora, and by which labels they say whose they are.
///
/// A job works for the run if it says the run's transaction (the one that the run's own configuration names, or else the one that
/// was given here), or, where no transaction is known, the run's target date.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobPlace {
    /// The role of the jobs.
    pub role: String,
    /// Their environment.
    pub environment: String,
    /// The transaction that the run writes.
    pub transaction: Option<String>,
    /// The label that holds a job's transaction.
    pub transaction_label: String,
    /// The label that holds a job's target date.
    pub date_label: String,
    /// The label that holds a job's version.
    pub version_label: String,
}

impl JobPlace {
    /// The jobs of a role in an environment.
    pub fn new(role: impl Into<String>, environment: impl Into<String>) -> Self {
        Self {
            role: role.into(),
            environment: environment.into(),
            transaction: None,
            transaction_label: "metapod_transaction".into(),
            date_label: "target_date".into(),
            version_label: "version".into(),
        }
    }

    /// Of a run that writes this transaction.
    #[must_use]
    pub fn of_transaction(mut self, transaction: impl Into<String>) -> Self {
        self.transaction = Some(transaction.into());
        self
    }

    /// The key of a task's job; `None` where no job can have such a name.
    fn key(&self, task: &str) -> Option<JobKey> {
        JobKey::new(&self.role, &self.environment, task).ok()
    }

    /// Whether a process works for the run.
    fn is_ours(&self, run: &DagRun, task: &Task) -> Option<bool> {
        let conf = run.conf.as_ref();
        let named = NAMED.iter().find_map(|name| conf?.get(name)?.as_str().filter(|id| !id.is_empty()));
        if let Some(transaction) = named.or(self.transaction.as_deref()) {
            if let Some(said) = task.config.label(&self.transaction_label) {
                return Some(said == transaction);
            }
            if task.config.mentions(transaction) == Some(true) {
                return Some(true);
            }
        }
        let said = task.config.label(&self.date_label)?;
        let target = run.execution_date.and_then(|date| date.target_date())?;
        Some(said == target.to_string())
    }
}

/// Looking at the jobs of a DAG run on Aurora.
#[derive(Clone)]
pub struct AuroraRunJobs {
    aurora: Arc<dyn AuroraRead>,
    place: JobPlace,
}

impl fmt::Debug for AuroraRunJobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuroraRunJobs").field("place", &self.place).finish_non_exhaustive()
    }
}

impl AuroraRunJobs {
    /// The jobs at this place.
    pub fn new(aurora: Arc<dyn AuroraRead>, place: JobPlace) -> Self {
        Self { aurora, place }
    }
}

#[async_trait]
impl RunJobs for AuroraRunJobs {
    async fn live(&self, run: &DagRun, tasks: &[String]) -> Result<Vec<LiveJob>> {
        let keys: Vec<JobKey> = tasks.iter().filter_map(|task| self.place.key(task)).collect();
        let Some(filter) = TaskFilter::of_jobs(keys) else { return Ok(Vec::new()) };
        let since = Timestamp::now().checked_sub(LATELY).unwrap_or(Timestamp::MIN);
        let tasks = self.aurora.tasks(&filter).await?;
        let told = tasks.iter().filter(|task| !task.status.is_terminal() || task.ended().is_some_and(|at| at >= since));
        Ok(told
            .map(|task| {
                let mut job = LiveJob::new(task.id.as_str(), task.job.name(), self.place.is_ours(run, task));
                if let Some(version) = task.config.label(&self.place.version_label) {
                    job = job.running(version);
                }
                match task.ended() {
                    Some(at) => job.ended_at(at),
                    None => job,
                }
            })
            .collect())
    }
}

/// Ending jobs of a DAG run on Aurora.
#[derive(Clone)]
pub struct AuroraKillJobs {
    read: Arc<dyn AuroraRead>,
    write: Arc<dyn AuroraWrite>,
}

impl fmt::Debug for AuroraKillJobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuroraKillJobs")
    }
}

impl AuroraKillJobs {
    /// Looks which instance a process is, and ends it.
    pub fn new(read: Arc<dyn AuroraRead>, write: Arc<dyn AuroraWrite>) -> Self {
        Self { read, write }
    }
}

#[async_trait]
impl KillJobs for AuroraKillJobs {
    /// Aurora kills by the number of an instance: the ids are looked up right before, and of what ended meanwhile nothing is
    /// killed, so that what took its place lives on.
    async fn kill(&self, ids: &[String]) -> Result<()> {
        let Some(filter) = TaskFilter::of_tasks(ids.iter().map(TaskId::new)) else { return Ok(()) };
        let mut captured: BTreeMap<JobKey, Vec<TaskId>> = BTreeMap::new();
        for task in self.read.tasks(&filter.brief()).await? {
            captured.entry(task.job).or_default().push(task.id);
        }
        for (job, tasks) in captured {
            self.write.kill_captured(&*self.read, &job, &tasks, MESSAGE).await?;
        }
        Ok(())
    }
}
