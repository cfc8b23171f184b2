//! How a pipeline stands, and the server's version.

use serde::Deserialize;

use super::said;
use crate::PipelineStatus;

/// Older servers write `pausedBy`.
#[derive(Deserialize)]
pub(crate) struct StatusIn {
    paused: bool,
    #[serde(alias = "pausedBy")]
    paused_by: Option<String>,
    #[serde(alias = "pausedCause")]
    paused_cause: Option<String>,
    locked: bool,
    schedulable: bool,
}

impl From<StatusIn> for PipelineStatus {
    fn from(told: StatusIn) -> Self {
        let mut status = Self::ready();
        (status.paused, status.locked, status.schedulable) = (told.paused, told.locked, told.schedulable);
        (status.paused_by, status.cause) = (said(told.paused_by), said(told.paused_cause));
        status
    }
}

#[derive(Deserialize)]
pub(crate) struct Version {
    pub(crate) version: String,
}

impl Version {
    /// Whether it is 20.1 or later; what cannot be read is taken for new.
    pub(crate) fn has_cursors(&self) -> bool {
        let mut parts = self.version.split(['.', '-', ' ']).map(str::parse::<u32>);
        match (parts.next(), parts.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= (20, 1),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases() {
        for (version, has) in [
            ("20.1.0", true),
            ("23.5.0", true),
            ("19.12.0", false),
            ("16.7.0", false),
            ("20.1.0-11114", true),
            ("x", true),
        ] {
            assert_eq!(Version { version: version.to_owned() }.has_cursors(), has, "{version}");
        }
    }
}
