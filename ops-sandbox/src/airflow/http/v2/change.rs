//! What API v2 changes.

use airflow_client::{
    DagId, DagRunId, ExecutionDate, NewRunState, NewTaskState, RunKey, Spread, TaskId, TaskKey, TaskState, Variable,
    Which,
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::super::Generation;
use super::super::super::RunSpec;
use super::super::super::change::{ClearRules, Place};
use super::super::super::state::Airflow;
use super::super::ask::{Answer, Ask};
use super::super::login::User;
use super::super::route::Route;
use super::read::{batch, find, may_be_deleted};
use super::shape;
use super::wrong::{Wrong, fields, truth};
use crate::world::{Done, State};

type Body = Map<String, Value>;
type Told = Result<Done<Answer>, Wrong>;

const GENERATION: Generation = Generation::Three;

fn same(value: Value) -> Told {
    Ok(Done::same(Answer::Json(value)))
}

fn done(value: Value, changed: bool) -> Told {
    Ok(Done { answer: Answer::Json(value), changed })
}

pub(super) fn told(state: &mut State, ask: &Ask, route: &Route, body: &Body, user: User) -> Told {
    match route {
        Route::Batch => same(batch(&state.airflow, body)?),
        Route::PatchDag(dag) => pause(state, ask, dag, body),
        Route::Trigger(dag) => trigger(state, dag, body, user),
        Route::PatchRun(run) => patch_run(state, run, body, user),
        Route::ClearRun(run) => clear_run(state, run, body, user),
        Route::DeleteRun(run) => {
            let (now, at) = (state.now(), state.airflow.run_number(run)?);
            may_be_deleted(state.airflow.run(run)?)?;
            state.airflow.delete_run(at, now);
            state.note("delete_dag_run", user.name(), Some(run), None, extra(&Body::new(), "DELETE"));
            Ok(Done::changed(Answer::Nothing))
        }
        Route::PatchInstance(run, task, index) => mark(state, run, task, *index, body, Some(user)),
        Route::DryInstance(run, task, index) => mark(state, run, task, *index, body, None),
        Route::Clear(dag) => clear(state, dag, body, user),
        Route::PostVariable => post_variable(state, body, user),
        Route::PatchVariable(key) => patch_variable(state, key, body),
        Route::DeleteVariable(key) => match state.airflow.variables.remove(key) {
            Some(_) => Ok(Done::changed(Answer::Nothing)),
            None => Err(unknown_variable(key)),
        },
        _ => Err(Wrong::new(405, "Method Not Allowed")),
    }
}

/// What the event log keeps of a request.
fn extra(body: &Body, method: &str) -> Option<String> {
    let mut extra = body.clone();
    extra.insert("method".to_owned(), method.into());
    Some(Value::Object(extra).to_string())
}

fn pause(state: &mut State, ask: &Ask, dag: &DagId, body: &Body) -> Told {
    fields(body, &["is_paused"], &["is_paused"])?;
    if ask.all("update_mask").any(|field| field != "is_paused") {
        return Err(Wrong::new(400, "Only `is_paused` field can be updated through the REST API"));
    }
    let (now, paused) = (state.now(), truth(body, "is_paused", false)?);
    state.airflow.dag(dag)?;
    let at = state.airflow.by_id[dag];
    let changed = state.airflow.set_paused(at, paused, now);
    done(shape::dag(&state.airflow.dags[at]), changed)
}

fn trigger(state: &mut State, dag: &DagId, body: &Body, user: User) -> Told {
    let known = [
        "dag_run_id",
        "data_interval_start",
        "data_interval_end",
        "logical_date",
        "run_after",
        "conf",
        "note",
        "partition_key",
    ];
    fields(body, &known, &["logical_date"])?;
    let now = state.now();
    let about = match &body["logical_date"] {
        Value::Null => None,
        other => Some(instant(other, "logical_date")?),
    };
    state.airflow.dag(dag).map_err(|_| Wrong::new(404, format!("Dag with dag_id: '{dag}' not found")))?;
    let id = match body.get("dag_run_id") {
        None | Some(Value::Null) => format!("manual__{}", about.unwrap_or(now)).replace('Z', "+00:00"),
        Some(id) => id.as_str().unwrap_or_default().to_owned(),
    };
    let fits = |id: &str| id.chars().all(|c| c.is_ascii_alphanumeric() || "_.~:+-".contains(c));
    let parsed: Option<DagRunId> = id.parse().ok().filter(|_| fits(&id));
    let Some(run) = parsed else {
        return Err(Wrong::new(
            400,
            format!("The run_id provided '{id}' does not match regex pattern '^[A-Za-z0-9_.~:+-]+$'"),
        ));
    };
    let mut spec =
        RunSpec::new(run.clone()).conf(body.get("conf").and_then(Value::as_object).cloned().unwrap_or_default());
    spec.about = about.map(ExecutionDate::new);
    let same_instant = spec.about.is_some_and(|about| {
        state.airflow.dag(dag).is_ok_and(|dag| state.airflow.runs_of(dag).any(|run| run.about == Some(about)))
    });
    let twice = || {
        Wrong::new(
            409,
            json!({
                "reason": "Unique constraint violation", "statement": "hidden", "orig_error": "hidden",
                "message": "Serious error when handling your request. Check logs for more details",
            }),
        )
    };
    if same_instant {
        return Err(twice());
    }
    let at = state.trigger(GENERATION, dag, spec, now).map_err(|_| twice())?;
    let key = RunKey::new(dag.clone(), run);
    state.note("trigger_dag_run", user.name(), Some(&key), None, extra(body, "POST"));
    let Some(run) = state.airflow.runs[at].as_mut() else { return Err(twice()) };
    run.note = body.get("note").and_then(Value::as_str).map(str::to_owned);
    run.by = user.name();
    done(shape::run(run), true)
}

fn instant(value: &Value, name: &str) -> Result<Timestamp, Wrong> {
    let parsed = value.as_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| {
        let message = "Input should be a valid datetime or date, input is too short";
        Wrong::invalid("datetime_from_date_parsing", &["body", name], message, value.clone())
    })
}

fn patch_run(state: &mut State, run: &RunKey, body: &Body, user: User) -> Told {
    fields(body, &["state", "note"], &[])?;
    let (now, at) = (state.now(), state.airflow.run_number(run)?);
    let mut changed = false;
    if let Some(wanted) = body.get("state").filter(|wanted| !wanted.is_null()) {
        let to = match wanted.as_str() {
            Some("queued") => NewRunState::Queued,
            Some("success") => NewRunState::Success,
            Some("failed") => NewRunState::Failed,
            _ => {
                let expected = "'queued', 'success' or 'failed'";
                return Err(Wrong::new(
                    422,
                    json!([{
                        "type": "enum", "loc": ["body", "state"], "msg": format!("Input should be {expected}"),
                        "input": wanted, "ctx": {"expected": expected},
                    }]),
                ));
            }
        };
        changed = state.airflow.run(run)?.state.as_str() != to.as_str();
        state.airflow.set_run_state(GENERATION, at, to, now);
    }
    if let (Some(note), Some(found)) = (body.get("note"), state.airflow.runs[at].as_mut()) {
        found.note = note.as_str().map(str::to_owned);
    }
    state.note("patch_dag_run", user.name(), Some(run), None, extra(body, "PATCH"));
    done(shape::run(state.airflow.run(run)?), changed)
}

fn clear_run(state: &mut State, run: &RunKey, body: &Body, user: User) -> Told {
    fields(body, &["dry_run", "only_failed", "only_new", "run_on_latest_version", "note"], &[])?;
    let (now, at) = (state.now(), state.airflow.run_number(run)?);
    let only_failed = truth(body, "only_failed", false)?;
    if truth(body, "dry_run", true)? {
        let found = state.airflow.run(run)?;
        let all = found.instances.iter().filter(|one| !only_failed || one.now.state.is_failed());
        let all: Vec<Value> = all.map(|one| shape::instance(found, one)).collect();
        return same(listed(all));
    }
    let places = state.airflow.clear_run(at, only_failed, now);
    state.note("clear_dag_run", user.name(), Some(run), None, extra(body, "POST"));
    done(shape::run(state.airflow.run(run)?), !places.is_empty())
}

fn listed(all: Vec<Value>) -> Value {
    json!({
        "total_entries": all.len(), "task_instances": all, "total_entries_limit": null, "next_cursor": null,
        "previous_cursor": null,
    })
}

fn shown(airflow: &Airflow, places: &[Place]) -> Value {
    let instance =
        |&(run, one): &Place| airflow.runs[run].as_ref().map(|run| shape::instance(run, &run.instances[one]));
    listed(places.iter().filter_map(instance).collect())
}

/// How far a change reaches.
fn spread(body: &Body) -> Result<Spread, Wrong> {
    let mut spread = Spread::none();
    spread.upstream = truth(body, "include_upstream", false)?;
    spread.downstream = truth(body, "include_downstream", false)?;
    spread.past = truth(body, "include_past", false)?;
    spread.future = truth(body, "include_future", false)?;
    Ok(spread)
}

/// A mark; for nobody it is only foretold. Of a mapped task all instances, or the one that the path names.
fn mark(state: &mut State, run: &RunKey, task: &TaskId, index: Option<i64>, body: &Body, user: Option<User>) -> Told {
    let known = ["new_state", "include_upstream", "include_downstream", "include_past", "include_future", "note"];
    fields(body, &known, &[])?;
    let spread = spread(body)?;
    let dag = state.airflow.dag(&run.dag)?;
    if dag.structure.number(task).is_none() {
        return Err(Wrong::new(404, format!("Task '{task}' not found in Dag '{}'", run.dag)));
    }
    let at = state.airflow.run_number(run)?;
    if index.is_some() {
        find(&state.airflow, run, task, index)?;
    }
    let map_index = index.and_then(|index| u32::try_from(index).ok());
    let tasks = [(task.clone(), map_index)];
    let Some(wanted) = body.get("new_state").filter(|wanted| !wanted.is_null()) else {
        let places = own(&state.airflow, at, task, map_index);
        return same(shown(&state.airflow, &places));
    };
    let to = match wanted.as_str().map(str::to_ascii_lowercase).as_deref() {
        Some("success") => NewTaskState::Success,
        Some("failed") => NewTaskState::Failed,
        Some("skipped") => NewTaskState::Skipped,
        _ => {
            let text = wanted.as_str().unwrap_or_default();
            let message = format!("Value error, '{text}' is not one of ['success', 'failed', 'skipped']");
            return Err(Wrong::invalid("value_error", &["body", "new_state"], message, wanted.clone()));
        }
    };
    let places = state.airflow.foresee_mark(at, &tasks, to, spread);
    let Some(user) = user else { return same(shown(&state.airflow, &places)) };
    if places.is_empty() {
        return Err(Wrong::new(409, format!("Task id {task} is already in {to} state")));
    }
    let now = state.now();
    state.airflow.mark(at, &tasks, to, spread, now);
    let key = TaskKey { task: task.clone(), map_index };
    state.note("patch_task_instance", user.name(), Some(run), Some(&key), extra(body, "PATCH"));
    done(shown(&state.airflow, &places), true)
}

fn own(airflow: &Airflow, at: usize, task: &TaskId, index: Option<u32>) -> Vec<Place> {
    let Some(run) = &airflow.runs[at] else { return Vec::new() };
    let all = run.all_of(task).into_iter();
    all.filter(|&one| index.is_none() || run.instances[one].key.map_index == index).map(|one| (at, one)).collect()
}

fn clear(state: &mut State, dag: &DagId, body: &Body, user: User) -> Told {
    let known = [
        "dry_run",
        "start_date",
        "end_date",
        "only_failed",
        "only_running",
        "reset_dag_runs",
        "task_ids",
        "dag_run_id",
        "include_upstream",
        "include_downstream",
        "include_future",
        "include_past",
        "run_on_latest_version",
        "prevent_running_task",
        "note",
    ];
    fields(body, &known, &[])?;
    let (only_failed, only_running) = (truth(body, "only_failed", true)?, truth(body, "only_running", false)?);
    if only_failed && only_running {
        return Err(Wrong::rule("only_failed and only_running both are set to True", body));
    }
    let given = |name: &str| body.get(name).filter(|value| !value.is_null());
    if given("dag_run_id").is_some() && (given("start_date").is_some() || given("end_date").is_some()) {
        return Err(Wrong::rule("Exactly one of dag_run_id or start_date must be provided", body));
    }
    if given("task_ids").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        return Err(Wrong::rule("task_ids list should have at least 1 element.", body));
    }
    let spread = spread(body)?;
    let now = state.now();
    let found = state.airflow.dag(dag)?;
    let tasks = match given("task_ids").and_then(Value::as_array) {
        Some(list) => list.iter().filter_map(named).collect(),
        None => found.structure.tasks.iter().map(|spec| (spec.task.id.clone(), None)).collect::<Vec<_>>(),
    };
    let runs = match given("dag_run_id").map(|id| id.as_str().unwrap_or_default()) {
        Some(id) => {
            let missing = || Wrong::new(404, format!("Dag Run id {id} not found in dag {dag}"));
            let key = RunKey::new(dag.clone(), id.parse().map_err(|_| missing())?);
            let run = state.airflow.run(&key).map_err(|_| missing())?;
            if (spread.past || spread.future) && run.about.is_none() {
                let words = "Cannot use include_past or include_future with no logical_date\
                             (e.g. manually or asset-triggered).";
                return Err(Wrong::new(400, words));
            }
            vec![state.airflow.run_number(&key)?]
        }
        // Without a run, all runs of the DAG: a trap.
        None => found.runs.clone(),
    };
    let which = if only_failed { Which::Failed } else { Which::Any };
    let reset_runs = truth(body, "reset_dag_runs", true)?;
    let rules = ClearRules { which, only_running, spread, reset_runs };
    let mut places: Vec<Place> = runs.iter().flat_map(|&run| state.airflow.foresee_clear(run, &tasks, rules)).collect();
    places.sort_unstable();
    places.dedup();
    if truth(body, "dry_run", true)? {
        return same(shown(&state.airflow, &places));
    }
    let busy = |&&place: &&Place| {
        state
            .airflow
            .instance(place)
            .is_some_and(|one| matches!(one.now.state, TaskState::Running | TaskState::Queued | TaskState::Scheduled))
    };
    if truth(body, "prevent_running_task", false)? && places.iter().any(|place| busy(&place)) {
        let words = "AirflowClearRunningTaskException: Disable 'prevent_running_task' to proceed, or wait until the task \
                     is not running, queued, or scheduled state.";
        return Err(Wrong::new(409, words));
    }
    for run in runs {
        state.airflow.clear(GENERATION, run, &tasks, rules, now);
    }
    let run = given("dag_run_id").and_then(|id| id.as_str()?.parse().ok()).map(|id| RunKey::new(dag.clone(), id));
    state.note("post_clear_task_instances", user.name(), run.as_ref(), None, extra(body, "POST"));
    done(shown(&state.airflow, &places), !places.is_empty())
}

/// A task's id, or a pair of it and a place.
fn named(value: &Value) -> Option<(TaskId, Option<u32>)> {
    match value {
        Value::String(id) => Some((id.parse().ok()?, None)),
        Value::Array(pair) => {
            let index = pair.get(1)?.as_i64()?;
            Some((pair.first()?.as_str()?.parse().ok()?, u32::try_from(index).ok()))
        }
        _ => None,
    }
}

fn unknown_variable(key: &str) -> Wrong {
    Wrong::new(404, format!("The Variable with key: `{key}` was not found"))
}

const OF_VARIABLE: [&str; 4] = ["key", "value", "description", "team_name"];

fn variable(body: &Body, key: &str) -> Variable {
    let text = match body.get("value") {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let mut variable = Variable::new(key, text);
    variable.description = body.get("description").and_then(Value::as_str).map(str::to_owned);
    variable
}

fn post_variable(state: &mut State, body: &Body, user: User) -> Told {
    fields(body, &OF_VARIABLE, &["key", "value"])?;
    let key = body["key"].as_str().unwrap_or_default();
    if state.airflow.variables.contains_key(key) {
        return Err(Wrong::new(409, format!("The Variable with key: `{key}` already exists")));
    }
    let made = variable(body, key);
    let answer = Answer::Made(shape::variable(&made));
    state.airflow.variables.insert(key.to_owned(), made);
    state.note("post_variable", user.name(), None, None, None);
    Ok(Done::changed(answer))
}

fn patch_variable(state: &mut State, key: &str, body: &Body) -> Told {
    fields(body, &OF_VARIABLE, &["key", "value"])?;
    if body["key"].as_str() != Some(key) {
        return Err(Wrong::new(400, "Invalid body, key from request body doesn't match uri parameter"));
    }
    let before = state.airflow.variables.get(key).ok_or_else(|| unknown_variable(key))?;
    let mut after = variable(body, key);
    if !body.contains_key("description") {
        after.description.clone_from(&before.description);
    }
    let changed = *before != after;
    let shown = shape::variable(&after);
    state.airflow.variables.insert(key.to_owned(), after);
    done(shown, changed)
}
