//! What a line says that matters.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a line says that matters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoaderEvent {
    /// How far the loader is.
    Progress(Progress),
    /// A statement begins.
    Statement(Statement),
    /// The loader ends a session that uses its schemas.
    Killed(Killed),
}

impl LoaderEvent {
    /// When the line was written; `None` where it does not say.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Progress(progress) => progress.at,
            Self::Statement(statement) => statement.at,
            Self::Killed(killed) => killed.at,
        }
    }
}

/// How far the loader is: written every 30 s.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// When it was written.
    pub at: Option<Timestamp>,
    /// How many tables are in work.
    pub wip: u64,
    /// Whether none is named either.
    pub wip_is_empty: bool,
    /// How many are done.
    pub done: u64,
    /// How many there are; `None` where it does not say.
    pub total: Option<u64>,
    /// The transaction that is loaded.
    pub transaction: Option<String>,
    /// Its target date, as it was written.
    pub target_date: Option<String>,
}

impl Progress {
    /// Whether all tables are loaded and nothing is in work: what is left is to swap them.
    pub fn is_idle(&self) -> bool {
        self.wip == 0 && self.wip_is_empty && self.total.is_some_and(|total| total > 0 && self.done >= total)
    }
}

/// A statement that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statement {
    /// When it began.
    pub at: Option<Timestamp>,
    /// Its text, without what it says of passwords and keys.
    pub text: String,
}

/// A session that the loader ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Killed {
    /// When.
    pub at: Option<Timestamp>,
    /// Its process.
    pub pid: u64,
    /// Whose it was.
    pub user: Option<String>,
}
