//! What will happen by itself, and when.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use jiff::Timestamp;

/// What will happen, the earliest first; what falls together, in the order in which it was written down.
#[derive(Debug)]
pub(crate) struct Agenda<D> {
    heap: BinaryHeap<Reverse<(Timestamp, u64, D)>>,
    written: u64,
}

impl<D: Ord> Default for Agenda<D> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), written: 0 }
    }
}

impl<D: Ord> Agenda<D> {
    pub(crate) fn write(&mut self, at: Timestamp, due: D) {
        self.written += 1;
        self.heap.push(Reverse((at, self.written, due)));
    }

    /// When the next thing happens.
    pub(crate) fn next_at(&self) -> Option<Timestamp> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    /// The next thing.
    pub(crate) fn pop(&mut self) -> Option<(Timestamp, D)> {
        self.heap.pop().map(|Reverse((at, _, due))| (at, due))
    }
}

/// So much later, or the end of time.
pub(crate) fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}
