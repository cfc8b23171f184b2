//! Commands on a cluster, and the contexts that they run in.

use super::words::words;
use crate::{ClusterId, ContextId, Language, Table};

words! {
    /// How a context stands.
    ContextStatus {
        /// It is being made.
        Pending = "Pending",
        /// It takes commands.
        Running = "Running",
        /// It could not be made, or has failed.
        Error = "Error",
    }
}

words! {
    /// How a command stands.
    CommandState {
        /// It waits for others.
        Queued = "Queued",
        /// It runs.
        Running = "Running",
        /// It is being ended.
        Cancelling = "Cancelling",
        /// It is over; what it told says how it went.
        Finished = "Finished",
        /// Somebody has ended it.
        Cancelled = "Cancelled",
        /// It could not be run.
        Error = "Error",
    }
}

impl CommandState {
    /// Whether it is over.
    pub fn has_ended(&self) -> bool {
        matches!(self, Self::Finished | Self::Cancelled | Self::Error)
    }
}

/// A context: what the commands of one language share, on one cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Context {
    /// On which cluster.
    pub cluster: ClusterId,
    /// Which one.
    pub id: ContextId,
    /// For commands of which language.
    pub language: Language,
}

impl Context {
    /// A context of a cluster.
    pub fn new(cluster: ClusterId, id: ContextId, language: Language) -> Self {
        Self { cluster, id, language }
    }
}

/// How a command stands, and what it told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Command {
    /// How it stands.
    pub state: CommandState,
    /// What it told, where it is over.
    pub result: Option<CommandResult>,
}

impl Command {
    /// A command that has told nothing yet.
    pub fn new(state: CommandState) -> Self {
        Self { state, result: None }
    }

    /// A command that is over.
    pub fn finished(result: CommandResult) -> Self {
        Self { state: CommandState::Finished, result: Some(result) }
    }
}

/// What a command told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandResult {
    /// What it printed.
    Text(String),
    /// What it displayed.
    Table(Table),
    /// That it has failed.
    Error {
        /// In one line, where there is one.
        summary: Option<String>,
        /// The whole trace.
        cause: String,
    },
    /// Pictures, or what this crate does not know: only the kind is kept.
    Other(String),
}

impl CommandResult {
    /// Whether the command did not fail.
    pub fn is_good(&self) -> bool {
        !matches!(self, Self::Error { .. })
    }
}
