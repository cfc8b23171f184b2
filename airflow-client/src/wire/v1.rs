//! What only API v1 says so: Airflow 2.7 to 2.11.

use ops_client::http::Call;
use ops_client::{Error, Result};
use serde::Serialize;
use serde_json::Value;

use super::list::Window;
use crate::{Clear, DagFilter, DagRunId, NewTaskState, Release, RunFilter, SetTaskState, Spread, TaskId, TaskState};

pub(super) const HEALTH: &[&str] = &["health"];
/// Text; anything else gives a Python object's `repr` in JSON.
pub(super) const LOG_TYPE: &str = "text/plain";

pub(super) fn dags(call: Call, filter: &DagFilter) -> Call {
    let call = call.query("only_active", (!filter.inactive_too).to_string());
    // Repeated tags would be the last one only.
    if filter.tags.is_empty() { call } else { call.query("tags", filter.tags.join(",")) }
}

pub(super) fn runs(call: Call, filter: &RunFilter) -> Call {
    let mut call = call.query("order_by", "-execution_date");
    for (name, date) in [("execution_date_gte", filter.from), ("execution_date_lte", filter.to)] {
        if let Some(date) = date {
            call = call.query(name, date.to_string());
        }
    }
    call
}

/// The batch has no pages before 2.10: it brings all.
pub(super) fn window(window: Window, release: Release) -> Option<Window> {
    release.is_at_least(2, 10).then_some(window)
}

/// How a state stands in the filter of a batch. One that this API does not know is answered with 500.
pub(super) fn state_filter(op: &'static str, state: &TaskState) -> Result<Value> {
    match state {
        TaskState::NoStatus => Ok("none".into()),
        TaskState::Other(_) | TaskState::AwaitingInput => {
            Err(Error::invalid(op, format!("Airflow 2 has no state \"{state}\"")))
        }
        state => Ok(state.as_str().into()),
    }
}

/// `PATCH` of one instance. Its dry run is the default.
#[derive(Serialize)]
pub(super) struct Mark {
    dry_run: bool,
    new_state: NewTaskState,
}

pub(super) fn mark(change: &SetTaskState, dry_run: bool) -> Mark {
    Mark { dry_run, new_state: change.state }
}

/// `updateTaskInstancesState`: all of it is required.
#[derive(Serialize)]
pub(super) struct MarkMany<'a> {
    dry_run: bool,
    task_id: &'a TaskId,
    dag_run_id: &'a DagRunId,
    new_state: NewTaskState,
    include_upstream: bool,
    include_downstream: bool,
    include_past: bool,
    include_future: bool,
}

pub(super) fn mark_many(change: &SetTaskState, dry_run: bool) -> MarkMany<'_> {
    let Spread { upstream, downstream, past, future, .. } = change.spread;
    MarkMany {
        dry_run,
        task_id: &change.task.task,
        dag_run_id: &change.run.run,
        new_state: change.state,
        include_upstream: upstream,
        include_downstream: downstream,
        include_past: past,
        include_future: future,
    }
}

/// What a clear says besides what both APIs say.
#[derive(Serialize)]
pub(super) struct ClearMore {
    include_subdags: bool,
    include_parentdag: bool,
}

pub(super) fn clear(op: &'static str, clear: &Clear) -> Result<ClearMore> {
    if clear.restart_running {
        return Err(Error::invalid(op, "Airflow 2 cannot restart what is running: it would say that it did")
            .with_remedy("mark the running tasks failed, wait until their processes ended, then clear them"));
    }
    Ok(ClearMore { include_subdags: false, include_parentdag: false })
}
