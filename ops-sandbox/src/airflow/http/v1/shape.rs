//! The objects of API v1, with all fields that the real one has.

use airflow_client::{TaskKey, TaskState, Variable};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::super::run::{Instance, Run, Try};
use super::super::super::shown::HOST;
use super::super::super::state::{Airflow, Dag, Deed, Pool};
use super::super::ask;

/// Python's way of writing UTC.
pub(super) fn date(at: Timestamp) -> String {
    ask::date(at).replace('Z', "+00:00")
}

fn when(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| Value::from(date(at)))
}

pub(super) fn dag(dag: &Dag) -> Value {
    let id = dag.spec.id.as_str();
    let cron = dag.spec.schedule.as_deref();
    json!({
        "dag_display_name": id, "dag_id": id, "default_view": "grid", "description": dag.spec.description,
        "file_token": format!("token-of-{id}"), "fileloc": dag.file(), "has_import_errors": false,
        "has_task_concurrency_limits": false, "is_active": true, "is_paused": dag.paused, "is_subdag": false,
        "last_expired": null, "last_parsed_time": date(dag.read_at), "last_pickled": null,
        "max_active_runs": dag.spec.max_active_runs, "max_active_tasks": 16, "max_consecutive_failed_dag_runs": 0,
        "next_dagrun": null, "next_dagrun_create_after": null, "next_dagrun_data_interval_end": null,
        "next_dagrun_data_interval_start": null, "owners": dag.owners(), "pickle_id": null, "root_dag_id": null,
        "schedule_interval": cron.map(|cron| json!({"__type": "CronExpression", "value": cron})),
        "scheduler_lock": null, "tags": dag.spec.tags.iter().map(|tag| json!({"name": tag})).collect::<Vec<_>>(),
        "timetable_description": cron.unwrap_or("Never, external triggers only"),
    })
}

pub(super) fn tasks(dag: &Dag) -> Value {
    let task = |spec: &super::super::super::TaskSpec| {
        let task = &spec.task;
        let (seconds, micros) = (spec.retry_delay.as_secs(), spec.retry_delay.subsec_micros());
        let operator = task.operator.as_deref().unwrap_or("PythonOperator");
        json!({
            "class_ref": {"class_name": operator, "module_path": "airflow.operators"}, "depends_on_past": false,
            "doc_md": null, "downstream_task_ids": task.downstream, "end_date": null, "execution_timeout": null,
            "extra_links": [], "is_mapped": task.mapped, "operator_name": operator, "owner": task.owner, "params": {},
            "pool": task.pool, "pool_slots": 1.0, "priority_weight": 1.0, "queue": "default",
            "retries": f64::from(task.retries),
            "retry_delay": {
                "__type": "TimeDelta", "days": seconds / 86_400, "seconds": seconds % 86_400, "microseconds": micros,
            },
            "retry_exponential_backoff": false, "start_date": "2024-01-01T00:00:00+00:00",
            "task_display_name": task.id, "task_id": task.id,
            "template_fields": ["templates_dict", "op_args", "op_kwargs"], "trigger_rule": task.trigger_rule,
            "ui_color": "#ffefeb", "ui_fgcolor": "#000", "wait_for_downstream": false, "weight_rule": "downstream",
        })
    };
    let tasks: Vec<Value> = dag.structure.tasks.iter().map(task).collect();
    json!({"tasks": tasks, "total_entries": tasks.len()})
}

/// What a run is about: on Airflow 2 always an instant.
pub(super) fn about(run: &Run) -> Timestamp {
    run.about.map_or(run.run_after, |about| about.timestamp())
}

pub(super) fn run(run: &Run) -> Value {
    let about = date(about(run));
    json!({
        "conf": run.conf, "dag_id": run.key.dag, "dag_run_id": run.key.run, "data_interval_end": about,
        "data_interval_start": about, "end_date": when(run.ended_at), "execution_date": about,
        "external_trigger": run.run_type == "manual", "last_scheduling_decision": when(run.last_decision),
        "logical_date": about, "note": run.note, "run_type": run.run_type, "start_date": when(run.started_at),
        "state": run.state,
    })
}

fn place(key: &TaskKey) -> i64 {
    key.map_index.map_or(-1, i64::from)
}

pub(super) fn one_try(run: &Run, one: &Instance, which: &Try) -> Value {
    let task = one.task.map(|task| &run.structure.tasks[task].task);
    let state = (which.state != TaskState::NoStatus).then(|| which.state.as_str());
    json!({
        "dag_id": run.key.dag, "dag_run_id": run.key.run, "duration": which.duration().map(|took| took.as_secs_f64()),
        "end_date": when(which.ended_at), "executor": null, "executor_config": "{}",
        "hostname": if which.pid.is_some() { HOST } else { "" }, "map_index": place(&one.key),
        "max_tries": which.max_tries, "operator": task.and_then(|task| task.operator.as_deref()), "pid": which.pid,
        "pool": task.and_then(|task| task.pool.as_deref()).unwrap_or("default_pool"), "pool_slots": 1,
        "priority_weight": 1, "queue": "default", "queued_when": when(which.queued_at),
        "start_date": when(which.started_at), "state": state, "task_display_name": one.key.task,
        "task_id": one.key.task, "try_number": which.number, "unixname": "airflow",
    })
}

pub(super) fn instance(run: &Run, one: &Instance) -> Value {
    let mut shown = one_try(run, one, &one.now);
    shown["execution_date"] = json!(date(about(run)));
    shown["note"] = json!(one.note);
    shown["rendered_map_index"] = Value::Null;
    shown["rendered_fields"] = Value::Object(run.rendered(one));
    shown["sla_miss"] = Value::Null;
    shown["trigger"] = Value::Null;
    shown["triggerer_job"] = Value::Null;
    shown
}

/// All that the answer to a change tells.
pub(super) fn reference(run: &Run, one: &Instance) -> Value {
    json!({
        "dag_id": run.key.dag, "dag_run_id": run.key.run, "execution_date": date(about(run)), "task_id": one.key.task,
    })
}

pub(super) fn xcom(run: &Run, one: &Instance) -> Value {
    json!({
        "dag_id": run.key.dag, "execution_date": date(about(run)), "key": "return_value", "map_index": place(&one.key),
        "task_id": one.key.task, "timestamp": when(one.now.ended_at),
    })
}

pub(super) fn variable(variable: &Variable) -> Value {
    json!({"description": variable.description, "key": variable.key, "value": variable.value})
}

pub(super) fn pool(airflow: &Airflow, pool: &Pool) -> Value {
    let shown = airflow.shown_pool(pool);
    json!({
        "deferred_slots": 0, "description": pool.description, "include_deferred": false, "name": pool.name,
        "occupied_slots": shown.running + shown.queued, "open_slots": shown.open, "queued_slots": shown.queued,
        "running_slots": shown.running, "scheduled_slots": pool.waits(), "slots": pool.slots,
    })
}

pub(super) fn deed(number: usize, deed: &Deed) -> Value {
    // Two have another name here; each bears the API's prefix.
    let event = match deed.event {
        "trigger_dag_run" => "post_dag_run",
        "patch_dag_run" => "update_dag_run_state",
        other => other,
    };
    json!({
        "dag_id": deed.dag, "event": format!("api.{event}"), "event_log_id": number, "execution_date": null,
        "extra": deed.extra, "map_index": deed.map_index, "owner": deed.who, "run_id": deed.run,
        "task_id": deed.task, "try_number": null, "when": date(deed.at),
    })
}
