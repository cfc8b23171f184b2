//! DAGs, runs, task instances and what they left.

use ops_client::http::Idempotency;
use ops_client::{Effect, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::list::Window;
use super::shape::{DagShape, RenderedShape, RunShape, TaskInstanceShape, TaskShape, XComKeyShape, XComShape};
use super::{Api, DAG, RUN, RUNS, TASK, index, run_path, task_path, v1, v2};
use crate::{
    Dag, DagFilter, DagGraph, DagId, DagRun, DagRunId, RunFilter, RunKey, Task, TaskFilter, TaskId, TaskInstance,
    TaskKey, TaskState,
};

/// The list of task instances across DAGs and runs: the one list that is not capped at 100.
const BATCH: &[&str] = &["dags", "~", "dagRuns", "~", "taskInstances", "list"];

#[derive(Serialize)]
struct Batch<'a> {
    dag_ids: [&'a DagId; 1],
    dag_run_ids: &'a [&'a DagRunId],
    #[serde(skip_serializing_if = "Option::is_none")]
    task_ids: Option<&'a [TaskId]>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    state: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page_limit: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page_offset: Option<usize>,
}

impl Api<'_> {
    pub(crate) async fn dags(&self, filter: &DagFilter) -> Result<Vec<Dag>> {
        let call = |window: Window| {
            let call = window.query(self.get(&["dags"], "/api/{api}/dags"));
            let call = if self.is_v1() { v1::dags(call, filter) } else { v2::dags(call, filter) };
            match filter.paused {
                Some(paused) => call.query("paused", paused.to_string()),
                None => call,
            }
        };
        let dags = self.whole(call, |a: &DagShape, b| a.dag_id.cmp(&b.dag_id)).await?;
        Ok(dags.into_iter().map(Dag::from).collect())
    }

    pub(crate) async fn dag(&self, dag: &DagId) -> Result<Dag> {
        let reply = self.send(self.get(&["dags", dag.as_str()], DAG)).await?;
        reply.json::<DagShape>().map(Dag::from)
    }

    pub(crate) async fn graph(&self, dag: &DagId) -> Result<DagGraph> {
        #[derive(Deserialize)]
        struct Tasks {
            tasks: Vec<TaskShape>,
        }
        let call = self.get(&["dags", dag.as_str(), "tasks"], "/api/{api}/dags/{dag}/tasks");
        let Tasks { tasks } = self.send(call).await?.json()?;
        Ok(DagGraph::new(dag.clone(), tasks.into_iter().map(Task::from).collect()))
    }

    pub(crate) async fn dag_runs(&self, filter: &RunFilter) -> Result<Vec<DagRun>> {
        if filter.limit == 0 {
            return Ok(Vec::new());
        }
        let dag = filter.dag.as_ref().map_or("~", DagId::as_str);
        let call = |window: Window| {
            let call = window.query(self.get(&["dags", dag, "dagRuns"], RUNS));
            let call = if self.is_v1() { v1::runs(call, filter) } else { v2::runs(call, filter) };
            let call = filter.states.iter().fold(call, |call, state| call.query("state", state.as_str()));
            match filter.started_from {
                Some(at) => call.query("start_date_gte", at.to_string()),
                None => call,
            }
        };
        let (mut runs, _) = self.pages::<RunShape>(filter.limit, call).await?;
        if let (true, Some(dag)) = (runs.is_empty(), &filter.dag) {
            // To API v1 a DAG that it does not have is one without runs.
            self.dag(dag).await?;
        }
        runs.sort_by(|a, b| {
            let key = |run: &RunShape| (run.dag_id.clone(), run.dag_run_id.clone());
            b.order().cmp(&a.order()).then_with(|| key(a).cmp(&key(b)))
        });
        // A run that began between two pages pushed another one onto the next.
        runs.dedup_by(|a, b| a.dag_id == b.dag_id && a.dag_run_id == b.dag_run_id);
        Ok(runs.into_iter().map(DagRun::from).collect())
    }

    pub(crate) async fn dag_run(&self, run: &RunKey) -> Result<DagRun> {
        let reply = self.send(self.get(&run_path(run), RUN)).await?;
        reply.json::<RunShape>().map(DagRun::from)
    }

    pub(crate) async fn task_instances(&self, run: &RunKey, filter: &TaskFilter) -> Result<Vec<TaskInstance>> {
        if filter.tasks.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Vec::new());
        }
        let list = self.batch(&run.dag, &[&run.run], filter).await?;
        if let Some(stranger) = list.iter().find(|shape| !shape.is_of(run)) {
            return Err(Error::new(self.op, ErrorKind::Decode, Effect::None).with_message(format!(
                "asked for {run}, the server answered with a task of {} {}",
                stranger.dag_id, stranger.dag_run_id
            )));
        }
        if list.is_empty() {
            // A run that is not there has no tasks either.
            self.dag_run(run).await?;
        }
        Ok(list.into_iter().map(TaskInstance::from).collect())
    }

    /// Of several runs of a DAG, sorted by task and run.
    pub(super) async fn batch(
        &self,
        dag: &DagId,
        runs: &[&DagRunId],
        filter: &TaskFilter,
    ) -> Result<Vec<TaskInstanceShape>> {
        let one = |state: &TaskState| {
            if self.is_v1() { v1::state_filter(self.op, state) } else { Ok(v2::state_filter(state)) }
        };
        let state = filter.states.iter().map(one).collect::<Result<Vec<Value>>>()?;
        let call = |window: Window| {
            let window = if self.is_v1() { v1::window(window, self.release) } else { Some(window) };
            let body = Batch {
                dag_ids: [dag],
                dag_run_ids: runs,
                task_ids: filter.tasks.as_deref(),
                state: state.clone(),
                page_limit: window.map(|window| window.limit),
                page_offset: window.map(|window| window.offset),
            };
            // A read, although it is a POST.
            let call = self.post(BATCH, "/api/{api}/dags/~/dagRuns/~/taskInstances/list");
            call.idempotency(Idempotency::Read).json(&body)
        };
        self.whole(call, TaskInstanceShape::order).await
    }

    pub(crate) async fn task_instance(&self, run: &RunKey, task: &TaskKey) -> Result<TaskInstance> {
        let index = index(task);
        let reply = self.send(self.get(&task_path(run, task, index.as_deref()), TASK)).await?;
        reply.json::<TaskInstanceShape>().map(TaskInstance::from)
    }

    pub(crate) async fn tries(&self, run: &RunKey, task: &TaskKey) -> Result<Vec<TaskInstance>> {
        #[derive(Deserialize)]
        struct Tries {
            task_instances: Vec<TaskInstanceShape>,
        }
        if !self.release.is_at_least(2, 10) {
            return Err(Error::new(self.op, ErrorKind::Rejected, Effect::None)
                .with_message(format!(
                    "Airflow {} does not tell of earlier tries: 2.10 and later ones do",
                    self.release
                ))
                .with_attempts(0));
        }
        let index = index(task);
        let mut path = task_path(run, task, index.as_deref());
        path.push("tries");
        let Tries { task_instances: mut tries } = self
            .send(self.get(&path, "/api/{api}/dags/{dag}/dagRuns/{run}/taskInstances/{task}/tries"))
            .await?
            .json()?;
        if tries.is_empty() {
            // To API v1 a task that is not there is one without tries.
            return Ok(vec![self.task_instance(run, task).await?]);
        }
        // A try that waits for its retry may be among the old ones and the current one: the current one comes last.
        tries.sort_by_key(|shape| shape.try_number);
        tries.reverse();
        tries.dedup_by_key(|shape| shape.try_number);
        tries.reverse();
        Ok(tries.into_iter().map(TaskInstance::from).collect())
    }

    pub(crate) async fn rendered_fields(&self, run: &RunKey, task: &TaskKey) -> Result<Map<String, Value>> {
        let index = index(task);
        let reply = self.send(self.get(&task_path(run, task, index.as_deref()), TASK)).await?;
        Ok(reply.json::<RenderedShape>()?.rendered_fields.unwrap_or_default())
    }

    pub(crate) async fn xcom_keys(&self, run: &RunKey, task: &TaskKey) -> Result<Vec<String>> {
        let mut path = task_path(run, task, None);
        path.push("xcomEntries");
        let index = index(task);
        let call = |window: Window| {
            let template = "/api/{api}/dags/{dag}/dagRuns/{run}/taskInstances/{task}/xcomEntries";
            let call = window.query(self.get(&path, template));
            match &index {
                Some(index) => call.query("map_index", index),
                None => call,
            }
        };
        let keys = self.whole(call, |a: &XComKeyShape, b| a.key.cmp(&b.key)).await?;
        if keys.is_empty() {
            self.task_instance(run, task).await?;
        }
        Ok(keys.into_iter().map(|shape| shape.key).collect())
    }

    pub(crate) async fn xcom(&self, run: &RunKey, task: &TaskKey, key: &str) -> Result<Value> {
        let mut path = task_path(run, task, None);
        path.extend(["xcomEntries", key]);
        let mut call = self.get(&path, "/api/{api}/dags/{dag}/dagRuns/{run}/taskInstances/{task}/xcomEntries/{key}");
        if let Some(index) = index(task) {
            call = call.query("map_index", index);
        }
        if self.release.is_at_least(2, 10) {
            // As it is; otherwise as Python prints it.
            call = call.query("stringify", "false");
        }
        let XComShape { value } = self.send(call).await?.json()?;
        let inner = value.as_str().and_then(|text| serde_json::from_str(text).ok());
        Ok(inner.unwrap_or(value))
    }
}
