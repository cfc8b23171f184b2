//! How often, how long, and what may be sent again at all: the words that every client shares, whatever it sends with.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

/// Whether a call may be sent again. The author of a client says it for each operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idempotency {
    /// It changes nothing: sent again after any passing failure.
    Read,
    /// It changes something, and doing it twice is the same as doing it once: sent again after a passing failure, even
    /// where the first one may have worked.
    Write,
    /// Doing it twice is not the same: sent again only where it certainly had no effect.
    Once,
}

/// How often a call is sent, and within what time.
///
/// ```
/// use std::time::Duration;
/// use ops_client::retry::RetryPolicy;
///
/// let patient = RetryPolicy::default().with_attempts(5).with_total(Duration::from_secs(60));
/// assert_ne!(patient, RetryPolicy::none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// How often a call is sent at most, the first time included. The one refresh after a 401 is not counted.
    pub attempts: u32,
    /// No attempt begins later than this after the first one.
    pub total: Duration,
    /// The pause after the first attempt; it doubles with each further one.
    pub first_pause: Duration,
    /// The longest pause of our own; `Retry-After` may ask for more.
    pub longest_pause: Duration,
    /// Whether each pause is drawn out by chance, to at most its double, so that many callers do not come back together.
    pub jitter: bool,
}

impl Default for RetryPolicy {
    /// Three attempts within 20 s, with jitter.
    fn default() -> Self {
        Self {
            attempts: 3,
            total: Duration::from_secs(20),
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(5),
            jitter: true,
        }
    }
}

impl RetryPolicy {
    /// Each call is sent once. (A 401 still refreshes the token, where the credential can.)
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

    /// With or without chance in the pauses.
    #[must_use]
    pub fn with_jitter(mut self, jitter: bool) -> Self {
        self.jitter = jitter;
        self
    }

    /// The pauses between the attempts: one fewer than there are attempts.
    pub fn pauses(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        let builder = ExponentialBuilder::default()
            .with_min_delay(self.first_pause)
            .with_max_delay(self.longest_pause)
            .with_max_times(self.attempts.saturating_sub(1) as usize);
        if self.jitter { builder.with_jitter() } else { builder }.build()
    }
}
