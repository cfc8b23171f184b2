//! What came of a run, for people and for programs.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Finding, Obligation, Outcome, Plan, Stop, Target, Verdict};

/// How many single troubles, debts and findings a text names.
const NAMED: usize = 3;
/// How many troubles and by-hand texts a report holds.
const HELD: usize = 20;
/// How many characters a line of a text has at most.
const LONGEST: usize = 600;

/// What came of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
    /// Actions that failed, drifted or are unknown: what they do, and why. At most 20.
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

/// What an engine knows of a run when it lets go of it; with the plan, a report is made of it.
#[derive(Clone, Debug)]
pub struct Account {
    /// The run's id.
    pub run: String,
    /// Who ran it.
    pub operator: String,
    /// On which machine, or by which engine.
    pub host: String,
    /// When the run was first started.
    pub started_at: Timestamp,
    /// When it was let go of.
    pub ended_at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it stopped.
    pub stop: Option<Stop>,
    /// The indices of the actions whose effect was seen and is this run's.
    pub changed: Vec<usize>,
    /// How many were so already.
    pub already: usize,
    /// The indices of the actions that are not done.
    pub left: Vec<usize>,
    /// Actions that failed, drifted or are unknown: their keys, and why.
    pub troubles: Vec<(String, String)>,
    /// What verification found.
    pub findings: Vec<Finding>,
    /// What was left behind.
    pub debts: Vec<Obligation>,
}

impl Report {
    /// The report of a run of `plan`.
    pub fn new(plan: &Plan, account: Account) -> Self {
        let head = plan.head();
        let mut troubles = account.troubles;
        troubles.truncate(HELD);
        if !troubles.is_empty() {
            for card in plan.cards() {
                for (what, _) in troubles.iter_mut().filter(|(what, _)| *what == card.key) {
                    what.clone_from(&card.text);
                }
            }
        }
        Self {
            run: account.run,
            recipe: head.recipe.clone(),
            target: head.target.clone(),
            title: head.title.clone(),
            plan: plan.digest().short(),
            operator: account.operator,
            host: account.host,
            started_at: account.started_at,
            ended_at: account.ended_at,
            outcome: account.outcome,
            stop: account.stop,
            planned: plan.len(),
            changed: account.changed.len(),
            already: account.already,
            left: account.left.len(),
            troubles,
            by_hand: account.left.iter().take(HELD).filter_map(|&i| plan.by_hand(i)).collect(),
            findings: account.findings,
            debts: account.debts,
            later: head.later.clone(),
        }
    }

    /// One line: how it ended, whether something is still owed, and how much is done.
    pub fn line(&self) -> String {
        let debts = match self.debts.len() {
            0 => String::new(),
            n => format!(", {n} still owed"),
        };
        let done = self.changed + self.already;
        one_line(&format!(
            "[{}{debts}] {} — {done} of {} done",
            self.outcome,
            self.target.titled(&self.title),
            self.planned
        ))
    }

    /// At most 15 lines without tables, colours or mentions: to be pasted into an incident channel.
    pub fn text(&self) -> String {
        let mut lines = vec![self.line(), self.numbers()];
        lines.extend(self.stop.as_ref().map(|stop| format!("stopped: {stop}")));
        lines.extend(self.troubles.iter().take(NAMED).map(|(what, why)| format!("trouble: {what}: {why}")));
        let mut findings: Vec<_> = self.findings.iter().collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
        lines.extend(findings.into_iter().take(NAMED).map(|finding| {
            let word = if finding.verdict == Verdict::Pass { "verified" } else { "look" };
            format!("{word}: {}", finding.text)
        }));
        lines.extend(self.debts.iter().take(NAMED).map(|debt| {
            let owner = debt.owner.as_deref().map_or(String::new(), |owner| format!(" ({owner})"));
            let until = debt.deadline.map_or(String::new(), |at| format!(", until {at:.0}"));
            format!("owed: {}{owner}{until}", debt.what)
        }));
        lines.extend(self.later.iter().take(2).map(|later| format!("later: {later}")));
        lines.push(format!("run {} by {} on {}, plan {}", self.run, self.operator, self.host, self.plan));
        lines.iter().map(|line| one_line(line) + "\n").collect()
    }

    fn numbers(&self) -> String {
        let mut numbers = vec![format!("{} by this run", self.changed)];
        if self.already > 0 {
            numbers.push(format!("{} already so", self.already));
        }
        if self.left > 0 {
            numbers.push(format!("{} left", self.left));
        }
        let (from, to) = (self.started_at, self.ended_at);
        format!("{} · {from:.0}–{to:.0} ({})", numbers.join(", "), lasted(from, to))
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

/// A title or a server's words may have line ends of their own, and be long.
fn one_line(text: &str) -> String {
    let mut line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST + 1).collect();
    if line.chars().count() > LONGEST {
        line.pop();
        line.push('…');
    }
    line
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
