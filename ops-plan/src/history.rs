//! What a journal says, folded.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::event::Word;
use crate::walk::{is_ramped, out_at_most};
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
    /// The phase that the last process was in.
    phase: usize,
    /// How many of the actions that it called there for the first time have an outcome.
    returned: usize,
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
    /// One for each process that died with an intent open.
    lost: Vec<Lost>,
    end: Option<End>,
}

/// What tells whether an intent was called by the process that died with it.
#[derive(Clone, Copy, Debug)]
struct Lost {
    /// How many others would have been called before.
    before: usize,
    phase: usize,
    returned: usize,
    ramped: bool,
}

impl Lost {
    /// Calls begin in the order of their intents, so only the first of them can have been out: as many as the phase is
    /// wide, and while the ramp goes up fewer. Where that cannot be told, too many count as called, never too few.
    fn may_be_called(self, plan: &Plan) -> bool {
        let Some(phase) = plan.phases().get(self.phase) else { return true };
        // Waits pass the ramp by.
        let ramped = self.ramped && phase.waits == 0;
        self.before < if ramped { out_at_most(phase.width, self.returned) } else { phase.width }
    }
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
                self.returned = 0;
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
                self.trace(key).ours = true;
                self.returned(key);
            }
            Event::Tried { key, effect, .. } => {
                self.trace(key).ours |= *effect != Word::None;
                self.returned(key);
            }
            Event::Confirmed { keys } => self.end(keys, End::Confirmed),
            Event::AlreadyDone { keys } => self.end(keys, End::Already),
            Event::Drifted { key, .. } => self.end(std::slice::from_ref(key), End::Drifted),
            Event::Failed { key, .. } => self.end(std::slice::from_ref(key), End::Failed),
            // What is unknown is looked at again, with its intent still open.
            Event::Going { .. } | Event::Unknown { .. } | Event::Blind { .. } => {}
            Event::Phase { index, .. } => {
                self.phase = *index;
                self.returned = 0;
            }
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

    fn returned(&mut self, key: &str) {
        let trace = self.trace(key);
        trace.calls += 1;
        trace.open = None;
        let first = !std::mem::replace(&mut trace.begun, true);
        self.returned += usize::from(first);
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
        let open = self.open();
        // Of a phase that began with a ramp fewer may be left; but where so many are, it did begin with one.
        let ramped = is_ramped(open.len());
        let (phase, returned) = (self.phase, self.returned);
        for (before, key) in open.into_iter().enumerate() {
            let trace = self.trace(&key);
            let before = if trace.open == Some(None) { 0 } else { before };
            trace.lost.push(Lost { before, phase, returned, ramped });
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
    /// An intent without an outcome may have been called. What can have been out when a process died counts as called
    /// once more, so that an action which kills its process cannot do so for ever.
    pub fn past(&self, plan: &Plan) -> Vec<Past> {
        let mut past = self.clone();
        past.lose();
        plan.cards()
            .map(|card| match past.actions.get(&card.key) {
                None => Past::Untouched,
                Some(trace) => {
                    let lost = trace.lost.iter().filter(|lost| lost.may_be_called(plan)).count();
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

    /// The indices of the changes of `plan` that an undo must look at: those that were seen, and those that a call may have
    /// caused whose outcome nobody wrote down. Where such a call did nothing, the undo finds its work done. A wait is no change.
    pub fn perhaps_changed(&self, plan: &Plan) -> Vec<usize> {
        let perhaps = |past: Past| matches!(past, Past::Confirmed | Past::Tried(1..));
        let cards = plan.cards().zip(self.past(plan)).enumerate();
        cards.filter(|(_, (card, past))| card.danger != Danger::Nothing && perhaps(*past)).map(|(i, _)| i).collect()
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
