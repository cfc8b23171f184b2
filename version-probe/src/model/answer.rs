//! What one answer says.

use std::time::Duration;

/// One answer over one fresh connection: of one instance, whichever the load balancer chose.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The version that it told.
    pub version: Option<String>,
    /// Whether it told a version and nothing said that it is ill.
    pub healthy: bool,
    /// The HTTP status of what decided; none where nobody answered.
    pub status: Option<u16>,
    /// Why it is not healthy.
    pub why: Option<String>,
    /// How long it took, connecting included.
    pub elapsed: Duration,
}

impl Answer {
    /// A healthy answer of this version.
    pub fn healthy(version: impl Into<String>) -> Self {
        let version = Some(version.into());
        Self { version, healthy: true, status: Some(200), why: None, elapsed: Duration::ZERO }
    }

    /// An answer that is not healthy, and why. It may still tell a version.
    pub fn unhealthy(why: impl Into<String>) -> Self {
        Self { version: None, healthy: false, status: None, why: Some(why.into()), elapsed: Duration::ZERO }
    }

    /// With the version that it told.
    #[must_use]
    pub fn with_version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// With the status that decided.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// With how long it took.
    #[must_use]
    pub fn with_elapsed(mut self, elapsed: Duration) -> Self {
        self.elapsed = elapsed;
        self
    }
}
