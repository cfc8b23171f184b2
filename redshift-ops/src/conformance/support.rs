//! What the cases of both suites share.

use std::time::Duration;

use ops_client::conformance::{Outcome, same};

use crate::{Effect, Error, ErrorKind};

/// Steps grow to this.
const LONGEST_STEP: Duration = Duration::from_secs(30);

/// Times to wait between looks: short at first, and an end to all of them together.
pub(super) struct Steps {
    last: Option<Duration>,
    left: Duration,
}

impl Steps {
    /// So long in all.
    pub(super) fn within(left: Duration) -> Self {
        Self { last: None, left }
    }
}

impl Iterator for Steps {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let step = self.last.map_or(Duration::from_millis(100), |last| (last * 5 / 4).min(LONGEST_STEP));
        self.last = Some(step);
        self.left = self.left.checked_sub(step)?;
        Some(step)
    }
}

/// That a call failed in this way.
pub(super) fn failed(what: &str, kind: ErrorKind, effect: Effect, error: &Error) -> Outcome {
    same(what, &(kind, effect), &(error.kind(), error.effect()))
}
