//! One change, and what can be seen of it.

use std::fmt::Display;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// One change, as plain data: it can be shown, stored, compared and inverted.
///
/// No maps inside: the digest of a plan is taken over the action's JSON, which must come out the same every time.
pub trait Action: Clone + Display + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Unique within a plan, and the same for ever: the journal knows an action by it.
    fn key(&self) -> String;

    /// What the action does to the world.
    fn danger(&self) -> Danger;

    /// Whether the call may be sent again.
    fn repeat(&self) -> Repeat;

    /// How long after the call its effect must be visible; 30 s unless told.
    fn settle(&self) -> Duration {
        Duration::from_secs(30)
    }

    /// What a person would do instead: a command or a console path, ids filled in.
    fn by_hand(&self) -> String;
}

/// What an action does to the world, from nothing to no way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Danger {
    /// Nothing: a wait. Neither counted nor limited.
    Nothing,
    /// A change that can be taken back without a trace.
    Reversible,
    /// A change that others notice, even if it is taken back.
    Disruptive,
    /// A change that cannot be taken back.
    Irreversible,
}

impl Danger {
    /// Whether the first failure stops the run.
    pub fn is_destructive(self) -> bool {
        self >= Self::Disruptive
    }
}

/// Whether a call may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Repeat {
    /// Twice is the same as once.
    Safe,
    /// Only after its effect was looked for, for the whole settling time, and not seen.
    IfPending,
    /// Not at all: what stays unknown is for a person to decide.
    Never,
}

/// What a look at the world says about an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observed {
    /// The world is as it was when the plan was made.
    Pending,
    /// The change is under way.
    InProgress,
    /// The change is under way. Says how far, for those who wait: written down when it says something new.
    Going(String),
    /// The world is as the action wants it.
    Done,
    /// The world is neither: somebody else changed it. Says how.
    Drifted(String),
    /// The system gave the change up by itself, and will not end it. Says why. No further call is made.
    Failed(String),
}

/// An action as the engine and its readers know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Card {
    /// [`Action::key`].
    pub key: String,
    /// The action's `Display`.
    pub text: String,
    /// [`Action::danger`].
    pub danger: Danger,
    /// [`Action::repeat`].
    pub repeat: Repeat,
    /// [`Action::settle`].
    pub settle: Duration,
}

impl Card {
    /// The card of an action.
    pub fn of<A: Action>(action: &A) -> Self {
        Self {
            key: action.key(),
            text: action.to_string(),
            danger: action.danger(),
            repeat: action.repeat(),
            settle: action.settle(),
        }
    }
}
