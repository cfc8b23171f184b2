//! The objects of both APIs: one shape for each, since they differ in a few fields only. What one API lacks is optional.

use std::cmp::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::lenient::{maybe_number, nullable, number};
use crate::{
    Dag, DagId, DagRun, DagRunId, Event, ExecutionDate, ImportError, Pool, RunKey, RunState, Task, TaskId,
    TaskInstance, TaskKey, TaskRef, TaskState, TriggerRule, Variable,
};

#[derive(Deserialize)]
pub(super) struct DagShape {
    pub(super) dag_id: DagId,
    #[serde(default, deserialize_with = "nullable")]
    is_paused: bool,
    /// v1.
    is_active: Option<bool>,
    /// v2, the other way round.
    is_stale: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    tags: Vec<TagShape>,
    #[serde(default, deserialize_with = "nullable")]
    owners: Vec<String>,
    description: Option<String>,
    /// v1: `{"__type": "CronExpression", "value": "0 0 * * *"}`.
    schedule_interval: Option<Value>,
    /// v2.
    timetable_summary: Option<String>,
    timetable_description: Option<String>,
    #[serde(alias = "next_dagrun_run_after")]
    next_dagrun_create_after: Option<Timestamp>,
    #[serde(default, deserialize_with = "maybe_number")]
    max_active_runs: Option<u32>,
    #[serde(default, deserialize_with = "nullable")]
    has_import_errors: bool,
    fileloc: Option<String>,
}

#[derive(Deserialize)]
struct TagShape {
    name: String,
}

impl From<DagShape> for Dag {
    fn from(shape: DagShape) -> Self {
        let cron = shape.schedule_interval.as_ref().and_then(|interval| interval.get("value")?.as_str());
        let schedule = shape.timetable_summary.or_else(|| cron.map(str::to_owned)).or(shape.timetable_description);
        let mut dag = Self::new(shape.dag_id);
        dag.paused = shape.is_paused;
        dag.active = shape.is_active.unwrap_or(!shape.is_stale.unwrap_or(false));
        dag.tags = shape.tags.into_iter().map(|tag| tag.name).collect();
        dag.tags.sort_unstable();
        dag.owners = shape.owners;
        dag.description = shape.description;
        dag.schedule = schedule;
        dag.next_run = shape.next_dagrun_create_after;
        dag.max_active_runs = shape.max_active_runs;
        dag.has_import_errors = shape.has_import_errors;
        dag.file = shape.fileloc;
        dag
    }
}

#[derive(Deserialize)]
pub(super) struct TaskShape {
    task_id: TaskId,
    trigger_rule: Option<TriggerRule>,
    #[serde(default, deserialize_with = "nullable")]
    downstream_task_ids: Vec<TaskId>,
    #[serde(default, deserialize_with = "nullable")]
    is_mapped: bool,
    #[serde(default, deserialize_with = "number")]
    retries: u32,
    class_ref: Option<ClassShape>,
    owner: Option<String>,
    pool: Option<String>,
}

#[derive(Deserialize)]
struct ClassShape {
    class_name: Option<String>,
}

impl From<TaskShape> for Task {
    fn from(shape: TaskShape) -> Self {
        let mut task = Self::new(shape.task_id).followed_by(shape.downstream_task_ids).with_retries(shape.retries);
        task.trigger_rule = shape.trigger_rule.unwrap_or(TriggerRule::AllSuccess);
        task.mapped = shape.is_mapped;
        task.operator = shape.class_ref.and_then(|class| class.class_name);
        task.owner = shape.owner;
        task.pool = shape.pool;
        task
    }
}

#[derive(Deserialize)]
pub(super) struct RunShape {
    pub(super) dag_id: DagId,
    pub(super) dag_run_id: DagRunId,
    state: Option<RunState>,
    logical_date: Option<Timestamp>,
    /// v1, beside the logical date and equal to it.
    execution_date: Option<Timestamp>,
    /// v2.
    run_after: Option<Timestamp>,
    queued_at: Option<Timestamp>,
    start_date: Option<Timestamp>,
    end_date: Option<Timestamp>,
    run_type: Option<String>,
    conf: Option<Value>,
    note: Option<String>,
    bundle_version: Option<String>,
}

impl RunShape {
    /// What runs are sorted by: what they are about; where that is nothing, when they may start.
    pub(super) fn order(&self) -> Option<Timestamp> {
        self.logical_date.or(self.execution_date).or(self.run_after)
    }
}

impl From<RunShape> for DagRun {
    fn from(shape: RunShape) -> Self {
        let state = shape.state.unwrap_or(RunState::Other(String::new()));
        let mut run = Self::new(RunKey::new(shape.dag_id, shape.dag_run_id), state);
        run.execution_date = shape.logical_date.or(shape.execution_date).map(ExecutionDate::new);
        run.queued_at = shape.queued_at;
        run.started_at = shape.start_date;
        run.ended_at = shape.end_date;
        run.run_type = shape.run_type;
        run.conf = shape.conf;
        run.note = shape.note;
        run.bundle_version = shape.bundle_version;
        run
    }
}

#[derive(Deserialize)]
pub(super) struct TaskInstanceShape {
    pub(super) dag_id: String,
    pub(super) dag_run_id: String,
    pub(super) task_id: TaskId,
    #[serde(default, deserialize_with = "maybe_number")]
    map_index: Option<i64>,
    pub(super) state: Option<TaskState>,
    #[serde(default, deserialize_with = "number")]
    pub(super) try_number: u32,
    #[serde(default, deserialize_with = "number")]
    max_tries: u32,
    queued_when: Option<Timestamp>,
    start_date: Option<Timestamp>,
    end_date: Option<Timestamp>,
    duration: Option<f64>,
    operator: Option<String>,
    hostname: Option<String>,
    #[serde(default, deserialize_with = "maybe_number")]
    pid: Option<u32>,
    pool: Option<String>,
    rendered_map_index: Option<String>,
    note: Option<String>,
}

impl TaskInstanceShape {
    pub(super) fn key(&self) -> TaskKey {
        let map_index = self.map_index.and_then(|index| u32::try_from(index).ok());
        TaskKey { task: self.task_id.clone(), map_index }
    }

    /// By key, then by run.
    pub(super) fn order(a: &Self, b: &Self) -> Ordering {
        (&a.task_id, a.map_index, &a.dag_run_id).cmp(&(&b.task_id, b.map_index, &b.dag_run_id))
    }

    pub(super) fn is_of(&self, run: &RunKey) -> bool {
        self.dag_id == run.dag.as_str() && self.dag_run_id == run.run.as_str()
    }
}

impl From<TaskInstanceShape> for TaskInstance {
    fn from(shape: TaskInstanceShape) -> Self {
        let map_index = shape.map_index.and_then(|index| u32::try_from(index).ok());
        let key = TaskKey { task: shape.task_id, map_index };
        let mut task = Self::new(key, shape.state.unwrap_or(TaskState::NoStatus)).with_try(shape.try_number);
        task.max_tries = shape.max_tries;
        task.queued_at = shape.queued_when;
        task.started_at = shape.start_date;
        task.ended_at = shape.end_date;
        task.duration = shape.duration.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        task.operator = said(shape.operator);
        task.hostname = said(shape.hostname);
        task.pid = shape.pid;
        task.pool = shape.pool;
        // The place alone is no name: v2 gives it where v1 gives none.
        task.label = said(shape.rendered_map_index).filter(|label| map_index.is_none_or(|i| *label != i.to_string()));
        task.note = shape.note;
        task
    }
}

/// Airflow writes an empty text where nothing is known yet.
fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// The answer to a change: a task instance on v2, four fields of one on v1.
#[derive(Deserialize)]
pub(super) struct RefShape {
    dag_run_id: DagRunId,
    task_id: TaskId,
}

impl From<RefShape> for TaskRef {
    fn from(shape: RefShape) -> Self {
        Self::new(shape.dag_run_id, shape.task_id)
    }
}

#[derive(Deserialize)]
pub(super) struct RefsShape {
    pub(super) task_instances: Vec<RefShape>,
}

#[derive(Deserialize)]
pub(super) struct RenderedShape {
    pub(super) rendered_fields: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
pub(super) struct XComKeyShape {
    pub(super) key: String,
}

#[derive(Deserialize)]
pub(super) struct XComShape {
    #[serde(default)]
    pub(super) value: Value,
}

#[derive(Deserialize)]
pub(super) struct VariableShape {
    pub(super) key: String,
    value: Option<String>,
    description: Option<String>,
}

impl From<VariableShape> for Variable {
    fn from(shape: VariableShape) -> Self {
        let mut variable = Self::new(shape.key, String::new());
        variable.value = shape.value;
        variable.description = said(shape.description);
        variable
    }
}

#[derive(Deserialize)]
pub(super) struct PoolShape {
    pub(super) name: String,
    #[serde(default, deserialize_with = "number")]
    slots: i64,
    #[serde(default, deserialize_with = "number")]
    running_slots: i64,
    #[serde(default, deserialize_with = "number")]
    queued_slots: i64,
    #[serde(default, deserialize_with = "number")]
    open_slots: i64,
}

impl From<PoolShape> for Pool {
    fn from(shape: PoolShape) -> Self {
        let mut pool = Self::new(shape.name, shape.slots);
        pool.running = shape.running_slots;
        pool.queued = shape.queued_slots;
        pool.open = shape.open_slots;
        pool
    }
}

#[derive(Deserialize)]
pub(super) struct ImportErrorShape {
    #[serde(default, deserialize_with = "number")]
    pub(super) import_error_id: i64,
    #[serde(default, deserialize_with = "nullable")]
    filename: String,
    timestamp: Option<Timestamp>,
    #[serde(default, deserialize_with = "nullable")]
    stack_trace: String,
}

impl From<ImportErrorShape> for ImportError {
    fn from(shape: ImportErrorShape) -> Self {
        let mut error = Self::new(shape.filename, shape.stack_trace);
        error.at = shape.timestamp;
        error
    }
}

#[derive(Deserialize)]
pub(super) struct EventShape {
    when: Timestamp,
    event: String,
    owner: Option<String>,
    dag_id: Option<String>,
    run_id: Option<String>,
    task_id: Option<String>,
    extra: Option<String>,
}

impl From<EventShape> for Event {
    fn from(shape: EventShape) -> Self {
        let mut event = Self::new(shape.when, shape.event.strip_prefix("api.").unwrap_or(&shape.event));
        event.who = shape.owner;
        // What somebody wrote into a log need not be an id.
        event.dag = shape.dag_id.and_then(|id| id.parse().ok());
        event.run = shape.run_id.and_then(|id| id.parse().ok());
        event.task = shape.task_id.and_then(|id| id.parse().ok());
        event.extra = shape.extra;
        event
    }
}
