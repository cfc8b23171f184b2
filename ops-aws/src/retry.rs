//! How often, how long, and what may be sent again at all.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use crate::{Effect, Error};

/// Whether a call may be sent again. The author of an adapter says it for each operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idempotency {
    /// It changes nothing: sent again after any passing failure.
    Read,
    /// It changes something, and doing it twice is the same as doing it once, or it carries a token by which the service
    /// knows it again: sent again after a passing failure, even where the first one may have worked.
    Write,
    /// Doing it twice is not the same: sent again only where it certainly had no effect.
    Once,
}

/// How often a call is sent, and within what time. The SDK itself sends everything once: it would send a write again that
/// may have worked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// How often a call is sent at most, the first time included.
    pub attempts: u32,
    /// No attempt begins later than this after the first one.
    pub total: Duration,
    /// The pause after the first attempt; it doubles with each further one, and is drawn out by chance.
    pub first_pause: Duration,
    /// The longest pause of our own; the service may ask for more.
    pub longest_pause: Duration,
}

impl Default for RetryPolicy {
    /// Four attempts within 30 s: a region's throttle takes seconds to let go.
    fn default() -> Self {
        Self {
            attempts: 4,
            total: Duration::from_secs(30),
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(8),
        }
    }
}

impl RetryPolicy {
    /// Each call is sent once.
    #[must_use]
    pub fn none() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// With at most so many attempts; zero counts as one.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// With so much time from the first attempt to the beginning of the last one.
    #[must_use]
    pub fn with_total(mut self, total: Duration) -> Self {
        self.total = total;
        self
    }

    /// With pauses from `first` to `longest`.
    #[must_use]
    pub fn with_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.first_pause = first;
        self.longest_pause = longest.max(first);
        self
    }

    /// The pauses between the attempts.
    pub(crate) fn pauses(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        ExponentialBuilder::default()
            .with_min_delay(self.first_pause)
            .with_max_delay(self.longest_pause)
            .with_max_times(self.attempts.saturating_sub(1) as usize)
            .with_jitter()
            .build()
    }
}

/// Whether a failed attempt may be followed by another one. `error` carries the effect of the attempt as if it were a write.
pub(crate) fn may_resend(idempotency: Idempotency, error: &Error) -> bool {
    error.is_retryable() && (idempotency != Idempotency::Once || error.effect() == Effect::None)
}
