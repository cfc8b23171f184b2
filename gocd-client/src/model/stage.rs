//! The stages of a build, and how they went.

use std::fmt;

use jiff::Timestamp;

/// How a stage went.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StageResult {
    /// All its jobs passed.
    Passed,
    /// A job failed. Others may still run.
    Failed,
    /// Somebody has stopped it.
    Cancelled,
    /// Not known yet: it has not begun, or still runs.
    Unknown,
    /// A word that this crate does not know.
    Other(String),
}

impl StageResult {
    /// What GoCD's word means.
    pub fn told(word: &str) -> Self {
        match word {
            "Passed" => Self::Passed,
            "Failed" => Self::Failed,
            "Cancelled" => Self::Cancelled,
            "Unknown" | "" => Self::Unknown,
            other => Self::Other(other.chars().take(60).collect()),
        }
    }

    /// GoCD's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Passed => "Passed",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
            Self::Unknown => "Unknown",
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for StageResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One stage of a build, as it last went.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// How often it was begun in this build; 0 where it was not.
    pub counter: u32,
    /// How it went.
    pub result: StageResult,
    /// Whether it was begun and is not over. A stage that has failed may still run.
    pub running: bool,
    /// Whether it waits for somebody to start it.
    pub manual: bool,
    /// Who started it.
    pub approved_by: Option<String>,
    /// Its jobs; none where it was not begun.
    pub jobs: Vec<Job>,
}

impl Stage {
    /// A stage that begins by itself and went so.
    pub fn new(name: impl Into<String>, result: StageResult) -> Self {
        Self {
            name: name.into(),
            counter: 1,
            result,
            running: false,
            manual: false,
            approved_by: Some("changes".to_owned()),
            jobs: Vec::new(),
        }
    }

    /// A stage that runs.
    pub fn building(name: impl Into<String>) -> Self {
        Self { running: true, ..Self::new(name, StageResult::Unknown) }
    }

    /// A stage that was not begun.
    pub fn not_begun(name: impl Into<String>) -> Self {
        Self { counter: 0, approved_by: None, ..Self::new(name, StageResult::Unknown) }
    }

    /// Started by somebody only, not by the stage before.
    #[must_use]
    pub fn by_hand(mut self) -> Self {
        self.manual = true;
        self
    }

    /// With who started it.
    #[must_use]
    pub fn with_approved_by(mut self, who: impl Into<String>) -> Self {
        self.approved_by = Some(who.into());
        self
    }

    /// With its jobs.
    #[must_use]
    pub fn with_jobs(mut self, jobs: Vec<Job>) -> Self {
        self.jobs = jobs;
        self
    }

    /// Whether it was begun.
    pub fn has_begun(&self) -> bool {
        self.counter > 0
    }
}

/// One job of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Job {
    /// Its name.
    pub name: String,
    /// What it does now, in GoCD's word: `Scheduled`, `Building`, `Completed`, …
    pub state: String,
    /// How it went, in GoCD's words, which are those of a stage.
    pub result: StageResult,
    /// When it was to begin.
    pub scheduled: Option<Timestamp>,
}

impl Job {
    /// A job that is over and went so.
    pub fn new(name: impl Into<String>, result: StageResult) -> Self {
        Self { name: name.into(), state: "Completed".to_owned(), result, scheduled: None }
    }

    /// A job in this state.
    #[must_use]
    pub fn with_state(mut self, state: impl Into<String>) -> Self {
        self.state = state.into();
        self
    }

    /// A job that was to begin then.
    #[must_use]
    pub fn with_scheduled(mut self, at: Timestamp) -> Self {
        self.scheduled = Some(at);
        self
    }
}
