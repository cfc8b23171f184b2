//! Sessions: what each one does, and its transaction.

use std::collections::VecDeque;

use jiff::Timestamp;
use redshift_ops::{LastQuery, LockMode, Session};

/// A session as it is now.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) shown: Session,
    pub(super) transaction: Option<Transaction>,
    pub(super) running: Option<Statement>,
    pub(super) last: Option<LastQuery>,
    /// It was told to end, and does so in a moment.
    pub(super) is_ending: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Transaction {
    pub(super) xid: i64,
    pub(super) since: Timestamp,
}

/// A statement that runs. It ends by itself when it has its locks, unless it belongs to a loader.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) text: String,
    pub(super) began: Timestamp,
    /// The tables that it still wants, in this order.
    pub(super) wants: VecDeque<(u32, LockMode)>,
    pub(super) then: Then,
}

/// What comes after a statement has its locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// It ends; the session is idle in its transaction.
    Idle,
    /// It ends, and the transaction with it.
    Commit,
    /// It goes on: its loader says for how long.
    Loader,
}

impl Live {
    pub(super) fn new(shown: Session) -> Self {
        Self { shown, transaction: None, running: None, last: None, is_ending: false }
    }

    /// What runs has run.
    pub(super) fn finish(&mut self, at: Timestamp) {
        if let Some(statement) = self.running.take() {
            self.last = Some(LastQuery::new(statement.began, Some(at), statement.text));
        }
    }
}
