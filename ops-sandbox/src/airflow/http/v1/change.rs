//! What API v1 changes.

use airflow_client::{
    DagId, DagRunId, ExecutionDate, NewRunState, NewTaskState, RunKey, Spread, TaskId, TaskKey, Variable, Which,
};
use serde_json::{Map, Value, json};

use super::super::super::Generation;
use super::super::super::RunSpec;
use super::super::super::change::{ClearRules, Place};
use super::super::super::state::Airflow;
use super::super::ask::{Answer, Ask};
use super::super::login::User;
use super::super::route::Route;
use super::read::{batch, unknown_run};
use super::shape;
use super::wrong::{Wrong, fields, truth};
use crate::world::{Done, State};

type Body = Map<String, Value>;
type Told = Result<Done<Answer>, Wrong>;

const GENERATION: Generation = Generation::Two;

fn same(value: Value) -> Told {
    Ok(Done::same(Answer::Json(value)))
}

fn done(value: Value, changed: bool) -> Told {
    Ok(Done { answer: Answer::Json(value), changed })
}

fn extra(body: &Body) -> Option<String> {
    Some(Value::Object(body.clone()).to_string())
}

pub(super) fn told(state: &mut State, ask: &Ask, route: &Route, body: &Body, user: User) -> Told {
    match route {
        Route::Batch => same(batch(&state.airflow, body)?),
        Route::PatchDag(dag) => pause(state, ask, dag, body),
        Route::Trigger(dag) => trigger(state, dag, body, user),
        Route::PatchRun(run) => patch_run(state, run, body, user),
        Route::Note(run) => {
            fields(body, &["note"], &["note"])?;
            let at = state.airflow.run_number(run).map_err(|_| unknown_run("DAGRun not found", run))?;
            if let Some(found) = state.airflow.runs[at].as_mut() {
                found.note = body["note"].as_str().map(str::to_owned);
            }
            same(shape::run(state.airflow.run(run)?))
        }
        Route::ClearRun(run) => clear_run(state, run, body, user),
        Route::DeleteRun(run) => {
            let at = state.airflow.run_number(run).map_err(|_| unknown_run("Not Found", run))?;
            let now = state.now();
            state.airflow.delete_run(at, now);
            state.note("delete_dag_run", user.name(), Some(run), None, None);
            Ok(Done::changed(Answer::Nothing))
        }
        Route::PatchInstance(run, task, index) => patch_instance(state, run, task, *index, body, user),
        Route::MarkMany(dag) => mark_many(state, dag, body, user),
        Route::Clear(dag) => clear(state, dag, body, user),
        Route::PostVariable => post_variable(state, body),
        Route::PatchVariable(key) => patch_variable(state, key, body),
        Route::DeleteVariable(key) => match state.airflow.variables.remove(key) {
            Some(_) => Ok(Done::changed(Answer::Nothing)),
            None => Err(Wrong::missing("Variable not found", Value::Null)),
        },
        _ => Err(Wrong::no_route()),
    }
}

fn pause(state: &mut State, ask: &Ask, dag: &DagId, body: &Body) -> Told {
    fields(body, &["is_paused"], &[])?;
    if ask.one("update_mask").is_some_and(|mask| mask != "is_paused") {
        return Err(Wrong::bad("Only `is_paused` field can be updated through the REST API"));
    }
    let (now, paused) = (state.now(), truth(body, "is_paused", false)?);
    let missing = format!("Dag with id: '{dag}' not found");
    state.airflow.dag(dag).map_err(|_| Wrong::missing("DAG not found", missing))?;
    let at = state.airflow.by_id[dag];
    let changed = body.contains_key("is_paused") && state.airflow.set_paused(at, paused, now);
    done(shape::dag(&state.airflow.dags[at]), changed)
}

fn trigger(state: &mut State, dag: &DagId, body: &Body, user: User) -> Told {
    let known = [
        "dag_run_id",
        "logical_date",
        "execution_date",
        "data_interval_start",
        "data_interval_end",
        "conf",
        "note",
        "state",
    ];
    fields(body, &known, &[])?;
    let now = state.now();
    let date = body.get("logical_date").or_else(|| body.get("execution_date"));
    let about = match date {
        None => now,
        Some(Value::Null) => return Err(Wrong::bad("{'logical_date': ['Field may not be null.']}")),
        Some(date) => {
            let parsed = date.as_str().and_then(|text| text.parse().ok());
            parsed.ok_or_else(|| Wrong::bad(format!("{date} is not a 'date-time' - 'logical_date'")))?
        }
    };
    let missing = || Wrong::missing("DAG not found", format!("DAG with dag_id: '{dag}' not found"));
    state.airflow.dag(dag).map_err(|_| missing())?;
    let id = match body.get("dag_run_id").and_then(Value::as_str) {
        None => format!("manual__{}", shape::date(about)),
        Some(id) => id.to_owned(),
    };
    // What does not fit is answered with a page.
    let fits = |id: &str| id.chars().all(|c| c.is_ascii_alphanumeric() || "_.~:+-".contains(c));
    let run: DagRunId = id.parse().ok().filter(|_| fits(&id)).ok_or_else(|| Wrong::page(500))?;
    let key = RunKey::new(dag.clone(), run.clone());
    let mut spec = RunSpec::new(run).conf(body.get("conf").and_then(Value::as_object).cloned().unwrap_or_default());
    spec.about = Some(ExecutionDate::new(about));
    let at = state.trigger(GENERATION, dag, spec, now)?;
    state.note("trigger_dag_run", user.name(), Some(&key), None, extra(body));
    let Some(found) = state.airflow.runs[at].as_mut() else { return Err(missing()) };
    found.note = body.get("note").and_then(Value::as_str).map(str::to_owned);
    found.by = user.name();
    done(shape::run(found), true)
}

fn patch_run(state: &mut State, run: &RunKey, body: &Body, user: User) -> Told {
    fields(body, &["state"], &["state"])?;
    let to = match body["state"].as_str() {
        Some("queued") => NewRunState::Queued,
        Some("success") => NewRunState::Success,
        Some("failed") => NewRunState::Failed,
        other => {
            let other = other.unwrap_or_default();
            return Err(Wrong::bad(format!("'{other}' is not one of ['success', 'failed', 'queued'] - 'state'")));
        }
    };
    let (now, at) = (state.now(), run_number(state, run)?);
    let changed = state.airflow.run(run)?.state.as_str() != to.as_str();
    state.airflow.set_run_state(GENERATION, at, to, now);
    state.note("patch_dag_run", user.name(), Some(run), None, extra(body));
    done(shape::run(state.airflow.run(run)?), changed)
}

fn run_number(state: &State, run: &RunKey) -> Result<usize, Wrong> {
    let title = format!("Dag Run id {} not found in dag {}", run.run, run.dag);
    state.airflow.run_number(run).map_err(|_| Wrong::missing(&title, Value::Null))
}

fn clear_run(state: &mut State, run: &RunKey, body: &Body, user: User) -> Told {
    fields(body, &["dry_run"], &[])?;
    let (now, at) = (state.now(), run_number(state, run)?);
    if truth(body, "dry_run", true)? {
        let found = state.airflow.run(run)?;
        let all: Vec<Value> = found.instances.iter().map(|one| shape::instance(found, one)).collect();
        return same(json!({"task_instances": all, "total_entries": all.len()}));
    }
    let places = state.airflow.clear_run(at, false, now);
    state.note("clear_dag_run", user.name(), Some(run), None, extra(body));
    done(shape::run(state.airflow.run(run)?), !places.is_empty())
}

fn refs(airflow: &Airflow, places: &[Place]) -> Value {
    let one = |&(run, one): &Place| airflow.runs[run].as_ref().map(|run| shape::reference(run, &run.instances[one]));
    let all: Vec<Value> = places.iter().filter_map(one).collect();
    json!({"task_instances": all})
}

fn new_state(body: &Body) -> Result<NewTaskState, Wrong> {
    match body["new_state"].as_str() {
        Some("success") => Ok(NewTaskState::Success),
        Some("failed") => Ok(NewTaskState::Failed),
        Some("skipped") => Ok(NewTaskState::Skipped),
        other => {
            let other = other.unwrap_or_default();
            Err(Wrong::bad(format!("'{other}' is not one of ['success', 'failed', 'skipped'] - 'new_state'")))
        }
    }
}

/// The place of an instance that may be marked.
fn marked(state: &State, run: &RunKey, task: &TaskId, map_index: Option<u32>) -> Result<Place, Wrong> {
    let known = state.airflow.dag(&run.dag);
    let known = known.map_err(|_| Wrong::missing("DAG not found", format!("DAG '{}' not found", run.dag)))?;
    if known.structure.number(task).is_none() {
        return Err(Wrong::missing("Task not found", format!("Task '{task}' not found in DAG '{}'", run.dag)));
    }
    let missing = || {
        let detail = format!("Task instance not found for task '{task}' on DAG run with ID '{}'", run.run);
        Wrong::missing("Not Found", detail)
    };
    let at = state.airflow.run_number(run).map_err(|_| missing())?;
    let found = state.airflow.run(run)?.find(&TaskKey { task: task.clone(), map_index });
    Ok((at, found.ok_or_else(missing)?))
}

/// One instance. The real answer to what was done is an empty object; to what would be done, four fields.
fn patch_instance(state: &mut State, run: &RunKey, task: &TaskId, index: Option<i64>, body: &Body, user: User) -> Told {
    fields(body, &["dry_run", "new_state"], &["new_state"])?;
    let to = new_state(body)?;
    let map_index = index.and_then(|index| u32::try_from(index).ok());
    let (at, one) = marked(state, run, task, map_index)?;
    if truth(body, "dry_run", true)? {
        let found = state.airflow.run(run)?;
        return same(shape::reference(found, &found.instances[one]));
    }
    let changed = mark(state, at, task, map_index, to, Spread::none());
    let key = TaskKey { task: task.clone(), map_index };
    state.note("patch_task_instance", user.name(), Some(run), Some(&key), extra(body));
    done(json!({}), changed)
}

fn mark(state: &mut State, at: usize, task: &TaskId, index: Option<u32>, to: NewTaskState, spread: Spread) -> bool {
    let now = state.now();
    let places = state.airflow.mark(at, &[(task.clone(), index)], to, spread, now);
    !places.is_empty()
}

fn mark_many(state: &mut State, dag: &DagId, body: &Body, user: User) -> Told {
    let four = ["include_upstream", "include_downstream", "include_future", "include_past"];
    let known = [&four[..], &["task_id", "new_state", "dry_run", "dag_run_id", "execution_date"]].concat();
    let required = [&["task_id", "new_state"], &four[..]].concat();
    fields(body, &known, &required)?;
    let to = new_state(body)?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let missing = || Wrong::missing("Task not found", format!("Task {:?} not found", text("task_id")));
    let task: TaskId = text("task_id").parse().map_err(|_| missing())?;
    let run: DagRunId = text("dag_run_id").parse().map_err(|_| Wrong::bad("dag_run_id is needed here"))?;
    let run = RunKey::new(dag.clone(), run);
    // Of a mapped task the first instance stands for all.
    let (at, _) = marked(state, &run, &task, None).or_else(|_| marked(state, &run, &task, Some(0)))?;
    let mut spread = Spread::none();
    spread.upstream = truth(body, "include_upstream", false)?;
    spread.downstream = truth(body, "include_downstream", false)?;
    spread.past = truth(body, "include_past", false)?;
    spread.future = truth(body, "include_future", false)?;
    let places = state.airflow.foresee_mark(at, &[(task.clone(), None)], to, spread);
    let told = refs(&state.airflow, &places);
    if truth(body, "dry_run", true)? {
        return same(told);
    }
    let changed = mark(state, at, &task, None, to, spread);
    state.note("post_set_task_instances_state", user.name(), Some(&run), Some(&task.into()), extra(body));
    done(told, changed)
}

fn clear(state: &mut State, dag: &DagId, body: &Body, user: User) -> Told {
    let known = [
        "dry_run",
        "start_date",
        "end_date",
        "only_failed",
        "only_running",
        "include_subdags",
        "include_parentdag",
        "reset_dag_runs",
        "task_ids",
        "dag_run_id",
        "include_upstream",
        "include_downstream",
        "include_future",
        "include_past",
    ];
    fields(body, &known, &[])?;
    let given = |name: &str| body.get(name).filter(|value| !value.is_null());
    if given("task_ids").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        return Err(Wrong::bad("[] should be non-empty - 'task_ids'"));
    }
    let (only_failed, only_running) = (truth(body, "only_failed", true)?, truth(body, "only_running", false)?);
    if only_failed && only_running {
        return Err(Wrong::bad("{'_schema': ['only_failed and only_running both are set to True']}"));
    }
    if given("dag_run_id").is_some() && (given("start_date").is_some() || given("end_date").is_some()) {
        return Err(Wrong::bad("{'_schema': ['Exactly one of dag_run_id or start_date must be provided']}"));
    }
    let mut spread = Spread::none();
    spread.upstream = truth(body, "include_upstream", false)?;
    spread.downstream = truth(body, "include_downstream", false)?;
    spread.past = truth(body, "include_past", false)?;
    spread.future = truth(body, "include_future", false)?;
    let now = state.now();
    let missing = || Wrong::missing("Dag id not found", format!("Dag id {dag} not found"));
    let found = state.airflow.dag(dag).map_err(|_| missing())?;
    let tasks: Vec<(TaskId, Option<u32>)> = match given("task_ids").and_then(Value::as_array) {
        Some(list) => list.iter().filter_map(|id| Some((id.as_str()?.parse().ok()?, None))).collect(),
        None => found.structure.tasks.iter().map(|spec| (spec.task.id.clone(), None)).collect(),
    };
    let mut key = None;
    let runs = match given("dag_run_id").map(|id| id.as_str().unwrap_or_default()) {
        Some(id) => {
            let title = format!("Dag Run id {id} not found in dag {dag}");
            let run = RunKey::new(dag.clone(), id.parse().map_err(|_| Wrong::missing(&title, Value::Null))?);
            let at = run_number(state, &run)?;
            key = Some(run);
            vec![at]
        }
        // Without a run, all runs of the DAG: a trap.
        None => found.runs.clone(),
    };
    let which = if only_failed { Which::Failed } else { Which::Any };
    // A run that ended stays as it is where nothing is said: another trap.
    let rules = ClearRules { which, only_running, spread, reset_runs: truth(body, "reset_dag_runs", false)? };
    let mut places: Vec<Place> = runs.iter().flat_map(|&run| state.airflow.foresee_clear(run, &tasks, rules)).collect();
    places.sort_unstable();
    places.dedup();
    let told = refs(&state.airflow, &places);
    if truth(body, "dry_run", true)? {
        return same(told);
    }
    for run in runs {
        state.airflow.clear(GENERATION, run, &tasks, rules, now);
    }
    state.note("post_clear_task_instances", user.name(), key.as_ref(), None, extra(body));
    if let Some(deed) = state.airflow.deeds.last_mut() {
        deed.dag = Some(dag.clone());
    }
    done(told, !places.is_empty())
}

fn variable(body: &Body, key: &str) -> Variable {
    let mut variable = Variable::new(key, body["value"].as_str().unwrap_or_default());
    variable.description = body.get("description").and_then(Value::as_str).map(str::to_owned);
    variable
}

/// What is there already is written over.
fn post_variable(state: &mut State, body: &Body) -> Told {
    fields(body, &["key", "value", "description"], &["key", "value"])?;
    let key = body["key"].as_str().unwrap_or_default();
    let made = variable(body, key);
    let changed = state.airflow.variables.get(key) != Some(&made);
    state.airflow.variables.insert(key.to_owned(), made);
    done(json!({"key": key, "value": body["value"]}), changed)
}

fn patch_variable(state: &mut State, key: &str, body: &Body) -> Told {
    fields(body, &["key", "value", "description"], &["key", "value"])?;
    if body["key"].as_str() != Some(key) {
        return Err(Wrong::new(400, "Invalid post body", "key from request body doesn't match uri parameter"));
    }
    let missing = || Wrong::missing("Variable not found", "Variable does not exist");
    let before = state.airflow.variables.get(key).ok_or_else(missing)?;
    let mut after = variable(body, key);
    if !body.contains_key("description") {
        after.description.clone_from(&before.description);
    }
    let changed = *before != after;
    let shown = shape::variable(&after);
    state.airflow.variables.insert(key.to_owned(), after);
    done(shown, changed)
}
