//! The scenario that all stages play: DAGs. A real Airflow builds them from the same file (`peers/airflow/dags`).

use ops_client::{Effect, Error, ErrorKind, Result};
use serde::Deserialize;

use crate::{DagGraph, DagId, Task, TaskId, TriggerRule};

/// DAGs, and files that are none. The shipped scenario lies in `conformance/scenario.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scenario {
    /// Its DAGs: active, not paused, without a schedule, their files without import errors.
    pub dags: Vec<DagPlan>,
    /// The names of files that cannot be imported.
    pub broken_files: Vec<String>,
}

/// A DAG of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DagPlan {
    /// Its id.
    pub id: DagId,
    /// What it says of itself.
    pub description: String,
    /// Its tags, sorted.
    pub tags: Vec<String>,
    /// How many of its runs may go at once.
    pub max_active_runs: u32,
    /// Its tasks.
    pub tasks: Vec<TaskPlan>,
}

/// A task of a scenario. Unless it is empty it is a job: each of its tries
///
/// - writes the line [`TaskPlan::line`] to its log when it begins,
/// - sleeps as long as its run's [orders](super::Orders) say,
/// - fails where they say so; otherwise leaves its [name](TaskPlan::name) under the key `return_value`.
///
/// One of its rendered fields holds the text that the run's conf has under `transaction`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskPlan {
    /// What the DAG says of it.
    pub task: Task,
    /// How many instances a mapped task has.
    pub instances: u32,
    /// It does nothing: no log, nothing left for others, and it cannot be made to fail or sleep.
    pub empty: bool,
}

impl TaskPlan {
    /// What the instance at this place is called in orders, in its log and in what it leaves: `fx-model`, `load-one[2]`.
    pub fn name(task: &TaskId, map_index: Option<u32>) -> String {
        map_index.map_or_else(|| task.to_string(), |index| format!("{task}[{index}]"))
    }

    /// The line that every try of the job writes once, when it begins.
    pub fn line(name: &str) -> String {
        format!("a try of {name} begins")
    }
}

impl DagPlan {
    /// What follows what.
    pub fn graph(&self) -> DagGraph {
        DagGraph::new(self.id.clone(), self.tasks.iter().map(|plan| plan.task.clone()).collect())
    }

    /// How many task instances a run has.
    pub fn instances(&self) -> usize {
        self.tasks.iter().map(|plan| plan.instances as usize).sum()
    }
}

impl Scenario {
    /// How long a job waits before it tries again, in seconds: so long that no case sees it by accident.
    pub const RETRY_DELAY_SECONDS: u32 = 600;

    /// The shipped file, as text.
    pub const JSON: &'static str = include_str!("../../conformance/scenario.json");

    /// The shipped scenario.
    ///
    /// # Errors
    /// `Decode`, where the shipped file is broken.
    pub fn shipped() -> Result<Self> {
        Self::from_json(Self::JSON)
    }

    /// A scenario of one's own.
    ///
    /// # Errors
    /// `Decode`, where the text is no scenario.
    pub fn from_json(text: &str) -> Result<Self> {
        let file: File = serde_json::from_str(text).map_err(|error| broken("it cannot be read").with_source(error))?;
        let dags = file.dags.into_iter().map(DagInFile::plan).collect::<Result<_>>()?;
        Ok(Self { dags, broken_files: file.broken_files })
    }

    /// One of its DAGs.
    pub fn dag(&self, id: &str) -> Option<&DagPlan> {
        self.dags.iter().find(|dag| dag.id.as_str() == id)
    }
}

fn broken(why: &str) -> Error {
    Error::new("airflow.conformance", ErrorKind::Decode, Effect::None).with_message(format!("the scenario: {why}"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    dags: Vec<DagInFile>,
    broken_files: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DagInFile {
    id: DagId,
    description: String,
    tags: Vec<String>,
    max_active_runs: u32,
    #[serde(default)]
    tasks: Vec<TaskInFile>,
    grid: Option<Grid>,
}

/// Layers of tasks that do nothing, each followed by the one at its place in the next layer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Grid {
    layers: u32,
    width: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskInFile {
    id: TaskId,
    #[serde(default)]
    downstream: Vec<TaskId>,
    trigger_rule: Option<TriggerRule>,
    #[serde(default)]
    retries: u32,
    instances: Option<u32>,
    #[serde(default)]
    empty: bool,
}

impl DagInFile {
    fn plan(self) -> Result<DagPlan> {
        let mut tasks: Vec<TaskPlan> = self.tasks.into_iter().map(TaskPlan::from).collect();
        if let Some(grid) = self.grid {
            tasks.extend(grid.tasks()?);
        }
        let Self { id, description, tags, max_active_runs, .. } = self;
        Ok(DagPlan { id, description, tags, max_active_runs, tasks })
    }
}

impl Grid {
    fn tasks(&self) -> Result<Vec<TaskPlan>> {
        let mut tasks = Vec::new();
        for layer in 0..self.layers {
            for place in 0..self.width {
                let mut task = Task::new(grid_id(layer, place)?);
                if layer + 1 < self.layers {
                    task = task.followed_by([grid_id(layer + 1, place)?]);
                }
                tasks.push(TaskPlan { task, instances: 1, empty: true });
            }
        }
        Ok(tasks)
    }
}

fn grid_id(layer: u32, place: u32) -> Result<TaskId> {
    format!("t{layer:02}-{place:03}").parse().map_err(|error| broken("its grid").with_source(error))
}

impl From<TaskInFile> for TaskPlan {
    fn from(file: TaskInFile) -> Self {
        let mut task = Task::new(file.id).followed_by(file.downstream).with_retries(file.retries);
        task.trigger_rule = file.trigger_rule.unwrap_or(TriggerRule::AllSuccess);
        task.mapped = file.instances.is_some();
        Self { task, instances: file.instances.unwrap_or(1), empty: file.empty }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_scenario_has_the_shapes_that_the_cases_need() {
        let scenario = Scenario::shipped().unwrap();
        let instances: Vec<_> = scenario.dags.iter().map(|dag| (dag.id.as_str(), dag.instances())).collect();
        assert_eq!(
            instances,
            [
                ("dagao", 15),
                ("short", 6),
                ("one_at_a_time", 6),
                ("idle", 1),
                ("pausable", 1),
                ("shapes", 7),
                ("wide_1000", 1000)
            ]
        );
        for dag in &scenario.dags {
            let graph = dag.graph();
            for plan in &dag.tasks {
                let arrows: Vec<_> = graph.downstream(&plan.task.id).cloned().collect();
                assert_eq!(arrows, plan.task.downstream, "every arrow of {} leads to a task", plan.task.id);
            }
        }
        let graph = scenario.dag("dagao").unwrap().graph();
        let below = graph.descendants(&"fx-model".parse().unwrap());
        let below: Vec<_> = below.into_iter().map(TaskId::as_str).collect();
        let rest = ["databricks_load-models", "downscale-fx-model", "downscale-rest", "itaipu-rest", "scale-ec2-rest"];
        assert_eq!(below, rest);
    }
}
