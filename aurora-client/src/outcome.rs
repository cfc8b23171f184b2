//! How a job ended, or whether it has: «is this task really finished, or will it be rescheduled?»

use std::fmt;

use crate::{Task, TaskId, TaskStatus};

/// What became of one captured task: of it, or of the newest task that took its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fate {
    /// Neither it nor a successor is known. That is not the same as «ended»: old tasks are forgotten.
    Unseen,
    /// It waits, runs or is about to end.
    Going(TaskStatus),
    /// It ended, but Aurora puts another in its place, which is not there yet.
    Awaited(TaskStatus),
    /// It ended well.
    Finished,
    /// It failed as often as it may.
    Failed,
    /// It was told to end, and did.
    Killed,
    /// It ended, and the successor that should have come did not.
    Abandoned(TaskStatus),
}

impl Fate {
    /// Whether nothing more comes.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Finished | Self::Failed | Self::Killed | Self::Abandoned(_))
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unseen => f.write_str("not known"),
            Self::Going(status) => write!(f, "{status}"),
            Self::Awaited(status) => write!(f, "{status}, its successor is awaited"),
            Self::Finished => f.write_str("finished"),
            Self::Failed => f.write_str("failed"),
            Self::Killed => f.write_str("killed"),
            Self::Abandoned(status) => write!(f, "{status}, and no successor came"),
        }
    }
}

/// One captured task, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskOutcome {
    /// The task that was captured.
    pub captured: TaskId,
    /// The newest task of its line: itself, or what took its place. `None` where none is known.
    pub newest: Option<TaskId>,
    /// What became of it.
    pub fate: Fate,
}

/// What became of all captured tasks together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// None of them is known, or none was captured. Never taken for «all done».
    NoneSeen,
    /// At least one has not ended.
    Going,
    /// All ended well.
    Finished,
    /// All ended, at least one badly.
    Failed,
    /// All ended, at least one because it was told to, none badly.
    Killed,
    /// None goes on, but of at least one nobody knows the end.
    Unclear,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoneSeen => "none of its tasks is known",
            Self::Going => "not ended",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Killed => "killed",
            Self::Unclear => "ended, nobody knows how",
        })
    }
}

/// What became of captured tasks.
///
/// ```
/// use aurora_client::{JobOutcome, Resources, Task, TaskConfig, TaskId, TaskStatus, Verdict};
///
/// let (first, second) = (TaskId::new("t-1"), TaskId::new("t-2"));
/// let config = TaskConfig::new(Resources::new(1.0, 64, 64));
/// let mut lost = Task::new(first.clone(), "jobs/prod/dagao".parse()?, 0, TaskStatus::Lost, config.clone());
/// // A lost task comes again: this is no end yet.
/// assert_eq!(JobOutcome::of(&[first.clone()], &[lost.clone()]).verdict(), Verdict::Going);
///
/// let mut next = Task::new(second, "jobs/prod/dagao".parse()?, 0, TaskStatus::Finished, config);
/// next.ancestor = Some(first.clone());
/// assert_eq!(JobOutcome::of(&[first.clone()], &[lost, next]).verdict(), Verdict::Finished);
///
/// // Nothing seen is not «all done».
/// assert_eq!(JobOutcome::of(&[first], &[]).verdict(), Verdict::NoneSeen);
/// # Ok::<(), aurora_client::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobOutcome {
    /// The captured tasks, in the order given.
    pub tasks: Vec<TaskOutcome>,
}

impl JobOutcome {
    /// What became of these tasks. `known` are all tasks of their job, those that ended included. A task of the same instance
    /// that is no successor (of a job that was created anew) does not count.
    pub fn of(captured: &[TaskId], known: &[Task]) -> Self {
        let tasks = captured.iter().map(|id| {
            let line = line(id, known);
            let newest = line.last().map(|task| task.id.clone());
            TaskOutcome { captured: id.clone(), newest, fate: fate(&line) }
        });
        Self { tasks: tasks.collect() }
    }

    /// All of them together.
    pub fn verdict(&self) -> Verdict {
        let any = |wanted: fn(Fate) -> bool| self.tasks.iter().any(|task| wanted(task.fate));
        if self.tasks.iter().all(|task| task.fate == Fate::Unseen) {
            Verdict::NoneSeen
        } else if any(|fate| matches!(fate, Fate::Going(_) | Fate::Awaited(_))) {
            Verdict::Going
        } else if any(|fate| fate == Fate::Failed) {
            Verdict::Failed
        } else if any(|fate| matches!(fate, Fate::Unseen | Fate::Abandoned(_))) {
            Verdict::Unclear
        } else if any(|fate| fate == Fate::Killed) {
            Verdict::Killed
        } else {
            Verdict::Finished
        }
    }

    /// How many of them ended for good.
    pub fn over(&self) -> usize {
        self.tasks.iter().filter(|task| task.fate.is_over()).count()
    }

    /// The same, after the caller has waited long enough for successors.
    #[must_use]
    pub fn without_successors(mut self) -> Self {
        for task in &mut self.tasks {
            if let Fate::Awaited(status) = task.fate {
                task.fate = Fate::Abandoned(status);
            }
        }
        self
    }
}

impl fmt::Display for JobOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} of {} ended)", self.verdict(), self.over(), self.tasks.len())
    }
}

/// The task and those that took its place, one after the other. It may be forgotten while its successors are known.
fn line<'a>(captured: &TaskId, known: &'a [Task]) -> Vec<&'a Task> {
    let mut line: Vec<&Task> = known.iter().filter(|task| task.id == *captured).take(1).collect();
    let mut last = captured;
    // A line is never longer than what is known, whatever its ancestors say.
    for _ in 0..known.len() {
        let successors = known.iter().filter(|task| task.ancestor.as_ref() == Some(last));
        let Some(next) = successors.max_by(|a, b| (a.began(), &a.id).cmp(&(b.began(), &b.id))) else { break };
        if line.iter().any(|task| task.id == next.id) {
            break;
        }
        line.push(next);
        last = &next.id;
    }
    line
}

fn fate(line: &[&Task]) -> Fate {
    let Some(newest) = line.last() else { return Fate::Unseen };
    let status = newest.status;
    if !status.is_terminal() {
        return Fate::Going(status);
    }
    let before = newest.events.iter().rev().map(|event| event.status).find(|status| !status.is_terminal());
    // Who was told to end is never put in place again, however it ended.
    let told_to_end = before == Some(TaskStatus::Killing);
    let moved = matches!(before, Some(TaskStatus::Restarting | TaskStatus::Preempting | TaskStatus::Draining));
    match status {
        _ if moved => Fate::Awaited(status),
        TaskStatus::Killed => Fate::Killed,
        _ if told_to_end => match status {
            TaskStatus::Finished => Fate::Finished,
            _ => Fate::Killed,
        },
        // A service goes on, however it ends.
        _ if newest.config.is_service => Fate::Awaited(status),
        TaskStatus::Finished => Fate::Finished,
        TaskStatus::Failed if may_fail_no_more(line, newest) => Fate::Failed,
        _ => Fate::Awaited(status),
    }
}

/// Whether this failure was the last that is allowed. What failed has failed at least once, whatever the count says.
fn may_fail_no_more(line: &[&Task], newest: &Task) -> bool {
    let seen = line.iter().filter(|task| task.status == TaskStatus::Failed).count();
    let failures = u32::try_from(seen).unwrap_or(u32::MAX).max(newest.failures);
    u32::try_from(newest.config.max_failures).is_ok_and(|allowed| failures >= allowed)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{Resources, TaskConfig, TaskEvent};

    fn task(id: &str, ancestor: Option<&str>, history: &[TaskStatus]) -> Task {
        let config = TaskConfig::new(Resources::new(1.0, 1, 1));
        let key = "jobs/prod/x".parse().unwrap();
        let mut task = Task::new(TaskId::new(id), key, 0, *history.last().unwrap(), config);
        task.ancestor = ancestor.map(TaskId::new);
        let events = history.iter().zip(0..);
        task.events = events.map(|(status, at)| TaskEvent::new(Timestamp::from_second(at).unwrap(), *status)).collect();
        task
    }

    fn fate_of(known: &[Task]) -> Fate {
        JobOutcome::of(&[TaskId::new("a")], known).tasks[0].fate
    }

    #[test]
    fn each_end() {
        use TaskStatus::*;
        for (history, wanted) in [
            (&[Pending][..], Fate::Going(Pending)),
            (&[Pending, Running, Restarting], Fate::Going(Restarting)),
            (&[Other(99)], Fate::Going(Other(99))),
            (&[Running, Finished], Fate::Finished),
            (&[Running, Failed], Fate::Failed),
            (&[Running, Killing, Killed], Fate::Killed),
            (&[Running, Killing, Failed], Fate::Killed),
            (&[Running, Killing, Lost], Fate::Killed),
            (&[Running, Killing, Finished], Fate::Finished),
            (&[Running, Lost], Fate::Awaited(Lost)),
            (&[Running, Restarting, Killed], Fate::Awaited(Killed)),
            (&[Running, Preempting, Killed], Fate::Awaited(Killed)),
            (&[Running, Draining, Finished], Fate::Awaited(Finished)),
        ] {
            assert_eq!(fate_of(&[task("a", None, history)]), wanted, "{history:?}");
        }
    }

    #[test]
    fn a_service_ends_only_when_it_is_told_to() {
        use TaskStatus::*;
        for (history, wanted) in [
            (&[Running, Finished][..], Fate::Awaited(Finished)),
            (&[Running, Failed], Fate::Awaited(Failed)),
            (&[Running, Killing, Killed], Fate::Killed),
        ] {
            let mut service = task("a", None, history);
            service.config.is_service = true;
            assert_eq!(fate_of(&[service]), wanted);
        }
    }

    #[test]
    fn what_may_fail_again_is_awaited() {
        let failed = |id: &str, ancestor, allowed, told| {
            let mut failed = task(id, ancestor, &[TaskStatus::Running, TaskStatus::Failed]);
            (failed.config.max_failures, failed.failures) = (allowed, told);
            failed
        };
        assert_eq!(fate_of(&[failed("a", None, 2, 1)]), Fate::Awaited(TaskStatus::Failed));
        assert_eq!(fate_of(&[failed("a", None, 2, 2)]), Fate::Failed);
        assert_eq!(fate_of(&[failed("a", None, -1, 9)]), Fate::Awaited(TaskStatus::Failed));
        // A count that is not kept is counted here.
        assert_eq!(fate_of(&[failed("a", None, 2, 0), failed("b", Some("a"), 2, 0)]), Fate::Failed);
    }

    #[test]
    fn the_newest_of_a_line_counts() {
        use TaskStatus::*;
        let line = [task("a", None, &[Lost]), task("c", Some("b"), &[Running]), task("b", Some("a"), &[Lost])];
        let outcome = JobOutcome::of(&[TaskId::new("a")], &line);
        assert_eq!(
            (outcome.tasks[0].fate, outcome.tasks[0].newest.as_ref().unwrap().as_str()),
            (Fate::Going(Running), "c")
        );
        // The captured one is forgotten, its successor is not.
        assert_eq!(fate_of(&[task("b", Some("a"), &[Finished])]), Fate::Finished);
        // A job of the same name that was created anew is another one.
        assert_eq!(fate_of(&[task("z", None, &[Running])]), Fate::Unseen);
        // A circle of ancestors ends.
        let circle = [task("a", Some("b"), &[Lost]), task("b", Some("a"), &[Lost])];
        assert_eq!(fate_of(&circle), Fate::Awaited(Lost));
    }

    #[test]
    fn all_together() {
        use TaskStatus::*;
        let known = [task("f", None, &[Finished]), task("x", None, &[Failed]), task("k", None, &[Killing, Killed])];
        let verdict = |ids: &[&str], known: &[Task]| {
            let captured: Vec<TaskId> = ids.iter().map(|id| TaskId::new(*id)).collect();
            JobOutcome::of(&captured, known).verdict()
        };
        assert_eq!(verdict(&[], &known), Verdict::NoneSeen);
        assert_eq!(verdict(&["u"], &known), Verdict::NoneSeen);
        assert_eq!(verdict(&["f"], &known), Verdict::Finished);
        assert_eq!(verdict(&["f", "k"], &known), Verdict::Killed);
        assert_eq!(verdict(&["f", "k", "x"], &known), Verdict::Failed);
        assert_eq!(verdict(&["f", "u"], &known), Verdict::Unclear);
        let lost = JobOutcome::of(&[TaskId::new("a")], &[task("a", None, &[Lost])]);
        assert_eq!(lost.verdict(), Verdict::Going);
        let lost = lost.without_successors();
        assert_eq!((lost.verdict(), lost.over()), (Verdict::Unclear, 1));
        assert_eq!(lost.to_string(), "ended, nobody knows how (1 of 1 ended)");
    }
}
