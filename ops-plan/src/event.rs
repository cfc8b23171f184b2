//! What happens in a run: journal line, progress feed and source of the report, all in one.

use jiff::Timestamp;
use ops_client::Effect;
use serde::{Deserialize, Serialize};

use crate::{Approval, Finding, Obligation};

/// Something that happened in a run. It knows actions by their keys and has no type parameter.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// A person approved the plan; the approval is kept whole.
    Approved {
        /// The approval.
        approval: Approval,
    },
    /// A process took the run up.
    Started {
        /// Who runs it.
        operator: String,
        /// On which machine.
        host: String,
        /// In which process.
        pid: u32,
        /// Whether the run was begun before.
        resumed: bool,
        /// Whether another machine's run was taken over.
        #[serde(default)]
        taken_over: bool,
    },
    /// A phase begins.
    Phase {
        /// Its place, from 0.
        index: usize,
        /// Its name.
        name: String,
        /// How many actions it has.
        actions: usize,
    },
    /// These actions may be performed from now on. Durable before the first of them is.
    Intended {
        /// Their keys.
        keys: Vec<String>,
    },
    /// A call was accepted.
    Performed {
        /// The action.
        key: String,
        /// The how-manieth call.
        attempt: u32,
    },
    /// A call failed.
    Tried {
        /// The action.
        key: String,
        /// The how-manieth call.
        attempt: u32,
        /// What the call may have done.
        effect: Word,
        /// The error, in one line.
        error: String,
    },
    /// The effect is on its way.
    Going {
        /// The action.
        key: String,
        /// How far it is.
        how: String,
    },
    /// The effect was seen.
    Confirmed {
        /// The actions.
        keys: Vec<String>,
    },
    /// The world was already as wanted, and not by this run.
    AlreadyDone {
        /// The actions.
        keys: Vec<String>,
    },
    /// Somebody else changed what the action wanted to change; it is left alone.
    Drifted {
        /// The action.
        key: String,
        /// How the world is now.
        how: String,
    },
    /// The action failed for good.
    Failed {
        /// The action.
        key: String,
        /// Why.
        why: String,
    },
    /// What became of the action cannot be told.
    Unknown {
        /// The action.
        key: String,
        /// Why.
        why: String,
    },
    /// A look at the world failed.
    Blind {
        /// The error, in one line.
        error: String,
    },
    /// The run leaves something behind.
    Obliged {
        /// What.
        obligation: Obligation,
    },
    /// An obligation of an earlier run is settled by this one.
    Settled {
        /// Its id.
        id: String,
    },
    /// Nothing new starts; what is in flight is awaited.
    Stopping {
        /// Why.
        why: Stop,
    },
    /// The effect of the whole was looked at.
    Verified {
        /// What was found.
        findings: Vec<Finding>,
    },
    /// The process let go of the run.
    Ended {
        /// How.
        outcome: Outcome,
    },
}

/// [`Effect`] as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// Certainly nothing happened.
    None,
    /// Perhaps something did.
    Possible,
    /// It happened.
    Certain,
}

impl From<Word> for Effect {
    fn from(word: Word) -> Self {
        match word {
            Word::None => Self::None,
            Word::Possible => Self::Possible,
            Word::Certain => Self::Certain,
        }
    }
}

impl From<Effect> for Word {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::None => Self::None,
            Effect::Possible => Self::Possible,
            Effect::Certain => Self::Certain,
        }
    }
}

/// Why a run stops before its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", content = "text", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Stop {
    /// A person asked for it.
    Asked,
    /// Too many actions failed: one destructive, or three of any other kind, or any at the end of a phase.
    Failures(String),
    /// The world moved.
    Drift(String),
    /// The outcome of an action cannot be told.
    Unknown(String),
    /// The credential is not accepted.
    Credential(String),
    /// The world cannot be looked at.
    Blind(String),
    /// Another run holds a subject. Says which, and who.
    Held(String),
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Asked => f.write_str("asked to stop"),
            Self::Failures(why) => write!(f, "failed: {why}"),
            Self::Drift(how) => write!(f, "the world moved: {how}"),
            Self::Unknown(why) => write!(f, "outcome unknown: {why}"),
            Self::Credential(why) => write!(f, "the credential is not accepted: {why}"),
            Self::Blind(why) => write!(f, "the world cannot be looked at: {why}"),
            Self::Held(who) => f.write_str(who),
        }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outcome {
    /// All is done and was seen.
    Done,
    /// Stopped by a rule; can be resumed.
    Stopped,
    /// Stopped, and what became of some action cannot be told; can be resumed, which looks first.
    Unknown,
    /// All was done, and yet the world is not as wanted.
    VerificationFailed,
    /// A person stopped it; can be resumed.
    Cancelled,
}

impl Outcome {
    /// Whether the run can be taken up again.
    pub fn is_resumable(self) -> bool {
        !matches!(self, Self::Done)
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Unknown => "outcome unknown",
            Self::VerificationFailed => "verification failed",
            Self::Cancelled => "cancelled",
        })
    }
}

/// An event with its place and time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Its place, from 1.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}
