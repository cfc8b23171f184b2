//! How often, how long, and what may be sent again at all.

use std::time::{Duration, SystemTime};

use backon::{BackoffBuilder, ExponentialBuilder};

use crate::{Effect, Error, ErrorKind};

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
/// use ops_client::http::RetryPolicy;
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

/// The retry table. `error` carries the effect of this attempt as if the call were a write.
pub(super) fn may_resend(idempotency: Idempotency, error: &Error) -> bool {
    let passing = match error.status() {
        // The answer began well and broke off: as good as no answer.
        None | Some(200..=299) => {
            matches!(error.kind(), ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Unavailable)
        }
        Some(500) => idempotency == Idempotency::Read,
        Some(status) => matches!(status, 408 | 429 | 502 | 503 | 504),
    };
    passing && (idempotency != Idempotency::Once || error.effect() == Effect::None)
}

/// `Retry-After`: seconds, or a date. A date is measured by the server's own clock where it sent one.
pub(super) fn retry_after(value: &str, server_time: Option<SystemTime>) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // A number too large for us is still a wish to be left alone.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::from(u32::MAX))));
    }
    let at = httpdate::parse_http_date(value).ok()?;
    Some(at.duration_since(server_time.unwrap_or_else(SystemTime::now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let policy = RetryPolicy::default()
            .with_attempts(5)
            .with_pauses(Duration::from_millis(100), Duration::from_millis(300))
            .with_jitter(false);
        let pauses: Vec<_> = policy.pauses().map(|pause| pause.as_millis()).collect();
        assert_eq!(pauses, [100, 200, 300, 300]);
        assert_eq!(RetryPolicy::none().pauses().count(), 0);
    }

    #[test]
    fn jitter_never_shortens_a_pause() {
        for pause in RetryPolicy::default().with_attempts(2).pauses() {
            assert!((200..=400).contains(&pause.as_millis()), "{pause:?}");
        }
    }

    #[test]
    fn retry_after_in_seconds_and_as_a_date() {
        assert_eq!(retry_after("7", None), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("99999999999999999999999", None), Some(Duration::from_secs(u64::from(u32::MAX))));
        let server = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:41 GMT", Some(server)), Some(Duration::from_secs(4)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:07 GMT", Some(server)), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", None), None);
        assert_eq!(retry_after("", None), None);
        assert_eq!(retry_after("-1", None), None);
    }
}
