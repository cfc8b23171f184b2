//! What only API v2 says so: Airflow 3.

use ops_client::http::Call;
use serde::Serialize;
use serde_json::Value;

use crate::{Clear, DagFilter, NewTaskState, Release, RunFilter, SetTaskState, Spread, TaskState};

pub(super) const HEALTH: &[&str] = &["monitor", "health"];
pub(super) const LOG_TYPE: &str = "application/x-ndjson";
/// The place of a task that is not mapped. In a path it keeps a mark from all instances of a mapped task.
pub(super) const NOT_MAPPED: &str = "-1";

pub(super) fn dags(call: Call, filter: &DagFilter) -> Call {
    let call = call.query("exclude_stale", (!filter.inactive_too).to_string());
    // Joined tags would be one tag with a comma.
    filter.tags.iter().fold(call, |call, tag| call.query("tags", tag)).query("order_by", "dag_id")
}

pub(super) fn runs(call: Call, filter: &RunFilter) -> Call {
    // Not by the logical date: runs without one come first or last, as the database likes.
    let mut call = call.query("order_by", "-run_after");
    for (name, date) in [("logical_date_gte", filter.from), ("logical_date_lte", filter.to)] {
        if let Some(date) = date {
            call = call.query(name, date.to_string());
        }
    }
    call
}

/// How a state stands in the filter of a batch.
pub(super) fn state_filter(state: &TaskState) -> Value {
    match state {
        TaskState::NoStatus => Value::Null,
        state => state.as_str().into(),
    }
}

/// `PATCH` of an instance; a dry run is another path.
#[derive(Serialize)]
pub(super) struct Mark {
    new_state: NewTaskState,
    include_upstream: bool,
    include_downstream: bool,
    include_past: bool,
    include_future: bool,
}

pub(super) fn mark(change: &SetTaskState) -> Mark {
    let Spread { upstream, downstream, past, future, .. } = change.spread;
    Mark {
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
    #[serde(skip_serializing_if = "Option::is_none")]
    run_on_latest_version: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prevent_running_task: Option<bool>,
}

pub(super) fn clear(clear: &Clear, release: Release) -> ClearMore {
    ClearMore {
        run_on_latest_version: release.is_at_least(3, 1).then_some(clear.on_latest_version),
        prevent_running_task: release.is_at_least(3, 2).then_some(!clear.restart_running),
    }
}
