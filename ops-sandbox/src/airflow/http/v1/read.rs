//! What API v1 tells.

use std::cmp::Reverse;

use airflow_client::{RunKey, TaskId, TaskKey, TaskState};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::super::Generation;
use super::super::super::run::{Instance, Run};
use super::super::super::state::Airflow;
use super::super::ask::{Answer, Ask};
use super::super::route::Route;
use super::shape;
use super::wrong::{Wrong, fields};
use crate::world::State;

/// The states that the API knows.
const STATES: [&str; 13] = [
    "none",
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
];

/// Most lists bring 100 at most, whatever is asked for.
const PAGE: usize = 100;

/// Query parameters that are not known are refused.
pub(super) fn parameters(ask: &Ask, route: &Route) -> Result<(), Wrong> {
    let known: &[&str] = match route {
        Route::Dags => &["limit", "offset", "order_by", "tags", "only_active", "paused", "fields", "dag_id_pattern"],
        Route::Dag(_) => &["fields"],
        Route::PatchDag(_) | Route::PatchVariable(_) => &["update_mask"],
        Route::Tasks(_) => &["order_by"],
        Route::Runs(_) => &[
            "limit",
            "offset",
            "order_by",
            "state",
            "fields",
            "execution_date_gte",
            "execution_date_lte",
            "start_date_gte",
            "start_date_lte",
            "end_date_gte",
            "end_date_lte",
            "updated_at_gte",
            "updated_at_lte",
        ],
        Route::Instances(..) | Route::ListMapped(..) => &[
            "limit",
            "offset",
            "state",
            "pool",
            "queue",
            "executor",
            "order_by",
            "execution_date_gte",
            "execution_date_lte",
            "start_date_gte",
            "start_date_lte",
            "end_date_gte",
            "end_date_lte",
            "updated_at_gte",
            "updated_at_lte",
            "duration_gte",
            "duration_lte",
        ],
        Route::Tries(..) | Route::Pools | Route::Variables | Route::ImportErrors => &["limit", "offset", "order_by"],
        Route::Log(..) => &["full_content", "map_index", "token"],
        Route::XcomKeys(..) => &["limit", "offset", "map_index", "xcom_key"],
        Route::Xcom(..) => &["map_index", "deserialize", "stringify"],
        Route::Events => &[
            "limit",
            "offset",
            "order_by",
            "dag_id",
            "task_id",
            "run_id",
            "map_index",
            "try_number",
            "event",
            "owner",
            "before",
            "after",
            "included_events",
            "excluded_events",
        ],
        _ => &[],
    };
    let extra: Vec<&str> =
        ask.query.iter().map(|(name, _)| name.as_str()).filter(|name| !known.contains(name)).collect();
    if extra.is_empty() {
        return Ok(());
    }
    Err(Wrong::new(400, Value::Null, format!("Extra query parameter(s) {} not in spec", extra.join(", "))))
}

pub(super) fn told(state: &State, ask: &Ask, route: &Route) -> Result<Answer, Wrong> {
    let airflow = &state.airflow;
    Ok(Answer::Json(match route {
        Route::Version => json!({"git_version": "", "version": Generation::Two.release()}),
        Route::Health => health(state.now()),
        Route::Dags => dags(airflow, ask)?,
        Route::Dag(dag) => {
            let missing = format!("The DAG with dag_id: {dag} was not found");
            shape::dag(airflow.dag(dag).map_err(|_| Wrong::missing("DAG not found", missing))?)
        }
        Route::Tasks(dag) => shape::tasks(airflow.dag(dag).map_err(|_| Wrong::missing("DAG not found", Value::Null))?),
        Route::Runs(_) => runs(airflow, ask, route)?,
        Route::Run(run) => shape::run(airflow.run(run).map_err(|_| unknown_run("DAGRun not found", run))?),
        Route::Instances(..) => instances(airflow, ask, route)?,
        Route::Instance(run, task, index) => {
            let (run, one) = find(airflow, run, task, *index)?;
            shape::instance(run, one)
        }
        Route::ListMapped(run, task) => {
            let missing = || Wrong::missing("Task instance not found", Value::Null);
            let found = airflow.run(run).map_err(|_| missing())?;
            let all = found.all_of(task).into_iter().map(|at| &found.instances[at]);
            let shown: Vec<Value> =
                all.filter(|one| one.key.map_index.is_some()).map(|one| shape::instance(found, one)).collect();
            window(ask, "task_instances", shown, usize::MAX)?
        }
        Route::Tries(run, task, index) => {
            // What is not there has no tries.
            let tries = find(airflow, run, task, *index).map(|(run, one)| {
                let current = (one.now.state != TaskState::UpForRetry).then_some(&one.now);
                let tries = one.before.iter().chain(current);
                tries.map(|which| shape::one_try(run, one, which)).collect::<Vec<Value>>()
            });
            let tries = tries.unwrap_or_default();
            json!({"total_entries": tries.len(), "task_instances": tries})
        }
        Route::Log(run, task, number) => return log(airflow, ask, run, task, *number),
        Route::XcomKeys(run, task) => {
            let found = find(airflow, run, task, place(ask)?).ok();
            let left = found.filter(|(_, one)| one.left.is_some());
            window(ask, "xcom_entries", left.map(|(run, one)| shape::xcom(run, one)).into_iter().collect(), PAGE)?
        }
        Route::Xcom(run, task, key) => {
            let missing = || Wrong::missing("XCom entry not found", Value::Null);
            let (run, one) = find(airflow, run, task, place(ask)?).map_err(|_| missing())?;
            let value = one.left.as_ref().filter(|_| key == "return_value").ok_or_else(missing)?;
            let mut shown = shape::xcom(run, one);
            shown["value"] = value.clone();
            shown
        }
        Route::Variables => window(ask, "variables", airflow.variables.values().map(shape::variable).collect(), PAGE)?,
        Route::Variable(key) => {
            let missing = || Wrong::missing("Variable not found", "Variable does not exist");
            shape::variable(airflow.variables.get(key).ok_or_else(missing)?)
        }
        Route::Pools => {
            window(ask, "pools", airflow.pools.iter().map(|pool| shape::pool(airflow, pool)).collect(), PAGE)?
        }
        Route::ImportErrors => {
            let error = |(number, error): (usize, &airflow_client::ImportError)| {
                json!({
                    "filename": error.file, "import_error_id": number + 1, "stack_trace": error.trace,
                    "timestamp": error.at.map(shape::date),
                })
            };
            window(ask, "import_errors", airflow.import_errors.iter().enumerate().map(error).collect(), PAGE)?
        }
        Route::Events => events(airflow, ask)?,
        _ => return Err(Wrong::no_route()),
    }))
}

fn health(now: Timestamp) -> Value {
    json!({
        "dag_processor": {"latest_dag_processor_heartbeat": null, "status": null},
        "metadatabase": {"status": "healthy"},
        "scheduler": {"latest_scheduler_heartbeat": shape::date(now), "status": "healthy"},
        "triggerer": {"latest_triggerer_heartbeat": null, "status": null},
    })
}

pub(super) fn unknown_run(title: &str, run: &RunKey) -> Wrong {
    Wrong::missing(title, format!("DAGRun with DAG ID: '{}' and DagRun ID: '{}' not found", run.dag, run.run))
}

fn number(ask: &Ask, name: &str) -> Result<Option<i64>, Wrong> {
    let Some(text) = ask.one(name) else { return Ok(None) };
    let wrong = || Wrong::bad(format!("Wrong type, expected 'integer' for query parameter '{name}'"));
    text.parse().map(Some).map_err(|_| wrong())
}

fn instant(ask: &Ask, name: &str) -> Result<Option<Timestamp>, Wrong> {
    let Some(text) = ask.one(name) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| Wrong::bad(format!("'{text}' is not a 'date-time' - '{name}'")))
}

/// A page of a list. A limit that is not positive means all, as far as the list is not capped.
fn window(ask: &Ask, name: &str, all: Vec<Value>, cap: usize) -> Result<Value, Wrong> {
    let limit = number(ask, "limit")?.unwrap_or(100);
    let limit = usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(cap).min(cap);
    let offset = number(ask, "offset")?.and_then(|offset| usize::try_from(offset).ok()).unwrap_or(0);
    let total = all.len();
    let page: Vec<Value> = all.into_iter().skip(offset).take(limit).collect();
    Ok(json!({(name): page, "total_entries": total}))
}

/// A list in a parameter: joined by commas, or repeated.
fn list<'a>(ask: &'a Ask, name: &'a str) -> Vec<&'a str> {
    ask.all(name).flat_map(|text| text.split(',')).collect()
}

fn dags(airflow: &Airflow, ask: &Ask) -> Result<Value, Wrong> {
    // Of a parameter that is repeated the last one counts.
    let tags: Vec<&str> = ask.one("tags").map(|tags| tags.split(',').collect()).unwrap_or_default();
    let paused = ask.one("paused").map(|paused| paused.eq_ignore_ascii_case("true"));
    let mut dags: Vec<_> = airflow.dags.iter().collect();
    dags.retain(|dag| {
        (tags.is_empty() || dag.spec.tags.iter().any(|tag| tags.contains(&tag.as_str())))
            && paused.is_none_or(|paused| dag.paused == paused)
    });
    dags.sort_by(|a, b| a.spec.id.cmp(&b.spec.id));
    window(ask, "dags", dags.into_iter().map(shape::dag).collect(), PAGE)
}

fn no_order(name: &str) -> Wrong {
    Wrong::bad(format!("Ordering with '{name}' is disallowed or the attribute does not exist on the model"))
}

fn runs(airflow: &Airflow, ask: &Ask, route: &Route) -> Result<Value, Wrong> {
    let mut runs: Vec<&Run> = match route {
        // A DAG that is not there has no runs.
        Route::Runs(Some(dag)) => airflow.dag(dag).map(|dag| airflow.runs_of(dag).collect()).unwrap_or_default(),
        _ => airflow.runs.iter().flatten().collect(),
    };
    let states = list(ask, "state");
    runs.retain(|run| states.is_empty() || states.contains(&run.state.as_str()));
    type Dated = (&'static str, fn(&Run) -> Option<Timestamp>);
    let dates: [Dated; 3] = [
        ("execution_date", |run| Some(shape::about(run))),
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
        "dag_run_id" => runs.sort_by(|a, b| a.key.run.cmp(&b.key.run)),
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
    window(ask, "dag_runs", runs.into_iter().map(shape::run).collect(), PAGE)
}

type Found<'a> = (&'a Run, &'a Instance);

fn is_in(states: &[&str], one: &Instance) -> bool {
    let state = if one.now.state == TaskState::NoStatus { "none" } else { one.now.state.as_str() };
    states.is_empty() || states.contains(&state)
}

fn instances(airflow: &Airflow, ask: &Ask, route: &Route) -> Result<Value, Wrong> {
    let Route::Instances(dag, id) = route else { return Err(Wrong::no_route()) };
    let states = list(ask, "state");
    if states.iter().any(|state| !STATES.contains(state)) {
        return Err(Wrong::page(500));
    }
    let runs = airflow.runs.iter().flatten().filter(|run| {
        dag.as_ref().is_none_or(|dag| run.key.dag == *dag) && id.as_ref().is_none_or(|id| run.key.run == *id)
    });
    let all = runs.flat_map(|run| run.instances.iter().map(move |one| (run, one)));
    let found = all.filter(|(_, one)| is_in(&states, one)).map(|(run, one)| shape::instance(run, one)).collect();
    window(ask, "task_instances", found, usize::MAX)
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
        "pool",
        "queue",
        "executor",
        "execution_date_gte",
        "execution_date_lte",
        "start_date_gte",
        "start_date_lte",
        "end_date_gte",
        "end_date_lte",
        "duration_gte",
        "duration_lte",
    ];
    fields(body, &known, &[])?;
    let list = |name: &str| -> Option<Vec<&str>> {
        body.get(name)?.as_array().map(|list| list.iter().filter_map(Value::as_str).collect())
    };
    let states = list("state").unwrap_or_default();
    if let Some(wrong) = states.iter().find(|state| !STATES.contains(state)) {
        return Err(Wrong::bad(format!("'{wrong}' is not one of {STATES:?} - 'state.0'").replace('"', "'")));
    }
    let (dags, ids, tasks) = (list("dag_ids"), list("dag_run_ids"), list("task_ids"));
    let among = |list: &Option<Vec<&str>>, text: &str| list.as_ref().is_none_or(|list| list.contains(&text));
    let runs = airflow.runs.iter().flatten();
    let runs = runs.filter(|run| among(&dags, run.key.dag.as_str()) && among(&ids, run.key.run.as_str()));
    let all = runs.flat_map(|run| run.instances.iter().map(move |one| (run, one)));
    let found: Vec<Found<'_>> =
        all.filter(|(_, one)| among(&tasks, one.key.task.as_str()) && is_in(&states, one)).collect();
    let number = |name: &str, otherwise: u64| body.get(name).and_then(Value::as_u64).unwrap_or(otherwise) as usize;
    let total = found.len();
    let page = found.into_iter().skip(number("page_offset", 0)).take(number("page_limit", 100));
    let page: Vec<Value> = page.map(|(run, one)| shape::instance(run, one)).collect();
    Ok(json!({"task_instances": page, "total_entries": total}))
}

fn place(ask: &Ask) -> Result<Option<i64>, Wrong> {
    number(ask, "map_index")
}

/// An instance by its task and its place.
fn find<'a>(airflow: &'a Airflow, run: &RunKey, task: &TaskId, index: Option<i64>) -> Result<Found<'a>, Wrong> {
    let missing = |detail: Value| Wrong::missing("Task instance not found", detail);
    let found = airflow.run(run).map_err(|_| missing(Value::Null))?;
    let map_index = index.and_then(|index| u32::try_from(index).ok());
    if let Some(at) = found.find(&TaskKey { task: task.clone(), map_index }) {
        return Ok((found, &found.instances[at]));
    }
    let mapped = index.is_none() && !found.all_of(task).is_empty();
    Err(missing(if mapped {
        "Task instance is mapped, add the map_index value to the URL".into()
    } else {
        Value::Null
    }))
}

/// Text where text is asked for, otherwise a Python object's `repr` in JSON. A try that is not there is apologised for.
fn log(airflow: &Airflow, ask: &Ask, run: &RunKey, task: &TaskId, number: u32) -> Result<Answer, Wrong> {
    let missing = |_| Wrong::missing("TaskInstance not found", Value::Null);
    let (_, one) = find(airflow, run, task, place(ask)?).map_err(missing)?;
    let host = super::super::super::shown::HOST;
    let mut text = String::from(" INFO - ::group::Log message source details\n");
    match one.logs.get(&number) {
        Some(said) => {
            text.push_str("*** Found local files:\n***   * /logs/attempt.log\n INFO - ::endgroup::\n");
            for said in said {
                let at = shape::date(said.at).replace("+00:00", "+0000");
                let level = said.level.to_uppercase();
                text.push_str(&format!("[{at}] {{logging_mixin.py:190}} {level} - {}\n", said.text));
            }
        }
        None if number == 0 => {
            return Ok(Answer::Text(
                "text/plain",
                "default_host\nError fetching the logs. Try number 0 is invalid.\n".into(),
            ));
        }
        None => text.push_str(&format!(
            "*** Could not read served logs: http://{host}:8793/log/attempt={number}.log: connection refused\n \
             INFO - ::endgroup::\n\n"
        )),
    }
    if ask.accepts().contains("application/json") {
        let repr = format!("[('{host}', \"{}\")]", text.replace('\n', "\\n"));
        return Ok(Answer::Json(json!({"content": repr, "continuation_token": null})));
    }
    Ok(Answer::Text("text/plain", format!("{host}\n{text}\n")))
}

fn events(airflow: &Airflow, ask: &Ask) -> Result<Value, Wrong> {
    let (after, before) = (instant(ask, "after")?, instant(ask, "before")?);
    let same = |name: &str, text: Option<&str>| ask.one(name).is_none_or(|wanted| text == Some(wanted));
    let mut found: Vec<_> = airflow.deeds.iter().enumerate().collect();
    found.retain(|(_, deed)| {
        same("dag_id", deed.dag.as_ref().map(|id| id.as_str()))
            && same("run_id", deed.run.as_ref().map(|id| id.as_str()))
            && same("task_id", deed.task.as_ref().map(|id| id.as_str()))
            && same("owner", Some(&deed.who))
            && after.is_none_or(|after| deed.at >= after)
            && before.is_none_or(|before| deed.at <= before)
    });
    match ask.one("order_by").unwrap_or("event_log_id") {
        "event_log_id" | "when" => {}
        "-event_log_id" | "-when" => found.sort_by_key(|(number, _)| Reverse(*number)),
        name => return Err(no_order(name.trim_start_matches('-'))),
    }
    window(ask, "event_logs", found.into_iter().map(|(number, deed)| shape::deed(number + 1, deed)).collect(), PAGE)
}
