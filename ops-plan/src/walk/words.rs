//! What a walk and its engine say to each other.

use std::time::Duration;

use jiff::Timestamp;
use ops_client::Effect;

use crate::Stop;

/// What the engine is to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Look at these actions, and report with [`Walk::observed`](crate::Walk::observed) or [`Walk::blind`](crate::Walk::blind); meanwhile ask again.
    Look(Vec<usize>),
    /// Make these intents durable, and report with [`Walk::intended`](crate::Walk::intended); meanwhile ask again.
    Intend(Vec<usize>),
    /// Perform this action (a call, or nothing for a wait), and report with [`Walk::performed`](crate::Walk::performed); meanwhile ask again.
    Perform(usize),
    /// Nothing to do before this time or the next report.
    Until(Timestamp),
    /// Nothing to do before the next report.
    Await,
    /// The walk is over.
    End,
}

/// What a report changed: for the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The effect is on its way, and this far.
    Going(usize, String),
    /// The effect was seen.
    Confirmed(usize),
    /// The world was as wanted already, and not by this run.
    AlreadyDone(usize),
    /// Somebody else changed it.
    Drifted(usize, String),
    /// Failed for good.
    Failed(usize, String),
    /// Cannot be told.
    Unknown(usize, String),
    /// Nothing new starts.
    Stopping(Stop),
}

/// How a call failed, as plain data: an engine may have kept it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What the call may have done.
    pub effect: Effect,
    /// Whether the same call may work later.
    pub retryable: bool,
    /// Whether the credential was the trouble.
    pub auth: bool,
    /// When the server wants to be asked again.
    pub retry_after: Option<Duration>,
    /// The error, in one line.
    pub text: String,
}

impl Failure {
    /// A call of which no result is known: the process that made it did not live to tell. An engine that replays its own
    /// history reports this for every call that the walk asked for and that no result was kept of.
    pub fn lost() -> Self {
        Self {
            effect: Effect::Possible,
            retryable: true,
            auth: false,
            retry_after: None,
            text: "the process that made the call ended before the call did".into(),
        }
    }
}

impl From<&ops_client::Error> for Failure {
    fn from(error: &ops_client::Error) -> Self {
        Self {
            effect: error.effect(),
            retryable: error.is_retryable(),
            auth: error.is_auth(),
            retry_after: error.retry_after(),
            text: error.to_string(),
        }
    }
}

/// What earlier processes of the run left of one action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Past {
    /// Nothing was tried.
    #[default]
    Untouched,
    /// So many calls were made, or may have been.
    Tried(u32),
    /// The effect was seen.
    Confirmed,
    /// Somebody else had changed it; a person saw that and resumed: it is left alone.
    Drifted,
}
