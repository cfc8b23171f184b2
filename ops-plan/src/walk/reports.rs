//! What came of what was asked for.

use std::cmp::Reverse;
use std::time::Duration;

use jiff::Timestamp;
use ops_client::Effect;

use super::ramp::Ramp;
use super::slot::{Last, State};
use super::{ATTEMPTS, BLIND, BUSY, Change, FAILURES, Failure, LONGEST_PAUSE, LONGEST_REST, PAUSE, Walk, after};
use crate::event::Stop;
use crate::{Danger, Observed, Repeat};

impl Walk {
    /// A look at `which` ended now with these answers.
    pub fn observed(&mut self, which: &[usize], seen: Vec<Observed>, now: Timestamp) -> Vec<Change> {
        if seen.len() != which.len() {
            return self.blind("a look answered another number of actions than it was asked about", now);
        }
        let Some(asked) = self.looked(now) else { return Vec::new() };
        self.blind = 0;
        let mut changes = Vec::new();
        let before = self.open;
        for (&i, seen) in which.iter().zip(seen) {
            self.saw(i, seen, asked, now, &mut changes);
        }
        if !self.surveyed {
            let all_seen = self.unsettled().all(|i| self.slots[i].state != State::Fresh);
            self.surveyed = all_seen;
            self.ramp = Ramp::over(self.unsettled().filter(|&i| self.slots[i].danger != Danger::Nothing).count());
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
        if self.looked(now).is_none() {
            return Vec::new();
        }
        self.blind += 1;
        let pause = after(now, PAUSE * 2_u32.saturating_pow(self.blind + 1));
        self.look_busy = pause;
        self.look_idle = pause;
        let enough = self.blind >= BLIND;
        enough.then(|| self.stop(Stop::Blind(why.to_owned()))).flatten().into_iter().collect()
    }

    /// These intents are durable.
    pub fn intended(&mut self, which: &[usize]) {
        for &i in which {
            let Some(slot) = self.slots.get_mut(i).filter(|slot| slot.state == State::Intending) else { continue };
            slot.state = State::Intended;
            self.intending = self.intending.saturating_sub(1);
            let queue = if slot.begun { &mut self.again } else { &mut self.intended };
            queue.push_back(i);
        }
    }

    /// A call ended now.
    pub fn performed(&mut self, i: usize, result: Result<(), Failure>, now: Timestamp) -> Vec<Change> {
        let mut changes = Vec::new();
        let Some(slot) = self.slots.get_mut(i).filter(|slot| slot.state == State::Flying) else { return changes };
        self.flying = self.flying.saturating_sub(1);
        if self.blind == 0 {
            self.pause = PAUSE;
            self.look_idle = now;
        }
        slot.since = now;
        slot.why = None;
        let Err(failure) = result else {
            self.watch(i, Last::Accepted);
            return changes;
        };
        slot.why = Some(failure.text.clone().into_boxed_str());
        if let Some(rest) = failure.retry_after {
            // The next call waits at least so long; the look does not.
            slot.since = after(now, rest.min(LONGEST_REST));
        }
        if failure.auth {
            changes.extend(self.stop(Stop::Credential(failure.text.clone())));
        }
        match failure.effect {
            Effect::Certain => self.watch(i, Last::Accepted),
            Effect::Possible => self.watch(i, Last::Doubt),
            Effect::None if failure.retryable || failure.auth => self.watch(i, Last::Refused),
            Effect::None => {
                self.fail(i, failure.text, &mut changes);
                self.turn(&mut changes);
            }
        }
        changes
    }

    /// A look ended, if one was out: answers when it began.
    fn looked(&mut self, now: Timestamp) -> Option<Timestamp> {
        let asked = self.looking.take()?;
        let took = Duration::try_from(now.duration_since(asked)).unwrap_or_default();
        self.look_busy = after(now, took.saturating_mul(10).max(BUSY));
        Some(asked)
    }

    /// What a look says about one action. It tells of the world at the time it was `asked`, not of now: a slow look must
    /// not make an effect seem overdue that had no time to show.
    fn saw(&mut self, i: usize, seen: Observed, asked: Timestamp, now: Timestamp, changes: &mut Vec<Change>) {
        let Some(slot) = self.slots.get(i) else { return };
        let survey = slot.state == State::Fresh;
        if !survey && !matches!(slot.state, State::Watched(_)) {
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
            Observed::Failed(why) => self.fail(i, why, changes),
            Observed::Going(how) => {
                if self.slots[i].tells(&how) {
                    changes.push(Change::Going(i, how));
                }
                self.saw(i, Observed::InProgress, asked, now, changes);
            }
            Observed::InProgress if survey => {
                self.slots[i].since = now;
                self.watch(i, Last::UnderWay);
            }
            Observed::InProgress if slot.is_overdue(asked) => {
                let why = format!("still under way after {} s", slot.settle().as_secs());
                self.give_up(i, why, changes);
            }
            Observed::InProgress => {}
            Observed::Pending if survey => self.first(i, now, changes),
            Observed::Pending => self.not_yet(i, asked, now, changes),
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
    fn not_yet(&mut self, i: usize, asked: Timestamp, now: Timestamp, changes: &mut Vec<Change>) {
        let slot = &self.slots[i];
        let State::Watched(last) = slot.state else { return };
        let overdue = slot.is_overdue(asked);
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

    fn watch(&mut self, i: usize, last: Last) {
        if !matches!(self.slots[i].state, State::Watched(_)) {
            self.watched.push(i);
        }
        self.slots[i].state = State::Watched(last);
    }

    fn settle(&mut self, i: usize, state: State) {
        let slot = &mut self.slots[i];
        if slot.begun && slot.danger != Danger::Nothing {
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
