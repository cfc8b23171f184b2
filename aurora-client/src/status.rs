//! A job as people look at it: by instance, the newest task first, and why a task waits.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

use crate::{JobKey, PendingReason, Task, TaskId};

/// A task of an instance, and why it waits.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Generation {
    /// The task.
    pub task: Task,
    /// Why it waits for a place, in the scheduler's words.
    pub pending: Option<String>,
}

/// One instance of a job.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct InstanceStatus {
    /// Its number.
    pub instance: u32,
    /// Its tasks, the newest first: at least one.
    pub generations: Vec<Generation>,
}

impl InstanceStatus {
    /// Its newest task.
    pub fn newest(&self) -> Option<&Generation> {
        self.generations.first()
    }
}

/// A job, instance by instance.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct JobStatus {
    /// Its key.
    pub job: JobKey,
    /// Its instances, by number. None where no task of it is known.
    pub instances: Vec<InstanceStatus>,
}

impl JobStatus {
    /// Groups the tasks of a job, and joins the reasons to them. Tasks of other jobs are left out.
    pub fn of(job: &JobKey, tasks: Vec<Task>, reasons: &[PendingReason]) -> Self {
        let mut groups: BTreeMap<u32, Vec<Task>> = BTreeMap::new();
        for task in tasks.into_iter().filter(|task| task.job == *job) {
            groups.entry(task.instance).or_default().push(task);
        }
        let pending = |id: &TaskId| {
            let words: Vec<&str> =
                reasons.iter().filter(|one| one.task == *id).map(|one| one.reason.as_str()).collect();
            (!words.is_empty()).then(|| words.join(", "))
        };
        let instances = groups.into_iter().map(|(instance, tasks)| {
            let generations = newest_first(tasks).into_iter();
            let generations = generations.map(|task| Generation { pending: pending(&task.id), task }).collect();
            InstanceStatus { instance, generations }
        });
        Self { job: job.clone(), instances: instances.collect() }
    }

    /// The tasks that wait, run or are about to end.
    pub fn active(&self) -> impl Iterator<Item = &Task> {
        let all = self.instances.iter().flat_map(|instance| &instance.generations);
        all.map(|generation| &generation.task).filter(|task| task.status.is_active())
    }
}

/// A successor is newer than its ancestor, whatever their clocks say; otherwise who began later.
pub(crate) fn newest_first(tasks: Vec<Task>) -> Vec<Task> {
    let mut placed: Vec<((Option<Timestamp>, usize), Task)> = Vec::with_capacity(tasks.len());
    let rank = |task: &Task| {
        let (mut began, mut depth, mut at) = (task.began(), 0, task);
        // No line is longer than the list, not even one that runs in a circle.
        while depth < tasks.len() {
            let Some(id) = &at.ancestor else { break };
            let Some(before) = tasks.iter().find(|one| one.id == *id) else { break };
            (began, depth, at) = (began.max(before.began()), depth + 1, before);
        }
        (began, depth)
    };
    let ranks: Vec<_> = tasks.iter().map(rank).collect();
    placed.extend(ranks.into_iter().zip(tasks));
    placed.sort_by(|(a, one), (b, other)| (b, &other.id).cmp(&(a, &one.id)));
    placed.into_iter().map(|(_, task)| task).collect()
}

impl fmt::Display for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.job)?;
        if self.instances.is_empty() {
            return f.write_str(": no task is known");
        }
        for instance in &self.instances {
            let mut label = instance.instance.to_string();
            for Generation { task, pending } in &instance.generations {
                write!(f, "\n{label:>6}  {:<10}", task.status)?;
                label.clear();
                if let Some(host) = &task.host {
                    write!(f, " on {host}")?;
                }
                if let Some(since) = task.since() {
                    write!(f, " since {since}")?;
                }
                if let Some(pending) = pending {
                    write!(f, " ({pending})")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Resources, TaskConfig, TaskEvent, TaskStatus};

    fn key() -> JobKey {
        "jobs/prod/x".parse().unwrap()
    }

    fn task(id: &str, instance: u32, status: TaskStatus, began: i64, ancestor: Option<&str>) -> Task {
        let config = TaskConfig::new(Resources::new(1.0, 1, 1));
        let mut task = Task::new(TaskId::new(id), key(), instance, status, config);
        task.events.push(TaskEvent::new(Timestamp::from_second(began).unwrap(), status));
        task.ancestor = ancestor.map(TaskId::new);
        task
    }

    #[test]
    fn the_newest_is_first_and_says_why_it_waits() {
        let tasks = vec![
            task("old", 1, TaskStatus::Failed, 10, None),
            task("other", 0, TaskStatus::Running, 15, None),
            task("new", 1, TaskStatus::Pending, 20, Some("old")),
        ];
        let reasons = [PendingReason::new(TaskId::new("new"), "Insufficient: CPU")];
        let status = JobStatus::of(&key(), tasks, &reasons);
        let text = status.to_string();
        assert_eq!(
            text,
            "jobs/prod/x\n     0  RUNNING    since 1970-01-01T00:00:15Z\n     1  PENDING    since 1970-01-01T00:00:20Z \
             (Insufficient: CPU)\n        FAILED     since 1970-01-01T00:00:10Z"
        );
        assert_eq!(status.active().count(), 2);
        assert_eq!(JobStatus::of(&key(), Vec::new(), &[]).to_string(), "jobs/prod/x: no task is known");
    }

    #[test]
    fn a_successor_is_newer_though_its_clock_was_behind() {
        let tasks = vec![
            task("b", 0, TaskStatus::Running, 5, Some("a")),
            task("a", 0, TaskStatus::Lost, 10, None),
            task("z", 0, TaskStatus::Failed, 1, None),
        ];
        let ids: Vec<String> = newest_first(tasks).into_iter().map(|task| task.id.to_string()).collect();
        assert_eq!(ids, ["b", "a", "z"]);
        let circle = vec![task("a", 0, TaskStatus::Lost, 1, Some("b")), task("b", 0, TaskStatus::Lost, 2, Some("a"))];
        assert_eq!(newest_first(circle).len(), 2);
    }
}
