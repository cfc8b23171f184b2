//! A person's word for one plan.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::target::TargetKind;
use crate::{Danger, Digest, Error, Head, Plan, Problem, Refusal, Result, Verdict};

/// How far the clocks of two machines may be apart.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// A person's word for one plan: plain data, kept whole in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Approval {
    /// The digest of the plan that was shown.
    pub digest: Digest,
    /// Who says it.
    pub who: String,
    /// When.
    pub at: Timestamp,
    /// How many objects the person expects to be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
    /// What is allowed without being asked; from the configuration.
    #[serde(default)]
    pub limits: Limits,
    /// The asks that the person answered.
    #[serde(default)]
    pub accepted: Vec<Accepted>,
    /// The keys of irreversible actions, named one by one.
    #[serde(default)]
    pub irreversible: Vec<String>,
    /// The environment, typed back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub echo: Option<String>,
}

/// An ask that was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The guard's name.
    pub guard: String,
    /// Why it is right.
    pub reason: String,
}

/// What is allowed without being asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Limits {
    /// More objects than this need an answer to `share`.
    pub max_count: u64,
    /// A larger part of the population, in percent, needs an answer to `share` …
    pub max_percent: u64,
    /// … once it is more objects than this.
    pub percent_above: u64,
    /// So many objects, named one by one, are exempt from both.
    pub named: u64,
    /// How old a plan may be when it is approved, in seconds.
    pub freshness_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_count: 50, max_percent: 10, percent_above: 5, named: 20, freshness_seconds: 15 * 60 }
    }
}

/// How many objects are expected: one number, or a range for a run in which the count rises by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expect {
    /// At least.
    pub from: u64,
    /// At most.
    pub to: u64,
}

impl Expect {
    /// So many, no more and no fewer.
    pub fn exactly(count: u64) -> Self {
        Self { from: count, to: count }
    }

    /// Whether this number was expected.
    pub fn covers(self, count: u64) -> bool {
        (self.from..=self.to).contains(&count)
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.to { write!(f, "{}", self.from) } else { write!(f, "{}..{}", self.from, self.to) }
    }
}

impl FromStr for Expect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.trim().parse::<u64>().ok();
        let range = match text.split_once("..") {
            Some((from, to)) => number(from).zip(number(to)),
            None => number(text).map(|count| (count, count)),
        };
        match range {
            Some((from, to)) if from <= to => Ok(Self { from, to }),
            _ => Err(format!("«{text}» is no count; 214 or 1400..1500 (both ends included) belongs here")),
        }
    }
}

impl Approval {
    /// Approves the plan with this digest.
    pub fn new(digest: Digest, who: impl Into<String>, at: Timestamp) -> Self {
        Self {
            digest,
            who: who.into(),
            at,
            expect: None,
            limits: Limits::default(),
            accepted: Vec::new(),
            irreversible: Vec::new(),
            echo: None,
        }
    }

    /// With how many objects are expected to be changed.
    #[must_use]
    pub fn expecting(mut self, expect: Expect) -> Self {
        self.expect = Some(expect);
        self
    }

    /// With the configured limits.
    #[must_use]
    pub fn within(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// With an answer to an ask.
    #[must_use]
    pub fn accepting(mut self, guard: impl Into<String>, reason: impl Into<String>) -> Self {
        self.accepted.push(Accepted { guard: guard.into(), reason: reason.into() });
        self
    }

    /// With the key of an irreversible action.
    #[must_use]
    pub fn naming(mut self, key: impl Into<String>) -> Self {
        self.irreversible.push(key.into());
        self
    }

    /// With the environment typed back.
    #[must_use]
    pub fn echoing(mut self, environment: impl Into<String>) -> Self {
        self.echo = Some(environment.into());
        self
    }
}

/// A plan that a person approved: the only thing that can run. It is made by [`Plan::approve`] and by nothing else.
///
/// ```compile_fail
/// fn read_one(line: &str) -> ops_plan::Approved {
///     serde_json::from_str(line).unwrap() // an approved plan cannot be read from anywhere
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Approved {
    plan: Plan,
    approval: Approval,
}

impl Approved {
    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The approval.
    pub fn approval(&self) -> &Approval {
        &self.approval
    }

    /// The same plan with its facts elsewhere: the digest covers them, so they are the same facts.
    #[cfg(feature = "local")]
    pub(crate) fn with_facts(self, facts: crate::Facts) -> Self {
        Self { plan: self.plan.with_facts(facts), approval: self.approval }
    }
}

impl Head {
    /// The guard of share: what must be answered because the plan changes much of what there is. `None` where it does not.
    pub fn share(&self, limits: &Limits) -> Option<crate::Finding> {
        let count = self.changes() as u64;
        if self.one_by_one && count <= limits.named {
            return None;
        }
        let population = self.population.filter(|all| *all > 0);
        let many = count > limits.max_count;
        // Multiplied, not divided: 10.9 % is more than 10 %.
        let above = |all: u64| count.saturating_mul(100) > limits.max_percent.saturating_mul(all);
        let much = count > limits.percent_above && population.is_some_and(above);
        (many || much).then(|| {
            let of = population.map_or(String::new(), |all| format!(" of {all}"));
            let share = population.map_or(String::new(), |all| {
                let tenths = count.saturating_mul(1000) / all;
                format!(" ({}.{} %)", tenths / 10, tenths % 10)
            });
            let text =
                format!("{count}{of} objects{share}; the limits are {} and {} %", limits.max_count, limits.max_percent);
            crate::Finding::ask("share", text, "right when so much is meant: compare with the question you asked")
        })
    }
}

impl Plan {
    /// The guard of share ([`Head::share`]).
    pub fn share(&self, limits: &Limits) -> Option<crate::Finding> {
        self.head().share(limits)
    }

    /// Checks a person's word against the plan, its limits and its asks.
    ///
    /// This is pure: no clock, no network. Freshness compares the plan's time with the approval's.
    ///
    /// # Errors
    /// [`Error::Refused`] with everything that is missing, and the plan back.
    #[expect(
        clippy::result_large_err,
        reason = "the refused plan goes back to its owner, once, on a path that is not hot"
    )]
    pub fn approve(self, approval: Approval) -> Result<Approved, (Self, Error)> {
        let problems = self.problems(&approval);
        if problems.is_empty() {
            Ok(Approved { plan: self, approval })
        } else {
            Err((self, Error::Refused(Refusal { problems })))
        }
    }

    fn problems(&self, approval: &Approval) -> Vec<Problem> {
        let head = self.head();
        let mut problems = Vec::new();
        if approval.digest != self.digest() {
            let text =
                format!("this is plan {}, the approval is for {}", self.digest().short(), approval.digest.short());
            problems.push(Problem::new("digest", text, "look at this plan and approve it"));
        }
        let age = approval.at.duration_since(head.made_at);
        let fresh = SignedDuration::try_from(Duration::from_secs(approval.limits.freshness_seconds));
        if fresh.as_ref().is_ok_and(|fresh| age > *fresh) {
            let text = format!("the plan is {} old, {} are allowed", said(age), said(fresh.unwrap_or_default()));
            problems.push(Problem::new("freshness", text, "plan again; --replan shows what changed"));
        } else if -age > SKEW {
            let text = format!("the plan was made {} minutes after its approval", -age.as_mins());
            problems.push(Problem::new("freshness", text, "set the clocks of both machines right, and plan again"));
        }
        let asks = head.findings.iter().cloned().chain(self.share(&approval.limits));
        for finding in asks {
            match finding.verdict {
                Verdict::Block => {
                    let remedy =
                        finding.advice.unwrap_or_else(|| "this cannot be passed; mend it and plan again".into());
                    problems.push(Problem::new(finding.guard, finding.text, remedy));
                }
                Verdict::Ask if !self.answers(approval, &finding.guard) => {
                    let remedy = format!(
                        "--accept {}=REASON; {}",
                        finding.guard,
                        finding.advice.as_deref().unwrap_or("say why it is right")
                    );
                    problems.push(Problem::new(finding.guard, finding.text, remedy));
                }
                _ => {}
            }
        }
        let count = head.changes() as u64;
        let careful = head.target.kind != TargetKind::Sandbox;
        match approval.expect {
            Some(expect) if !expect.covers(count) => {
                let text = format!("{expect} expected, {count} planned");
                problems.push(Problem::new("expected-count", text, "find out why they differ, and plan again"));
            }
            None if careful && count > 1 => {
                let text = format!("{count} objects will be changed");
                problems.push(Problem::new("expected-count", text, format!("--expect {count}, if that is right")));
            }
            _ => {}
        }
        if head.target.kind == TargetKind::Production && approval.echo.as_deref() != Some(&head.target.environment) {
            let remedy = format!("type the environment back: {}", head.target.environment);
            problems.push(Problem::new("environment", "this is production", remedy));
        }
        self.missing_names(approval, &mut problems);
        problems
    }

    /// An accepted ask counts only with a reason; the sandbox needs none for the share.
    fn answers(&self, approval: &Approval, guard: &str) -> bool {
        let waived = guard == "share" && self.head().target.kind == TargetKind::Sandbox;
        waived || approval.accepted.iter().any(|accepted| accepted.guard == guard && !accepted.reason.trim().is_empty())
    }

    fn missing_names(&self, approval: &Approval, problems: &mut Vec<Problem>) {
        if self.head().phases.iter().all(|phase| phase.irreversible == 0) {
            return;
        }
        let named: std::collections::HashSet<&str> = approval.irreversible.iter().map(String::as_str).collect();
        let missing: Vec<String> = self
            .cards()
            .filter(|card| card.danger == Danger::Irreversible && !named.contains(card.key.as_str()))
            .map(|card| card.key)
            .collect();
        if let Some(first) = missing.first() {
            let text = format!("{} actions cannot be taken back, the first is {first}", missing.len());
            problems.push(Problem::new("irreversible", text, format!("name each: --irreversible {first}")));
        }
    }
}

/// A duration as people say it.
fn said(time: SignedDuration) -> String {
    if time < SignedDuration::from_mins(2) {
        format!("{} s", time.as_secs())
    } else {
        format!("{} min", time.as_mins())
    }
}
