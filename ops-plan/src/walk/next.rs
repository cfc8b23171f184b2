//! What is to be done next.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::slot::State;
use super::{INTENTS, Next, Walk};
use crate::walk::ramp::Ramp;
use crate::{Danger, Repeat};

impl Walk {
    /// What to do next. Call it again until it answers `Await`, `Until` or `End`.
    pub fn next(&mut self, now: Timestamp) -> Next {
        if self.stop.is_some() {
            return self.leave(now);
        }
        if self.phase >= self.phases.len() {
            return Next::End;
        }
        if !self.surveyed {
            return self.survey(now);
        }
        self.wake(now);
        self.climb();
        if let Some(i) = self.free() {
            return self.begin(i);
        }
        if let Some(block) = self.block() {
            return Next::Intend(block);
        }
        self.wait(now)
    }

    /// The first look at a phase, at all of it that was not looked at.
    fn survey(&mut self, now: Timestamp) -> Next {
        if self.looking.is_some() {
            return Next::Await;
        }
        if now < self.look_idle {
            return Next::Until(self.look_idle);
        }
        self.looking = Some(now);
        Next::Look(self.unsettled().filter(|&i| self.slots[i].state == State::Fresh).collect())
    }

    /// What has rested long enough is intended once more: no call is ever made that is not in the journal.
    fn wake(&mut self, now: Timestamp) {
        while let Some(&Reverse((at, i))) = self.resting.peek() {
            if at > now {
                return;
            }
            self.resting.pop();
            self.slots[i].state = State::Ready;
            // The ramp may wait for what was begun: that goes before what waits for the ramp.
            if self.slots[i].begun {
                self.ready.push_front(i);
            } else {
                self.ready.push_back(i);
            }
        }
    }

    /// When all that was begun is settled, the ramp goes on.
    fn climb(&mut self) {
        if self.begun == 0
            && self.ramp.as_ref().is_some_and(|ramp| !ramp.has_room())
            && let Some(ramp) = self.ramp.take()
        {
            self.ramp = ramp.climb(self.width());
        }
    }

    /// The next action that may be called: what is called again goes first.
    fn free(&mut self) -> Option<usize> {
        if let Some(&i) = self.again.front() {
            return self.has_room_for(i).then(|| self.again.pop_front()).flatten();
        }
        let &i = self.intended.front()?;
        self.has_room_for(i).then(|| self.intended.pop_front()).flatten()
    }

    /// Whether a call may begin. The ramp holds back changes that were not called yet, never what is called again.
    fn has_room_for(&self, i: usize) -> bool {
        let slot = &self.slots[i];
        let free_of_ramp = slot.begun || slot.danger == Danger::Nothing;
        self.flying < self.width() && (free_of_ramp || self.ramp.as_ref().is_none_or(Ramp::has_room))
    }

    fn begin(&mut self, i: usize) -> Next {
        let slot = &mut self.slots[i];
        if !slot.begun {
            slot.begun = true;
            if slot.danger != Danger::Nothing {
                self.begun += 1;
                if let Some(ramp) = &mut self.ramp {
                    ramp.begin();
                }
            }
        }
        slot.state = State::Flying;
        slot.attempts += 1;
        slot.ours = true;
        self.flying += 1;
        Next::Perform(i)
    }

    /// The next intents: safe ones in blocks ahead of their calls, others one by one for a free place.
    fn block(&mut self) -> Option<Vec<usize>> {
        let &first = self.ready.front()?;
        if self.intending > 0 {
            return None;
        }
        let mut block = Vec::new();
        if self.slots[first].repeat == Repeat::Safe {
            // What is called again may be what the ramp waits for: it never waits behind what the ramp holds back.
            let full = self.intended.len() > INTENTS / 2;
            while let Some(&i) = self.ready.front()
                && block.len() < INTENTS
                && self.slots[i].repeat == Repeat::Safe
                && (self.slots[i].begun || !full)
            {
                self.ready.pop_front();
                block.push(i);
            }
        } else if self.has_room_for(first) {
            self.ready.pop_front();
            block.push(first);
        }
        if block.is_empty() {
            return None;
        }
        for &i in &block {
            self.slots[i].state = State::Intending;
        }
        self.intending = block.len();
        Some(block)
    }

    /// A look if one is due, or how long to wait.
    fn wait(&mut self, now: Timestamp) -> Next {
        let idle = self.flying == 0 && self.intending == 0;
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
    fn leave(&mut self, now: Timestamp) -> Next {
        if self.flying > 0 || self.intending > 0 || self.looking.is_some() {
            return Next::Await;
        }
        if !self.farewell && !self.watched.is_empty() {
            self.farewell = true;
            self.looking = Some(now);
            return Next::Look(self.watched.clone());
        }
        Next::End
    }
}
