//! Looking at something until it is as wanted: how often, how long, and how many failed looks are borne.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

use crate::Result;

/// So many failed looks in a row end a wait.
const FAILED_LOOKS: u32 = 5;

/// A wait, look by look. Who waits looks, shows what was seen, decides whether that is enough, and says what was
/// missed: all that is left is here.
///
/// ```
/// # use std::time::Duration;
/// use ops_client::wait::Looks;
/// use ops_client::{Effect, Error, ErrorKind, Result};
///
/// async fn until_ready(status: impl AsyncFn() -> Result<String>, deadline: Duration) -> Result<()> {
///     let mut looks = Looks::new(deadline, Duration::from_secs(1), Duration::from_secs(15));
///     loop {
///         if looks.bear(status().await)?.is_some_and(|status| status == "ready") {
///             return Ok(());
///         }
///         if !looks.pause().await {
///             return Err(Error::new("system.wait", ErrorKind::Timeout, Effect::None));
///         }
///     }
/// }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// assert!(until_ready(async || Ok("ready".to_owned()), Duration::ZERO).await.is_ok());
/// # });
/// ```
#[derive(Debug)]
pub struct Looks {
    began: Instant,
    deadline: Duration,
    longest: Duration,
    pauses: ExponentialBackoff,
    failed: u32,
}

impl Looks {
    /// Until `deadline` has passed from now on, with a pause of about `shortest` after the first look, and growing ones
    /// of at most `longest` after later ones.
    pub fn new(deadline: Duration, shortest: Duration, longest: Duration) -> Self {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(shortest)
            .with_max_delay(longest)
            .with_factor(1.5)
            .without_max_times()
            .with_jitter()
            .build();
        Self { began: Instant::now(), deadline, longest, pauses, failed: 0 }
    }

    /// What a look has seen; nothing where it failed in a way that passes by itself, for fewer than five times in a
    /// row.
    ///
    /// # Errors
    /// The look's, where it is not borne.
    pub fn bear<T>(&mut self, look: Result<T>) -> Result<Option<T>> {
        match look {
            Ok(seen) => {
                self.failed = 0;
                Ok(Some(seen))
            }
            Err(error) => {
                self.failed += 1;
                if self.failed >= FAILED_LOOKS || !error.is_retryable() { Err(error) } else { Ok(None) }
            }
        }
    }

    /// Waits for the next look; the last one is at the deadline. Whether there is a next one.
    pub async fn pause(&mut self) -> bool {
        // What chance adds to the longest one is cut off.
        let pause = self.pauses.next().unwrap_or(self.longest).min(self.longest);
        let left = self.deadline.saturating_sub(self.began.elapsed());
        if left.is_zero() {
            return false;
        }
        tokio::time::sleep(pause.min(left)).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Effect, Error, ErrorKind};

    const SECOND: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_secs(15);

    fn failing(kind: ErrorKind) -> Result<()> {
        Err(Error::new("system.look", kind, Effect::None))
    }

    async fn pauses(deadline: Duration, most: usize) -> Vec<Duration> {
        let mut looks = Looks::new(deadline, SECOND, LONGEST);
        let mut all = Vec::new();
        loop {
            let from = Instant::now();
            if all.len() >= most || !looks.pause().await {
                return all;
            }
            all.push(from.elapsed());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_and_the_last_look_is_at_the_deadline() {
        let from = Instant::now();
        let all = pauses(600 * SECOND, usize::MAX).await;
        assert!((600 * SECOND..601 * SECOND).contains(&from.elapsed()), "{all:?}");
        assert!((40..90).contains(&all.len()), "every 15 s in the end, more often at first: {all:?}");
        assert!(all[0] >= SECOND && all[0] < 3 * SECOND, "{all:?}");
        assert!(all.iter().all(|pause| *pause <= LONGEST + Duration::from_millis(1)), "{all:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_of_no_time_is_one_look_and_one_without_an_end_goes_on() {
        assert_eq!(pauses(Duration::ZERO, usize::MAX).await, []);
        assert_eq!(pauses(Duration::MAX, 1000).await.len(), 1000);
    }

    #[tokio::test]
    async fn a_failure_that_passes_is_borne_four_times_in_a_row() {
        let mut looks = Looks::new(Duration::MAX, SECOND, LONGEST);
        for _ in 0..2 {
            for _ in 0..4 {
                assert_eq!(looks.bear(failing(ErrorKind::Unavailable)).unwrap(), None);
            }
            assert_eq!(looks.bear(Ok(7)).unwrap(), Some(7));
        }
        for _ in 0..4 {
            assert_eq!(looks.bear(failing(ErrorKind::Timeout)).unwrap(), None);
        }
        assert_eq!(looks.bear(failing(ErrorKind::Unavailable)).unwrap_err().kind(), ErrorKind::Unavailable);
    }

    #[tokio::test]
    async fn a_failure_that_does_not_pass_is_not_borne() {
        let mut looks = Looks::new(Duration::MAX, SECOND, LONGEST);
        assert_eq!(looks.bear(failing(ErrorKind::NotFound)).unwrap_err().kind(), ErrorKind::NotFound);
    }
}
