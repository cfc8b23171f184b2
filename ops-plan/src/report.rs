//! What came of a run, for people and for programs.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;

use crate::{Finding, Obligation, Outcome, Stop, Target, Verdict};

/// How many single troubles, debts and findings a text names.
const NAMED: usize = 3;

/// What came of a run.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The run's id.
    pub run: String,
    /// The recipe.
    pub recipe: String,
    /// Where.
    pub target: Target,
    /// What it does, in one line.
    pub title: String,
    /// The plan's digest, short.
    pub plan: String,
    /// Who ran it, and on which machine.
    pub operator: String,
    /// On which machine.
    pub host: String,
    /// When the run was first started.
    pub started_at: Timestamp,
    /// When this process let go of it.
    pub ended_at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it stopped.
    pub stop: Option<Stop>,
    /// How many actions the plan has.
    pub planned: usize,
    /// How many this run did.
    pub changed: usize,
    /// How many were so already.
    pub already: usize,
    /// How many are not done.
    pub left: usize,
    /// Actions that failed, drifted or are unknown: what, and why. At most 20.
    pub troubles: Vec<(String, String)>,
    /// What was not done, as a person would do it. At most 20; all of them lie in the run's folder.
    pub by_hand: Vec<String>,
    /// What verification found.
    pub findings: Vec<Finding>,
    /// What was left behind.
    pub debts: Vec<Obligation>,
    /// What the runbook says to do afterwards.
    pub later: Vec<String>,
}

impl Report {
    /// One line.
    pub fn line(&self) -> String {
        let debts = match self.debts.len() {
            0 => String::new(),
            n => format!(", {n} still owed"),
        };
        format!(
            "[{}{debts}] {}: {} — {} of {} done",
            self.outcome,
            self.target,
            self.title,
            self.changed + self.already,
            self.planned
        )
    }

    /// At most 15 lines without tables, colours or mentions: to be pasted into an incident channel.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.line());
        let mut numbers = vec![format!("{} by this run", self.changed)];
        if self.already > 0 {
            numbers.push(format!("{} were so already", self.already));
        }
        if self.left > 0 {
            numbers.push(format!("{} left", self.left));
        }
        let _ = writeln!(
            text,
            "{} · {:.0}–{:.0} ({})",
            numbers.join(", "),
            self.started_at,
            self.ended_at,
            lasted(self.started_at, self.ended_at)
        );
        if let Some(stop) = &self.stop {
            let _ = writeln!(text, "stopped: {stop}");
        }
        for (what, why) in self.troubles.iter().take(NAMED) {
            let _ = writeln!(text, "trouble: {what}: {why}");
        }
        let mut findings: Vec<_> = self.findings.iter().collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
        for finding in findings.into_iter().take(NAMED) {
            let word = if finding.verdict == Verdict::Pass { "verified" } else { "look" };
            let _ = writeln!(text, "{word}: {}", finding.text);
        }
        for debt in self.debts.iter().take(NAMED) {
            let owner = debt.owner.as_deref().map_or(String::new(), |owner| format!(" ({owner})"));
            let until = debt.deadline.map_or(String::new(), |at| format!(", until {at:.0}"));
            let _ = writeln!(text, "owed: {}{owner}{until}", debt.what);
        }
        for later in self.later.iter().take(2) {
            let _ = writeln!(text, "later: {later}");
        }
        let _ = writeln!(text, "run {} by {} on {}, plan {}", self.run, self.operator, self.host, self.plan);
        text
    }

    /// For a channel that reads Markdown, with what is left to do.
    pub fn markdown(&self) -> String {
        let text = self.text();
        let mut lines = text.lines();
        let mut markdown = format!("**{}**\n\n", lines.next().unwrap_or_default());
        for line in lines {
            let _ = writeln!(markdown, "- {line}");
        }
        if !self.by_hand.is_empty() {
            let _ = write!(markdown, "\nLeft to do, by hand ({} in all):\n\n```\n", self.left);
            for line in &self.by_hand {
                let _ = writeln!(markdown, "{}", line.trim_end());
            }
            markdown.push_str("```\n");
        }
        markdown
    }
}

/// A duration as people say it.
fn lasted(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.duration_since(from).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}
