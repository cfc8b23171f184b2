//! Clusters, as the service describes them.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The identifier of a cluster, unique in an account and region.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClusterId(String);

impl ClusterId {
    /// An identifier as the service wrote it.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The identifier as the service writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClusterId({})", self.0)
    }
}

/// What a cluster is doing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ClusterStatus {
    /// It works.
    Available,
    /// It restarts: no connection lives through it.
    Rebooting,
    /// It is being paused.
    Pausing,
    /// It is paused: it answers nothing.
    Paused,
    /// It comes back from a pause.
    Resuming,
    /// It gets another size.
    Resizing,
    /// Something is changed that the service does not say more of.
    Modifying,
    /// A word that this version does not know.
    Other(String),
}

impl fmt::Display for ClusterStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Available => "available",
            Self::Rebooting => "rebooting",
            Self::Pausing => "pausing",
            Self::Paused => "paused",
            Self::Resuming => "resuming",
            Self::Resizing => "resizing",
            Self::Modifying => "modifying",
            Self::Other(word) => word,
        })
    }
}

/// Where a cluster's SQL is reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Host {
    /// The name.
    pub address: String,
    /// The port; 5439 unless it was changed.
    pub port: u16,
}

impl Host {
    /// This place.
    pub fn new(address: impl Into<String>, port: u16) -> Self {
        Self { address: address.into(), port }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.address, self.port)
    }
}

/// A cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Cluster {
    /// Its identifier.
    pub id: ClusterId,
    /// What it is doing.
    pub status: ClusterStatus,
    /// Whether the service takes it for usable: `Available`, `Unavailable`, `Maintenance`, `Modifying`, `Failed`, `Paused`.
    pub availability: Option<String>,
    /// Where its SQL is reached. Not known while it is being made.
    pub host: Option<Host>,
    /// The database that was made with it.
    pub database: Option<String>,
    /// The type of its nodes.
    pub node_type: String,
    /// How many nodes it has.
    pub nodes: u32,
    /// The settings that change at the next reboot, by name.
    pub pending: Vec<String>,
}

impl Cluster {
    /// A cluster that does this.
    pub fn new(id: ClusterId, status: ClusterStatus) -> Self {
        Self {
            id,
            status,
            availability: None,
            host: None,
            database: None,
            node_type: String::new(),
            nodes: 1,
            pending: Vec::new(),
        }
    }

    /// Whether it works: it says so, and the service does not say otherwise.
    pub fn is_available(&self) -> bool {
        self.status == ClusterStatus::Available && self.availability.as_deref().is_none_or(|word| word == "Available")
    }
}

/// Something that happened to a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClusterEvent {
    /// When.
    pub at: Timestamp,
    /// What, in the service's words.
    pub message: String,
    /// The id of its kind, such as `REDSHIFT-EVENT-2000`; not unique.
    pub kind: Option<String>,
}

impl ClusterEvent {
    /// Something that happened.
    pub fn new(at: Timestamp, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), kind: None }
    }

    /// Whether it tells of a restart: that one began, or ended. The service promises an event at its end, not its words.
    pub fn is_restart(&self) -> bool {
        let words = self.message.to_lowercase();
        words.contains("reboot") || words.contains("restart")
    }
}

/// A snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// Its identifier.
    pub id: String,
    /// What it is doing: `creating`, `available`, `failed`, …
    pub status: String,
    /// How much of it is written, in MiB.
    pub written_mib: u64,
    /// How much it will be, in MiB.
    pub total_mib: u64,
}

impl Snapshot {
    /// A snapshot.
    pub fn new(id: impl Into<String>, status: impl Into<String>) -> Self {
        Self { id: id.into(), status: status.into(), written_mib: 0, total_mib: 0 }
    }
}

/// A change of a cluster's size that goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Resize {
    /// What it is doing: `NONE`, `IN_PROGRESS`, `FAILED`, `SUCCEEDED`, `CANCELLING`.
    pub status: String,
    /// How many nodes it makes.
    pub nodes: Option<u32>,
}

impl Resize {
    /// A change of size.
    pub fn new(status: impl Into<String>) -> Self {
        Self { status: status.into(), nodes: None }
    }

    /// Whether it goes on.
    pub fn goes_on(&self) -> bool {
        matches!(self.status.as_str(), "IN_PROGRESS" | "CANCELLING")
    }
}
