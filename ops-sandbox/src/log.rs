//! What was asked of the world, and what really came of it.

use std::collections::HashMap;

use uuid::Uuid;

use crate::Operation;

/// How often an operation was asked for one subject, and what came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Count {
    /// How often the request arrived, whatever came of it.
    pub calls: u64,
    /// How often something really changed.
    pub effects: u64,
    /// How often the caller could know for certain that nothing happened (401, 429): such a call may always be sent again.
    pub refused: u64,
}

/// One line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Line {
    /// What was asked.
    pub operation: Operation,
    /// The dataset, attribute or transaction that it was about; nil where the operation has none.
    pub subject: Uuid,
    /// How often.
    pub count: Count,
}

/// The log: a count for each operation and subject. It says nothing about order.
#[derive(Debug, Default)]
pub(crate) struct Log(HashMap<(Operation, Uuid), Count>);

impl Log {
    pub(crate) fn at(&mut self, operation: Operation, subject: Uuid) -> &mut Count {
        self.0.entry((operation, subject)).or_default()
    }

    pub(crate) fn count(&self, operation: Operation, subject: Uuid) -> Count {
        self.0.get(&(operation, subject)).copied().unwrap_or_default()
    }

    pub(crate) fn lines(&self) -> Vec<Line> {
        let mut lines: Vec<Line> =
            self.0.iter().map(|(&(operation, subject), &count)| Line { operation, subject, count }).collect();
        lines.sort_unstable_by_key(|line| (line.operation, line.subject));
        lines
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
