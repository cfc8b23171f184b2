//! Looking at the changes of a job: one query for all of them.

use aurora_client::{AuroraRead, Fate, JobKey, JobOutcome, NewJob, Task, TaskFilter, TaskId, TaskStatus};
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
        // The first task of each line: what took its place is found from there.
        let first = made.iter().filter(|task| !made.iter().any(|before| task.ancestor.as_ref() == Some(&before.id)));
        let first: Vec<TaskId> = first.map(|task| task.id.clone()).collect();
        let outcome = JobOutcome::of(&first, &self.tasks);
        let (mut bad, mut there) = (Vec::new(), 0_u64);
        for line in &outcome.tasks {
            match (line.fate, reach.until) {
                (Fate::Finished, _) | (Fate::Going(TaskStatus::Running), Until::Running) => there += 1,
                (Fate::Failed | Fate::Killed, _) => bad.push(self.why(line.newest.as_ref())),
                _ => {}
            }
        }
        if !bad.is_empty() {
            return Observed::Drifted(names(bad));
        }
        if there >= u64::from(reach.instances) { Observed::Done } else { Observed::InProgress }
    }

    /// A task, and why it ended.
    fn why(&self, id: Option<&TaskId>) -> String {
        let Some(task) = self.tasks.iter().find(|task| Some(&task.id) == id) else { return "a task".to_owned() };
        let why = task.events.last().and_then(|event| event.message.as_deref()).unwrap_or("it says no reason");
        format!("{} ({why})", CapturedTask::of(task))
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

#[cfg(test)]
mod tests {
    use aurora_client::{Resources, TaskConfig};

    use super::*;

    #[test]
    fn a_failure_that_is_made_good_is_no_end() {
        let job: JobKey = "jobs/prod/dagao".parse().unwrap();
        let mut config = TaskConfig::new(Resources::new(1.0, 64, 64));
        (config.max_failures, config.metadata) = (2, vec![(NewJob::NONCE.to_owned(), "n".to_owned())]);
        let mut first = Task::new(TaskId::new("t-1"), job.clone(), 0, TaskStatus::Failed, config.clone());
        first.failures = 1;
        let reach = Reach { job: job.clone(), nonce: "n".into(), instances: 1, until: Until::Finished, within_s: 60 };
        let seen = |tasks: &[&Task]| {
            let look = Look { tasks: tasks.iter().map(|task| (*task).clone()).collect(), now: Timestamp::UNIX_EPOCH };
            look.reach(&reach)
        };
        // What takes its place is not there yet.
        assert_eq!(seen(&[&first]), Observed::InProgress);
        let mut second = Task::new(TaskId::new("t-2"), job, 0, TaskStatus::Finished, config);
        second.ancestor = Some(first.id.clone());
        assert_eq!(seen(&[&first, &second]), Observed::Done);
        (second.status, second.failures) = (TaskStatus::Failed, 2);
        assert!(matches!(seen(&[&first, &second]), Observed::Drifted(_)));
    }
}
