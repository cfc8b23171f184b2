//! From Airflow's words to a picture: a run as it is, and what a plan does to it.

use std::collections::{BTreeMap, BTreeSet};

use airflow_client::{
    AirflowRead, DagGraph, DagRun, RunKey, TaskFilter, TaskId, TaskInstance, TaskKey, TaskState, TriggerRule,
};
use dag_picture::{Mark, Node, Picture, airflow};
use futures_util::future::try_join3;
use jiff::{SignedDuration, Timestamp};
use ops_client::Result;

/// Up to so many instances of a mapped task have a node each; beyond that those in the same state share one.
const MAPPED: usize = 8;

/// Who does something to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// Airflow, by itself.
    Airflow,
    /// The plan.
    Plan,
}

/// What is shown of an instance of a mapped task: its state, the next one, and what is said of it.
type Look<'a> = (&'a TaskState, Option<&'a TaskState>, Option<&'a str>);

#[derive(Clone, Debug)]
struct Change {
    state: TaskState,
    by: By,
    words: String,
}

/// A run of a DAG, as it is, and what is going to happen to it.
///
/// ```
/// use airflow_client::{DagGraph, DagRun, RunKey, RunState, Task, TaskId, TaskInstance, TaskState};
/// use dag_picture::TreeOptions;
/// use ops_recipes::airflow::{By, RunPicture};
///
/// let id = |name: &str| name.parse::<TaskId>();
/// let graph = DagGraph::new("dagao".parse()?, vec![
///     Task::new(id("fx-model")?).followed_by([id("load")?]),
///     Task::new(id("load")?),
/// ]);
/// let run = DagRun::new(RunKey::new("dagao".parse()?, "manual__1".parse()?), RunState::Failed);
/// let tasks = vec![
///     TaskInstance::new(id("fx-model")?, TaskState::Failed).with_try(2),
///     TaskInstance::new(id("load")?, TaskState::UpstreamFailed),
/// ];
/// let picture = RunPicture::new(run, graph, tasks)
///     .will_be(id("fx-model")?, TaskState::Success, By::Plan, "marked success")
///     .will_be(id("load")?, TaskState::NoStatus, By::Airflow, "cleared by Airflow")
///     .picture();
/// let tree = picture.tree(&TreeOptions::default());
/// assert!(tree.contains("F ✗ → S ✓ fx-model  try 2 · marked success"), "{tree}");
/// assert!(tree.contains("U ↑ → N · load  cleared by Airflow"), "{tree}");
/// # Ok::<(), airflow_client::ParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RunPicture {
    run: DagRun,
    graph: DagGraph,
    tasks: Vec<TaskInstance>,
    earlier: BTreeMap<TaskKey, TaskInstance>,
    changes: BTreeMap<TaskKey, Change>,
    alone: BTreeMap<TaskKey, String>,
    notes: Vec<String>,
}

impl RunPicture {
    /// A run, the DAG as it is now, and the run's task instances.
    pub fn new(run: DagRun, graph: DagGraph, tasks: Vec<TaskInstance>) -> Self {
        Self {
            run,
            graph,
            tasks,
            earlier: BTreeMap::new(),
            changes: BTreeMap::new(),
            alone: BTreeMap::new(),
            notes: Vec::new(),
        }
    }

    /// A run as Airflow has it.
    ///
    /// # Errors
    /// `NotFound` where there is no such run; otherwise as any read.
    pub async fn read(from: &dyn AirflowRead, run: &RunKey) -> Result<Self> {
        let all = TaskFilter::all();
        let (dag_run, graph, tasks) =
            try_join3(from.dag_run(run), from.graph(&run.dag), from.task_instances(run, &all)).await?;
        Ok(Self::new(dag_run, graph, tasks))
    }

    /// The run.
    pub fn run(&self) -> &DagRun {
        &self.run
    }

    /// The DAG.
    pub fn graph(&self) -> &DagGraph {
        &self.graph
    }

    /// The run's task instances.
    pub fn tasks(&self) -> &[TaskInstance] {
        &self.tasks
    }

    /// What is going to happen to a task. What the plan does is not covered up by what Airflow does besides.
    #[must_use]
    pub fn will_be(mut self, task: impl Into<TaskKey>, state: TaskState, by: By, words: impl Into<String>) -> Self {
        self.foretell(task.into(), state, by, words.into());
        self
    }

    /// That a task is left alone, where one might expect otherwise, and why.
    #[must_use]
    pub fn stays(mut self, task: impl Into<TaskKey>, why: impl Into<String>) -> Self {
        self.leave(task.into(), why.into());
        self
    }

    pub(super) fn foretell(&mut self, task: TaskKey, state: TaskState, by: By, words: String) {
        let change = Change { state, by, words };
        for key in self.instances_of(task) {
            match self.changes.get(&key) {
                Some(known) if known.by > by => {}
                _ => drop(self.changes.insert(key, change.clone())),
            }
        }
    }

    pub(super) fn leave(&mut self, task: TaskKey, why: String) {
        for key in self.instances_of(task) {
            self.alone.insert(key, why.clone());
        }
    }

    /// With a line below the title.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// As what came since an earlier picture of the same run: each task shows its state then and now.
    #[must_use]
    pub fn since(mut self, earlier: &Self) -> Self {
        self.earlier = earlier.tasks.iter().map(|task| (task.key.clone(), task.clone())).collect();
        self
    }

    /// A mapped task stands for all its instances.
    fn instances_of(&self, key: TaskKey) -> Vec<TaskKey> {
        if key.map_index.is_some() {
            return vec![key];
        }
        let all = self.tasks.iter().filter(|task| task.key.task == key.task).map(|task| task.key.clone());
        let all: Vec<TaskKey> = all.collect();
        if all.is_empty() { vec![key] } else { all }
    }

    /// The picture.
    pub fn picture(&self) -> Picture {
        let mut picture = Picture::new(title(&self.run))
            .meaning(Mark::Ours, "this plan does it")
            .meaning(Mark::Itself, "Airflow does it by itself")
            .meaning(Mark::Alone, "left alone");
        for note in &self.notes {
            picture = picture.note(note);
        }
        // By task: its nodes.
        let mut nodes: BTreeMap<&TaskId, Vec<String>> = BTreeMap::new();
        let mut by_task: BTreeMap<&TaskId, Vec<&TaskInstance>> = BTreeMap::new();
        for task in &self.tasks {
            by_task.entry(&task.key.task).or_default().push(task);
        }
        for (task, instances) in &by_task {
            for node in self.nodes(instances) {
                nodes.entry(task).or_default().push(node.id.clone());
                picture = picture.node(node);
            }
        }
        for task in self.graph.tasks().filter(|task| !by_task.contains_key(&task.id)) {
            nodes.entry(&task.id).or_default().push(task.id.to_string());
            let node = Node::new(task.id.as_str(), airflow("no_status")).badge(Mark::Fact, "not in this run");
            picture = picture.node(grouped(node, &task.id));
        }
        for task in self.graph.tasks() {
            for from in nodes.get(&task.id).into_iter().flatten() {
                for to in task.downstream.iter().filter_map(|next| nodes.get(next)).flatten() {
                    picture = picture.edge(from, to);
                }
            }
        }
        picture
    }

    /// The nodes of one task.
    fn nodes(&self, instances: &[&TaskInstance]) -> Vec<Node> {
        if instances.len() <= MAPPED {
            return instances.iter().map(|task| self.node(task, 1)).collect();
        }
        // Alike in everything that is shown: one node, which says how many.
        let mut alike: BTreeMap<Look<'_>, (&TaskInstance, usize)> = BTreeMap::new();
        for task in instances {
            let change = self.changes.get(&task.key);
            let why = change.map(|change| &*change.words).or_else(|| self.alone.get(&task.key).map(|why| &**why));
            let look = (&task.state, change.map(|change| &change.state), why);
            alike.entry(look).or_insert((task, 0)).1 += 1;
        }
        alike.into_values().map(|(task, number)| self.node(task, number)).collect()
    }

    fn node(&self, task: &TaskInstance, number: usize) -> Node {
        let earlier = self.earlier.get(&task.key);
        let state = earlier.map_or(&task.state, |earlier| &earlier.state);
        let mut node = Node::new(task.key.to_string(), airflow(state.as_str()));
        if number > 1 {
            let id = format!("{} {} {}", task.key.task, state, number);
            node = Node::new(id, node.state).label(format!("{} ×{number}", task.key.task));
        }
        if earlier.is_some_and(|earlier| earlier.state != task.state) {
            node = node.becoming(airflow(task.state.as_str()));
        }
        let ran = earlier.filter(|earlier| earlier.try_number < task.try_number);
        if let Some(earlier) = ran {
            node = node.badge(Mark::Fact, format!("try {} → {}", earlier.try_number, task.try_number));
        } else if task.try_number > 1 {
            node = node.badge(Mark::Fact, format!("try {}", task.try_number));
        }
        match self.graph.task(&task.key.task) {
            None => node = node.badge(Mark::Fact, "no longer in the DAG"),
            Some(known) if known.trigger_rule != TriggerRule::AllSuccess => {
                node = node.badge(Mark::Fact, known.trigger_rule.to_string());
            }
            Some(_) => {}
        }
        if let Some(took) =
            task.duration.or_else(|| took(task.started_at, task.ended_at)).filter(|took| took.as_secs() >= 60)
        {
            node = node.badge(Mark::Fact, long(took));
        }
        if let Some(change) = self.changes.get(&task.key) {
            let mark = if change.by == By::Plan { Mark::Ours } else { Mark::Itself };
            node = node.becoming(airflow(change.state.as_str())).badge(mark, &change.words);
        } else if let Some(why) = self.alone.get(&task.key) {
            node = node.badge(Mark::Alone, why);
        }
        grouped(node, &task.key.task)
    }

    /// The tasks that are going to change, and those that are left alone.
    pub fn touched(&self) -> BTreeSet<&TaskId> {
        self.changes.keys().chain(self.alone.keys()).map(|key| &key.task).collect()
    }
}

/// With the groups that the id tells.
fn grouped(node: Node, task: &TaskId) -> Node {
    match task.as_str().rsplit_once('.') {
        Some((group, _)) => node.group(group),
        None => node,
    }
}

/// `dagao · target date 2026-11-25 (execution date 2026-11-24T00:00:00Z) · run scheduled__… · failed`.
fn title(run: &DagRun) -> String {
    let dates = run.execution_date.map_or(String::new(), |execution| {
        let target = execution.target_date().map_or(String::new(), |target| format!("target date {target}, "));
        format!(" · {target}execution date {execution}")
    });
    format!("{}{dates} · run {} · {}", run.key.dag, run.key.run, run.state)
}

fn took(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<std::time::Duration> {
    let took: SignedDuration = to?.duration_since(from?);
    std::time::Duration::try_from(took).ok()
}

fn long(took: std::time::Duration) -> String {
    let minutes = took.as_secs() / 60;
    if minutes < 60 { format!("{minutes} min") } else { format!("{} h {} min", minutes / 60, minutes % 60) }
}

#[cfg(test)]
mod tests {
    use airflow_client::{ExecutionDate, RunState, Task};
    use dag_picture::TreeOptions;

    use super::*;

    fn id(name: &str) -> TaskId {
        name.parse().unwrap()
    }

    fn shown(tasks: Vec<TaskInstance>) -> RunPicture {
        let run = DagRun::new(RunKey::new("d".parse().unwrap(), "r".parse().unwrap()), RunState::Failed)
            .about(ExecutionDate::new("2026-11-24T00:00:00Z".parse().unwrap()));
        let graph = DagGraph::new(
            "d".parse().unwrap(),
            vec![
                Task::new(id("model")).followed_by([id("g.load"), id("down")]),
                Task::new(id("g.load")).mapped(),
                Task::new(id("down")).with_trigger_rule(TriggerRule::AllDone),
            ],
        );
        RunPicture::new(run, graph, tasks)
    }

    fn tree(picture: &RunPicture) -> String {
        picture.picture().tree(&TreeOptions::default().width(100))
    }

    #[test]
    fn both_dates_are_named() {
        let tree = tree(&shown(vec![]));
        assert!(tree.contains("target date 2026-11-25, execution date 2026-11-24T00:00:00Z"), "{tree}");
        assert!(tree.contains("N · down  not in this run"), "{tree}");
    }

    #[test]
    fn mapped_instances_are_shown_one_by_one_or_counted() {
        let load = |index, state| TaskInstance::new(TaskKey::mapped(id("g.load"), index), state);
        let few = shown(vec![load(0, TaskState::Success), load(1, TaskState::Failed)]);
        assert!(tree(&few).contains("F ✗ g.load[1]"), "{}", tree(&few));
        let many = (0..100).map(|index| load(index, if index == 7 { TaskState::Failed } else { TaskState::Success }));
        let many = shown(many.collect());
        assert!(tree(&many).contains("S ✓ g.load ×99") && tree(&many).contains("F ✗ g.load[7]"), "{}", tree(&many));
        // A clear takes them all.
        let cleared = few.will_be(id("g.load"), TaskState::NoStatus, By::Airflow, "cleared");
        assert_eq!(tree(&cleared).matches("→ N ·").count(), 2);
    }

    #[test]
    fn what_the_plan_does_is_not_covered_up() {
        let task = || TaskInstance::new(id("model"), TaskState::Failed);
        let picture = shown(vec![task()]).will_be(id("model"), TaskState::Success, By::Plan, "marked success").will_be(
            id("model"),
            TaskState::NoStatus,
            By::Airflow,
            "cleared",
        );
        assert!(tree(&picture).contains("F ✗ → S ✓ model  marked success"), "{}", tree(&picture));
    }

    #[test]
    fn what_came_since_is_shown() {
        let before = shown(vec![TaskInstance::new(id("model"), TaskState::Failed).with_try(1)]);
        let after = shown(vec![TaskInstance::new(id("model"), TaskState::Success).with_try(3)]).since(&before);
        assert!(tree(&after).contains("F ✗ → S ✓ model  try 1 → 3"), "{}", tree(&after));
    }
}
