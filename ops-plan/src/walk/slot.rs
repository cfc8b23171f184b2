//! One action on its way.

use std::time::Duration;

use jiff::Timestamp;

use crate::deck::Rules;
use crate::{Danger, Repeat};

/// Where an action stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Not looked at yet.
    Fresh,
    /// May be intended.
    Ready,
    /// Its intent is being written.
    Intending,
    /// May be performed.
    Intended,
    /// The call is out.
    Flying,
    /// The call was accepted, or may have worked, or is under way: to be looked at.
    Watched(Last),
    /// To be tried again, not before its time.
    Resting,
    /// Its effect was seen.
    Done,
    /// Somebody else's effect was seen.
    Already,
    /// Somebody else changed it.
    Drifted,
    /// Failed for good.
    Failed,
    /// Cannot be told.
    Unknown,
}

/// What is known of the last call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Last {
    /// It was accepted.
    Accepted,
    /// It may have worked.
    Doubt,
    /// It certainly did nothing.
    Refused,
    /// No call of this walk: it was under way when it was first looked at.
    UnderWay,
}

#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) state: State,
    pub(super) danger: Danger,
    pub(super) repeat: Repeat,
    settle: Duration,
    /// Calls so far, those of earlier processes included.
    pub(super) attempts: u32,
    /// Whether a call of this run may have caused what is seen.
    pub(super) ours: bool,
    /// Whether this walk has called it.
    pub(super) begun: bool,
    /// When the last call ended; later, where the server asked for a rest.
    pub(super) since: Timestamp,
    /// The last error.
    pub(super) why: Option<Box<str>>,
    /// How far it was said to be.
    told: Option<Box<str>>,
}

impl Slot {
    pub(super) fn new(Rules { danger, repeat, settle }: Rules) -> Self {
        Self {
            state: State::Fresh,
            danger,
            repeat,
            settle,
            attempts: 0,
            ours: false,
            begun: false,
            since: Timestamp::UNIX_EPOCH,
            why: None,
            told: None,
        }
    }

    /// Whether this is news of it.
    pub(super) fn tells(&mut self, how: &str) -> bool {
        let news = self.told.as_deref() != Some(how);
        if news {
            self.told = Some(how.into());
        }
        news
    }

    pub(super) fn is_settled(&self) -> bool {
        matches!(self.state, State::Done | State::Already | State::Drifted | State::Failed | State::Unknown)
    }

    /// Whether its effect should have been visible at this time.
    pub(super) fn is_overdue(&self, at: Timestamp) -> bool {
        super::after(self.since, self.settle) <= at
    }

    pub(super) fn settle(&self) -> Duration {
        self.settle
    }

    pub(super) fn last_error(&self) -> String {
        self.why.as_deref().unwrap_or("its effect was not seen in time").to_owned()
    }
}
