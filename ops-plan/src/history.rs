//! What a journal says, folded.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::event::Word;
use crate::{Approval, Entry, Event, Finding, Obligation, Outcome, Past, Plan, Stop};

/// What a journal says, folded: the state of a run without its actions' meaning.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct History {
    /// The approval, once there is one.
    pub approval: Option<Approval>,
    /// The last process that took the run up: operator, host, process id.
    pub process: Option<(String, String, u32)>,
    /// When the run was first started.
    pub started_at: Option<Timestamp>,
    /// When the last event was written.
    pub last_at: Option<Timestamp>,
    /// How the last process ended; none while it runs, or where it died.
    pub outcome: Option<Outcome>,
    /// Why it stopped.
    pub stop: Option<Stop>,
    /// What was left behind.
    pub obligations: Vec<Obligation>,
    /// The obligations of earlier runs that this one settled.
    pub settled: Vec<String>,
    /// What the last verification found.
    pub findings: Vec<Finding>,
    actions: HashMap<String, Trace>,
    intents: u64,
}

#[derive(Clone, Debug, Default)]
struct Trace {
    /// Calls since the last orderly end.
    calls: u32,
    /// Whether a call of this run may have had an effect.
    ours: bool,
    /// The place of an intent of which no outcome is known.
    open: Option<u64>,
    end: Option<End>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Confirmed,
    Already,
    Drifted,
    Failed,
}

impl History {
    /// Folds one more entry.
    pub fn apply(&mut self, entry: &Entry) {
        self.last_at = Some(entry.at);
        match &entry.event {
            Event::Approved { approval } => self.approval = Some(approval.clone()),
            Event::Started { operator, host, pid, .. } => {
                self.process = Some((operator.clone(), host.clone(), *pid));
                self.started_at.get_or_insert(entry.at);
                self.outcome = None;
                self.stop = None;
            }
            Event::Intended { keys } => {
                for key in keys {
                    self.intents += 1;
                    let place = self.intents;
                    let trace = self.trace(key);
                    trace.open = Some(place);
                    trace.end = None;
                }
            }
            Event::Performed { key, .. } => {
                let trace = self.trace(key);
                trace.calls += 1;
                trace.ours = true;
                trace.open = None;
            }
            Event::Tried { key, effect, .. } => {
                let trace = self.trace(key);
                trace.calls += 1;
                trace.ours |= *effect != Word::None;
                trace.open = None;
            }
            Event::Confirmed { keys } => self.end(keys, End::Confirmed),
            Event::AlreadyDone { keys } => self.end(keys, End::Already),
            Event::Drifted { key, .. } => self.end(std::slice::from_ref(key), End::Drifted),
            Event::Failed { key, .. } => self.end(std::slice::from_ref(key), End::Failed),
            // What is unknown is looked at again, with its intent still open.
            Event::Unknown { .. } | Event::Phase { .. } | Event::Blind { .. } => {}
            Event::Obliged { obligation } => {
                if self.obligations.iter().all(|known| known.id != obligation.id) {
                    self.obligations.push(obligation.clone());
                }
            }
            Event::Settled { id } => self.settled.push(id.clone()),
            Event::Stopping { why } => self.stop = Some(why.clone()),
            Event::Verified { findings } => self.findings.clone_from(findings),
            Event::Ended { outcome } => {
                self.outcome = Some(*outcome);
                // An orderly end awaited every call: what failed may be tried afresh, no intent is open.
                for trace in self.actions.values_mut() {
                    trace.calls = 0;
                    trace.open = None;
                    if trace.end == Some(End::Failed) {
                        trace.end = None;
                    }
                }
            }
        }
    }

    fn trace(&mut self, key: &str) -> &mut Trace {
        self.actions.entry(key.to_owned()).or_default()
    }

    fn end(&mut self, keys: &[String], end: End) {
        for key in keys {
            let trace = self.trace(key);
            trace.end = Some(end);
            trace.open = None;
        }
    }

    /// What the walk must know of each action of `plan`.
    ///
    /// An intent without an outcome may have been called. Calls begin in the order of their intents, so at most the first
    /// `width` of them were under way when the process died: these count as called once more.
    pub fn past(&self, plan: &Plan) -> Vec<Past> {
        let width = plan.head().phases.iter().map(|phase| phase.width).max().unwrap_or(1);
        let mut open: Vec<u64> = self.actions.values().filter_map(|trace| trace.open).collect();
        open.sort_unstable();
        let last = open.get(width.min(open.len()).saturating_sub(1)).copied().unwrap_or(0);
        plan.cards()
            .map(|card| match self.actions.get(&card.key) {
                None => Past::Untouched,
                Some(trace) => match (trace.end, trace.open) {
                    (Some(End::Confirmed), _) => Past::Confirmed,
                    (Some(End::Drifted), _) => Past::Drifted,
                    (_, Some(place)) => Past::Tried(trace.calls + u32::from(place <= last)),
                    (_, None) if trace.ours => Past::Tried(trace.calls),
                    (_, None) => Past::Untouched,
                },
            })
            .collect()
    }

    /// The indices of the actions of `plan` whose effect was seen and is this run's.
    pub fn changed(&self, plan: &Plan) -> Vec<usize> {
        self.ended(plan, End::Confirmed)
    }

    /// The indices of the actions of `plan` that are not done.
    pub fn left(&self, plan: &Plan) -> Vec<usize> {
        let done = |key: &str| {
            matches!(self.actions.get(key).and_then(|trace| trace.end), Some(End::Confirmed | End::Already))
        };
        plan.cards().enumerate().filter(|(_, card)| !done(&card.key)).map(|(i, _)| i).collect()
    }

    /// How many actions are done, whosever effect it is.
    pub fn done(&self) -> usize {
        self.actions.values().filter(|trace| matches!(trace.end, Some(End::Confirmed | End::Already))).count()
    }

    fn ended(&self, plan: &Plan, end: End) -> Vec<usize> {
        let is = |key: &str| self.actions.get(key).is_some_and(|trace| trace.end == Some(end));
        plan.cards().enumerate().filter(|(_, card)| is(&card.key)).map(|(i, _)| i).collect()
    }

    /// The obligations that this run left and did not settle itself.
    pub fn debts(&self) -> impl Iterator<Item = &Obligation> {
        self.obligations.iter().filter(|obligation| !self.settled.contains(&obligation.id))
    }
}
