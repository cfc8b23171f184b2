//! What the engine calls: a run, its parts, the lock of a subject, the board with a run's progress, and the desk where plans
//! are handed in.

pub(crate) mod board;
mod course;
pub(crate) mod desk;
pub(crate) mod part;
pub(crate) mod run;
pub(crate) mod subject;
mod tally;

use ops_plan::Error;
use restate_sdk::prelude::*;

/// How the engine is told of a failure: what passes is tried again, all else ends the call with its words.
pub(crate) fn told(error: Error) -> HandlerError {
    match error {
        Error::Io { .. } | Error::Journal { .. } => HandlerError::from(error),
        Error::Client(error) if error.is_retryable() => HandlerError::from(error),
        error => ended(&error).into(),
    }
}

/// A failure that no retry mends.
pub(crate) fn ended(error: &Error) -> TerminalError {
    let code = match error {
        Error::Refused(_) | Error::Invalid(_) => 422,
        Error::Held { .. } => 409,
        _ => 500,
    };
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    TerminalError::new_with_code(code, text)
}

/// Whether somebody asked for an end, and nothing failed. The engine has the same code for what was killed, which did not hear
/// of its end.
pub(crate) fn is_cancel(error: &TerminalError) -> bool {
    error.code() == 409 && error.message() != "killed"
}
