//! «Controlling aurora jobs via the CLI»: kill.

use aurora_client::{Instances, JobKey, TaskFilter};
use ops_client::Result;
use ops_plan::{Draft, Finding, Observed, Recipe};
use serde::{Deserialize, Serialize};

use super::change::{CapturedTask, JobChange, KillTasks};
use super::{look, opening};
use crate::aurora::{AuroraReads, AuroraWrites};
use crate::words::{count, names};

/// Alert texts and symptoms that this recipe answers.
pub const ALERTS: &[&str] = &["kill the job", "jobs kill", "kill an aurora job"];

/// Kills tasks of a job, and waits until exactly those have ended.
///
/// All instances are a choice of their own, never what an empty list means. What takes the place of a task meanwhile is another
/// task, and lives on: it is named at the end.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KillJob {
    /// The job.
    pub job: JobKey,
    /// Which of its instances.
    pub instances: Instances,
}

impl KillJob {
    /// Kills these instances of `job`.
    pub fn new(job: JobKey, instances: Instances) -> Self {
        Self { job, instances }
    }
}

impl Recipe for KillJob {
    const ID: &'static str = "kill-job";
    const VERSION: u32 = 1;
    type Reads = AuroraReads;
    type Writes = AuroraWrites;
    type Action = JobChange;

    async fn plan(&self, reads: &AuroraReads, mut draft: Draft<JobChange>) -> Result<Draft<JobChange>> {
        let title = format!("{} · {} · kill {}", draft.target(), self.job, self.instances);
        draft.title(title);
        let tasks = opening::open(&mut draft, reads, &self.job).await?;
        let active: Vec<_> = tasks.iter().filter(|task| task.status.is_active()).collect();
        let meant: Vec<CapturedTask> = active
            .iter()
            .filter(|task| self.instances.contains(task.instance))
            .map(|task| CapturedTask::of(task))
            .collect();
        if let Instances::Only(set) = &self.instances {
            let idle: Vec<u32> =
                set.iter().filter(|number| !meant.iter().any(|task| task.instance == *number)).collect();
            if !idle.is_empty() {
                let text = format!("not active, so left out: instances {}", names(idle));
                draft.finding(Finding::warn("instances", text));
            }
        }
        if meant.is_empty() {
            draft.finding(Finding::pass("instances", "nothing to do: no task of them is active"));
            return Ok(draft);
        }
        draft.population(active.len());
        if matches!(self.instances, Instances::Only(_)) {
            draft.one_by_one();
        }
        for task in &meant {
            draft.note(format!("{task}."));
        }
        if tasks.iter().any(|task| task.config.is_service && task.status.is_active()) {
            draft.finding(Finding::warn("service", "the job is a service: somebody may count on it all the time"));
        }
        draft.finding(opening::right(reads).await);
        draft.later("A job that an Airflow task started is started again while the task has tries left: look there.");
        draft.phase("kill", vec![JobChange::Kill(KillTasks { job: self.job.clone(), tasks: meant })]);
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
        let killed: Vec<_> = done
            .iter()
            .filter_map(|change| if let JobChange::Kill(kill) = change { Some(&kill.tasks) } else { None })
            .flatten()
            .collect();
        let (left, newer): (Vec<_>, Vec<_>) = tasks
            .iter()
            .filter(|task| task.status.is_active())
            .partition(|task| killed.iter().any(|captured| captured.id == task.id));
        let mut findings = vec![if left.is_empty() {
            Finding::pass("ended", format!("{} ended", count(killed.len(), "task")))
        } else {
            Finding::block("ended", format!("still active: {}", names(left.iter().map(|task| &task.id))))
        }];
        if !newer.is_empty() && self.instances == Instances::All {
            let text = format!("newer tasks of the job are active: {}", names(newer.iter().map(|task| &task.id)));
            findings.push(Finding::warn("newer", text).with_advice("something starts them again: look what"));
        }
        Ok(findings)
    }
}
