//! A fault as the caller of an in-memory port sees it: the error that the real client reports when it asks once.

use std::time::Duration;

use ops_client::{Effect, Error, ErrorKind, Result};

use super::Fault;
use crate::Operation;

/// How long a caller waits: the clients' default.
const PATIENCE: Duration = Duration::from_secs(30);

impl Fault {
    /// What the caller is told of `act`, which is done or not, as the fault says.
    pub(crate) async fn told<T>(self, operation: Operation, act: impl FnOnce() -> Result<T>) -> Result<T> {
        let error = |kind, effect| Error::new(operation.name(), kind, effect);
        // A read never has an effect; after a lost answer a change may have had one.
        let lost = if operation.changes() { Effect::Possible } else { Effect::None };
        let outcome = self.takes_effect().then(act);
        Err(match self {
            Self::Delay(delay) => match outcome {
                Some(outcome) if delay < PATIENCE => {
                    tokio::time::sleep(delay).await;
                    return outcome;
                }
                _ => {
                    tokio::time::sleep(PATIENCE).await;
                    error(ErrorKind::Timeout, lost).with_elapsed(PATIENCE)
                }
            },
            Self::Status(status) | Self::StatusAfterEffect(status) => {
                let (kind, certain) = kind_of(status);
                error(kind, if certain { Effect::None } else { lost }).with_status(status)
            }
            Self::Throttle { retry_after } => error(ErrorKind::RateLimited, Effect::None)
                .with_status(429)
                .with_retry_after(whole_seconds(retry_after)),
            Self::DropBeforeEffect | Self::DropAfterEffect => {
                error(ErrorKind::Unavailable, lost).with_message("the connection broke before the answer came")
            }
            Self::HalfBody => error(ErrorKind::Unavailable, lost).with_status(200).with_message("the answer broke off"),
            Self::ExpiredToken => error(ErrorKind::Unauthenticated, Effect::None).with_status(401),
            Self::Html => error(ErrorKind::Decode, lost).with_status(200).with_message("the answer is an HTML page"),
        })
    }
}

/// The kind that a status has, and whether it says for certain that nothing happened: as the clients' HTTP path has it.
fn kind_of(status: u16) -> (ErrorKind, bool) {
    match status {
        301..=303 => (ErrorKind::Rejected, false),
        400 | 422 => (ErrorKind::Invalid, true),
        401 => (ErrorKind::Unauthenticated, true),
        403 => (ErrorKind::Forbidden, true),
        404 => (ErrorKind::NotFound, true),
        408 => (ErrorKind::Timeout, false),
        409 | 412 => (ErrorKind::Conflict, true),
        429 => (ErrorKind::RateLimited, true),
        300..=499 => (ErrorKind::Rejected, true),
        500..=599 => (ErrorKind::Unavailable, false),
        _ => (ErrorKind::Other, false),
    }
}

/// `Retry-After` has no fractions.
pub(crate) fn whole_seconds(wait: Duration) -> Duration {
    Duration::from_secs(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
}
