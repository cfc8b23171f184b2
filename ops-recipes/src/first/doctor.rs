//! Can every system be worked with from here?

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ops_plan::{Finding, Verdict};

use super::ask::ask_all;
use super::{Access, Checkup, System};

/// A clock that is further off is a known cause of 403.
const SKEW: SignedDuration = SignedDuration::from_secs(30);
/// A credential that expires sooner may not outlive a run.
const SHORT: SignedDuration = SignedDuration::from_mins(15);

/// What every system answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Diagnosis {
    /// When.
    pub at: Timestamp,
    /// In the order in which the systems were given.
    pub systems: Vec<Seen>,
}

/// What one system answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Seen {
    /// Its name.
    pub name: String,
    /// Where it was asked.
    pub address: String,
    /// How it answered; or why not.
    pub answer: Result<Checkup, String>,
}

/// Asks every system, all at once, each for at most `patience`. The caller lends a clock that can wait, such as
/// `tokio::time::sleep`.
pub async fn doctor<S, F>(systems: &[Arc<dyn System>], now: Timestamp, patience: Duration, sleep: S) -> Diagnosis
where
    S: Fn(Duration) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    let answers = ask_all(systems, patience, &sleep, |system| system.check_up()).await;
    let systems = answers.into_iter().map(|(system, answer)| Seen {
        name: system.name().to_owned(),
        address: system.address().to_owned(),
        answer,
    });
    Diagnosis { at: now, systems: systems.collect() }
}

impl Seen {
    /// What there is to say, the good things too.
    pub fn findings(&self, now: Timestamp) -> Vec<Finding> {
        let checkup = match &self.answer {
            Ok(checkup) => checkup,
            Err(why) => return vec![Finding::block("reach", why.clone())],
        };
        let mut findings = vec![access("read", &checkup.read)];
        if checkup.write != Access::NotNeeded {
            findings.push(access("write", &checkup.write));
        }
        if let Some(expires) = checkup.expires {
            let left = expires.duration_since(now);
            findings.push(if left.is_positive() {
                let verdict = if left < SHORT { Verdict::Warn } else { Verdict::Pass };
                Finding::new(verdict, "credential", format!("expires in {} min", left.as_mins()))
            } else {
                Finding::block("credential", "expired").with_advice("get a new one")
            });
        }
        if let Some(ahead) = checkup.clock_ahead {
            let verdict = if ahead.abs() > SKEW { Verdict::Warn } else { Verdict::Pass };
            let side = if ahead.is_negative() { "behind" } else { "ahead" };
            let finding =
                Finding::new(verdict, "clock", format!("ours is {} s {side}", ahead.as_secs().unsigned_abs()));
            findings.push(if verdict == Verdict::Warn {
                finding.with_advice("set the clock; it is a known cause of 403")
            } else {
                finding
            });
        }
        findings
    }
}

fn access(guard: &str, access: &Access) -> Finding {
    match access {
        Access::Yes => Finding::pass(guard, "allowed"),
        Access::No(why) => Finding::block(guard, why.clone()),
        Access::Unknown(why) => Finding::warn(guard, why.clone()),
        Access::NotNeeded => Finding::pass(guard, "not needed"),
    }
}

impl Diagnosis {
    /// Whether every system can be read and written as far as can be known.
    pub fn is_well(&self) -> bool {
        self.worst() < Verdict::Block
    }

    /// The worst that was found.
    pub fn worst(&self) -> Verdict {
        let all = self.systems.iter().flat_map(|seen| seen.findings(self.at));
        all.map(|finding| finding.verdict).max().unwrap_or(Verdict::Pass)
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for seen in &self.systems {
            write!(f, "{}", seen.name)?;
            if let Ok(checkup) = &seen.answer {
                if let Some(version) = &checkup.version {
                    write!(f, " {version}")?;
                }
                if let Some(who) = &checkup.who {
                    write!(f, ", as {who}")?;
                }
            }
            writeln!(f, "\n  {}", seen.address)?;
            for finding in seen.findings(self.at) {
                writeln!(f, "  {finding}")?;
            }
        }
        Ok(())
    }
}
