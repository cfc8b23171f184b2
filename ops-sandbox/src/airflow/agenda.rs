//! What will happen by itself, and when.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use jiff::Timestamp;

/// Something that happens by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// The scheduler looks which queued runs of a DAG may begin.
    Admit(usize),
    /// The scheduler looks at a run.
    Decide(usize),
    /// A task instance of a run takes its next step, unless somebody else moved it since.
    Step(usize, usize, u32),
    /// What was on its way to a worker begins there, whatever its state was made meanwhile.
    Arrive(usize, usize),
}

/// What will happen, the earliest first; what falls together, in the order in which it was written down.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Reverse<(Timestamp, u64, Due)>>,
    written: u64,
}

impl Agenda {
    pub(super) fn write(&mut self, at: Timestamp, due: Due) {
        self.written += 1;
        self.heap.push(Reverse((at, self.written, due)));
    }

    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.heap.peek().is_some_and(|Reverse((at, ..))| *at <= now)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    pub(super) fn next(&mut self, now: Timestamp) -> Option<(Timestamp, Due)> {
        if !self.is_due(now) {
            return None;
        }
        self.heap.pop().map(|Reverse((at, _, due))| (at, due))
    }
}
