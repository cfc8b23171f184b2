//! Clusters.

use super::words::words;
use crate::ClusterId;

words! {
    /// What a cluster does.
    ClusterState {
        /// It is being started.
        Pending = "PENDING",
        /// It can be used.
        Running = "RUNNING",
        /// It is being restarted.
        Restarting = "RESTARTING",
        /// Machines are added or taken away; it can be used.
        Resizing = "RESIZING",
        /// It is being ended.
        Terminating = "TERMINATING",
        /// It has ended, and can be started again.
        Terminated = "TERMINATED",
        /// It has failed.
        Error = "ERROR",
        /// Nobody knows.
        Unknown = "UNKNOWN",
    }
}

impl ClusterState {
    /// Whether commands can be run there.
    pub fn is_usable(&self) -> bool {
        matches!(self, Self::Running | Self::Resizing)
    }
}

/// A cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cluster {
    /// Which one.
    pub id: ClusterId,
    /// How people call it. Names are not unique.
    pub name: String,
    /// What it does.
    pub state: ClusterState,
    /// Why, in the server's words.
    pub message: Option<String>,
    /// Which Spark it runs, in the server's words, such as `15.4.x-scala2.12`.
    pub spark_version: Option<String>,
}

impl Cluster {
    /// A cluster of this name.
    pub fn new(id: ClusterId, name: impl Into<String>, state: ClusterState) -> Self {
        Self { id, name: name.into(), state, message: None, spark_version: None }
    }

    /// With the reason for its state.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// With the Spark that it runs.
    #[must_use]
    pub fn with_spark_version(mut self, version: impl Into<String>) -> Self {
        self.spark_version = Some(version.into());
        self
    }
}
