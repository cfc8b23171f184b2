//! What API v2 tells.

use std::cmp::Reverse;

use airflow_client::{RunKey, RunState, TaskId, TaskKey, TaskState};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::super::Generation;
use super::super::super::run::{Instance, Run};
use super::super::super::state::Airflow;
use super::super::ask::{Answer, Ask, date};
use super::super::route::Route;
use super::shape;
use super::wrong::{Wrong, fields};
use crate::world::State;

/// The states that the API knows.
const STATES: [&str; 13] = [
    "removed",
    "scheduled",
    "queued",
    "running",
    "success",
    "restarting",
    "failed",
    "up_for_retry",
    "up_for_reschedule",
    "upstream_failed",
    "skipped",
    "deferred",
    "awaiting_input",
];
const RUN_STATES: [&str; 4] = ["queued", "running", "success", "failed"];

/// Lists bring 50 where nothing is said, and 100 at most, silently.
const PAGE: (usize, usize) = (50, 100);

pub(super) fn told(state: &State, ask: &Ask, route: &Route) -> Result<Answer, Wrong> {
    let airflow = &state.airflow;
    Ok(Answer::Json(match route {
        Route::Version => json!({"version": Generation::Three.release(), "git_version": null}),
        Route::Health => health(state.now()),
        Route::Dags => dags(airflow, ask)?,
        Route::Dag(dag) => shape::dag(airflow.dag(dag)?),
        Route::Tasks(dag) => shape::tasks(airflow.dag(dag)?),
        Route::Runs(_) => runs(airflow, ask, route)?,
        Route::Run(run) => shape::run(airflow.run(run)?),
        Route::Instances(..) => instances(airflow, ask, route)?,
        Route::Instance(run, task, index) => {
            let (run, one) = find(airflow, run, task, *index)?;
            shape::instance(run, one)
        }
        Route::ListMapped(run, task) => {
            let found = airflow.run(run)?;
            let all = found.all_of(task).into_iter().map(|at| &found.instances[at]);
            let shown: Vec<Value> =
                all.filter(|one| one.key.map_index.is_some()).map(|one| shape::instance(found, one)).collect();
            window(ask, "task_instances", shown)?
        }
        Route::Tries(run, task, index) => {
            let (run, one) = find(airflow, run, task, *index)?;
            let current = (one.now.state != TaskState::UpForRetry).then_some(&one.now);
            let tries = one.before.iter().chain(current).map(|which| shape::one_try(run, one, which));
            let tries: Vec<Value> = tries.collect();
            json!({"total_entries": tries.len(), "task_instances": tries})
        }
        Route::Log(run, task, number) => return log(airflow, ask, run, task, *number),
        Route::XcomKeys(run, task) => {
            let (run, one) = find(airflow, run, task, place(ask)?)?;
            let keys: Vec<Value> = one.left.iter().map(|_| shape::xcom(run, one)).collect();
            window(ask, "xcom_entries", keys)?
        }
        Route::Xcom(run, task, key) => {
            let missing = || Wrong::new(404, format!("XCom entry with key: `{key}` not found"));
            let (run, one) = find(airflow, run, task, place(ask)?).map_err(|_| missing())?;
            let value = one.left.as_ref().filter(|_| key == "return_value").ok_or_else(missing)?;
            let mut shown = shape::xcom(run, one);
            shown["value"] = value.clone();
            shown
        }
        Route::Variables => window(ask, "variables", airflow.variables.values().map(shape::variable).collect())?,
        Route::Variable(key) => {
            let missing = || Wrong::new(404, format!("The Variable with key: `{key}` was not found"));
            shape::variable(airflow.variables.get(key).ok_or_else(missing)?)
        }
        Route::Pools => window(ask, "pools", airflow.pools.iter().map(|pool| shape::pool(airflow, pool)).collect())?,
        Route::ImportErrors => {
            let error = |(number, error): (usize, &airflow_client::ImportError)| {
                json!({
                    "import_error_id": number + 1, "timestamp": error.at.map(date), "filename": error.file,
                    "bundle_name": "dags-folder", "stack_trace": error.trace,
                })
            };
            window(ask, "import_errors", airflow.import_errors.iter().enumerate().map(error).collect())?
        }
        Route::Events => events(airflow, ask)?,
        _ => return Err(Wrong::new(404, "Not Found")),
    }))
}

fn health(now: Timestamp) -> Value {
    let beat = |name: &str| json!({"status": "healthy", (format!("latest_{name}_heartbeat")): date(now)});
    json!({
        "metadatabase": {"status": "healthy"}, "scheduler": beat("scheduler"),
        "triggerer": {"status": null, "latest_triggerer_heartbeat": null}, "dag_processor": beat("dag_processor"),
    })
}

fn number(ask: &Ask, name: &str, otherwise: usize) -> Result<usize, Wrong> {
    let Some(text) = ask.one(name) else { return Ok(otherwise) };
    text.parse().map_err(|_| {
        let message = "Input should be a valid integer, unable to parse string as an integer";
        Wrong::invalid("int_parsing", &["query", name], message, json!(text))
    })
}

fn instant(ask: &Ask, name: &str) -> Result<Option<Timestamp>, Wrong> {
    let Some(text) = ask.one(name) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        let message = "Input should be a valid datetime or date, invalid character in year";
        Wrong::invalid("datetime_from_date_parsing", &["query", name], message, json!(text))
    })
}

fn flag(ask: &Ask, name: &str) -> Result<Option<bool>, Wrong> {
    match ask.one(name) {
        None => Ok(None),
        Some("true" | "True" | "1") => Ok(Some(true)),
        Some("false" | "False" | "0") => Ok(Some(false)),
        Some(other) => {
            let message = "Input should be a valid boolean, unable to interpret input";
            Err(Wrong::invalid("bool_parsing", &["query", name], message, json!(other)))
        }
    }
}

/// A page of a list. Parameters that are not known are passed over, as the real one does.
fn window(ask: &Ask, name: &str, all: Vec<Value>) -> Result<Value, Wrong> {
    let (limit, offset) = (number(ask, "limit", PAGE.0)?.min(PAGE.1), number(ask, "offset", 0)?);
    let total = all.len();
    let page: Vec<Value> = all.into_iter().skip(offset).take(limit).collect();
    Ok(json!({(name): page, "total_entries": total}))
}

fn dags(airflow: &Airflow, ask: &Ask) -> Result<Value, Wrong> {
    let (tags, paused): (Vec<&str>, _) = (ask.all("tags").collect(), flag(ask, "paused")?);
    let mut dags: Vec<_> = airflow.dags.iter().collect();
    dags.retain(|dag| {
        (tags.is_empty() || dag.spec.tags.iter().any(|tag| tags.contains(&tag.as_str())))
            && paused.is_none_or(|paused| dag.paused == paused)
    });
    dags.sort_by(|a, b| a.spec.id.cmp(&b.spec.id));
    window(ask, "dags", dags.into_iter().map(shape::dag).collect())
}

fn runs(airflow: &Airflow, ask: &Ask, route: &Route) -> Result<Value, Wrong> {
    let mut runs: Vec<&Run> = match route {
        Route::Runs(Some(dag)) => airflow.runs_of(airflow.dag(dag)?).collect(),
        _ => airflow.runs.iter().flatten().collect(),
    };
    let states: Vec<&str> = ask.all("state").collect();
    if states.iter().any(|state| !RUN_STATES.contains(state)) {
        return Err(Wrong::new(422, format!("Invalid value for state. Valid values are {}", RUN_STATES.join(", "))));
    }
    let about = |run: &Run| run.about.map(|about| about.timestamp());
    runs.retain(|run| states.is_empty() || states.contains(&run.state.as_str()));
    type Dated = (&'static str, fn(&Run) -> Option<Timestamp>);
    let dates: [Dated; 4] = [
        ("logical_date", about),
        ("run_after", |run| Some(run.run_after)),
        ("start_date", |run| run.started_at),
        ("end_date", |run| run.ended_at),
    ];
    for (name, of) in dates {
        if let Some(from) = instant(ask, &format!("{name}_gte"))? {
            runs.retain(|run| of(run).is_some_and(|at| at >= from));
        }
        if let Some(to) = instant(ask, &format!("{name}_lte"))? {
            runs.retain(|run| of(run).is_some_and(|at| at <= to));
        }
    }
    let order = ask.one("order_by").unwrap_or("id");
    match order.trim_start_matches('-') {
        "id" => {}
        "run_id" | "dag_run_id" => runs.sort_by(|a, b| a.key.run.cmp(&b.key.run)),
        "dag_id" => runs.sort_by(|a, b| a.key.dag.cmp(&b.key.dag)),
        "state" => runs.sort_by(|a, b| a.state.as_str().cmp(b.state.as_str())),
        name => match dates.iter().find(|(known, _)| *known == name) {
            Some((_, of)) => runs.sort_by_key(|run| of(run)),
            None => return Err(no_order(name)),
        },
    }
    if order.starts_with('-') {
        runs.reverse();
    }
    let mut page = window(ask, "dag_runs", runs.into_iter().map(shape::run).collect())?;
    no_cursor(&mut page);
    Ok(page)
}

fn no_order(name: &str) -> Wrong {
    Wrong::new(400, format!("Ordering with '{name}' is disallowed or the attribute does not exist on the model"))
}

fn no_cursor(page: &mut Value) {
    for name in ["total_entries_limit", "next_cursor", "previous_cursor"] {
        page[name] = Value::Null;
    }
}

type Found<'a> = (&'a Run, &'a Instance);

fn instances(airflow: &Airflow, ask: &Ask, route: &Route) -> Result<Value, Wrong> {
    let runs: Vec<&Run> = match route {
        Route::Instances(Some(dag), Some(id)) => {
            let key = RunKey::new(dag.clone(), id.clone());
            let missing = |_| Wrong::new(404, format!("DagRun with dag_id: `{dag}` and run_id: `{id}` was not found"));
            vec![airflow.run(&key).map_err(missing)?]
        }
        Route::Instances(Some(dag), None) => airflow.runs_of(airflow.dag(dag)?).collect(),
        Route::Instances(None, Some(_)) => {
            return Err(Wrong::new(400, "dag_id is required when dag_run_id is specified"));
        }
        _ => airflow.runs.iter().flatten().collect(),
    };
    let states: Vec<&str> = ask.all("state").collect();
    if states.iter().any(|state| !STATES.contains(state) && !matches!(*state, "none" | "no_status")) {
        return Err(Wrong::new(422, format!("Invalid value for state. Valid values are {}", STATES.join(", "))));
    }
    let wanted = |one: &Instance| {
        states.is_empty()
            || states.iter().any(|state| match *state {
                "none" => one.now.state == TaskState::NoStatus,
                state => one.now.state.as_str() == state,
            })
    };
    let all = runs.into_iter().flat_map(|run| run.instances.iter().map(move |one| (run, one)));
    let mut found: Vec<Found<'_>> = all.filter(|(_, one)| wanted(one)).collect();
    order(&mut found, ask.one("order_by"))?;
    let limit = number(ask, "limit", PAGE.0)?.min(PAGE.1);
    // A cursor, empty at the beginning, asks for the next ones until there are none.
    let cursor = ask.one("cursor");
    let offset = match cursor {
        None => number(ask, "offset", 0)?,
        Some("") => 0,
        Some(cursor) => cursor.parse().map_err(|_| Wrong::new(400, "Invalid cursor token"))?,
    };
    Ok(page(found, limit, offset, cursor.is_some()))
}

/// By the id of the instance where nothing is said: a cleared one has a new id, and comes last.
fn order(found: &mut [Found<'_>], by: Option<&str>) -> Result<(), Wrong> {
    let by = by.unwrap_or("id");
    match by.trim_start_matches('-') {
        "id" => found.sort_by_key(|(_, one)| one.now.id),
        "state" => found.sort_by(|(_, a), (_, b)| a.now.state.as_str().cmp(b.now.state.as_str())),
        "duration" => found.sort_by_key(|(_, one)| one.now.duration()),
        "start_date" => found.sort_by_key(|(_, one)| one.now.started_at),
        "end_date" => found.sort_by_key(|(_, one)| one.now.ended_at),
        "map_index" => found.sort_by_key(|(_, one)| one.key.map_index),
        "try_number" => found.sort_by_key(|(_, one)| one.now.number),
        "run_after" => found.sort_by_key(|(run, _)| run.run_after),
        "logical_date" => found.sort_by_key(|(run, _)| run.about),
        name => return Err(no_order(name)),
    }
    if by.starts_with('-') {
        found.reverse();
    }
    Ok(())
}

fn page(found: Vec<Found<'_>>, limit: usize, offset: usize, cursor: bool) -> Value {
    let total = found.len();
    let shown: Vec<Value> =
        found.into_iter().skip(offset).take(limit).map(|(run, one)| shape::instance(run, one)).collect();
    let next = (cursor && offset + limit < total).then(|| (offset + limit).to_string());
    json!({
        "task_instances": shown, "total_entries": total, "total_entries_limit": null, "next_cursor": next,
        "previous_cursor": null,
    })
}

/// The list across DAGs and runs. Its pages are not capped.
pub(super) fn batch(airflow: &Airflow, body: &Map<String, Value>) -> Result<Value, Wrong> {
    let known = [
        "dag_ids",
        "dag_run_ids",
        "task_ids",
        "state",
        "page_limit",
        "page_offset",
        "order_by",
        "pool",
        "queue",
        "executor",
        "map_indexes",
    ];
    fields(body, &known, &[])?;
    let list = |name: &str| -> Option<Vec<Option<&str>>> {
        body.get(name)?.as_array().map(|list| list.iter().map(Value::as_str).collect())
    };
    let states = list("state");
    for (at, state) in states.iter().flatten().enumerate() {
        if let Some(state) = state.filter(|state| !STATES.contains(state)) {
            let expected = format!("'{}'", STATES.join("', '"));
            return Err(Wrong::new(
                422,
                json!([{
                    "type": "enum", "loc": ["body", "state", at], "msg": format!("Input should be {expected}"),
                    "input": state, "ctx": {"expected": expected},
                }]),
            ));
        }
    }
    let (dags, ids, tasks) = (list("dag_ids"), list("dag_run_ids"), list("task_ids"));
    // An empty list restricts nothing.
    let among = |list: &Option<Vec<Option<&str>>>, text: &str| {
        list.as_ref().is_none_or(|list| list.is_empty() || list.contains(&Some(text)))
    };
    let wanted = |one: &Instance| {
        let state = (one.now.state != TaskState::NoStatus).then(|| one.now.state.as_str());
        among(&tasks, one.key.task.as_str())
            && states.as_ref().is_none_or(|states| states.is_empty() || states.contains(&state))
    };
    let runs = airflow.runs.iter().flatten();
    let runs = runs.filter(|run| among(&dags, run.key.dag.as_str()) && among(&ids, run.key.run.as_str()));
    let all = runs.flat_map(|run| run.instances.iter().map(move |one| (run, one)));
    let mut found: Vec<Found<'_>> = all.filter(|(_, one)| wanted(one)).collect();
    order(&mut found, body.get("order_by").and_then(Value::as_str))?;
    let number = |name: &str, otherwise: u64| body.get(name).and_then(Value::as_u64).unwrap_or(otherwise) as usize;
    Ok(page(found, number("page_limit", 100), number("page_offset", 0), false))
}

/// The place that a query names.
fn place(ask: &Ask) -> Result<Option<i64>, Wrong> {
    let Some(text) = ask.one("map_index") else { return Ok(None) };
    let message = "Input should be a valid integer, unable to parse string as an integer";
    text.parse().map(Some).map_err(|_| Wrong::invalid("int_parsing", &["query", "map_index"], message, json!(text)))
}

/// An instance by its task and its place; -1 and none mean a task that is not mapped.
pub(super) fn find<'a>(
    airflow: &'a Airflow,
    run: &RunKey,
    task: &TaskId,
    index: Option<i64>,
) -> Result<Found<'a>, Wrong> {
    let named = format!("dag_id: `{}`, run_id: `{}`", run.dag, run.run);
    let missing = || match index {
        Some(index) if index >= 0 => Wrong::new(
            404,
            format!("The Mapped Task Instance with {named}, task_id: `{task}`, and map_index: `{index}` was not found"),
        ),
        _ => Wrong::new(404, format!("The Task Instance with {named} and task_id: `{task}` was not found")),
    };
    let found = airflow.run(run).map_err(|_| missing())?;
    let map_index = index.and_then(|index| u32::try_from(index).ok());
    if let Some(at) = found.find(&TaskKey { task: task.clone(), map_index }) {
        return Ok((found, &found.instances[at]));
    }
    if index.is_none() && !found.all_of(task).is_empty() {
        return Err(Wrong::new(404, "Task instance is mapped, add the map_index value to the URL"));
    }
    Err(missing())
}

fn log(airflow: &Airflow, ask: &Ask, run: &RunKey, task: &TaskId, number: u32) -> Result<Answer, Wrong> {
    let accepts = ask.accepts();
    let lines = accepts.contains("application/x-ndjson");
    if !lines && !accepts.contains("application/json") && !accepts.contains("*/*") {
        return Err(Wrong::new(406, "Only application/json or application/x-ndjson is supported"));
    }
    let missing = || Wrong::new(404, "TaskInstance not found");
    let (_, one) = find(airflow, run, task, place(ask)?).map_err(|_| missing())?;
    let mut content = Vec::new();
    match one.logs.get(&number) {
        Some(said) => {
            for text in ["::group::Log message source details", "/logs/attempt.log", "::endgroup::"] {
                content.push(json!({"timestamp": null, "event": text}));
            }
            for said in said {
                content.push(json!({
                    "timestamp": date(said.at), "event": said.text, "level": said.level, "logger": "task.stdout",
                }));
            }
        }
        None if number == 0 && one.now.state == TaskState::UpstreamFailed => {
            content.push(json!({"timestamp": null, "event": "Task did not run because upstream failed"}));
        }
        None => return Err(missing()),
    }
    if lines {
        let text: String = content.iter().map(|line| format!("{line}\n")).collect();
        return Ok(Answer::Text("application/x-ndjson", text));
    }
    Ok(Answer::Json(json!({"content": content, "continuation_token": null})))
}

fn events(airflow: &Airflow, ask: &Ask) -> Result<Value, Wrong> {
    let (after, before) = (instant(ask, "after")?, instant(ask, "before")?);
    let same = |name: &str, text: Option<&str>| ask.one(name).is_none_or(|wanted| text == Some(wanted));
    let mut found: Vec<_> = airflow.deeds.iter().enumerate().collect();
    found.retain(|(_, deed)| {
        same("dag_id", deed.dag.as_ref().map(|id| id.as_str()))
            && same("run_id", deed.run.as_ref().map(|id| id.as_str()))
            && same("task_id", deed.task.as_ref().map(|id| id.as_str()))
            && same("event", Some(deed.event))
            && same("owner", Some(&deed.who))
            && after.is_none_or(|after| deed.at >= after)
            && before.is_none_or(|before| deed.at <= before)
    });
    match ask.one("order_by").unwrap_or("id") {
        "id" | "event_log_id" | "when" => {}
        "-id" | "-event_log_id" | "-when" => found.sort_by_key(|(number, _)| Reverse(*number)),
        name => return Err(no_order(name.trim_start_matches('-'))),
    }
    window(ask, "event_logs", found.into_iter().map(|(number, deed)| shape::deed(number + 1, deed)).collect())
}

/// A run cannot be forgotten while it runs (measured).
pub(super) fn may_be_deleted(run: &Run) -> Result<(), Wrong> {
    if run.state != RunState::Running {
        return Ok(());
    }
    let (dag, id) = (&run.key.dag, &run.key.run);
    let words = format!("The DagRun with dag_id: `{dag}` and run_id: `{id}` cannot be deleted in running state");
    Err(Wrong::new(409, words))
}
