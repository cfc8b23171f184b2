use std::time::{Duration, SystemTime};

/// What a first, harmless call to a system told: that it answers, how fast, and what time it thinks it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Probe {
    /// Where the system was reached (no user info, no query).
    pub address: String,
    /// From sending to the whole answer.
    pub elapsed: Duration,
    /// The server's `Date`, where it sent one. A clock that is off by more than 30 s is a known cause of 403.
    pub server_time: Option<SystemTime>,
    /// The version that the system says it runs, where it says so.
    pub version: Option<String>,
}

impl Probe {
    /// A probe of `address` that took `elapsed`.
    pub fn new(address: impl Into<String>, elapsed: Duration) -> Self {
        Self { address: address.into(), elapsed, server_time: None, version: None }
    }

    /// With the server's own time.
    #[must_use]
    pub fn with_server_time(mut self, time: SystemTime) -> Self {
        self.server_time = Some(time);
        self
    }

    /// With the version that the server names.
    #[must_use]
    pub fn with_version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }
}
