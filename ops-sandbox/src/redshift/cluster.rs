//! Clusters, and what becomes of them.

use jiff::Timestamp;
use redshift_ops::{Cluster, ClusterEvent, ClusterId, ClusterStatus, Resize, Snapshot};

use super::spec::ClusterSpec;
use crate::refusal::Refusal;

/// A cluster as it is now.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) shown: Cluster,
    /// The newest first.
    pub(crate) events: Vec<ClusterEvent>,
    pub(crate) snapshots: Vec<Snapshot>,
    pub(crate) resize: Option<Resize>,
}

/// What can be done to a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Reboot,
    Pause,
    Resume,
}

impl Change {
    /// What the cluster must be, and what it is meanwhile.
    fn states(self) -> (ClusterStatus, ClusterStatus) {
        match self {
            Self::Reboot => (ClusterStatus::Available, ClusterStatus::Rebooting),
            Self::Pause => (ClusterStatus::Available, ClusterStatus::Pausing),
            Self::Resume => (ClusterStatus::Paused, ClusterStatus::Resuming),
        }
    }
}

impl Unit {
    pub(super) fn new(spec: ClusterSpec) -> Self {
        let ClusterSpec { cluster, snapshots, resize, .. } = spec;
        Self { shown: cluster, events: Vec::new(), snapshots, resize }
    }

    pub(super) fn begin(&mut self, change: Change) -> Result<(), Refusal> {
        let (from, during) = change.states();
        if self.shown.status != from {
            let (id, status) = (&self.shown.id, &self.shown.status);
            let words = format!(
                "InvalidClusterState: There is an operation running on the Cluster, or it is not {from}: {id} is {status}."
            );
            return Err(Refusal::Conflict(words));
        }
        self.set(during);
        Ok(())
    }

    /// What began comes to its end.
    pub(super) fn end(&mut self, at: Timestamp) {
        let (status, told) = match self.shown.status {
            ClusterStatus::Rebooting => (ClusterStatus::Available, "was restarted"),
            ClusterStatus::Pausing => (ClusterStatus::Paused, "was paused"),
            ClusterStatus::Resuming => (ClusterStatus::Available, "was resumed"),
            _ => return,
        };
        if self.shown.status == ClusterStatus::Rebooting {
            self.shown.pending.clear();
        }
        self.set(status);
        let mut event = ClusterEvent::new(at, format!("Cluster {} {told} at {at:.0}.", self.shown.id));
        event.kind = Some("REDSHIFT-EVENT-2000".to_owned());
        self.events.insert(0, event);
    }

    pub(super) fn set(&mut self, status: ClusterStatus) {
        let word = match status {
            ClusterStatus::Available => "Available",
            ClusterStatus::Paused => "Paused",
            ClusterStatus::Resizing | ClusterStatus::Modifying => "Modifying",
            _ => "Unavailable",
        };
        self.shown.availability = Some(word.to_owned());
        self.shown.status = status;
    }
}

pub(super) fn unknown(id: &ClusterId) -> Refusal {
    Refusal::NotFound(format!("ClusterNotFound: Cluster {id} not found."))
}
