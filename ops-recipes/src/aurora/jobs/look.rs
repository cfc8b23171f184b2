//! Looking at the changes of a job: one query for all of them.

use aurora_client::{AuroraRead, JobKey, NewJob, Task, TaskFilter, TaskStatus};
use jiff::{SignedDuration, Timestamp};
use ops_client::Result;
use ops_plan::Observed;

use super::change::{CapturedTask, Create, JobChange, KillTasks, Reach, RestartBatch, Until};
use crate::words::names;

/// Looks at changes of one job.
pub(crate) async fn observe(aurora: &dyn AuroraRead, job: &JobKey, actions: &[&JobChange]) -> Result<Vec<Observed>> {
    let tasks = aurora.tasks(&TaskFilter::of_job(job)).await?;
    // A cluster's clock is its own: what is watched is compared with the newest thing that it told.
    let now = aurora.probe().await?.server_time.and_then(|time| Timestamp::try_from(time).ok());
    let look = Look { tasks, now: now.unwrap_or_else(Timestamp::now) };
    Ok(actions
        .iter()
        .map(|action| match action {
            JobChange::Create(create) => look.create(create),
            JobChange::Reach(reach) => look.reach(reach),
            JobChange::Kill(kill) => look.kill(kill),
            JobChange::Restart(restart) => look.restart(restart),
        })
        .collect())
}

/// The tasks of a job that are of this very creation.
pub(crate) fn made_by<'a>(tasks: &'a [Task], nonce: &str) -> Vec<&'a Task> {
    tasks.iter().filter(|task| task.config.label(NewJob::NONCE) == Some(nonce)).collect()
}

struct Look {
    tasks: Vec<Task>,
    now: Timestamp,
}

impl Look {
    fn create(&self, create: &Create) -> Observed {
        if !made_by(&self.tasks, &create.nonce).is_empty() {
            return Observed::Done;
        }
        let others: Vec<&Task> = self.tasks.iter().filter(|task| task.status.is_active()).collect();
        if others.is_empty() {
            Observed::Pending
        } else {
            let who = names(others.iter().map(|task| CapturedTask::of(task)));
            Observed::Drifted(format!("somebody else created {}: {who}", create.job))
        }
    }

    fn reach(&self, reach: &Reach) -> Observed {
        let made = made_by(&self.tasks, &reach.nonce);
        let newest = newest(&made);
        let failed: Vec<String> = newest
            .iter()
            .filter(|task| matches!(task.status, TaskStatus::Failed | TaskStatus::Killed))
            .map(|task| {
                let why = task.events.last().and_then(|event| event.message.as_deref()).unwrap_or("it says no reason");
                format!("{} ({why})", CapturedTask::of(task))
            })
            .collect();
        if !failed.is_empty() {
            return Observed::Drifted(names(failed));
        }
        let there = |task: &&Task| match reach.until {
            Until::Finished => task.status == TaskStatus::Finished,
            Until::Running => matches!(task.status, TaskStatus::Running | TaskStatus::Finished),
        };
        let enough = newest.iter().filter(|task| there(task)).count() as u64 >= u64::from(reach.instances);
        if enough { Observed::Done } else { Observed::InProgress }
    }

    fn kill(&self, kill: &KillTasks) -> Observed {
        let mut ending = false;
        for captured in &kill.tasks {
            match self.tasks.iter().find(|task| task.id == captured.id) {
                Some(task) if task.status == TaskStatus::Killing => ending = true,
                Some(task) if task.status.is_active() => return Observed::Pending,
                _ => {}
            }
        }
        if ending { Observed::InProgress } else { Observed::Done }
    }

    fn restart(&self, restart: &RestartBatch) -> Observed {
        let mut bad = Vec::new();
        let mut waiting = false;
        for captured in &restart.tasks {
            let old = self.tasks.iter().find(|task| task.id == captured.id);
            let next = self.tasks.iter().filter(|task| task.ancestor.as_ref() == Some(&captured.id));
            let next = next.max_by_key(|task| task.began());
            match (old, next) {
                (_, Some(task)) => match self.stays(task, restart.watch_s) {
                    Some(true) => {}
                    Some(false) => bad.push(CapturedTask::of(task).to_string()),
                    None => waiting = true,
                },
                (Some(task), None) if task.status == TaskStatus::Restarting => waiting = true,
                (Some(task), None) if task.status.is_active() => return Observed::Pending,
                (Some(task), None) => {
                    return Observed::Drifted(format!("{} ended by itself", CapturedTask::of(task)));
                }
                (None, None) => return Observed::Drifted(format!("{captured} is no longer known")),
            }
        }
        if bad.len() as u64 > u64::from(restart.may_fail) {
            return Observed::Drifted(format!("did not stay up: {}", names(bad)));
        }
        if waiting { Observed::InProgress } else { Observed::Done }
    }

    /// Whether a new task has run long enough; `None` while that cannot be said.
    fn stays(&self, task: &Task, watch_s: u64) -> Option<bool> {
        match task.status {
            TaskStatus::Running => {
                let watch = SignedDuration::from_secs(i64::try_from(watch_s).unwrap_or(i64::MAX));
                let long = task.since().is_some_and(|since| self.now.duration_since(since) >= watch);
                long.then_some(true)
            }
            TaskStatus::Finished => Some(true),
            status if status.is_terminal() => Some(false),
            _ => None,
        }
    }
}

/// Of each instance the task that came last.
fn newest<'a>(tasks: &[&'a Task]) -> Vec<&'a Task> {
    let mut last: std::collections::BTreeMap<u32, &Task> = std::collections::BTreeMap::new();
    for task in tasks {
        let known = last.entry(task.instance).or_insert(task);
        if task.began() > known.began() {
            *known = task;
        }
    }
    last.into_values().collect()
}
