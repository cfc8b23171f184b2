//! A DAG as it is now: its tasks by number, and what follows what.

use std::collections::HashMap;
use std::time::Duration;

use airflow_client::{DagGraph, DagId, TaskId};

use super::spec::TaskSpec;

/// The tasks of a DAG. Tasks are numbered in the order of their ids.
#[derive(Debug)]
pub(crate) struct Structure {
    pub(crate) graph: DagGraph,
    pub(crate) tasks: Vec<TaskSpec>,
    numbers: HashMap<TaskId, usize>,
    pub(crate) upstream: Vec<Vec<usize>>,
    pub(crate) downstream: Vec<Vec<usize>>,
}

impl Structure {
    /// Of two tasks with the same id the last one counts.
    pub(crate) fn new(dag: &DagId, specs: &[TaskSpec]) -> Self {
        let graph = DagGraph::new(dag.clone(), specs.iter().map(|spec| spec.task.clone()).collect());
        let by_id: HashMap<&TaskId, &TaskSpec> = specs.iter().map(|spec| (&spec.task.id, spec)).collect();
        let ordered: Vec<&TaskSpec> = graph.tasks().filter_map(|task| by_id.get(&task.id).copied()).collect();
        let numbers: HashMap<TaskId, usize> =
            ordered.iter().enumerate().map(|(number, spec)| (spec.task.id.clone(), number)).collect();
        let mut tasks = Vec::with_capacity(ordered.len());
        let mut upstream = vec![Vec::new(); ordered.len()];
        let mut downstream = vec![Vec::new(); ordered.len()];
        for (number, spec) in ordered.into_iter().enumerate() {
            for next in graph.downstream(&spec.task.id) {
                if let Some(&next) = numbers.get(next) {
                    downstream[number].push(next);
                    upstream[next].push(number);
                }
            }
            tasks.push(spec.clone());
        }
        Self { graph, tasks, numbers, upstream, downstream }
    }

    pub(crate) fn number(&self, task: &TaskId) -> Option<usize> {
        self.numbers.get(task).copied()
    }

    pub(crate) fn delay(&self, task: usize) -> Duration {
        self.tasks[task].retry_delay
    }

    /// These tasks and whatever lies before or behind them.
    pub(crate) fn spread(&self, from: &[usize], upstream: bool, downstream: bool) -> Vec<usize> {
        let mut seen = vec![false; self.tasks.len()];
        for &task in from {
            seen[task] = true;
        }
        for (wanted, arrows) in [(upstream, &self.upstream), (downstream, &self.downstream)] {
            // What was reached in one direction is no beginning for the other.
            let mut reached = vec![false; self.tasks.len()];
            let mut open: Vec<usize> = if wanted { from.to_vec() } else { Vec::new() };
            while let Some(task) = open.pop() {
                for &next in &arrows[task] {
                    if !reached[next] {
                        reached[next] = true;
                        seen[next] = true;
                        open.push(next);
                    }
                }
            }
        }
        (0..self.tasks.len()).filter(|&task| seen[task]).collect()
    }
}
