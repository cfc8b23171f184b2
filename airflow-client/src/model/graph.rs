//! The structure of a DAG: which task follows which.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::TriggerRule;
use crate::{DagId, TaskId};

/// A task, as the DAG says it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// When it may start.
    pub trigger_rule: TriggerRule,
    /// The tasks that directly follow it, sorted.
    pub downstream: Vec<TaskId>,
    /// Whether it has one instance for each element of a list.
    pub mapped: bool,
    /// How often it starts again by itself.
    pub retries: u32,
    /// What carries it out.
    pub operator: Option<String>,
    /// Its owner, as the DAG names it.
    pub owner: Option<String>,
    /// The pool that bounds it.
    pub pool: Option<String>,
}

impl Task {
    /// A task that nothing follows, which starts when all before it succeeded.
    pub fn new(id: TaskId) -> Self {
        Self {
            id,
            trigger_rule: TriggerRule::AllSuccess,
            downstream: Vec::new(),
            mapped: false,
            retries: 0,
            operator: None,
            owner: None,
            pool: None,
        }
    }

    /// With these tasks following it.
    #[must_use]
    pub fn followed_by(mut self, downstream: impl IntoIterator<Item = TaskId>) -> Self {
        self.downstream.extend(downstream);
        self.downstream.sort_unstable();
        self.downstream.dedup();
        self
    }

    /// With another rule for its start.
    #[must_use]
    pub fn with_trigger_rule(mut self, rule: TriggerRule) -> Self {
        self.trigger_rule = rule;
        self
    }

    /// With so many starts more.
    #[must_use]
    pub fn with_retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// As a mapped task.
    #[must_use]
    pub fn mapped(mut self) -> Self {
        self.mapped = true;
        self
    }

    /// The groups that it is in, outermost first: Airflow tells them only in the id.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        let groups = self.id.as_str().rsplit_once('.').map(|(groups, _)| groups);
        groups.into_iter().flat_map(|groups| groups.split('.'))
    }
}

/// The tasks of a DAG and what follows what, as the DAG is *now*: a run that began before a deploy may have had others.
///
/// ```
/// use airflow_client::{DagGraph, Task, TaskId};
///
/// let id = |name: &str| name.parse::<TaskId>().unwrap();
/// let graph = DagGraph::new("nightly".parse()?, vec![
///     Task::new(id("scale-ec2-x")).followed_by([id("x")]),
///     Task::new(id("x")).followed_by([id("load")]),
///     Task::new(id("load")),
/// ]);
/// let below: Vec<_> = graph.descendants(&id("scale-ec2-x")).into_iter().map(TaskId::as_str).collect();
/// assert_eq!(below, ["load", "x"]);
/// assert_eq!(graph.upstream(&id("load")).collect::<Vec<_>>(), [&id("x")]);
/// # Ok::<(), airflow_client::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DagGraph {
    dag: DagId,
    tasks: BTreeMap<TaskId, Task>,
    upstream: BTreeMap<TaskId, BTreeSet<TaskId>>,
}

impl DagGraph {
    /// The graph of these tasks. Arrows to tasks that are not among them are left out.
    pub fn new(dag: DagId, tasks: Vec<Task>) -> Self {
        let mut tasks: BTreeMap<TaskId, Task> = tasks.into_iter().map(|task| (task.id.clone(), task)).collect();
        let known: BTreeSet<TaskId> = tasks.keys().cloned().collect();
        let mut upstream: BTreeMap<TaskId, BTreeSet<TaskId>> = BTreeMap::new();
        for task in tasks.values_mut() {
            task.downstream.retain(|next| known.contains(next));
            task.downstream.sort_unstable();
            task.downstream.dedup();
            for next in &task.downstream {
                upstream.entry(next.clone()).or_default().insert(task.id.clone());
            }
        }
        Self { dag, tasks, upstream }
    }

    /// The DAG.
    pub fn dag(&self) -> &DagId {
        &self.dag
    }

    /// All tasks, by id.
    pub fn tasks(&self) -> impl ExactSizeIterator<Item = &Task> {
        self.tasks.values()
    }

    /// One task.
    pub fn task(&self, id: &TaskId) -> Option<&Task> {
        self.tasks.get(id)
    }

    /// Whether the DAG has this task.
    pub fn contains(&self, id: &TaskId) -> bool {
        self.tasks.contains_key(id)
    }

    /// The tasks that come directly before one.
    pub fn upstream(&self, id: &TaskId) -> impl Iterator<Item = &TaskId> {
        self.upstream.get(id).into_iter().flatten()
    }

    /// The tasks that directly follow one.
    pub fn downstream(&self, id: &TaskId) -> impl Iterator<Item = &TaskId> {
        self.tasks.get(id).into_iter().flat_map(|task| &task.downstream)
    }

    /// All that comes before a task, the task itself left out.
    pub fn ancestors(&self, id: &TaskId) -> BTreeSet<&TaskId> {
        self.reach(id, |id| self.upstream(id).collect())
    }

    /// All that follows a task, the task itself left out.
    pub fn descendants(&self, id: &TaskId) -> BTreeSet<&TaskId> {
        self.reach(id, |id| self.downstream(id).collect())
    }

    /// The tasks that nothing follows: their states decide how the run ends.
    pub fn leaves(&self) -> impl Iterator<Item = &TaskId> {
        self.tasks.values().filter(|task| task.downstream.is_empty()).map(|task| &task.id)
    }

    fn reach<'a>(&'a self, from: &TaskId, next: impl Fn(&TaskId) -> Vec<&'a TaskId>) -> BTreeSet<&'a TaskId> {
        let mut seen = BTreeSet::new();
        let mut open = next(from);
        while let Some(id) = open.pop() {
            // Airflow refuses circles; an answer that has one must not keep us for ever, nor contain the task itself.
            if id != from && seen.insert(id) {
                open.extend(next(id));
            }
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> TaskId {
        name.parse().unwrap()
    }

    fn graph(edges: &[(&str, &[&str])]) -> DagGraph {
        let tasks = edges.iter().map(|(from, to)| Task::new(id(from)).followed_by(to.iter().map(|to| id(to))));
        DagGraph::new("d".parse().unwrap(), tasks.collect())
    }

    #[test]
    fn what_comes_before_and_after() {
        let graph = graph(&[("a", &["b", "c"]), ("b", &["d"]), ("c", &["d"]), ("d", &[]), ("e", &[])]);
        let names = |set: BTreeSet<&TaskId>| set.into_iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>();
        assert_eq!(names(graph.descendants(&id("a"))), ["b", "c", "d"]);
        assert_eq!(names(graph.ancestors(&id("d"))), ["a", "b", "c"]);
        assert_eq!(graph.leaves().map(TaskId::as_str).collect::<Vec<_>>(), ["d", "e"]);
    }

    #[test]
    fn a_circle_and_an_arrow_to_nowhere_do_no_harm() {
        let graph = graph(&[("a", &["b", "gone"]), ("b", &["a"])]);
        assert_eq!(graph.descendants(&id("a")).len(), 1);
        assert!(!graph.contains(&id("gone")));
    }

    #[test]
    fn groups_are_read_from_the_id() {
        assert_eq!(Task::new(id("loads.inner.first")).groups().collect::<Vec<_>>(), ["loads", "inner"]);
        assert_eq!(Task::new(id("first")).groups().count(), 0);
    }
}
