//! What may be sent again over HTTP, and when.

use std::time::{Duration, SystemTime};

pub use crate::retry::{Idempotency, RetryPolicy};
use crate::{Effect, Error, ErrorKind};

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
