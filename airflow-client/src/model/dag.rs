//! DAGs, as they are listed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::DagId;

/// A DAG.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Dag {
    /// Its id.
    pub id: DagId,
    /// Whether it is paused: a triggered run of a paused DAG stays queued.
    pub paused: bool,
    /// Whether Airflow still finds it in its files.
    pub active: bool,
    /// Its tags, sorted.
    pub tags: Vec<String>,
    /// Its owners, as it names them.
    pub owners: Vec<String>,
    /// What it says of itself.
    pub description: Option<String>,
    /// When it runs, in Airflow's words.
    pub schedule: Option<String>,
    /// When its next run begins.
    pub next_run: Option<Timestamp>,
    /// How many of its runs may go at once.
    pub max_active_runs: Option<u32>,
    /// Whether its file could not be read.
    pub has_import_errors: bool,
    /// Its file.
    pub file: Option<String>,
}

impl Dag {
    /// A DAG that is active and not paused.
    pub fn new(id: DagId) -> Self {
        Self {
            id,
            paused: false,
            active: true,
            tags: Vec::new(),
            owners: Vec::new(),
            description: None,
            schedule: None,
            next_run: None,
            max_active_runs: None,
            has_import_errors: false,
            file: None,
        }
    }

    /// With or without a pause.
    #[must_use]
    pub fn with_paused(mut self, paused: bool) -> Self {
        self.paused = paused;
        self
    }

    /// With how many of its runs may go at once.
    #[must_use]
    pub fn with_max_active_runs(mut self, runs: u32) -> Self {
        self.max_active_runs = Some(runs);
        self
    }
}

/// Which DAGs are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DagFilter {
    /// Only those that bear one of these tags.
    pub tags: Vec<String>,
    /// Only those that are paused, or not.
    pub paused: Option<bool>,
    /// Also those that Airflow no longer finds in its files.
    pub inactive_too: bool,
}

impl DagFilter {
    /// All active DAGs.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only those that bear this tag; with several, one of them.
    #[must_use]
    pub fn tagged(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Only those that are paused, or not.
    #[must_use]
    pub fn paused(mut self, paused: bool) -> Self {
        self.paused = Some(paused);
        self
    }

    /// Also those that Airflow no longer finds in its files.
    #[must_use]
    pub fn inactive_too(mut self) -> Self {
        self.inactive_too = true;
        self
    }
}
