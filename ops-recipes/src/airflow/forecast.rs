//! What Airflow is going to do: pure, from the structure of a DAG and the states of a run.
//!
//! All of it was measured on real servers: a mark «success» clears every failed or `upstream_failed` descendant of the same
//! run, those that failed for their own reasons included; one that has another failed ancestor falls back; a green task stays.

use std::collections::{BTreeMap, BTreeSet};

use airflow_client::{DagGraph, TaskId, TaskInstance, TaskKey, TaskState, TriggerRule};

use super::DagKnowledge;

/// A run, seen with the structure of its DAG: by task, a mapped task as a whole.
#[derive(Clone, Debug)]
pub struct RunView<'a> {
    graph: &'a DagGraph,
    tasks: &'a [TaskInstance],
    states: BTreeMap<&'a TaskId, TaskState>,
}

/// What follows from a mark «success».
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forecast {
    /// What Airflow clears by itself.
    pub cleared: BTreeSet<TaskId>,
    /// Of these: what failed for its own reason, and runs again although nobody asked.
    pub failed_itself: BTreeSet<TaskId>,
    /// Of these: what will be `upstream_failed` again, and the failed tasks that are to blame.
    pub falls_back: BTreeMap<TaskId, BTreeSet<TaskId>>,
    /// Green tasks that take machines away after one of those that run again: they stay green, so the machines would stay.
    pub green_downscales: BTreeSet<TaskId>,
    /// Of these: those that took the machines away, and whose machines nothing makes again; with what would make them. What
    /// runs again before them finds no machines.
    pub machines_gone: BTreeMap<TaskId, BTreeSet<TaskId>>,
}

impl Forecast {
    /// What really runs again.
    pub fn runs(&self) -> impl Iterator<Item = &TaskId> {
        self.cleared.iter().filter(|task| !self.falls_back.contains_key(*task))
    }
}

impl<'a> RunView<'a> {
    /// A run and the DAG as it is now.
    pub fn new(graph: &'a DagGraph, tasks: &'a [TaskInstance]) -> Self {
        let mut states: BTreeMap<&TaskId, TaskState> = BTreeMap::new();
        for task in tasks {
            let state = states.entry(&task.key.task).or_insert_with(|| task.state.clone());
            if rank(&task.state) < rank(state) {
                *state = task.state.clone();
            }
        }
        Self { graph, tasks, states }
    }

    /// The DAG.
    pub fn graph(&self) -> &'a DagGraph {
        self.graph
    }

    /// The state of a task; of a mapped one the worst of its instances, and a live one before one that is well.
    pub fn state(&self, task: &TaskId) -> TaskState {
        self.states.get(task).cloned().unwrap_or(TaskState::NoStatus)
    }

    /// What a mark «success» of a task brings about; of a mapped one, of all its instances.
    pub fn after_success(&self, task: &TaskId, knowledge: &DagKnowledge) -> Forecast {
        self.forecast(self.failed_below(task), &BTreeSet::from([task]), knowledge)
    }

    /// What a mark «success» of one instance brings about. Where others of the same task failed, too, what follows is
    /// cleared all the same, and falls back.
    pub fn after_mark(&self, key: &TaskKey, knowledge: &DagKnowledge) -> Forecast {
        let others = self.tasks.iter().filter(|other| other.key.task == key.task && other.key != *key);
        if others.into_iter().any(|other| other.state.is_failed()) {
            return self.forecast(self.failed_below(&key.task), &BTreeSet::new(), knowledge);
        }
        self.after_success(&key.task, knowledge)
    }

    fn failed_below(&self, task: &TaskId) -> BTreeSet<TaskId> {
        let below = self.graph.descendants(task).into_iter();
        below.filter(|id| self.state(id).is_failed()).cloned().collect()
    }

    /// What a clear of exactly these tasks brings about, whatever their states.
    pub fn after_clear(&self, cleared: BTreeSet<TaskId>, knowledge: &DagKnowledge) -> Forecast {
        self.forecast(cleared, &BTreeSet::new(), knowledge)
    }

    fn forecast(&self, cleared: BTreeSet<TaskId>, mended: &BTreeSet<&TaskId>, knowledge: &DagKnowledge) -> Forecast {
        let falls_back = self.falls_back(&cleared, mended);
        let runs: BTreeSet<&TaskId> = cleared.iter().filter(|id| !falls_back.contains_key(*id)).collect();
        let green_downscales: BTreeSet<TaskId> = self
            .graph
            .tasks()
            .map(|task| &task.id)
            .filter(|id| knowledge.takes_machines(id) && !cleared.contains(*id) && self.state(id) == TaskState::Success)
            .filter(|id| self.graph.upstream(id).any(|before| runs.contains(before)))
            .cloned()
            .collect();
        let failed_itself = cleared.iter().filter(|id| self.state(id) == TaskState::Failed).cloned().collect();
        let gone = green_downscales.iter().filter(|id| self.has_run(id)).filter_map(|id| {
            let makers = makers(self.graph, id, knowledge);
            (!makers.is_empty() && makers.iter().all(|maker| !cleared.contains(*maker)))
                .then(|| (id.clone(), makers.into_iter().cloned().collect()))
        });
        let machines_gone = gone.collect();
        Forecast { failed_itself, falls_back, green_downscales, machines_gone, cleared }
    }

    /// Whether a task that is well really ran: what a person marked took no time, and had no try.
    fn has_run(&self, id: &TaskId) -> bool {
        let mut instances = self.tasks.iter().filter(|task| task.key.task == *id);
        instances.any(|task| task.try_number > 0 && (task.started_at.is_none() || task.started_at != task.ended_at))
    }

    /// What cannot run although it is cleared, and who is to blame. Goes down the graph until nothing changes.
    fn falls_back(&self, cleared: &BTreeSet<TaskId>, mended: &BTreeSet<&TaskId>) -> BTreeMap<TaskId, BTreeSet<TaskId>> {
        let mut fallen: BTreeMap<TaskId, BTreeSet<TaskId>> = BTreeMap::new();
        loop {
            let mut more = false;
            for id in cleared.iter().filter(|id| !mended.contains(id)) {
                if fallen.contains_key(id) {
                    continue;
                }
                let Some(task) = self.graph.task(id) else { continue };
                let mut blame = BTreeSet::new();
                let (mut bad, mut all) = (0_usize, 0_usize);
                for before in self.graph.upstream(id) {
                    all += 1;
                    if let Some(roots) = fallen.get(before) {
                        bad += 1;
                        blame.extend(roots.iter().cloned());
                    } else if !mended.contains(before) && !cleared.contains(before) && self.state(before).is_failed() {
                        bad += 1;
                        blame.extend(self.roots(before));
                    }
                }
                if holds_back(&task.trigger_rule, bad, all) {
                    fallen.insert(id.clone(), blame);
                    more = true;
                }
            }
            if !more {
                return fallen;
            }
        }
    }

    /// The tasks that really failed, for one that did or that waits for one.
    fn roots(&self, id: &TaskId) -> BTreeSet<TaskId> {
        if self.state(id) == TaskState::Failed {
            return BTreeSet::from([id.clone()]);
        }
        let above = self.graph.ancestors(id);
        let failed: BTreeSet<TaskId> =
            above.into_iter().filter(|id| self.state(id) == TaskState::Failed).cloned().collect();
        if failed.is_empty() { BTreeSet::from([id.clone()]) } else { failed }
    }

    /// What is stuck: `upstream_failed` although everything before it is well. A known race of Airflow leaves it so.
    pub fn stuck(&self) -> BTreeSet<TaskId> {
        let well = |id: &TaskId| self.state(id) == TaskState::Success;
        let stuck = |id: &&TaskId| self.state(id) == TaskState::UpstreamFailed && self.graph.upstream(id).all(well);
        let first: BTreeSet<&TaskId> = self.graph.tasks().map(|task| &task.id).filter(stuck).collect();
        // What only waits for these is stuck with them.
        let mut all: BTreeSet<TaskId> = first.iter().map(|&id| id.clone()).collect();
        for id in first {
            let below = self.graph.descendants(id);
            all.extend(below.into_iter().filter(|id| self.state(id) == TaskState::UpstreamFailed).cloned());
        }
        all
    }
}

/// The nearest tasks before one that make machines.
pub fn makers<'a>(graph: &'a DagGraph, of: &TaskId, knowledge: &DagKnowledge) -> BTreeSet<&'a TaskId> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<&TaskId> = graph.upstream(of).collect();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        if knowledge.makes_machines(id) {
            found.insert(id);
        } else {
            open.extend(graph.upstream(id));
        }
    }
    found
}

/// The worst first.
fn rank(state: &TaskState) -> u8 {
    match state {
        TaskState::Failed => 0,
        TaskState::UpstreamFailed => 1,
        TaskState::Running | TaskState::Restarting => 2,
        TaskState::UpForRetry | TaskState::UpForReschedule | TaskState::Deferred => 3,
        TaskState::Queued | TaskState::Scheduled | TaskState::AwaitingInput => 4,
        TaskState::NoStatus => 5,
        TaskState::Other(_) => 6,
        TaskState::Skipped => 7,
        TaskState::Removed => 8,
        _ => 9,
    }
}

/// Whether a rule turns a task `upstream_failed`, when so many of those before it failed.
fn holds_back(rule: &TriggerRule, bad: usize, all: usize) -> bool {
    match rule {
        TriggerRule::AllDone
        | TriggerRule::Always
        | TriggerRule::OneDone
        | TriggerRule::OneFailed
        | TriggerRule::AllFailed
        | TriggerRule::NoneSkipped => false,
        TriggerRule::OneSuccess | TriggerRule::AllDoneMinOneSuccess => all > 0 && bad == all,
        _ => bad > 0,
    }
}

#[cfg(test)]
mod tests {
    use airflow_client::Task;

    use super::*;

    fn id(name: &str) -> TaskId {
        name.parse().unwrap()
    }

    /// The nightly run in the small, as the runbook's pictures have it.
    fn graph() -> DagGraph {
        let edges: &[(&str, &[&str])] = &[
            ("contracts", &["scale-fx", "scale-policy"]),
            ("scale-fx", &["itaipu-fx"]),
            ("itaipu-fx", &["fx-model"]),
            ("fx-model", &["load", "scale-rest", "downscale-fx"]),
            ("scale-policy", &["policy-model"]),
            ("policy-model", &["load", "scale-rest"]),
            ("scale-rest", &["rest"]),
            ("rest", &["downscale-rest"]),
            ("load", &[]),
            ("downscale-fx", &[]),
            ("downscale-rest", &[]),
        ];
        let task = |(from, to): &(&str, &[&str])| {
            let task = Task::new(id(from)).followed_by(to.iter().map(|to| id(to)));
            if from.starts_with("downscale") { task.with_trigger_rule(TriggerRule::AllDone) } else { task }
        };
        DagGraph::new(id_dag(), edges.iter().map(task).collect())
    }

    fn id_dag() -> airflow_client::DagId {
        "dagao".parse().unwrap()
    }

    fn run(states: &[(&str, TaskState)]) -> Vec<TaskInstance> {
        let known: BTreeMap<&str, &TaskState> = states.iter().map(|(name, state)| (*name, state)).collect();
        let state = |name: &str| known.get(name).copied().cloned().unwrap_or(TaskState::Success);
        graph().tasks().map(|task| TaskInstance::new(task.id.clone(), state(task.id.as_str())).with_try(1)).collect()
    }

    fn names<'a>(ids: impl IntoIterator<Item = &'a TaskId>) -> Vec<&'a str> {
        ids.into_iter().map(TaskId::as_str).collect()
    }

    use TaskState::{Failed, UpstreamFailed as Held};

    #[test]
    fn a_model_failed_and_all_that_follows_runs() {
        let (graph, tasks) =
            (graph(), run(&[("fx-model", Failed), ("load", Held), ("scale-rest", Held), ("rest", Held)]));
        let forecast = RunView::new(&graph, &tasks).after_success(&id("fx-model"), &DagKnowledge::new());
        assert_eq!(names(&forecast.cleared), ["load", "rest", "scale-rest"]);
        assert_eq!(names(forecast.runs()), ["load", "rest", "scale-rest"]);
        assert!(forecast.falls_back.is_empty() && forecast.failed_itself.is_empty());
        // Green, and its job runs again: the machines would stay.
        assert_eq!(names(&forecast.green_downscales), ["downscale-rest"]);
    }

    #[test]
    fn a_second_failed_parent_holds_everything_back() {
        let states = [
            ("fx-model", Failed),
            ("policy-model", Failed),
            ("load", Held),
            ("scale-rest", Held),
            ("rest", Held),
            ("downscale-fx", Failed),
        ];
        let (graph, tasks) = (graph(), run(&states));
        let forecast = RunView::new(&graph, &tasks).after_success(&id("fx-model"), &DagKnowledge::new());
        assert_eq!(names(forecast.runs()), ["downscale-fx"]);
        assert_eq!(names(&forecast.failed_itself), ["downscale-fx"]);
        assert_eq!(forecast.falls_back.keys().map(TaskId::as_str).collect::<Vec<_>>(), ["load", "rest", "scale-rest"]);
        assert!(forecast.falls_back.values().all(|blame| names(blame) == ["policy-model"]));
        assert!(forecast.green_downscales.is_empty(), "its job does not run");
    }

    #[test]
    fn the_literal_case_marks_what_was_never_started() {
        let states = [("itaipu-fx", Failed), ("fx-model", Held), ("load", Held), ("scale-rest", Held), ("rest", Held)];
        let (graph, tasks) = (graph(), run(&states));
        let forecast = RunView::new(&graph, &tasks).after_success(&id("fx-model"), &DagKnowledge::new());
        assert_eq!(names(forecast.runs()), ["load", "rest", "scale-rest"]);
    }

    #[test]
    fn what_the_race_left_is_found_with_what_waits_for_it() {
        let (graph, tasks) = (graph(), run(&[("scale-rest", Held), ("rest", Held)]));
        assert_eq!(names(&RunView::new(&graph, &tasks).stuck()), ["rest", "scale-rest"]);
        let tasks = run(&[("policy-model", Failed), ("scale-rest", Held), ("rest", Held)]);
        assert!(RunView::new(&graph, &tasks).stuck().is_empty());
    }

    #[test]
    fn a_job_whose_machines_are_gone_is_named_with_what_makes_them() {
        // Its machines were made and taken away, while it was never started.
        let (graph, tasks) = (graph(), run(&[("policy-model", Failed), ("rest", Held)]));
        let forecast = RunView::new(&graph, &tasks).after_success(&id("policy-model"), &DagKnowledge::new());
        assert_eq!(names(&forecast.green_downscales), ["downscale-rest"]);
        assert_eq!(
            forecast.machines_gone,
            BTreeMap::from([(id("downscale-rest"), BTreeSet::from([id("scale-rest")]))])
        );
        // Where they are made again, all is well.
        let states = [("policy-model", Failed), ("scale-rest", Held), ("rest", Held)];
        let tasks = run(&states);
        let forecast = RunView::new(&graph, &tasks).after_success(&id("policy-model"), &DagKnowledge::new());
        assert!(forecast.machines_gone.is_empty());
    }

    #[test]
    fn of_a_mapped_task_each_failed_instance_holds_back() {
        let tasks = vec![Task::new(id("m")).mapped().followed_by([id("next")]), Task::new(id("next"))];
        let graph = DagGraph::new(id_dag(), tasks);
        let instance = |index, state| TaskInstance::new(TaskKey::mapped(id("m"), index), state);
        let next = || TaskInstance::new(id("next"), Held);
        let after = |tasks: &[TaskInstance]| {
            RunView::new(&graph, tasks).after_mark(&TaskKey::mapped(id("m"), 0), &DagKnowledge::new())
        };
        let both = after(&[instance(0, Failed), instance(1, Failed), next()]);
        assert_eq!(names(&both.cleared), ["next"]);
        assert_eq!(names(&both.falls_back[&id("next")]), ["m"]);
        let one = after(&[instance(0, Failed), instance(1, TaskState::Success), next()]);
        assert_eq!(names(one.runs()), ["next"]);
    }

    #[test]
    fn of_a_mapped_task_the_worst_instance_counts() {
        let graph = DagGraph::new(id_dag(), vec![Task::new(id("m")).mapped()]);
        let instance = |index, state| TaskInstance::new(airflow_client::TaskKey::mapped(id("m"), index), state);
        let tasks = [instance(0, TaskState::Success), instance(1, Failed), instance(2, TaskState::Running)];
        assert_eq!(RunView::new(&graph, &tasks).state(&id("m")), Failed);
        assert_eq!(RunView::new(&graph, &tasks[..1]).state(&id("m")), TaskState::Success);
    }
}
