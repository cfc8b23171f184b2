//! What is changed: marks, clears, runs, pauses, variables, new runs.

use std::collections::BTreeSet;

use ops_client::http::{Call, Idempotency, Reply};
use ops_client::{Effect, Error, ErrorKind, Result};
use serde::Serialize;
use serde_json::{Map, Value};

use super::shape::{RefShape, RefsShape, RunShape};
use super::{Api, DAG, RUN, RUNS, TASK, index, run_path, task_path, v1, v2};
use crate::{
    Clear, DagId, DagRun, DagRunId, NewRunState, RunKey, RunState, SetTaskState, Spread, TaskFilter, TaskId, TaskRef,
    TaskState, Trigger, Variable, Which,
};

/// Of a run and a task that no DAG has: a clear of it clears nothing, whatever else goes wrong.
const NOWHERE: &str = "airflow-client-asks-whether-it-may";
/// Tasks that work, or are about to: Airflow 3.2 and later ones refuse the same.
const RUNNING: [TaskState; 4] = [TaskState::Running, TaskState::Restarting, TaskState::Queued, TaskState::Scheduled];

/// A clear, with everything said that Airflow would otherwise assume.
#[derive(Serialize)]
struct ClearBody<'a> {
    dry_run: bool,
    dag_run_id: &'a DagRunId,
    task_ids: &'a [TaskId],
    only_failed: bool,
    only_running: bool,
    reset_dag_runs: bool,
    include_upstream: bool,
    include_downstream: bool,
    include_past: bool,
    include_future: bool,
    #[serde(flatten)]
    more: ClearMore,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ClearMore {
    V1(v1::ClearMore),
    V2(v2::ClearMore),
}

impl Api<'_> {
    pub(crate) async fn preview_task_state(&self, change: &SetTaskState) -> Result<Vec<TaskRef>> {
        let reply = self.send(self.mark(change, true)?.idempotency(Idempotency::Read)).await?;
        // API v1 names the one instance that it was asked about, and a list only where it was asked about many.
        let refs = match reply.json::<RefsShape>() {
            Ok(RefsShape { task_instances }) => task_instances,
            Err(error) => vec![reply.json::<RefShape>().map_err(|_| error)?],
        };
        Ok(sorted(refs))
    }

    pub(crate) async fn set_task_state(&self, change: &SetTaskState) -> Result<()> {
        let reply = match self.send(self.mark(change, false)?).await {
            // API v2 refuses what API v1 does silently.
            Err(error) if is_so_already(&error) => return Ok(()),
            other => other?,
        };
        reply.refuse_page()
    }

    fn mark(&self, change: &SetTaskState, dry_run: bool) -> Result<Call> {
        let SetTaskState { run, task, spread, .. } = change;
        let alone = *spread == Spread::none();
        if !alone && task.map_index.is_some() {
            let message = "one instance of a mapped task cannot be marked together with others";
            return Err(Error::invalid(self.op, message).with_remedy("mark the instances one by one"));
        }
        let index = index(task);
        Ok(match (self.is_v1(), alone) {
            (true, true) => self.patch(&task_path(run, task, index.as_deref()), TASK).json(&v1::mark(change, dry_run)),
            (true, false) => {
                let path = ["dags", run.dag.as_str(), "updateTaskInstancesState"];
                let call = self.post(&path, "/api/{api}/dags/{dag}/updateTaskInstancesState");
                call.json(&v1::mark_many(change, dry_run))
            }
            (false, _) => {
                let mut path = task_path(run, task, Some(index.as_deref().unwrap_or(v2::NOT_MAPPED)));
                path.extend(dry_run.then_some("dry_run"));
                self.patch(&path, TASK).json(&v2::mark(change))
            }
        })
    }

    pub(crate) async fn preview_clear(&self, clear: &Clear) -> Result<Vec<TaskRef>> {
        clear.check(self.op, &self.graph(&clear.run.dag).await?)?;
        let refs = self.dry_clear(clear).await?;
        self.refuse_running(clear, &refs).await?;
        Ok(refs)
    }

    pub(crate) async fn clear(&self, clear: &Clear) -> Result<Vec<TaskRef>> {
        clear.check(self.op, &self.graph(&clear.run.dag).await?)?;
        if clear.which == Which::Any && !clear.restart_running {
            self.refuse_running(clear, &self.dry_clear(clear).await?).await?;
        }
        let reply = self.send(self.clear_call(clear, false)?).await?;
        Ok(sorted(reply.json::<RefsShape>()?.task_instances))
    }

    async fn dry_clear(&self, clear: &Clear) -> Result<Vec<TaskRef>> {
        let reply = self.send(self.clear_call(clear, true)?.idempotency(Idempotency::Read)).await?;
        Ok(sorted(reply.json::<RefsShape>()?.task_instances))
    }

    fn clear_call(&self, clear: &Clear, dry_run: bool) -> Result<Call> {
        let more = if self.is_v1() {
            ClearMore::V1(v1::clear(self.op, clear)?)
        } else {
            ClearMore::V2(v2::clear(clear, self.release))
        };
        let Spread { upstream, downstream, past, future, .. } = clear.spread;
        let body = ClearBody {
            dry_run,
            dag_run_id: &clear.run.run,
            task_ids: &clear.tasks,
            only_failed: clear.which == Which::Failed,
            only_running: false,
            reset_dag_runs: true,
            include_upstream: upstream,
            include_downstream: downstream,
            include_past: past,
            include_future: future,
            more,
        };
        let path = ["dags", clear.run.dag.as_str(), "clearTaskInstances"];
        Ok(self.post(&path, "/api/{api}/dags/{dag}/clearTaskInstances").json(&body))
    }

    /// Airflow 2 would say that it cleared what is running, and leave it alone; before 3.2 Airflow 3 would restart it.
    async fn refuse_running(&self, clear: &Clear, refs: &[TaskRef]) -> Result<()> {
        // An empty list of runs or tasks would be no filter at all.
        if refs.is_empty() || clear.which == Which::Failed || clear.restart_running {
            return Ok(());
        }
        let tasks: BTreeSet<TaskId> = refs.iter().map(|found| found.task.clone()).collect();
        let runs: BTreeSet<&DagRunId> = refs.iter().map(|found| &found.run).collect();
        let filter = RUNNING.into_iter().fold(TaskFilter::all().of(tasks), TaskFilter::in_state);
        let runs: Vec<&DagRunId> = runs.into_iter().collect();
        let running = self.batch(&clear.run.dag, &runs, &filter).await?;
        let named: Vec<String> = running
            .iter()
            .filter(|shape| {
                refs.iter().any(|found| found.run.as_str() == shape.dag_run_id && found.task == shape.task_id)
            })
            .map(|shape| match shape.dag_run_id == clear.run.run.as_str() {
                true => shape.key().to_string(),
                false => format!("{} of {}", shape.key(), shape.dag_run_id),
            })
            .collect();
        if named.is_empty() {
            return Ok(());
        }
        let running = named.iter().take(10).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = named.len().saturating_sub(10);
        let running = if more > 0 { format!("{running} and {more} more") } else { running };
        Err(Error::new(self.op, ErrorKind::Conflict, Effect::None)
            .with_message(format!("running or about to: {running}"))
            .with_remedy("wait until they ended, or mark them failed and wait until their processes ended"))
    }

    /// A dry run of a clear that could clear nothing, were it none. The right is checked before the run is looked up
    /// (measured): whoever hears that there is no such run may clear.
    pub(crate) async fn may_change(&self, dag: &DagId) -> Result<bool> {
        // Whoever may not even look is not told so by the dry run.
        self.dag(dag).await?;
        let nowhere = |what| Error::invalid(self.op, what);
        let run: DagRunId = NOWHERE.parse().map_err(|_| nowhere("no run's id"))?;
        let task: TaskId = NOWHERE.parse().map_err(|_| nowhere("no task's id"))?;
        let clear = Clear::failed(RunKey::new(dag.clone(), run), [task]);
        match self.dry_clear(&clear).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(true),
            Err(error) if error.kind() == ErrorKind::Forbidden => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn set_run_state(&self, run: &RunKey, state: NewRunState) -> Result<()> {
        #[derive(Serialize)]
        struct Body {
            state: NewRunState,
        }
        self.send(self.patch(&run_path(run), RUN).json(&Body { state })).await?.refuse_page()
    }

    pub(crate) async fn clear_run(&self, run: &RunKey) -> Result<()> {
        #[derive(Serialize)]
        struct Body {
            dry_run: bool,
        }
        let mut path = run_path(run);
        path.push("clear");
        let call = self.post(&path, "/api/{api}/dags/{dag}/dagRuns/{run}/clear").json(&Body { dry_run: false });
        self.send(call).await?.refuse_page()
    }

    pub(crate) async fn delete_run(&self, run: &RunKey) -> Result<()> {
        const REMEDY: &str = "set its state to failed first, and wait until its processes ended";
        // API v2 refuses to forget a run that runs; API v1 would leave its processes alone with nothing.
        if self.is_v1() && self.dag_run(run).await?.state == RunState::Running {
            return Err(Error::new(self.op, ErrorKind::Conflict, Effect::None)
                .with_message(format!("{run} is running"))
                .with_remedy(REMEDY));
        }
        // Without a body, and so without a type of one: API v1 answers that with 400.
        match self.send(self.delete(&run_path(run), RUN)).await {
            Err(error) if error.kind() == ErrorKind::Conflict => Err(error.with_remedy(REMEDY)),
            other => gone(&other?),
        }
    }

    pub(crate) async fn set_paused(&self, dag: &DagId, paused: bool) -> Result<()> {
        #[derive(Serialize)]
        struct Body {
            is_paused: bool,
        }
        let call = self.patch(&["dags", dag.as_str()], DAG).query("update_mask", "is_paused");
        let call = call.idempotency(Idempotency::Write).json(&Body { is_paused: paused });
        self.send(call).await?.refuse_page()
    }

    /// Changes what is there, and makes what is not: a `POST` alone would lose the description on API v1, and fail on v2.
    pub(crate) async fn set_variable(&self, variable: &Variable) -> Result<()> {
        #[derive(Serialize)]
        struct Body<'a> {
            key: &'a str,
            value: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            description: Option<&'a str>,
        }
        let Variable { key, value, description, .. } = variable;
        let value =
            value.as_deref().ok_or_else(|| Error::invalid(self.op, format!("{key:?} has no value to be set")))?;
        let body = Body { key, value, description: description.as_deref() };
        let change = || {
            let call = self.patch(&["variables", key], "/api/{api}/variables/{key}");
            call.idempotency(Idempotency::Write).json(&body)
        };
        let make = || self.post(&["variables"], "/api/{api}/variables").idempotency(Idempotency::Write).json(&body);
        let reply = match self.send(change()).await {
            Err(error) if error.is_not_found() => match self.send(make()).await {
                // Somebody else just made it, or our first attempt did.
                Err(error) if error.kind() == ErrorKind::Conflict => self.send(change()).await?,
                other => other?,
            },
            other => other?,
        };
        reply.refuse_page()
    }

    pub(crate) async fn delete_variable(&self, key: &str) -> Result<()> {
        let call = self.delete(&["variables", key], "/api/{api}/variables/{key}").idempotency(Idempotency::Write);
        match self.send(call).await {
            Err(error) if error.is_not_found() => Ok(()),
            other => gone(&other?),
        }
    }

    pub(crate) async fn trigger(&self, trigger: &Trigger) -> Result<DagRun> {
        #[derive(Serialize)]
        struct Body<'a> {
            dag_run_id: &'a DagRunId,
            conf: &'a Map<String, Value>,
            /// API v2 wants to hear that there is none, API v1 takes no `null`.
            #[serde(skip_serializing_if = "Option::is_none")]
            logical_date: Option<Value>,
            #[serde(skip_serializing_if = "Option::is_none")]
            note: Option<&'a str>,
        }
        let about = trigger.execution_date.map(|date| Value::String(date.to_string()));
        let body = Body {
            dag_run_id: &trigger.run,
            conf: &trigger.conf,
            logical_date: if self.is_v1() { about } else { Some(about.unwrap_or(Value::Null)) },
            note: trigger.note.as_deref(),
        };
        let call = self.post(&["dags", trigger.dag.as_str(), "dagRuns"], RUNS).json(&body);
        self.send(call).await?.json::<RunShape>().map(DagRun::from)
    }
}

/// Each task of each run once: API v1 names a mapped task once for each of its instances.
fn sorted(shapes: Vec<RefShape>) -> Vec<TaskRef> {
    let refs: BTreeSet<TaskRef> = shapes.into_iter().map(TaskRef::from).collect();
    refs.into_iter().collect()
}

/// API v1 calls its empty answer a page; one that is not empty is a proxy's.
fn gone(reply: &Reply) -> Result<()> {
    if reply.bytes().is_empty() { Ok(()) } else { reply.refuse_page() }
}

fn is_so_already(error: &Error) -> bool {
    error.kind() == ErrorKind::Conflict
        && error.words().is_some_and(|words| words.contains("already in") && words.contains("state"))
}
