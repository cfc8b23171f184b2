//! The objects of API v2, with all fields that the real one has.

use airflow_client::{TaskKey, TaskState, Variable};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::super::run::{Instance, Run, Try};
use super::super::super::shown::HOST;
use super::super::super::state::{Airflow, Dag, Deed, Pool};
use super::super::ask::date;

fn when(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| Value::from(date(at)))
}

pub(super) fn dag(dag: &Dag) -> Value {
    let id = dag.spec.id.as_str();
    let tag = |tag: &String| json!({"name": tag, "dag_id": id, "dag_display_name": id});
    let summary = dag.spec.schedule.as_deref();
    json!({
        "dag_id": id, "dag_display_name": id, "is_paused": dag.paused, "is_stale": false,
        "last_parsed_time": date(dag.read_at), "last_parse_duration": 0.1, "last_expired": null,
        "bundle_name": "dags-folder", "bundle_version": null, "relative_fileloc": format!("{id}.py"),
        "fileloc": dag.file(), "description": dag.spec.description, "timetable_summary": summary,
        "timetable_description": summary.unwrap_or("Never, external triggers only"), "timetable_partitioned": false,
        "timetable_periodic": summary.is_some(), "tags": dag.spec.tags.iter().map(tag).collect::<Vec<_>>(),
        "max_active_tasks": 16, "max_active_runs": dag.spec.max_active_runs, "max_consecutive_failed_dag_runs": 0,
        "has_task_concurrency_limits": false, "has_import_errors": false, "next_dagrun_logical_date": null,
        "next_dagrun_data_interval_start": null, "next_dagrun_data_interval_end": null, "next_dagrun_run_after": null,
        "allowed_run_types": null, "owners": dag.owners(), "is_backfillable": false, "file_token": format!("token-of-{id}"),
    })
}

pub(super) fn tasks(dag: &Dag) -> Value {
    let task = |spec: &super::super::super::TaskSpec| {
        let task = &spec.task;
        let (seconds, micros) = (spec.retry_delay.as_secs(), spec.retry_delay.subsec_micros());
        let operator = task.operator.as_deref().unwrap_or("PythonOperator");
        json!({
            "task_id": task.id, "task_display_name": task.id, "owner": task.owner, "start_date": "2024-01-01T00:00:00Z",
            "end_date": null, "trigger_rule": task.trigger_rule, "depends_on_past": false, "wait_for_downstream": false,
            "retries": f64::from(task.retries), "queue": "default", "pool": task.pool, "pool_slots": 1.0,
            "execution_timeout": null,
            "retry_delay": {
                "__type": "TimeDelta", "days": seconds / 86_400, "seconds": seconds % 86_400, "microseconds": micros,
            },
            "retry_exponential_backoff": 0.0, "priority_weight": 1.0, "weight_rule": "downstream",
            "ui_color": "#ffefeb", "ui_fgcolor": "#000", "template_fields": ["templates_dict", "op_args", "op_kwargs"],
            "downstream_task_ids": task.downstream, "doc_md": null, "operator_name": operator, "params": {},
            "class_ref": {"module_path": "airflow.providers.standard.operators", "class_name": operator},
            "is_mapped": task.mapped, "extra_links": [],
        })
    };
    let tasks: Vec<Value> = dag.structure.tasks.iter().map(task).collect();
    json!({"total_entries": tasks.len(), "tasks": tasks})
}

fn version(run: &Run) -> Value {
    let id = run.key.dag.as_str();
    json!({
        "id": Uuid::new_v5(&Uuid::NAMESPACE_OID, id.as_bytes()), "version_number": 1, "dag_id": id,
        "bundle_name": "dags-folder", "bundle_version": null, "created_at": date(run.run_after),
        "dag_display_name": id, "bundle_url": null,
    })
}

pub(super) fn run(run: &Run) -> Value {
    let about = run.about.map(|about| about.timestamp());
    let took = run.started_at.zip(run.ended_at).map(|(from, to)| to.duration_since(from).as_secs_f64());
    json!({
        "dag_run_id": run.key.run, "dag_id": run.key.dag, "logical_date": when(about), "queued_at": when(run.queued_at),
        "start_date": when(run.started_at), "end_date": when(run.ended_at), "duration": took,
        "data_interval_start": when(about), "data_interval_end": when(about), "run_after": date(run.run_after),
        "last_scheduling_decision": when(run.last_decision), "run_type": run.run_type, "state": run.state,
        "triggered_by": if run.run_type == "scheduled" { "timetable" } else { "rest_api" },
        "triggering_user_name": run.by, "conf": run.conf, "note": run.note, "dag_versions": [version(run)],
        "bundle_version": null, "dag_display_name": run.key.dag, "partition_key": null, "partition_date": null,
    })
}

fn state(state: &TaskState) -> Value {
    if *state == TaskState::NoStatus { Value::Null } else { Value::from(state.as_str()) }
}

fn place(key: &TaskKey) -> i64 {
    key.map_index.map_or(-1, i64::from)
}

/// A try: what is told of the current one and of those before.
pub(super) fn one_try(run: &Run, one: &Instance, which: &Try) -> Value {
    let task = one.task.map(|task| &run.structure.tasks[task].task);
    let operator = task.and_then(|task| task.operator.as_deref());
    json!({
        "task_id": one.key.task, "dag_id": run.key.dag, "dag_run_id": run.key.run, "map_index": place(&one.key),
        "start_date": when(which.started_at), "end_date": when(which.ended_at),
        "duration": which.duration().map(|took| took.as_secs_f64()), "state": state(&which.state),
        "try_number": which.number, "max_tries": which.max_tries, "task_display_name": one.key.task,
        "dag_display_name": run.key.dag, "hostname": if which.pid.is_some() { HOST } else { "" }, "unixname": "airflow",
        "pool": task.and_then(|task| task.pool.as_deref()).unwrap_or("default_pool"), "pool_slots": 1,
        "queue": "default", "priority_weight": 1, "operator": operator, "operator_name": operator,
        "queued_when": when(which.queued_at), "scheduled_when": when(which.scheduled_at), "pid": which.pid,
        "executor": null, "executor_config": "{}", "dag_version": version(run),
    })
}

pub(super) fn instance(run: &Run, one: &Instance) -> Value {
    let mut shown = one_try(run, one, &one.now);
    shown["id"] = json!(one.now.id);
    shown["logical_date"] = when(run.about.map(|about| about.timestamp()));
    shown["run_after"] = json!(date(run.run_after));
    shown["note"] = json!(one.note);
    shown["rendered_map_index"] = json!(one.key.map_index.map(|index| index.to_string()));
    shown["rendered_fields"] = Value::Object(run.rendered(one));
    shown["trigger"] = Value::Null;
    shown["triggerer_job"] = Value::Null;
    shown
}

pub(super) fn xcom(run: &Run, one: &Instance) -> Value {
    json!({
        "key": "return_value", "timestamp": when(one.now.ended_at),
        "logical_date": when(run.about.map(|about| about.timestamp())), "map_index": place(&one.key),
        "task_id": one.key.task, "dag_id": run.key.dag, "run_id": run.key.run, "dag_display_name": run.key.dag,
        "task_display_name": one.key.task, "run_after": date(run.run_after),
    })
}

pub(super) fn variable(variable: &Variable) -> Value {
    json!({
        "key": variable.key, "value": variable.value, "description": variable.description, "is_encrypted": true,
        "team_name": null,
    })
}

pub(super) fn pool(airflow: &Airflow, pool: &Pool) -> Value {
    let shown = airflow.shown_pool(pool);
    json!({
        "name": pool.name, "slots": pool.slots, "description": pool.description, "include_deferred": false,
        "occupied_slots": shown.running + shown.queued, "running_slots": shown.running, "queued_slots": shown.queued,
        "scheduled_slots": pool.waits(), "open_slots": shown.open, "deferred_slots": 0, "team_name": null,
    })
}

pub(super) fn deed(number: usize, deed: &Deed) -> Value {
    json!({
        "event_log_id": number, "when": date(deed.at), "dag_id": deed.dag, "task_id": deed.task, "run_id": deed.run,
        "map_index": deed.map_index, "try_number": null, "event": deed.event, "logical_date": null, "owner": deed.who,
        "extra": deed.extra, "dag_display_name": deed.dag, "task_display_name": deed.task,
    })
}
