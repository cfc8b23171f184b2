//! What a journal says, folded.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::event::Word;
use crate::{Approval, Danger, Entry, Event, Finding, Obligation, Outcome, Past, Plan, Repeat, Stop};

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
    obliged: HashMap<String, Timestamp>,
    settled_at: HashMap<String, Timestamp>,
    actions: HashMap<String, Trace>,
    intents: u64,
}

#[derive(Clone, Debug, Default)]
struct Trace {
    /// Calls of which the result is known, since the last orderly end.
    calls: u32,
    /// Whether a call of this run may have had an effect.
    ours: bool,
    /// Whether the process that writes now has called it.
    begun: bool,
    /// An intent of which no outcome is known. What is called again goes before all others: it has no place.
    open: Option<Option<u64>>,
    /// For each process that died with an intent open: how many others may have been called before this one.
    lost: Vec<usize>,
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
                self.lose();
            }
            Event::Intended { keys } => {
                for key in keys {
                    self.intents += 1;
                    let place = self.intents;
                    let trace = self.trace(key);
                    trace.open = Some((!trace.begun).then_some(place));
                    trace.end = None;
                }
            }
            Event::Performed { key, .. } => {
                let trace = self.trace(key);
                trace.calls += 1;
                trace.begun = true;
                trace.ours = true;
                trace.open = None;
            }
            Event::Tried { key, effect, .. } => {
                let trace = self.trace(key);
                trace.calls += 1;
                trace.begun = true;
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
                if self.obliged.insert(obligation.id.clone(), entry.at).is_none() {
                    self.obligations.push(obligation.clone());
                }
            }
            Event::Settled { id } => {
                self.settled.push(id.clone());
                self.settled_at.insert(id.clone(), entry.at);
            }
            Event::Stopping { why } => self.stop = Some(why.clone()),
            Event::Verified { findings } => self.findings.clone_from(findings),
            Event::Ended { outcome } => {
                self.outcome = Some(*outcome);
                // An orderly end awaited every call: what failed may be tried afresh, no intent is open.
                for trace in self.actions.values_mut() {
                    trace.calls = 0;
                    trace.begun = false;
                    trace.open = None;
                    trace.lost.clear();
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

    /// A process died: what it had intended may have been called.
    fn lose(&mut self) {
        for (before, key) in self.open().into_iter().enumerate() {
            let trace = self.trace(&key);
            trace.lost.push(if trace.open == Some(None) { 0 } else { before });
            trace.open = None;
            trace.ours = true;
        }
        for trace in self.actions.values_mut() {
            trace.begun = false;
        }
    }

    /// The keys of the intents of which no outcome is known, in the order of their calls.
    fn open(&self) -> Vec<String> {
        let mut open: Vec<_> = self.actions.iter().filter_map(|(key, trace)| Some((trace.open?, key))).collect();
        open.sort_unstable();
        open.into_iter().map(|(_, key)| key.clone()).collect()
    }

    /// What the walk must know of each action of `plan`, once the process that wrote the last line is gone.
    ///
    /// An intent without an outcome may have been called. Calls begin in the order of their intents, so at most the first
    /// `width` of them were under way when a process died: these count as called once more, so that an action which
    /// kills its process cannot do so for ever.
    pub fn past(&self, plan: &Plan) -> Vec<Past> {
        let width = plan.head().phases.iter().map(|phase| phase.width).max().unwrap_or(1);
        let mut past = self.clone();
        past.lose();
        plan.cards()
            .map(|card| match past.actions.get(&card.key) {
                None => Past::Untouched,
                Some(trace) => {
                    let lost = trace.lost.iter().filter(|before| **before < width).count();
                    let calls = trace.calls.saturating_add(u32::try_from(lost).unwrap_or(u32::MAX));
                    match trace.end {
                        Some(End::Confirmed) => Past::Confirmed,
                        Some(End::Drifted) => Past::Drifted,
                        _ if trace.ours || (card.repeat == Repeat::Never && calls > 0) => Past::Tried(calls),
                        _ => Past::Untouched,
                    }
                }
            })
            .collect()
    }

    /// The indices of the changes of `plan` that were seen and are this run's. A wait is no change.
    pub fn changed(&self, plan: &Plan) -> Vec<usize> {
        let confirmed = |key: &str| self.actions.get(key).is_some_and(|trace| trace.end == Some(End::Confirmed));
        plan.cards()
            .enumerate()
            .filter(|(_, card)| card.danger != Danger::Nothing && confirmed(&card.key))
            .map(|(i, _)| i)
            .collect()
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

    /// The obligations that this run left and did not settle itself.
    pub fn debts(&self) -> impl Iterator<Item = &Obligation> {
        let settled: HashSet<&String> = self.settled.iter().collect();
        self.obligations.iter().filter(move |obligation| !settled.contains(&obligation.id))
    }

    /// When an obligation was last left behind by this run.
    pub fn obliged_at(&self, id: &str) -> Option<Timestamp> {
        self.obliged.get(id).copied()
    }

    /// Which obligations this run settled, and when.
    pub fn settled_at(&self) -> impl Iterator<Item = (&str, Timestamp)> {
        self.settled_at.iter().map(|(id, at)| (id.as_str(), *at))
    }
}
