//! What changes of a run come to, drawn into its picture.

use std::collections::BTreeSet;

use airflow_client::{NewRunState, NewTaskState, TaskId, TaskInstance, TaskKey, TaskState, Which};

use super::change::{ClearTasks, DagChange, Mark, SetRun};
use super::{By, DagKnowledge, RunPicture, RunView};
use crate::words::names;

impl RunPicture {
    /// With what these changes do to the run, and what Airflow does by itself because of them.
    #[must_use]
    pub fn after(self, changes: &[DagChange], knowledge: &DagKnowledge) -> Self {
        let (graph, tasks) = (self.graph().clone(), self.tasks().to_vec());
        let view = RunView::new(&graph, &tasks);
        let mut drawing = Drawing { view: &view, tasks: &tasks, knowledge, cleared: BTreeSet::new(), picture: self };
        // What stays green although what comes before it runs again is told last: a later change may take it, too.
        let mut green = BTreeSet::new();
        for change in changes {
            match change {
                DagChange::Mark(mark) => green.extend(drawing.mark(mark)),
                DagChange::Clear(clear) => green.extend(drawing.clear(clear)),
                DagChange::SetRun(set) => drawing.set_run(set),
                DagChange::Kill(kill) => {
                    if let Ok(task) = kill.job.parse::<TaskId>() {
                        drawing.will_be(task, TaskState::Failed, By::Plan, "its job is killed");
                    }
                }
                DagChange::Still(_) => {}
            }
        }
        let green: Vec<TaskId> = green.difference(&drawing.cleared).cloned().collect();
        for id in green {
            drawing.stays(id, "stays green: it does not run".to_owned());
        }
        drawing.picture
    }
}

struct Drawing<'a> {
    view: &'a RunView<'a>,
    tasks: &'a [TaskInstance],
    knowledge: &'a DagKnowledge,
    /// What was cleared until now.
    cleared: BTreeSet<TaskId>,
    picture: RunPicture,
}

impl Drawing<'_> {
    fn will_be(&mut self, task: impl Into<TaskKey>, state: TaskState, by: By, words: &str) {
        self.picture.foretell(task.into(), state, by, words.to_owned());
    }

    fn stays(&mut self, task: TaskId, why: String) {
        self.picture.leave(task.into(), why);
    }

    /// Answers which tasks that take machines away stay green.
    fn mark(&mut self, mark: &Mark) -> BTreeSet<TaskId> {
        let id = &mark.seen.task.task;
        let to = TaskState::from(mark.to.as_str());
        let kept = if self.knowledge.takes_machines(id) { ": its machines are kept" } else { "" };
        self.will_be(mark.seen.task.clone(), to, By::Plan, &format!("marked {}{kept}", mark.to));
        if mark.to != NewTaskState::Success {
            return BTreeSet::new();
        }
        let forecast = self.view.after_mark(&mark.seen.task, self.knowledge);
        for task in forecast.runs() {
            self.will_be(task.clone(), TaskState::NoStatus, By::Airflow, "cleared by Airflow");
        }
        for (task, blame) in &forecast.falls_back {
            self.stays(task.clone(), format!("upstream_failed again, because of {}", names(blame)));
        }
        self.cleared.extend(forecast.cleared.iter().cloned());
        // What follows the task itself and took machines away was right to: the job did not run again.
        let beside = self.view.graph().downstream(id).filter(|id| self.knowledge.takes_machines(id));
        let beside = beside.filter(|id| self.view.state(id) == TaskState::Success).cloned();
        forecast.green_downscales.iter().cloned().chain(beside).collect()
    }

    fn clear(&mut self, clear: &ClearTasks) -> BTreeSet<TaskId> {
        let ids: BTreeSet<TaskId> = clear.ids().into_iter().collect();
        let forecast = self.view.after_clear(ids.clone(), self.knowledge);
        for seen in &clear.tasks {
            let id = &seen.task.task;
            // What Airflow has cleared by then is no longer failed, so that this clear leaves it alone.
            if clear.which == Which::Failed && self.cleared.contains(id) {
                continue;
            }
            match forecast.falls_back.get(id) {
                Some(blame) if clear.which == Which::Any => {
                    let words = format!("cleared, and upstream_failed again because of {}", names(blame));
                    self.will_be(seen.task.clone(), TaskState::UpstreamFailed, By::Plan, &words);
                }
                _ => self.will_be(seen.task.clone(), TaskState::NoStatus, By::Plan, "cleared: runs again"),
            }
        }
        self.cleared.extend(ids);
        forecast.green_downscales
    }

    /// As measured: what works is failed, what was not reached is skipped; what is in the queue may still run.
    fn set_run(&mut self, set: &SetRun) {
        if set.to != NewRunState::Failed {
            return;
        }
        for task in self.tasks {
            let id = &task.key.task;
            match task.state {
                TaskState::Queued => self.stays(id.clone(), "in the queue: it may still run to its end".to_owned()),
                TaskState::NoStatus | TaskState::Scheduled | TaskState::UpForRetry => {
                    let stay = if set.leaves_machines.contains(id) { "skipped: its machines stay" } else { "skipped" };
                    self.will_be(task.key.clone(), TaskState::Skipped, By::Airflow, stay);
                }
                ref state if state.is_live() => {
                    self.will_be(task.key.clone(), TaskState::Failed, By::Airflow, "stopped");
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use airflow_client::{DagGraph, DagRun, RunKey, RunState, Task, TriggerRule};
    use dag_picture::TreeOptions;

    use super::super::change::Seen;
    use super::*;

    fn id(name: &str) -> TaskId {
        name.parse().unwrap()
    }

    fn key() -> RunKey {
        RunKey::new("dagao".parse().unwrap(), "r".parse().unwrap())
    }

    /// scale-fx → fx → { load, scale-rest → rest → downscale-rest, downscale-fx }; policy → load.
    fn picture(states: &[(&str, TaskState)]) -> RunPicture {
        let edges: &[(&str, &[&str])] = &[
            ("scale-fx", &["fx"]),
            ("fx", &["load", "scale-rest", "downscale-fx"]),
            ("policy", &["load"]),
            ("scale-rest", &["rest"]),
            ("rest", &["downscale-rest"]),
            ("load", &[]),
            ("downscale-fx", &[]),
            ("downscale-rest", &[]),
        ];
        let tasks = edges.iter().map(|(from, to)| {
            let task = Task::new(id(from)).followed_by(to.iter().map(|to| id(to)));
            if from.starts_with("downscale") { task.with_trigger_rule(TriggerRule::AllDone) } else { task }
        });
        let graph = DagGraph::new(key().dag, tasks.collect());
        let state = |task: &TaskId| {
            let told = states.iter().find(|(name, _)| *name == task.as_str());
            told.map_or(TaskState::Success, |(_, state)| state.clone())
        };
        let tasks = graph.tasks().map(|task| TaskInstance::new(task.id.clone(), state(&task.id)));
        let tasks = tasks.collect();
        RunPicture::new(DagRun::new(key(), RunState::Failed), graph, tasks)
    }

    fn mark(task: &str, was: TaskState) -> DagChange {
        let seen = Seen { task: TaskKey::new(id(task)), state: was, try_number: 1 };
        DagChange::Mark(Mark { run: key(), seen, to: NewTaskState::Success, structure: None, next_run: None })
    }

    fn clear(tasks: &[(&str, TaskState)], which: Which) -> DagChange {
        let seen =
            |(task, was): &(&str, TaskState)| Seen { task: TaskKey::new(id(task)), state: was.clone(), try_number: 1 };
        let tasks = tasks.iter().map(seen).collect();
        let what = "to run again".to_owned();
        let (structure, holds) = (None, None);
        DagChange::Clear(ClearTasks { run: key(), tasks, which, on_latest_version: false, what, structure, holds })
    }

    #[track_caller]
    fn shows(picture: RunPicture, changes: &[DagChange], lines: &[&str]) {
        let tree = picture.after(changes, &DagKnowledge::new()).picture().tree(&TreeOptions::default().width(120));
        for line in lines {
            assert!(tree.contains(line), "«{line}» is missing:\n{tree}");
        }
    }

    use TaskState::{Failed, NoStatus, Queued, Running, Success, UpstreamFailed as Held};

    #[test]
    fn a_mark_and_what_airflow_does_because_of_it() {
        let states = [("fx", Failed), ("load", Held), ("scale-rest", Held), ("rest", Held)];
        // The follow-up names what Airflow clears by itself; the machines of `rest` would stay without the last one.
        let changes = [
            mark("fx", Failed),
            clear(&[("load", Held), ("scale-rest", Held), ("rest", Held)], Which::Failed),
            clear(&[("downscale-rest", Success)], Which::Any),
        ];
        shows(
            picture(&states),
            &changes,
            &[
                "F ✗ → S ✓ fx  marked success",
                "U ↑ → N · load  cleared by Airflow",
                "U ↑ → N · rest  cleared by Airflow",
                "S ✓ → N · downscale-rest  all_done · cleared: runs again",
                "S ✓ downscale-fx  all_done · stays green: it does not run",
            ],
        );
    }

    #[test]
    fn what_another_failure_holds_back_is_told_with_its_reason() {
        let states = [("fx", Failed), ("policy", Failed), ("load", Held), ("scale-rest", Held), ("rest", Held)];
        shows(
            picture(&states),
            &[mark("fx", Failed)],
            &["U ↑ load  upstream_failed again, because of policy", "U ↑ → N · scale-rest  cleared by Airflow"],
        );
    }

    #[test]
    fn what_the_race_left_is_cleared_by_the_plan() {
        let states = [("scale-rest", Held), ("rest", Held)];
        let changes = [clear(&[("scale-rest", Held), ("rest", Held)], Which::Failed)];
        shows(picture(&states), &changes, &["U ↑ → N · scale-rest  cleared: runs again"]);
    }

    #[test]
    fn a_hold_keeps_the_green_downscale() {
        let states = [("fx", Failed), ("load", Held), ("scale-rest", Held), ("rest", Held)];
        let changes = [clear(&[("scale-fx", Success), ("fx", Failed)], Which::Any)];
        shows(
            picture(&states),
            &changes,
            &["S ✓ → N · scale-fx", "F ✗ → N · fx", "S ✓ downscale-fx  all_done · stays green: it does not run"],
        );
        let running = [("fx", Running), ("downscale-fx", NoStatus)];
        shows(
            picture(&running),
            &[mark("downscale-fx", NoStatus)],
            &["N · → S ✓ downscale-fx  all_done · marked success: its machines are kept", "R ▶ fx\n"],
        );
    }

    #[test]
    fn a_stopped_run_leaves_machines() {
        let states = [
            ("fx", Running),
            ("load", Queued),
            ("scale-rest", NoStatus),
            ("rest", NoStatus),
            ("downscale-fx", NoStatus),
            ("downscale-rest", NoStatus),
        ];
        let set = SetRun {
            run: key(),
            seen: RunState::Running,
            to: NewRunState::Failed,
            leaves_machines: vec![id("downscale-fx")],
        };
        shows(
            picture(&states),
            &[DagChange::SetRun(set)],
            &[
                "R ▶ → F ✗ fx  stopped",
                "Q … load  in the queue: it may still run to its end",
                "N · → K » rest  skipped",
                "N · → K » downscale-fx  all_done · skipped: its machines stay",
            ],
        );
    }
}
