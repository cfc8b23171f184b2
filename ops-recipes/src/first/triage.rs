//! What is wrong, everywhere, the worst first.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::ask::ask_all;
use super::{Severity, Sign, System};
use crate::words::when;

/// What is wrong, everywhere, the worst first.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Overview {
    /// When.
    pub at: Timestamp,
    /// Each sign with the system that shows it. A system that does not answer is a sign too.
    pub signs: Vec<(String, Sign)>,
    /// The systems that were asked.
    pub asked: Vec<String>,
}

/// Asks every system what is wrong, all at once, each for at most `patience`. The caller lends a clock that can wait, such
/// as `tokio::time::sleep`.
pub async fn triage<S, F>(systems: &[Arc<dyn System>], now: Timestamp, patience: Duration, sleep: S) -> Overview
where
    S: Fn(Duration) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    let answers = ask_all(systems, patience, &sleep, |system| system.signs(now)).await;
    let mut signs = Vec::new();
    for (system, answer) in answers {
        let shown = answer.unwrap_or_else(|why| {
            let what = format!("cannot be looked at ({}): {why}", system.address());
            vec![Sign::new(Severity::Broken, what).next("doctor")]
        });
        signs.extend(shown.into_iter().map(|sign| (system.name().to_owned(), sign)));
    }
    // The worst first, of these the oldest; what has no beginning comes last.
    signs.sort_by_key(|(_, sign)| (sign.severity, sign.since.unwrap_or(Timestamp::MAX)));
    Overview { at: now, signs, asked: systems.iter().map(|system| system.name().to_owned()).collect() }
}

impl Overview {
    /// Whether anything is wrong: then a program ends with the exit code for «found something».
    pub fn found_something(&self) -> bool {
        !self.signs.is_empty()
    }
}

impl fmt::Display for Overview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (system, sign) in &self.signs {
            write!(f, "{} {system}: {}", sign.severity.mark(), sign.what)?;
            if let Some(since) = sign.since {
                write!(f, ", since {}", when(since, self.at))?;
            }
            if let Some(next) = &sign.next {
                write!(f, "\n    {next}")?;
            }
            writeln!(f)?;
        }
        if self.signs.is_empty() {
            writeln!(f, "Nothing wrong is seen in {}.", self.asked.join(", "))?;
        }
        Ok(())
    }
}
