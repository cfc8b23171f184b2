//! What a request asks for. Most paths are the same in both APIs.

use airflow_client::{DagId, DagRunId, RunKey, TaskId, TaskKey};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::super::{About, Generation};
use crate::Operation;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Version,
    Health,
    Dags,
    Dag(DagId),
    PatchDag(DagId),
    Tasks(DagId),
    /// Of one DAG, or of all.
    Runs(Option<DagId>),
    Trigger(DagId),
    Run(RunKey),
    PatchRun(RunKey),
    /// v1 only; v2 patches the run.
    Note(RunKey),
    ClearRun(RunKey),
    DeleteRun(RunKey),
    Instances(Option<DagId>, Option<DagRunId>),
    Batch,
    Instance(RunKey, TaskId, Option<i64>),
    ListMapped(RunKey, TaskId),
    PatchInstance(RunKey, TaskId, Option<i64>),
    /// v2 only; v1 says so in the body.
    DryInstance(RunKey, TaskId, Option<i64>),
    /// v1 only.
    MarkMany(DagId),
    Clear(DagId),
    Tries(RunKey, TaskId, Option<i64>),
    Log(RunKey, TaskId, u32),
    XcomKeys(RunKey, TaskId),
    Xcom(RunKey, TaskId, String),
    Variables,
    PostVariable,
    Variable(String),
    PatchVariable(String),
    DeleteVariable(String),
    Pools,
    ImportErrors,
    Events,
}

fn run(dag: &str, run: &str) -> Option<RunKey> {
    Some(RunKey::new(dag.parse().ok()?, run.parse().ok()?))
}

/// `~` means all.
fn or_all<T: std::str::FromStr>(text: &str) -> Option<Option<T>> {
    if text == "~" { Some(None) } else { text.parse().ok().map(Some) }
}

impl Route {
    /// What is asked for; none where there is nothing at this path.
    pub(super) fn parse(generation: Generation, method: &str, path: &[&str]) -> Option<Self> {
        use Generation::{Three, Two};
        Some(match (generation, method, path) {
            (_, "GET", ["version"]) => Self::Version,
            (Two, "GET", ["health"]) | (Three, "GET", ["monitor", "health"]) => Self::Health,
            (_, "GET", ["dags"]) => Self::Dags,
            (_, "GET", ["dags", dag]) => Self::Dag(dag.parse().ok()?),
            (_, "PATCH", ["dags", dag]) => Self::PatchDag(dag.parse().ok()?),
            (_, "GET", ["dags", dag, "tasks"]) => Self::Tasks(dag.parse().ok()?),
            (_, "POST", ["dags", dag, "clearTaskInstances"]) => Self::Clear(dag.parse().ok()?),
            (Two, "POST", ["dags", dag, "updateTaskInstancesState"]) => Self::MarkMany(dag.parse().ok()?),
            (_, "GET", ["dags", dag, "dagRuns"]) => Self::Runs(or_all(dag)?),
            (_, "POST", ["dags", dag, "dagRuns"]) => Self::Trigger(dag.parse().ok()?),
            (_, "GET", ["dags", dag, "dagRuns", id]) => Self::Run(run(dag, id)?),
            (_, "PATCH", ["dags", dag, "dagRuns", id]) => Self::PatchRun(run(dag, id)?),
            (_, "DELETE", ["dags", dag, "dagRuns", id]) => Self::DeleteRun(run(dag, id)?),
            (_, "POST", ["dags", dag, "dagRuns", id, "clear"]) => Self::ClearRun(run(dag, id)?),
            (Two, "PATCH", ["dags", dag, "dagRuns", id, "setNote"]) => Self::Note(run(dag, id)?),
            (_, "GET", ["dags", dag, "dagRuns", id, "taskInstances"]) => Self::Instances(or_all(dag)?, or_all(id)?),
            (_, "POST", ["dags", "~", "dagRuns", "~", "taskInstances", "list"]) => Self::Batch,
            (_, method, ["dags", dag, "dagRuns", id, "taskInstances", task, rest @ ..]) => {
                Self::of_task(generation, method, run(dag, id)?, task.parse().ok()?, rest)?
            }
            (_, "GET", ["variables"]) => Self::Variables,
            (_, "POST", ["variables"]) => Self::PostVariable,
            // A key may have slashes, encoded or not (measured on both).
            (_, "GET", ["variables", key @ ..]) => Self::Variable(key.join("/")),
            (_, "PATCH", ["variables", key @ ..]) => Self::PatchVariable(key.join("/")),
            (_, "DELETE", ["variables", key @ ..]) => Self::DeleteVariable(key.join("/")),
            (_, "GET", ["pools"]) => Self::Pools,
            (_, "GET", ["importErrors"]) => Self::ImportErrors,
            (_, "GET", ["eventLogs"]) => Self::Events,
            _ => return None,
        })
    }

    fn of_task(generation: Generation, method: &str, run: RunKey, task: TaskId, rest: &[&str]) -> Option<Self> {
        let (dry, rest) = match rest {
            [rest @ .., "dry_run"] if generation == Generation::Three && method == "PATCH" => (true, rest),
            rest => (false, rest),
        };
        Some(match (method, rest) {
            ("GET", []) => Self::Instance(run, task, None),
            ("GET", ["listMapped"]) => Self::ListMapped(run, task),
            ("GET", ["tries"]) => Self::Tries(run, task, None),
            ("GET", ["logs", number]) => Self::Log(run, task, number.parse().ok()?),
            ("GET", ["xcomEntries"]) => Self::XcomKeys(run, task),
            ("GET", ["xcomEntries", key @ ..]) => Self::Xcom(run, task, key.join("/")),
            ("GET", [index]) => Self::Instance(run, task, Some(place(generation, index)?)),
            ("GET", [index, "tries"]) => Self::Tries(run, task, Some(place(generation, index)?)),
            ("PATCH", []) if dry => Self::DryInstance(run, task, None),
            ("PATCH", [index]) if dry => Self::DryInstance(run, task, Some(place(generation, index)?)),
            ("PATCH", []) => Self::PatchInstance(run, task, None),
            ("PATCH", [index]) => Self::PatchInstance(run, task, Some(place(generation, index)?)),
            _ => return None,
        })
    }

    /// Whether it is answered without a login.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Version | Self::Health)
    }

    /// Whether one who may only read is refused.
    pub(super) fn needs_right(&self) -> bool {
        let operation = self.operation(Generation::Three, &Map::new());
        operation.changes() || matches!(operation, Operation::PreviewTaskState | Operation::PreviewClear)
    }

    /// Which call of a port it is. A change that is only foretold is another one.
    pub(super) fn operation(&self, generation: Generation, body: &Map<String, Value>) -> Operation {
        let dry = body.get("dry_run").and_then(Value::as_bool);
        match self {
            Self::Version => Operation::AirflowProbe,
            Self::Health => Operation::AirflowHealth,
            Self::Dags => Operation::AirflowDags,
            Self::Dag(_) => Operation::AirflowDag,
            Self::PatchDag(_) => Operation::SetPaused,
            Self::Tasks(_) => Operation::AirflowGraph,
            Self::Runs(_) => Operation::AirflowRuns,
            Self::Trigger(_) => Operation::TriggerRun,
            Self::Run(_) => Operation::AirflowRun,
            Self::PatchRun(_) | Self::Note(_) => Operation::SetRunState,
            Self::ClearRun(_) if dry != Some(false) => Operation::PreviewClear,
            Self::ClearRun(_) => Operation::ClearRun,
            Self::DeleteRun(_) => Operation::DeleteRun,
            Self::Instances(..) | Self::Batch | Self::ListMapped(..) => Operation::AirflowTasks,
            Self::Instance(..) => Operation::AirflowTask,
            Self::DryInstance(..) => Operation::PreviewTaskState,
            // The default of API v1 is a dry run.
            Self::PatchInstance(..) | Self::MarkMany(_) if generation == Generation::Two && dry != Some(false) => {
                Operation::PreviewTaskState
            }
            Self::PatchInstance(..) | Self::MarkMany(_) => Operation::SetTaskState,
            Self::Clear(_) if dry != Some(false) => Operation::PreviewClear,
            Self::Clear(_) => Operation::ClearTasks,
            Self::Tries(..) => Operation::AirflowTries,
            Self::Log(..) => Operation::AirflowLog,
            Self::XcomKeys(..) => Operation::XcomKeys,
            Self::Xcom(..) => Operation::Xcom,
            Self::Variables => Operation::AirflowVariables,
            Self::Variable(_) => Operation::AirflowVariable,
            Self::PostVariable | Self::PatchVariable(_) => Operation::SetVariable,
            Self::DeleteVariable(_) => Operation::DeleteVariable,
            Self::Pools => Operation::AirflowPools,
            Self::ImportErrors => Operation::ImportErrors,
            Self::Events => Operation::AirflowEvents,
        }
    }

    /// What stands in the log for what it is about.
    pub(super) fn subject(&self, ask: &super::ask::Ask, body: &Map<String, Value>) -> Uuid {
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let task = |run: &RunKey, task: &TaskId, index: Option<i64>| {
            let map_index = index.and_then(|index| u32::try_from(index).ok());
            About::Task(run, &TaskKey { task: task.clone(), map_index }).subject()
        };
        match self {
            Self::Dag(dag) | Self::PatchDag(dag) | Self::Tasks(dag) | Self::Runs(Some(dag)) => {
                About::Dag(dag).subject()
            }
            Self::Clear(dag) | Self::Trigger(dag) | Self::MarkMany(dag) => {
                let Ok(id) = text("dag_run_id").parse() else { return About::Dag(dag).subject() };
                let run = RunKey::new(dag.clone(), id);
                match (self, text("task_id").parse::<TaskId>()) {
                    (Self::MarkMany(_), Ok(id)) => task(&run, &id, None),
                    _ => About::Run(&run).subject(),
                }
            }
            Self::Run(run) | Self::PatchRun(run) | Self::Note(run) | Self::ClearRun(run) | Self::DeleteRun(run) => {
                About::Run(run).subject()
            }
            Self::Instances(Some(dag), Some(run)) => About::Run(&RunKey::new(dag.clone(), run.clone())).subject(),
            Self::ListMapped(run, _) => About::Run(run).subject(),
            Self::Batch => {
                let only = |name: &str| match body.get(name).and_then(Value::as_array).map(Vec::as_slice) {
                    Some([one]) => one.as_str(),
                    _ => None,
                };
                let key = only("dag_ids").zip(only("dag_run_ids")).and_then(|(dag, id)| run(dag, id));
                key.map_or(Uuid::nil(), |key| About::Run(&key).subject())
            }
            Self::Instance(run, id, index)
            | Self::PatchInstance(run, id, index)
            | Self::DryInstance(run, id, index)
            | Self::Tries(run, id, index) => task(run, id, *index),
            Self::Log(run, id, _) | Self::XcomKeys(run, id) | Self::Xcom(run, id, _) => {
                task(run, id, ask.one("map_index").and_then(|index| index.parse().ok()))
            }
            Self::Variable(key) | Self::PatchVariable(key) | Self::DeleteVariable(key) => {
                About::Variable(key).subject()
            }
            Self::PostVariable => About::Variable(text("key")).subject(),
            _ => Uuid::nil(),
        }
    }
}

/// A place in a path. API v1 takes no negative one (measured).
fn place(generation: Generation, text: &str) -> Option<i64> {
    let index: i64 = text.parse().ok()?;
    (index >= 0 || generation == Generation::Three).then_some(index)
}
