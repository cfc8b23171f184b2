//! Hosts and their maintenance.

use serde::{Deserialize, Serialize};

/// What a host may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum HostMode {
    /// It takes tasks.
    None,
    /// It gets new tasks only where nothing else is free.
    Scheduled,
    /// Its tasks are being moved away.
    Draining,
    /// Nothing runs on it.
    Drained,
    /// A number that this version does not know.
    Other(i32),
}

/// A host, and what it may take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HostStatus {
    /// Its name.
    pub host: String,
    /// What it may take; `None` where the scheduler does not know it: it leaves such hosts out without a word.
    pub mode: Option<HostMode>,
}

impl HostStatus {
    /// A host.
    pub fn new(host: impl Into<String>, mode: Option<HostMode>) -> Self {
        Self { host: host.into(), mode }
    }
}
