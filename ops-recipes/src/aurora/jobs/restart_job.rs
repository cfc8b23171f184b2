//! «Controlling aurora jobs via the CLI»: restart.

use aurora_client::{Instances, JobKey, TaskFilter, TaskStatus};
use ops_client::Result;
use ops_plan::{Draft, Finding, Observed, Recipe};
use serde::{Deserialize, Serialize};

use super::change::{CapturedTask, JobChange, RestartBatch};
use super::{look, opening};
use crate::aurora::{AuroraReads, AuroraWrites};
use crate::words::names;

/// Alert texts and symptoms that this recipe answers.
pub const ALERTS: &[&str] = &["restart the job", "jobs restart", "restart an aurora job"];

/// Restarts instances of a job batch by batch: the next one only when each new task of the last one stayed up for a while.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RestartJob {
    /// The job.
    pub job: JobKey,
    /// Which of its instances.
    pub instances: Instances,
    /// How many at a time.
    #[serde(default = "one")]
    pub batch: usize,
    /// For how long a new task must run until it counts as up, in seconds.
    #[serde(default = "watch")]
    pub watch_s: u64,
    /// How many of a batch may fail.
    #[serde(default)]
    pub may_fail: u32,
}

fn one() -> usize {
    1
}

/// What Aurora's own client watches.
fn watch() -> u64 {
    30
}

impl RestartJob {
    /// Restarts these instances of `job`, one after the other.
    pub fn new(job: JobKey, instances: Instances) -> Self {
        Self { job, instances, batch: one(), watch_s: watch(), may_fail: 0 }
    }

    /// So many at a time.
    #[must_use]
    pub fn with_batch(mut self, instances: usize) -> Self {
        self.batch = instances;
        self
    }

    /// Watches each new task for so many seconds.
    #[must_use]
    pub fn watching(mut self, seconds: u64) -> Self {
        self.watch_s = seconds;
        self
    }

    /// Goes on although so many of a batch failed.
    #[must_use]
    pub fn tolerating(mut self, failures: u32) -> Self {
        self.may_fail = failures;
        self
    }
}

impl Recipe for RestartJob {
    const ID: &'static str = "restart-job";
    const VERSION: u32 = 1;
    type Reads = AuroraReads;
    type Writes = AuroraWrites;
    type Action = JobChange;

    async fn plan(&self, reads: &AuroraReads, mut draft: Draft<JobChange>) -> Result<Draft<JobChange>> {
        let title = format!("{} · {} · restart {}", draft.target(), self.job, self.instances);
        draft.title(title);
        let tasks = opening::open(&mut draft, reads, &self.job).await?;
        if self.batch == 0 {
            draft.finding(Finding::block("batch", "none at a time is no batch").with_advice("say at least 1"));
            return Ok(draft);
        }
        let active: Vec<_> = tasks.iter().filter(|task| task.status.is_active()).collect();
        if let Instances::Only(set) = &self.instances {
            let idle: Vec<u32> =
                set.iter().filter(|number| !active.iter().any(|task| task.instance == *number)).collect();
            if !idle.is_empty() {
                // Aurora restarts all of a set or none.
                let text = format!("not active: instances {}", names(idle));
                draft.finding(Finding::block("instances", text).with_advice("name only instances that are active"));
                return Ok(draft);
            }
        }
        let meant: Vec<CapturedTask> = active
            .iter()
            .filter(|task| self.instances.contains(task.instance))
            .map(|task| CapturedTask::of(task))
            .collect();
        if meant.is_empty() {
            draft.finding(Finding::pass("instances", "nothing to do: no task of the job is active"));
            return Ok(draft);
        }
        let limp: Vec<&CapturedTask> = meant.iter().filter(|task| task.status != TaskStatus::Running).collect();
        if !limp.is_empty() {
            draft.finding(Finding::warn("instances", format!("not running now: {}", names(limp))));
        }
        if self.batch >= active.len() && active.len() > 1 {
            let text = format!("all {} instances would be away at the same time", active.len());
            draft.finding(Finding::ask("floor", text, "right when nobody needs the job meanwhile"));
        }
        draft.population(active.len());
        draft.one_by_one();
        draft.finding(opening::right(reads).await);
        // A phase of its own for each batch: the next one begins when every instance of the last one was seen to stay up.
        let batches = meant.chunks(self.batch);
        let of = batches.len();
        for (number, tasks) in (1..).zip(batches) {
            let batch = RestartBatch {
                job: self.job.clone(),
                tasks: tasks.to_vec(),
                watch_s: self.watch_s,
                may_fail: self.may_fail,
            };
            draft.phase_at(format!("batch {number} of {of}"), 1, vec![JobChange::Restart(batch)]);
        }
        Ok(draft)
    }

    async fn observe(&self, reads: &AuroraReads, actions: &[&JobChange]) -> Result<Vec<Observed>> {
        look::observe(&*reads.aurora, &self.job, actions).await
    }

    async fn perform(&self, writes: &AuroraWrites, action: &JobChange) -> Result<()> {
        action.perform(writes).await
    }

    async fn verify(&self, reads: &AuroraReads, done: &[&JobChange]) -> Result<Vec<Finding>> {
        let tasks = reads.aurora.tasks(&TaskFilter::of_job(&self.job).brief()).await?;
        let restarted: Vec<u32> = done
            .iter()
            .filter_map(|change| if let JobChange::Restart(batch) = change { Some(&batch.tasks) } else { None })
            .flatten()
            .map(|task| task.instance)
            .collect();
        let down: Vec<u32> = restarted
            .iter()
            .copied()
            .filter(|number| !tasks.iter().any(|task| task.instance == *number && task.status == TaskStatus::Running))
            .collect();
        Ok(vec![if down.is_empty() {
            Finding::pass("up", "every restarted instance runs")
        } else if down.len() as u64 <= u64::from(self.may_fail) {
            Finding::warn("up", format!("not running: instances {}", names(down)))
        } else {
            Finding::block("up", format!("not running: instances {}", names(down)))
        }])
    }
}
