//! DAG runs.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::RunState;
use crate::{DagId, ExecutionDate, RunKey};

/// One run of a DAG.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DagRun {
    /// Which run of which DAG.
    pub key: RunKey,
    /// How it is.
    pub state: RunState,
    /// What it is about. A run that was made by hand on Airflow 3 may have none.
    pub execution_date: Option<ExecutionDate>,
    /// When it was put in the queue.
    pub queued_at: Option<Timestamp>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// `scheduled`, `manual`, `backfill` …, in Airflow's words.
    pub run_type: Option<String>,
    /// What it was given, as JSON. It may hold whatever its maker put there.
    pub conf: Option<serde_json::Value>,
    /// What a person wrote to it.
    pub note: Option<String>,
    /// The version of the DAG's files that it is pinned to (3.1 and later, where bundles are versioned).
    pub bundle_version: Option<String>,
}

impl DagRun {
    /// A run in a state.
    pub fn new(key: RunKey, state: RunState) -> Self {
        Self {
            key,
            state,
            execution_date: None,
            queued_at: None,
            started_at: None,
            ended_at: None,
            run_type: None,
            conf: None,
            note: None,
            bundle_version: None,
        }
    }

    /// With what it is about.
    #[must_use]
    pub fn about(mut self, date: ExecutionDate) -> Self {
        self.execution_date = Some(date);
        self
    }

    /// With when it began.
    #[must_use]
    pub fn started_at(mut self, at: Timestamp) -> Self {
        self.started_at = Some(at);
        self
    }

    /// With when it ended.
    #[must_use]
    pub fn ended_at(mut self, at: Timestamp) -> Self {
        self.ended_at = Some(at);
        self
    }
}

/// Which runs are listed, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunFilter {
    /// Of this DAG; `None` is every DAG.
    pub dag: Option<DagId>,
    /// In one of these states; empty is every state.
    pub states: Vec<RunState>,
    /// About this instant or later.
    pub from: Option<ExecutionDate>,
    /// About this instant or earlier.
    pub to: Option<ExecutionDate>,
    /// That began at this instant or later.
    pub started_from: Option<Timestamp>,
    /// At most so many.
    pub limit: usize,
}

impl RunFilter {
    /// The newest 100 runs of a DAG.
    pub fn of(dag: DagId) -> Self {
        Self { dag: Some(dag), ..Self::of_every_dag() }
    }

    /// The newest 100 runs of all DAGs together.
    pub fn of_every_dag() -> Self {
        Self { dag: None, states: Vec::new(), from: None, to: None, started_from: None, limit: 100 }
    }

    /// Only those in this state; with several, in one of them.
    #[must_use]
    pub fn in_state(mut self, state: RunState) -> Self {
        self.states.push(state);
        self
    }

    /// Only those about an instant between these, both included.
    #[must_use]
    pub fn about(mut self, from: ExecutionDate, to: ExecutionDate) -> Self {
        (self.from, self.to) = (Some(from), Some(to));
        self
    }

    /// Only those that began at this instant or later.
    #[must_use]
    pub fn started_from(mut self, at: Timestamp) -> Self {
        self.started_from = Some(at);
        self
    }

    /// At most so many.
    #[must_use]
    pub fn at_most(mut self, runs: usize) -> Self {
        self.limit = runs;
        self
    }
}
