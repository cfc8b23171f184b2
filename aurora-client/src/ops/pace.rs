//! How long is waited, and how often is looked.

use std::time::Duration;

use ops_client::{Effect, Error, ErrorKind, Result};
use tokio::time::{Instant, sleep};

/// So many failed looks in a row end a wait.
const FAILED_LOOKS: u32 = 5;

/// How long is waited, and how often is looked: at once, then with pauses that grow from one second to fifteen, each drawn
/// by chance from the longer half, so that many programs do not look together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Patience {
    /// How long is waited in all.
    pub deadline: Duration,
    /// How long a successor may take to appear. 2 min.
    pub grace: Duration,
    /// The pause after the first look. 1 s.
    pub first: Duration,
    /// The longest pause. 15 s.
    pub longest: Duration,
}

impl Patience {
    /// Waits at most so long.
    pub fn of(deadline: Duration) -> Self {
        Self {
            deadline,
            grace: Duration::from_secs(120),
            first: Duration::from_secs(1),
            longest: Duration::from_secs(15),
        }
    }

    /// Gives a successor so long to appear.
    #[must_use]
    pub fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Looks with pauses from `first` to `longest`.
    #[must_use]
    pub fn with_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.first = first;
        self.longest = longest.max(first);
        self
    }
}

/// One wait: its clock, its pauses, and how many looks failed in a row.
pub(super) struct Pace {
    patience: Patience,
    begun: Instant,
    pause: Duration,
    failed: u32,
}

impl Pace {
    pub(super) fn new(patience: &Patience) -> Self {
        Self { patience: *patience, begun: Instant::now(), pause: patience.first, failed: 0 }
    }

    /// What a look told; `None` where it failed in a way that passes.
    pub(super) fn bear<T>(&mut self, look: Result<T>) -> Result<Option<T>> {
        match look {
            Ok(told) => {
                self.failed = 0;
                Ok(Some(told))
            }
            Err(error) => {
                self.failed += 1;
                if self.failed >= FAILED_LOOKS || !error.is_retryable() { Err(error) } else { Ok(None) }
            }
        }
    }

    /// Waits until the next look; `false` where the time is up.
    pub(super) async fn pause(&mut self) -> bool {
        let left = self.patience.deadline.saturating_sub(self.begun.elapsed());
        if left.is_zero() {
            return false;
        }
        let pause = drawn(self.pause).max(self.patience.first.min(self.pause));
        self.pause = (self.pause * 2).min(self.patience.longest);
        sleep(pause.min(left)).await;
        true
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    pub(super) fn is_up(&self, op: &'static str, what: String) -> Error {
        Error::new(op, ErrorKind::Timeout, Effect::None)
            .with_message(format!("{what} after {:.0} s", self.patience.deadline.as_secs_f64()))
            .with_elapsed(self.elapsed())
    }
}

/// By chance, from half of it to all of it.
fn drawn(pause: Duration) -> Duration {
    let (chance, _) = uuid::Uuid::new_v4().as_u64_pair();
    // Thirty-two bits of it are chance and nothing else.
    let share = f64::from((chance >> 32) as u32) / f64::from(u32::MAX);
    pause.mul_f64(0.5 + share / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_drawn_from_the_longer_half() {
        let pauses: Vec<Duration> = (0..200).map(|_| drawn(Duration::from_secs(10))).collect();
        assert!(pauses.iter().all(|pause| (5.0..=10.0).contains(&pause.as_secs_f64())));
        assert!(pauses.iter().max().unwrap().as_secs_f64() - pauses.iter().min().unwrap().as_secs_f64() > 2.0);
    }
}
