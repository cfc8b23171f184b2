//! What the ladder is climbed by: plain facts, gathered elsewhere.

use std::collections::BTreeMap;
use std::fmt;

use airflow_client::RunState;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Class, Deploy, Rules, Rung};

/// A task that failed for good.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Failure {
    /// Its job or task.
    pub what: String,
    /// When it ended.
    pub at: Timestamp,
    /// What kind it is.
    pub class: Class,
    /// Which version failed, where that is known.
    pub version: Option<String>,
    /// What it said, cut to a line. It may hold data: it is for the person's eyes, and is neither stored nor logged.
    #[serde(skip)]
    pub words: String,
}

impl Failure {
    /// A failure.
    pub fn new(what: impl Into<String>, at: Timestamp, class: Class) -> Self {
        Self { what: what.into(), at, class, version: None, words: String::new() }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, at, class, version, .. } = self;
        f.debug_struct("Failure")
            .field("what", what)
            .field("at", at)
            .field("class", class)
            .field("version", version)
            .finish_non_exhaustive()
    }
}

/// A rung that was climbed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attempt {
    /// Which one.
    pub rung: Rung,
    /// When it was begun.
    pub at: Timestamp,
    /// The run that climbed it; `None` where the world alone shows it.
    pub run: Option<String>,
}

impl Attempt {
    /// A rung that was climbed then.
    pub fn new(rung: Rung, at: Timestamp) -> Self {
        Self { rung, at, run: None }
    }

    /// By this run.
    #[must_use]
    pub fn by(mut self, run: impl Into<String>) -> Self {
        self.run = Some(run.into());
        self
    }
}

/// A rung that was begun, and has not come to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Open {
    /// Which one.
    pub rung: Rung,
    /// When it was begun.
    pub at: Timestamp,
    /// Its run.
    pub run: String,
    /// Whether a process is at it.
    pub running: bool,
    /// Whether its process ended in good order, having stopped before the end; otherwise it died.
    pub stopped: bool,
}

impl Open {
    /// A rung whose process died.
    pub fn new(rung: Rung, at: Timestamp, run: impl Into<String>) -> Self {
        Self { rung, at, run: run.into(), running: false, stopped: false }
    }

    /// A rung that a process is at.
    #[must_use]
    pub fn running(mut self) -> Self {
        self.running = true;
        self
    }

    /// A rung whose process stopped before the end.
    #[must_use]
    pub fn stopped(mut self) -> Self {
        self.stopped = true;
        self
    }
}

/// The run in Airflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunSeen {
    /// Its id.
    pub run: String,
    /// How it is.
    pub state: RunState,
    /// How many of its tasks are in which state.
    pub tasks: BTreeMap<String, usize>,
}

/// All that the next step follows from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Evidence {
    /// When it was gathered.
    pub now: Timestamp,
    /// What failed for good since the job was created last: what it was created after is not its doing.
    pub failures: Vec<Failure>,
    /// What works for the transaction now.
    pub live: Vec<String>,
    /// When the job that was created last ended well.
    pub finished: Option<Timestamp>,
    /// The rungs that were climbed.
    pub attempts: Vec<Attempt>,
    /// Rungs that have not come to their end.
    pub opens: Vec<Open>,
    /// What was deployed lately; `None` where nobody could be asked.
    pub deploys: Option<Vec<Deploy>>,
    /// The run in Airflow.
    pub run: Option<RunSeen>,
    /// The version that failed.
    pub failed_version: Option<String>,
    /// The version of the last job that ended well.
    pub worked_version: Option<String>,
    /// The version of the last scaling that ended well.
    pub scale_version: Option<String>,
    /// How many machines there shall be.
    pub nodes: Option<u32>,
    /// What could not be read.
    pub unknown: Vec<String>,
}

impl Evidence {
    /// That nothing was seen.
    pub fn none(now: Timestamp) -> Self {
        Self {
            now,
            failures: Vec::new(),
            live: Vec::new(),
            finished: None,
            attempts: Vec::new(),
            opens: Vec::new(),
            deploys: None,
            run: None,
            failed_version: None,
            worked_version: None,
            scale_version: None,
            nodes: None,
            unknown: Vec::new(),
        }
    }

    /// How many failures are of a kind.
    pub fn number(&self, class: Class) -> usize {
        self.failures.iter().filter(|failure| failure.class == class).count()
    }

    /// Which share of the failures is of a kind; none where nothing failed.
    pub fn share(&self, class: Class) -> f64 {
        if self.failures.is_empty() {
            return 0.0;
        }
        // Nobody has so many tasks that this loses any.
        self.number(class) as f64 / self.failures.len() as f64
    }

    /// The highest rung that was climbed.
    pub fn highest(&self) -> Option<&Attempt> {
        self.attempts.iter().max_by_key(|attempt| attempt.rung)
    }

    /// The rung that must come to its end first.
    pub fn open(&self, rules: &Rules) -> Option<&Open> {
        let held = |open: &&Open| open.running || !open.stopped || !rules.anew;
        self.opens.iter().filter(held).max_by_key(|open| open.at)
    }
}
