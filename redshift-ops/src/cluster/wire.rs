//! What travels, in our words. The service's own words are those of its API reference.

use aws_sdk_redshift::operation::describe_resize::DescribeResizeOutput;
use aws_sdk_redshift::primitives::DateTime;
use aws_sdk_redshift::types::{self, PendingModifiedValues};
use jiff::Timestamp;

use crate::{
    Cluster, ClusterEvent, ClusterId, ClusterStatus, Effect, Error, ErrorKind, Host, Resize, Result, Snapshot,
};

/// What is known of this service's refusals: «`InvalidClusterState`» says that the cluster does something else at this moment.
pub(super) fn known(code: &str, _: &str) -> Option<ErrorKind> {
    code.starts_with("InvalidClusterState").then_some(ErrorKind::Conflict)
}

pub(super) fn cluster(op: &'static str, cluster: &types::Cluster) -> Result<Cluster> {
    let id = cluster.cluster_identifier().filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| unreadable(op, "a cluster has no identifier"))?;
    let mut found = Cluster::new(ClusterId::new(id), status(cluster.cluster_status().unwrap_or_default()));
    found.availability = cluster.cluster_availability_status().map(ToOwned::to_owned);
    found.host = cluster.endpoint().and_then(|endpoint| {
        let port = endpoint.port().and_then(|port| u16::try_from(port).ok())?;
        Some(Host::new(endpoint.address()?, port))
    });
    found.database = cluster.db_name().map(ToOwned::to_owned);
    found.node_type = cluster.node_type().unwrap_or_default().to_owned();
    found.nodes = count(cluster.number_of_nodes()).unwrap_or(1);
    found.pending = cluster.pending_modified_values().map(pending).unwrap_or_default();
    Ok(found)
}

fn status(word: &str) -> ClusterStatus {
    match word {
        "available" => ClusterStatus::Available,
        "rebooting" => ClusterStatus::Rebooting,
        "pausing" => ClusterStatus::Pausing,
        "paused" => ClusterStatus::Paused,
        "resuming" => ClusterStatus::Resuming,
        "resizing" | "available, resize-cleanup" => ClusterStatus::Resizing,
        "modifying" => ClusterStatus::Modifying,
        other => ClusterStatus::Other(other.to_owned()),
    }
}

/// The names of the settings that wait for a reboot, as the service has them, sorted. One of them is a password: no value is taken.
fn pending(values: &PendingModifiedValues) -> Vec<String> {
    let settings = [
        ("AutomatedSnapshotRetentionPeriod", values.automated_snapshot_retention_period().is_some()),
        ("ClusterIdentifier", values.cluster_identifier().is_some()),
        ("ClusterType", values.cluster_type().is_some()),
        ("ClusterVersion", values.cluster_version().is_some()),
        ("EncryptionType", values.encryption_type().is_some()),
        ("EnhancedVpcRouting", values.enhanced_vpc_routing().is_some()),
        ("MaintenanceTrackName", values.maintenance_track_name().is_some()),
        ("MasterUserPassword", values.master_user_password().is_some()),
        ("NodeType", values.node_type().is_some()),
        ("NumberOfNodes", values.number_of_nodes().is_some()),
        ("PubliclyAccessible", values.publicly_accessible().is_some()),
    ];
    settings.into_iter().filter(|(_, waits)| *waits).map(|(name, _)| name.to_owned()).collect()
}

pub(super) fn event(op: &'static str, event: &types::Event) -> Result<ClusterEvent> {
    let at = event.date().and_then(timestamp).ok_or_else(|| unreadable(op, "an event has no time"))?;
    let mut found = ClusterEvent::new(at, event.message().unwrap_or_default());
    found.kind = event.event_id().map(ToOwned::to_owned);
    Ok(found)
}

pub(super) fn snapshot(snapshot: &types::Snapshot) -> Snapshot {
    let id = snapshot.snapshot_identifier().unwrap_or("a snapshot without a name");
    let mut found = Snapshot::new(id, snapshot.status().unwrap_or_default());
    found.written_mib = mib(snapshot.backup_progress_in_mega_bytes());
    found.total_mib = mib(snapshot.total_backup_size_in_mega_bytes());
    found
}

pub(super) fn resize(resize: &DescribeResizeOutput) -> Resize {
    let mut found = Resize::new(resize.status().unwrap_or("NONE"));
    found.nodes = count(resize.target_number_of_nodes());
    found
}

fn count(number: Option<i32>) -> Option<u32> {
    number.and_then(|number| u32::try_from(number).ok())
}

/// Sizes come as fractions. What is no size counts as none.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float is cut off at the ends of the range"
)]
fn mib(size: Option<f64>) -> u64 {
    size.unwrap_or_default() as u64
}

pub(super) fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Timestamp::from_nanosecond(time.as_nanos()).ok()
}

pub(super) fn unreadable(op: &'static str, message: impl Into<String>) -> Error {
    Error::new(op, ErrorKind::Decode, Effect::None).with_message(message.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_service_are_ours() {
        assert_eq!(status("available"), ClusterStatus::Available);
        assert_eq!(status("rebooting"), ClusterStatus::Rebooting);
        assert_eq!(status("incompatible-network"), ClusterStatus::Other("incompatible-network".to_owned()));
        assert_eq!(known("InvalidClusterStateFault", ""), Some(ErrorKind::Conflict));
        assert_eq!(mib(Some(f64::NAN)), 0);
    }

    #[test]
    fn a_password_that_waits_is_named_and_not_shown() {
        let values = PendingModifiedValues::builder().master_user_password("planted").number_of_nodes(4).build();
        assert_eq!(pending(&values), ["MasterUserPassword", "NumberOfNodes"]);
    }
}
