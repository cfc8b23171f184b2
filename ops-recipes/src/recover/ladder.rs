//! The ladder of the runbook, as a pure function of what was seen.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::evidence::{Attempt, Evidence, Open};
use super::{Class, Patterns};
use crate::words::{age, count, names};

/// A rung of the ladder, in the order of the runbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Rung {
    /// Cycle all machines.
    Cycle,
    /// Create the job again, with the same transaction.
    Create,
    /// Increase the cluster size.
    ScaleUp,
    /// Create it again, on the larger cluster.
    CreateOnMore,
    /// Roll back to a version that worked, and create it again: on this platform a job's version is a part of its creation.
    RollBack,
}

impl Rung {
    /// From the lowest to the highest.
    pub const ALL: [Self; 5] = [Self::Cycle, Self::Create, Self::ScaleUp, Self::CreateOnMore, Self::RollBack];

    /// Which one it is, counted from one.
    pub fn number(self) -> usize {
        self as usize + 1
    }

    /// Whether it creates the job: what comes of that decides about the next one.
    pub fn creates(self) -> bool {
        matches!(self, Self::Create | Self::CreateOnMore | Self::RollBack)
    }
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Cycle => "cycle the machines",
            Self::Create => "create the job again",
            Self::ScaleUp => "scale up",
            Self::CreateOnMore => "create it again, on more machines",
            Self::RollBack => "roll back: create it with the version that worked",
        })
    }
}

/// What a person decides beforehand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Rules {
    /// From which share of generic failures on the ladder is climbed.
    pub share: f64,
    /// Which words tell which kind of failure.
    #[serde(default)]
    pub patterns: Patterns,
    /// How long before the first failure a deploy counts as recent, in seconds.
    pub deploys_within_s: i64,
    /// Whether recent deploys were looked at, and are not why.
    #[serde(default)]
    pub deploys_looked_at: bool,
    /// To how many machines the cluster is scaled up; without it, that rung cannot be climbed.
    #[serde(default)]
    pub nodes: Option<u32>,
    /// Whether rungs that stopped half-way are left as they are, and planned anew.
    #[serde(default)]
    pub anew: bool,
}

impl Default for Rules {
    /// Half of the failures, deploys of the last two hours, no size.
    fn default() -> Self {
        Self {
            share: 0.5,
            patterns: Patterns::new(),
            deploys_within_s: 2 * 3600,
            deploys_looked_at: false,
            nodes: None,
            anew: false,
        }
    }
}

impl Rules {
    /// The runbook's rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// With another share of generic failures.
    #[must_use]
    pub fn with_share(mut self, share: f64) -> Self {
        self.share = share;
        self
    }

    /// With other words for failures.
    #[must_use]
    pub fn with_patterns(mut self, patterns: Patterns) -> Self {
        self.patterns = patterns;
        self
    }

    /// Deploys of so many seconds before the first failure count as recent.
    #[must_use]
    pub fn with_deploys_within(mut self, seconds: i64) -> Self {
        self.deploys_within_s = seconds;
        self
    }

    /// Recent deploys were looked at.
    #[must_use]
    pub fn with_deploys_looked_at(mut self, looked: bool) -> Self {
        self.deploys_looked_at = looked;
        self
    }

    /// Scales up to so many machines.
    #[must_use]
    pub fn with_nodes(mut self, nodes: u32) -> Self {
        self.nodes = Some(nodes);
        self
    }

    /// Plans rungs anew that stopped half-way.
    #[must_use]
    pub fn anew(mut self, anew: bool) -> Self {
        self.anew = anew;
        self
    }
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// Nothing: nothing failed, or it is cured.
    Done(String),
    /// Nothing yet: something still goes on.
    Wait(String),
    /// No rung helps here, and what does.
    Look(String),
    /// A rung that was begun is ended first.
    Resume(Open),
    /// This rung.
    Rung(Rung),
    /// All rungs that could help were climbed.
    Exhausted(String),
}

/// What is to be done next, by what was seen and nothing else. It never goes down, and climbs past a job that was created only
/// because that one failed.
pub fn next(rules: &Rules, seen: &Evidence) -> Step {
    if let Some(open) = seen.open(rules) {
        return if open.running {
            Step::Wait(format!("{} is being climbed by another process ({})", open.rung, open.run))
        } else {
            Step::Resume(open.clone())
        };
    }
    if !seen.live.is_empty() {
        return Step::Wait(format!("still at work: {}", names(&seen.live)));
    }
    let last = seen.highest();
    if seen.failures.is_empty() {
        return without_failure(seen, last);
    }
    if let Some(advice) = not_generic(rules, seen) {
        return Step::Look(advice);
    }
    if let Some(advice) = deployed(rules, seen) {
        return Step::Look(advice);
    }
    above(rules, seen, last.map(|attempt| attempt.rung))
}

fn without_failure(seen: &Evidence, last: Option<&Attempt>) -> Step {
    match (seen.finished, last) {
        (Some(at), _) => Step::Done(format!("the job ended well, {}", age(at, seen.now))),
        (None, None) => Step::Done("nothing failed".to_owned()),
        (None, Some(attempt)) if attempt.rung.creates() => Step::Look(format!(
            "the job that was created {} is neither alive nor known to have ended: look at the scheduler and at the job's log \
             before it is created again",
            age(attempt.at, seen.now)
        )),
        (None, Some(_)) => Step::Done("no failure is known any more".to_owned()),
    }
}

/// What to do where new machines are no cure.
fn not_generic(rules: &Rules, seen: &Evidence) -> Option<String> {
    let share = seen.share(Class::Generic);
    if share >= rules.share && share > 0.0 {
        return None;
    }
    let all = seen.failures.len();
    let most = [Class::Code, Class::Resources, Class::Unknown].into_iter().max_by_key(|class| {
        // Of equals the first is meant.
        (seen.number(*class), std::cmp::Reverse(*class))
    });
    let most = most.unwrap_or(Class::Unknown);
    let said = format!("{} of {}: {}", seen.number(most), count(all, "failure"), most);
    Some(match most {
        Class::Code => format!(
            "{said}. This is the job's own doing, and new machines are no cure: `triage-failure` says what failed and what \
             hangs on it; mend and `redeploy-dag`, or pass over it with `unblock-downstream`"
        ),
        Class::Resources => format!(
            "{said}. Something ran out, or hosts were lost: give the job more (its template), or the cluster \
             (`scale-cluster up`); `triage` says how the cluster is"
        ),
        _ => format!(
            "{said}. What is known says too little: read the jobs' logs (`aurora-jobs status JOB`, `hold-machines` keeps \
             them), and say with --pattern which words are generic"
        ),
    })
}

fn deployed(rules: &Rules, seen: &Evidence) -> Option<String> {
    // What came after the ladder was begun is no reason for what failed before.
    if rules.deploys_looked_at || !seen.attempts.is_empty() {
        return None;
    }
    let first = seen.failures.iter().map(|failure| failure.at).min()?;
    let from = first.checked_sub(SignedDuration::from_secs(rules.deploys_within_s)).unwrap_or(Timestamp::MIN);
    let recent = seen.deploys.as_deref().unwrap_or_default().iter().filter(|deploy| deploy.at >= from);
    let recent: Vec<String> =
        recent.map(|deploy| format!("{} ({})", deploy.version, age(deploy.at, seen.now))).collect();
    (!recent.is_empty()).then(|| {
        format!(
            "deployed shortly before: {}. Look whether that is why: `redeploy-dag` with what is mended, or the version \
             before; if it is not, say so with --deploys-looked-at",
            names(recent)
        )
    })
}

fn above(rules: &Rules, seen: &Evidence, last: Option<Rung>) -> Step {
    let mut rungs = Rung::ALL.into_iter().filter(|rung| last.is_none_or(|last| *rung > last));
    while let Some(rung) = rungs.next() {
        match rung {
            Rung::ScaleUp => match (rules.nodes, seen.nodes) {
                (None, _) => {
                    return Step::Look("scaling up comes next: say to how many machines with --nodes".to_owned());
                }
                // There are as many already, and the job failed on them: to create it once more would change nothing.
                (Some(wanted), Some(there)) if there >= wanted => {
                    let _ = rungs.next();
                }
                _ => return Step::Rung(rung),
            },
            Rung::RollBack => {
                let (failed, worked) = (seen.failed_version.as_deref(), seen.worked_version.as_deref());
                return match (failed, worked) {
                    (_, None) => Step::Exhausted("no version is known that worked".to_owned()),
                    (Some(failed), Some(worked)) if failed == worked => {
                        Step::Exhausted(format!("the last version that worked is {worked}, which failed now"))
                    }
                    _ => Step::Rung(rung),
                };
            }
            _ => return Step::Rung(rung),
        }
    }
    Step::Exhausted("every rung was climbed, and the job failed all the same".to_owned())
}
