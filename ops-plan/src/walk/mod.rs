//! The walk through a plan: a pure state machine, without clock, I/O or runtime, so that any engine can drive it.
//!
//! Per phase: look; what is done is skipped, what drifted stops; then intend (durable), perform, and look until the
//! effect is seen. Ramp, stop rule, retries and settling live here and nowhere else.
//!
//! `words` is what the walk and its engine say to each other, `next` decides what is to be done, `reports` takes in what
//! came of it, `slot` is one action on its way, `ramp` the careful beginning of a phase.

mod next;
mod ramp;
mod reports;
mod slot;
mod words;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::ops::Range;
use std::time::Duration;

use jiff::Timestamp;

use crate::event::{Outcome, Stop};
use crate::{Danger, Job, Phase, Plan, Repeat};
use ramp::Ramp;
pub(crate) use ramp::{is_ramped, out_at_most};
use slot::{Last, Slot, State};
pub use words::{Change, Failure, Next, Past};

/// How many safe actions one durable record may announce.
pub const INTENTS: usize = 256;
/// How often a call is made for one action, each time after a look.
const ATTEMPTS: u32 = 3;
/// How many looks in a row may fail.
const BLIND: u32 = 5;
/// How many failures of actions that are not destructive stop a run.
pub const FAILURES: usize = 3;
/// The first pause before a look at what was not visible yet, and before a call is made again.
const PAUSE: Duration = Duration::from_millis(50);
/// The shortest time between two looks while calls are out. A look may list a whole transaction: once a second is enough
/// for whoever watches, and for the system that answers.
const BUSY: Duration = Duration::from_secs(1);
/// The longest pause between two looks while nothing else is to be done.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// The longest rest that a server is granted before its call is made again.
const LONGEST_REST: Duration = Duration::from_secs(60 * 60);

/// The walk through a plan.
///
/// Reports about what was not asked for change nothing. The same reports at the same times lead to the same answers: an
/// engine may keep them and replay them into a fresh walk.
#[derive(Clone, Debug)]
pub struct Walk {
    phases: Vec<(Range<usize>, usize)>,
    slots: Vec<Slot>,
    /// The current phase; past the end when all are walked.
    phase: usize,
    /// Whether the current phase was looked at.
    surveyed: bool,
    /// How many of the current phase are not settled.
    open: usize,
    /// To be intended.
    ready: VecDeque<usize>,
    /// To be called for the first time in this walk; the ramp may hold them back.
    intended: VecDeque<usize>,
    /// To be called again; these go first.
    again: VecDeque<usize>,
    watched: Vec<usize>,
    resting: BinaryHeap<Reverse<(Timestamp, usize)>>,
    flying: usize,
    /// How many intents are being written.
    intending: usize,
    looking: Option<Timestamp>,
    /// No look before this time while other things are to be done, and before that one while nothing else is.
    look_busy: Timestamp,
    look_idle: Timestamp,
    pause: Duration,
    blind: u32,
    ramp: Option<Ramp>,
    /// Changes begun in this phase and not settled.
    begun: usize,
    failures: usize,
    stop: Option<Stop>,
    /// Whether the last look after a stop was asked for.
    farewell: bool,
}

impl Walk {
    /// A walk through a plan from its beginning.
    pub fn new(plan: &Plan) -> Self {
        Self::resume(plan, |_| Past::Untouched)
    }

    /// A walk through a plan that earlier processes began.
    pub fn resume(plan: &Plan, past: impl Fn(usize) -> Past) -> Self {
        let mut slots: Vec<Slot> = (0..plan.len()).map(|i| Slot::new(plan.deck().rules(i))).collect();
        for (i, slot) in slots.iter_mut().enumerate() {
            match past(i) {
                Past::Untouched => {}
                Past::Tried(attempts) => {
                    slot.attempts = attempts;
                    slot.ours = true;
                }
                Past::Confirmed => slot.state = State::Done,
                Past::Drifted => slot.state = State::Drifted,
            }
        }
        let mut walk = Self {
            phases: phases_of(plan.phases(), slots.len()),
            slots,
            phase: 0,
            surveyed: false,
            open: 0,
            ready: VecDeque::new(),
            intended: VecDeque::new(),
            again: VecDeque::new(),
            watched: Vec::new(),
            resting: BinaryHeap::new(),
            flying: 0,
            intending: 0,
            looking: None,
            look_busy: Timestamp::UNIX_EPOCH,
            look_idle: Timestamp::UNIX_EPOCH,
            pause: PAUSE,
            blind: 0,
            ramp: None,
            begun: 0,
            failures: 0,
            stop: None,
            farewell: false,
        };
        walk.enter();
        walk
    }

    /// A walk through an opened job from its beginning.
    pub fn of(job: &dyn Job) -> Self {
        Self::new(job.plan())
    }

    /// The phase that is walked now, from 0.
    pub fn phase(&self) -> usize {
        self.phase
    }

    /// Nothing new starts from now on; what is in flight is awaited and looked at once.
    pub fn stop(&mut self, why: Stop) -> Option<Change> {
        if self.stop.is_some() {
            return None;
        }
        self.stop = Some(why.clone());
        Some(Change::Stopping(why))
    }

    /// Why the walk stopped before its end.
    pub fn stopped(&self) -> Option<&Stop> {
        self.stop.as_ref()
    }

    /// How often action `i` was called so far, by earlier processes too.
    pub fn attempts(&self, i: usize) -> u32 {
        self.slots.get(i).map_or(0, |slot| slot.attempts)
    }

    /// The actions whose effect was seen and is this run's, in order.
    pub fn changed(&self) -> Vec<usize> {
        self.those(|slot| slot.state == State::Done)
    }

    /// The actions whose effect was seen, whosever it is, in order.
    pub fn done(&self) -> Vec<usize> {
        self.those(|slot| matches!(slot.state, State::Done | State::Already))
    }

    /// The actions that are not done, in order.
    pub fn left(&self) -> Vec<usize> {
        self.those(|slot| !matches!(slot.state, State::Done | State::Already))
    }

    /// How the walk ended, before verification; how it would end if it were given up now.
    ///
    /// Something that was called and never seen since counts as unknown, unless it is safe to call again and the world
    /// could be looked at.
    pub fn outcome(&self) -> Outcome {
        let doubt = |slot: &Slot| match slot.state {
            State::Unknown => true,
            _ if slot.danger == Danger::Nothing => false,
            State::Flying => true,
            State::Watched(Last::Accepted | Last::Doubt) => self.blind > 0 || slot.repeat != Repeat::Safe,
            // Called by an earlier process, and not looked at by this one.
            State::Fresh => slot.ours && (self.blind > 0 || slot.repeat != Repeat::Safe),
            _ => false,
        };
        match &self.stop {
            _ if self.slots.iter().any(doubt) => Outcome::Unknown,
            None if self.phase >= self.phases.len() => Outcome::Done,
            Some(Stop::Asked) => Outcome::Cancelled,
            _ => Outcome::Stopped,
        }
    }

    fn those(&self, wanted: impl Fn(&Slot) -> bool) -> Vec<usize> {
        (0..self.slots.len()).filter(|&i| wanted(&self.slots[i])).collect()
    }

    /// The actions of the current phase that are not settled.
    fn unsettled(&self) -> impl Iterator<Item = usize> + '_ {
        let range = self.phases.get(self.phase).map_or(0..0, |(range, _)| range.clone());
        range.filter(|&i| !self.slots[i].is_settled())
    }

    fn width(&self) -> usize {
        self.phases.get(self.phase).map_or(0, |(_, width)| *width)
    }

    /// Into the current phase; phases in which nothing is left are passed.
    fn enter(&mut self) {
        self.surveyed = false;
        self.look_busy = Timestamp::UNIX_EPOCH;
        self.look_idle = Timestamp::UNIX_EPOCH;
        self.begun = 0;
        while self.phase < self.phases.len() {
            self.open = self.unsettled().count();
            if self.open > 0 {
                return;
            }
            self.phase += 1;
        }
    }

    /// Out of a phase that is settled, into the next: unless something failed in it.
    fn turn(&mut self, changes: &mut Vec<Change>) {
        if self.open > 0 || self.phase >= self.phases.len() || self.stop.is_some() {
            return;
        }
        if self.failures > 0 {
            let text = format!("{} actions of this phase; the next does not begin", self.failures);
            changes.extend(self.stop(Stop::Failures(text)));
            return;
        }
        self.phase += 1;
        self.enter();
    }
}

fn phases_of(phases: &[Phase], actions: usize) -> Vec<(Range<usize>, usize)> {
    let mut start = 0_usize;
    phases
        .iter()
        .map(|phase| {
            let end = start.saturating_add(phase.len()).min(actions);
            let range = start..end;
            start = end;
            (range, phase.width.max(1))
        })
        .collect()
}

/// A time after another; far in the future where there is none.
pub(crate) fn after(time: Timestamp, pause: Duration) -> Timestamp {
    jiff::SignedDuration::try_from(pause).ok().and_then(|pause| time.checked_add(pause).ok()).unwrap_or(Timestamp::MAX)
}
