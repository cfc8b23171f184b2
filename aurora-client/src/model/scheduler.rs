//! How each scheduler of a cluster feels.

use serde::{Deserialize, Serialize};

/// Whether a scheduler answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SchedulerHealth {
    /// It says that it is well.
    Ok,
    /// It says that it is not.
    Sick,
    /// Its port is closed: nothing runs there. The text is what was seen.
    Refused(String),
    /// No answer in time, or no way there. The text is what was seen.
    Unreachable(String),
}

impl SchedulerHealth {
    /// Whether it answers at all.
    pub fn answers(&self) -> bool {
        matches!(self, Self::Ok | Self::Sick)
    }
}

/// Whether a scheduler leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Leading {
    /// It does.
    Yes,
    /// Another does.
    No,
    /// Nobody does, as far as it knows.
    Nobody,
    /// It did not say.
    Unknown,
}

/// What one scheduler told of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SchedulerSeen {
    /// Its address.
    pub address: String,
    /// Whether it answers.
    pub health: SchedulerHealth,
    /// Whether it leads.
    pub leading: Leading,
    /// Whether its framework is registered at the Mesos master (`framework_registered`); `None` where it did not say.
    pub registered: Option<bool>,
    /// For how long it runs, in seconds.
    pub uptime_s: Option<u64>,
}

impl SchedulerSeen {
    /// A scheduler that told nothing but this.
    pub fn new(address: impl Into<String>, health: SchedulerHealth) -> Self {
        Self { address: address.into(), health, leading: Leading::Unknown, registered: None, uptime_s: None }
    }

    /// With whether it leads, and whether it is registered.
    #[must_use]
    pub fn leading(mut self, leading: Leading, registered: Option<bool>) -> Self {
        self.leading = leading;
        self.registered = registered;
        self
    }
}
