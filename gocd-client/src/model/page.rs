//! A page of a pipeline's history, and how a pipeline stands.

use crate::Build;

/// Where a page of history goes on. A number that only the server that gave it understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cursor(u64);

impl Cursor {
    /// This place.
    pub const fn new(place: u64) -> Self {
        Self(place)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// Some builds of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryPage {
    /// The newest first.
    pub builds: Vec<Build>,
    /// Where older ones are, if there are any.
    pub next: Option<Cursor>,
}

impl HistoryPage {
    /// These builds, and where it goes on.
    pub fn new(builds: Vec<Build>, next: Option<Cursor>) -> Self {
        Self { builds, next }
    }
}

/// Whether a pipeline may be built now.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PipelineStatus {
    /// Whether somebody has paused it.
    pub paused: bool,
    /// Who has paused it.
    pub paused_by: Option<String>,
    /// Why it is paused, in the words of who did it.
    pub cause: Option<String>,
    /// Whether a build holds it, so that no other one can begin.
    pub locked: bool,
    /// Whether a build can be begun now. It cannot where its first stage is being built.
    pub schedulable: bool,
}

impl PipelineStatus {
    /// Neither paused nor locked, ready to be built.
    pub fn ready() -> Self {
        Self { schedulable: true, ..Self::default() }
    }

    /// Paused, by whom and why.
    #[must_use]
    pub fn paused(mut self, by: impl Into<String>, cause: impl Into<String>) -> Self {
        self.paused = true;
        self.schedulable = false;
        self.paused_by = Some(by.into());
        self.cause = Some(cause.into());
        self
    }
}
