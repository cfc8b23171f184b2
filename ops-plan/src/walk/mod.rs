//! The walk through a plan: a pure state machine, without clock, I/O or runtime, so that any engine can drive it.
//!
//! Per phase: look; what is done is skipped, what drifted stops; then intend (durable), perform, and look until the
//! effect is seen. Ramp, stop rule, retries and settling live here and nowhere else.

mod ramp;
mod slot;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::ops::Range;
use std::time::Duration;

use jiff::Timestamp;
use ops_client::Effect;

use crate::event::{Outcome, Stop};
use crate::{Danger, Head, Job, Observed, Plan, Repeat};
use ramp::Ramp;
use slot::{Last, Slot, State};

/// How many safe actions one durable record may announce.
pub const INTENTS: usize = 256;
/// How often a call is made for one action, each time after a look.
const ATTEMPTS: u32 = 3;
/// How many looks in a row may fail.
const BLIND: u32 = 5;
/// How many failures of actions that are not destructive stop a run.
const FAILURES: usize = 3;
/// The first pause before a look at what was not visible yet, and before a call is made again.
const PAUSE: Duration = Duration::from_millis(50);
/// The shortest time between two looks while calls are out.
const BUSY: Duration = Duration::from_millis(250);
/// The longest pause between two looks while nothing else is to be done.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What the engine is to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Look at these actions, and report with [`Walk::observed`] or [`Walk::blind`]; meanwhile ask again.
    Look(Vec<usize>),
    /// Make these intents durable, and report with [`Walk::intended`]; meanwhile ask again.
    Intend(Vec<usize>),
    /// Perform this action, and report with [`Walk::performed`]; meanwhile ask again.
    Perform(usize),
    /// Nothing to do before this time or the next report.
    Until(Timestamp),
    /// Nothing to do before the next report.
    Await,
    /// The walk is over.
    End,
}

/// What a report changed: for the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The effect was seen.
    Confirmed(usize),
    /// The world was as wanted already, and not by this run.
    AlreadyDone(usize),
    /// Somebody else changed it.
    Drifted(usize, String),
    /// Failed for good.
    Failed(usize, String),
    /// Cannot be told.
    Unknown(usize, String),
    /// Nothing new starts.
    Stopping(Stop),
}

/// How a call failed, as plain data: an engine may have kept it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What the call may have done.
    pub effect: Effect,
    /// Whether the same call may work later.
    pub retryable: bool,
    /// Whether the credential was the trouble.
    pub auth: bool,
    /// When the server wants to be asked again.
    pub retry_after: Option<Duration>,
    /// The error, in one line.
    pub text: String,
}

impl From<&ops_client::Error> for Failure {
    fn from(error: &ops_client::Error) -> Self {
        Self {
            effect: error.effect(),
            retryable: error.is_retryable(),
            auth: error.is_auth(),
            retry_after: error.retry_after(),
            text: error.to_string(),
        }
    }
}

/// What earlier processes of the run left of one action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Past {
    /// Nothing was tried.
    #[default]
    Untouched,
    /// So many calls were made, or may have been.
    Tried(u32),
    /// The effect was seen.
    Confirmed,
    /// Somebody else had changed it; a person saw that and resumed: it is left alone.
    Drifted,
}

/// The walk through a plan.
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
    ready: VecDeque<usize>,
    intended: VecDeque<usize>,
    watched: Vec<usize>,
    resting: BinaryHeap<Reverse<(Timestamp, usize)>>,
    flying: usize,
    intending: bool,
    looking: Option<Timestamp>,
    /// No look before this time while other things are to be done, and before that one while nothing else is.
    look_busy: Timestamp,
    look_idle: Timestamp,
    pause: Duration,
    blind: u32,
    ramp: Option<Ramp>,
    /// Actions begun in this phase and not settled.
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
        let mut slots: Vec<Slot> = plan.cards().map(|card| Slot::new(&card)).collect();
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
        Self::over(phases_of(plan.head(), slots.len()), slots)
    }

    /// A walk through an opened job from its beginning.
    pub fn of(job: &dyn Job) -> Self {
        Self::new(job.plan())
    }

    fn over(phases: Vec<(Range<usize>, usize)>, slots: Vec<Slot>) -> Self {
        let mut walk = Self {
            phases,
            slots,
            phase: 0,
            surveyed: false,
            open: 0,
            ready: VecDeque::new(),
            intended: VecDeque::new(),
            watched: Vec::new(),
            resting: BinaryHeap::new(),
            flying: 0,
            intending: false,
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

    /// What to do next. Call it again until it answers `Await`, `Until` or `End`.
    pub fn next(&mut self, now: Timestamp) -> Next {
        if self.stop.is_some() {
            return self.leave();
        }
        if !self.surveyed && self.phase < self.phases.len() {
            return self.survey(now);
        }
        self.wake(now);
        self.climb();
        if let Some(&i) = self.intended.front()
            && self.has_room_for(i)
        {
            self.intended.pop_front();
            return self.begin(i);
        }
        if let Some(block) = self.block() {
            return Next::Intend(block);
        }
        if self.phase >= self.phases.len() {
            return Next::End;
        }
        self.wait(now)
    }

    /// A look at `which` ended now with these answers.
    pub fn observed(&mut self, which: &[usize], seen: Vec<Observed>, now: Timestamp) -> Vec<Change> {
        if seen.len() != which.len() {
            return self.blind("a look answered another number of actions than it was asked about", now);
        }
        self.blind = 0;
        self.looked(now);
        let mut changes = Vec::new();
        let before = self.open;
        let survey = !self.surveyed;
        for (&i, seen) in which.iter().zip(seen) {
            self.saw(i, seen, now, &mut changes);
        }
        self.surveyed = true;
        if survey {
            let changes = self.ready.iter().filter(|&&i| self.slots[i].danger != Danger::Nothing).count();
            self.ramp = Ramp::over(changes);
        }
        let slots = &self.slots;
        self.watched.retain(|&i| matches!(slots[i].state, State::Watched(_)));
        if self.open < before {
            self.pause = PAUSE;
        } else {
            self.pause = (self.pause * 2).min(self.longest_pause());
        }
        self.look_idle = after(now, self.pause);
        self.turn(&mut changes);
        changes
    }

    /// A look failed.
    pub fn blind(&mut self, why: &str, now: Timestamp) -> Vec<Change> {
        self.looked(now);
        self.blind += 1;
        let pause = after(now, PAUSE * 2_u32.saturating_pow(self.blind + 1));
        self.look_busy = pause;
        self.look_idle = pause;
        let enough = self.blind >= BLIND;
        enough.then(|| self.stop(Stop::Blind(why.to_owned()))).flatten().into_iter().collect()
    }

    /// These intents are durable.
    pub fn intended(&mut self, which: &[usize]) {
        self.intending = false;
        for &i in which {
            self.slots[i].state = State::Intended;
            self.intended.push_back(i);
        }
    }

    /// A call ended now.
    pub fn performed(&mut self, i: usize, result: Result<(), Failure>, now: Timestamp) -> Vec<Change> {
        self.flying = self.flying.saturating_sub(1);
        self.pause = PAUSE;
        self.look_idle = now;
        let mut changes = Vec::new();
        let slot = &mut self.slots[i];
        slot.since = now;
        let last = match result {
            Ok(()) => Last::Accepted,
            Err(failure) => {
                slot.why = Some(failure.text.clone().into_boxed_str());
                if let Some(rest) = failure.retry_after {
                    // The next call waits at least so long; the look does not.
                    slot.since = after(now, rest);
                }
                if failure.auth {
                    changes.extend(self.stop(Stop::Credential(failure.text)));
                    self.watch(i, Last::Refused);
                    return changes;
                }
                match failure.effect {
                    Effect::Certain => Last::Accepted,
                    Effect::Possible => Last::Doubt,
                    Effect::None if failure.retryable => Last::Refused,
                    Effect::None => {
                        self.fail(i, failure.text, &mut changes);
                        self.turn(&mut changes);
                        return changes;
                    }
                }
            }
        };
        self.watch(i, last);
        changes
    }

    /// How often action `i` was called so far.
    pub fn attempts(&self, i: usize) -> u32 {
        self.slots.get(i).map_or(0, |slot| slot.attempts)
    }

    /// The actions whose effect was seen and is this run's, in order.
    pub fn changed(&self) -> Vec<usize> {
        self.all(State::Done)
    }

    /// The actions whose effect was seen, whosever it is, in order.
    pub fn done(&self) -> Vec<usize> {
        self.those(|slot| matches!(slot.state, State::Done | State::Already))
    }

    /// The actions that are not done, in order.
    pub fn left(&self) -> Vec<usize> {
        self.those(|slot| !matches!(slot.state, State::Done | State::Already))
    }

    /// How the walk ended, before verification. Something that was called and never seen since counts as unknown.
    pub fn outcome(&self) -> Outcome {
        let doubt = |slot: &Slot| match slot.state {
            State::Unknown => true,
            State::Flying => slot.danger != Danger::Nothing,
            State::Watched(Last::Accepted | Last::Doubt) => {
                slot.danger != Danger::Nothing && (self.blind > 0 || slot.repeat != Repeat::Safe)
            }
            _ => false,
        };
        match &self.stop {
            _ if self.slots.iter().any(doubt) => Outcome::Unknown,
            None => Outcome::Done,
            Some(Stop::Asked) => Outcome::Cancelled,
            Some(_) => Outcome::Stopped,
        }
    }

    fn all(&self, state: State) -> Vec<usize> {
        self.those(|slot| slot.state == state)
    }

    fn those(&self, wanted: impl Fn(&Slot) -> bool) -> Vec<usize> {
        (0..self.slots.len()).filter(|&i| wanted(&self.slots[i])).collect()
    }

    /// Into the current phase; phases in which nothing is left are passed.
    fn enter(&mut self) {
        while let Some((range, _)) = self.phases.get(self.phase) {
            self.open = range.clone().filter(|&i| !self.slots[i].is_settled()).count();
            self.surveyed = false;
            self.look_busy = Timestamp::UNIX_EPOCH;
            self.look_idle = Timestamp::UNIX_EPOCH;
            self.begun = 0;
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

    /// The first look at a phase, at all that is not settled in it.
    fn survey(&mut self, now: Timestamp) -> Next {
        if self.looking.is_some() || self.flying > 0 {
            return Next::Await;
        }
        if now < self.look_idle {
            return Next::Until(self.look_idle);
        }
        self.looking = Some(now);
        let range = self.phases[self.phase].0.clone();
        Next::Look(range.filter(|&i| !self.slots[i].is_settled()).collect())
    }

    fn looked(&mut self, now: Timestamp) {
        let took = self
            .looking
            .take()
            .map_or(Duration::ZERO, |start| Duration::try_from(now.duration_since(start)).unwrap_or_default());
        self.look_busy = after(now, (took * 10).max(BUSY));
    }

    /// What a look says about one action.
    fn saw(&mut self, i: usize, seen: Observed, now: Timestamp, changes: &mut Vec<Change>) {
        let slot = &self.slots[i];
        let survey = slot.state == State::Fresh;
        if slot.is_settled() || !(survey || matches!(slot.state, State::Watched(_))) {
            return;
        }
        match seen {
            Observed::Done if survey && !slot.ours => {
                self.settle(i, State::Already);
                changes.push(Change::AlreadyDone(i));
            }
            Observed::Done => {
                self.settle(i, State::Done);
                changes.push(Change::Confirmed(i));
            }
            Observed::Drifted(how) => {
                self.settle(i, State::Drifted);
                changes.push(Change::Drifted(i, how.clone()));
                changes.extend(self.stop(Stop::Drift(how)));
            }
            Observed::InProgress if survey => {
                self.slots[i].since = now;
                self.slots[i].state = State::Watched(Last::UnderWay);
                self.watched.push(i);
            }
            Observed::InProgress if slot.is_overdue(now) => {
                let why = format!("still under way after {} s", slot.settle().as_secs());
                self.give_up(i, why, changes);
            }
            Observed::InProgress => {}
            Observed::Pending if survey => self.first(i, now, changes),
            Observed::Pending => self.not_yet(i, now, changes),
        }
    }

    /// Pending at the first look: to be done, unless earlier processes tried it too often.
    fn first(&mut self, i: usize, now: Timestamp, changes: &mut Vec<Change>) {
        let slot = &self.slots[i];
        if slot.ours && slot.repeat != Repeat::Safe {
            // An earlier process may have called it a moment ago: its effect has the whole settling time to show.
            self.slots[i].since = now;
            self.watch(i, Last::Doubt);
        } else if slot.attempts >= ATTEMPTS {
            let why = format!("called {} times by processes that did not live to see its effect", slot.attempts);
            self.fail(i, why, changes);
        } else {
            self.slots[i].state = State::Ready;
            self.ready.push_back(i);
        }
    }

    /// Pending after a call.
    fn not_yet(&mut self, i: usize, now: Timestamp, changes: &mut Vec<Change>) {
        let slot = &self.slots[i];
        let State::Watched(last) = slot.state else { return };
        let overdue = slot.is_overdue(now);
        let tired = slot.attempts >= ATTEMPTS;
        match (last, slot.repeat) {
            // It was under way, and is not any more: nobody's call of ours.
            (Last::UnderWay, _) => self.first(i, now, changes),
            // Certainly nothing happened.
            (Last::Refused, Repeat::Never) => self.fail(i, slot.last_error(), changes),
            (Last::Refused, _) if tired => self.fail(i, slot.last_error(), changes),
            (Last::Refused, _) => self.rest(i, now),
            // Twice is the same as once.
            (Last::Doubt, Repeat::Safe) if !tired => self.rest(i, now),
            (_, _) if !overdue => {}
            (_, Repeat::Never) => self.give_up(i, slot.last_error(), changes),
            (Last::Doubt, Repeat::IfPending) if tired => self.give_up(i, slot.last_error(), changes),
            (_, _) if tired => self.fail(i, slot.last_error(), changes),
            (_, _) => self.rest(i, now),
        }
    }

    /// To be called again after a pause.
    fn rest(&mut self, i: usize, now: Timestamp) {
        let slot = &mut self.slots[i];
        slot.state = State::Resting;
        let pause = after(now, PAUSE * 4_u32.saturating_pow(slot.attempts));
        self.resting.push(Reverse((pause.max(slot.since), i)));
    }

    /// What has rested long enough.
    fn wake(&mut self, now: Timestamp) {
        while let Some(&Reverse((at, i))) = self.resting.peek() {
            if at > now {
                return;
            }
            self.resting.pop();
            if self.slots[i].repeat == Repeat::Safe {
                self.slots[i].state = State::Intended;
                self.intended.push_front(i);
            } else {
                self.slots[i].state = State::Ready;
                self.ready.push_front(i);
            }
        }
    }

    /// Whether a call may begin: the ramp holds back what was not called yet, never what is called again.
    fn has_room_for(&self, i: usize) -> bool {
        let width = self.phases.get(self.phase).map_or(0, |(_, width)| *width);
        self.flying < width && (self.slots[i].begun || self.ramp.as_ref().is_none_or(Ramp::has_room))
    }

    fn begin(&mut self, i: usize) -> Next {
        let slot = &mut self.slots[i];
        if !slot.begun {
            slot.begun = true;
            self.begun += 1;
            if let Some(ramp) = &mut self.ramp {
                ramp.begin();
            }
        }
        slot.state = State::Flying;
        slot.attempts += 1;
        slot.ours = true;
        self.flying += 1;
        Next::Perform(i)
    }

    /// When all that was begun is settled, the ramp goes on.
    fn climb(&mut self) {
        if self.begun == 0
            && self.ramp.as_ref().is_some_and(|ramp| !ramp.has_room())
            && let Some(ramp) = self.ramp.take()
        {
            let width = self.phases.get(self.phase).map_or(1, |(_, width)| *width);
            self.ramp = ramp.climb(width);
        }
    }

    /// The next intents: safe ones in blocks ahead of their calls, others one by one for a free place.
    fn block(&mut self) -> Option<Vec<usize>> {
        let &first = self.ready.front()?;
        if self.intending {
            return None;
        }
        let safe = |walk: &Self, i: usize| walk.slots[i].repeat == Repeat::Safe;
        let mut block = Vec::new();
        if safe(self, first) {
            if self.intended.len() > INTENTS / 2 {
                return None;
            }
            while let Some(&i) = self.ready.front()
                && block.len() < INTENTS
                && safe(self, i)
            {
                self.ready.pop_front();
                block.push(i);
            }
        } else {
            if !self.intended.is_empty() || !self.has_room_for(first) {
                return None;
            }
            self.ready.pop_front();
            block.push(first);
        }
        for &i in &block {
            self.slots[i].state = State::Intending;
        }
        self.intending = true;
        Some(block)
    }

    /// A look if one is due, or how long to wait.
    fn wait(&mut self, now: Timestamp) -> Next {
        let idle = self.flying == 0 && !self.intending;
        let mut until = self.resting.peek().map(|Reverse((at, _))| *at);
        if self.looking.is_none() && !self.watched.is_empty() {
            let due = if idle { self.look_idle } else { self.look_busy };
            if due <= now {
                self.looking = Some(now);
                return Next::Look(self.watched.clone());
            }
            until = Some(until.map_or(due, |at| at.min(due)));
        }
        until.map_or(Next::Await, Next::Until)
    }

    /// After a stop: await what is out, look once at what was called, and end.
    fn leave(&mut self) -> Next {
        if self.flying > 0 || self.intending || self.looking.is_some() {
            return Next::Await;
        }
        if !self.farewell && !self.watched.is_empty() {
            self.farewell = true;
            self.looking = Some(self.look_idle);
            return Next::Look(self.watched.clone());
        }
        Next::End
    }

    fn watch(&mut self, i: usize, last: Last) {
        if !matches!(self.slots[i].state, State::Watched(_)) {
            self.watched.push(i);
        }
        self.slots[i].state = State::Watched(last);
    }

    fn settle(&mut self, i: usize, state: State) {
        let slot = &mut self.slots[i];
        if slot.begun {
            self.begun = self.begun.saturating_sub(1);
        }
        slot.state = state;
        slot.why = None;
        self.open = self.open.saturating_sub(1);
    }

    fn fail(&mut self, i: usize, why: String, changes: &mut Vec<Change>) {
        self.settle(i, State::Failed);
        self.failures += 1;
        changes.push(Change::Failed(i, why.clone()));
        if self.slots[i].danger.is_destructive() || self.failures >= FAILURES {
            changes.extend(self.stop(Stop::Failures(why)));
        }
    }

    fn give_up(&mut self, i: usize, why: String, changes: &mut Vec<Change>) {
        self.settle(i, State::Unknown);
        changes.push(Change::Unknown(i, why.clone()));
        changes.extend(self.stop(Stop::Unknown(why)));
    }

    fn longest_pause(&self) -> Duration {
        let settle = self.watched.iter().map(|&i| self.slots[i].settle()).max().unwrap_or_default();
        (settle / 20).clamp(PAUSE, LONGEST_PAUSE)
    }
}

fn phases_of(head: &Head, actions: usize) -> Vec<(Range<usize>, usize)> {
    let mut start = 0_usize;
    head.phases
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
