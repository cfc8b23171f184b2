//! Clusters: what becomes of them.

use std::time::Duration;

use ops_sandbox::redshift::ClusterSpec;
use ops_sandbox::{Fault, Operation};
use redshift_ops::{
    ClusterEvent, ClusterId, ClusterRead, ClusterStatus, ClusterWrite, Effect, ErrorKind, WarehouseRead,
};

use super::world;

#[tokio::test]
async fn a_reboot_takes_its_time_and_applies_what_waits_for_it() {
    let (world, id) = (world(), ClusterId::new("stable"));
    world.put_cluster(ClusterSpec::new("stable").pending("ClusterParameterGroup").serves());
    world.redshift_takes(Duration::from_secs(90), Duration::ZERO);
    let (clusters, warehouse) = (world.redshift_cluster(), world.warehouse_as("monitor"));
    let began = world.now();
    clusters.reboot(&id).await.unwrap();
    world.advance(Duration::from_secs(89));
    let meanwhile = clusters.cluster(&id).await.unwrap();
    assert_eq!((&meanwhile.status, meanwhile.pending.len()), (&ClusterStatus::Rebooting, 1));
    assert!(clusters.events(&id, began).await.unwrap().is_empty(), "only its end is told");
    assert_eq!(warehouse.probe().await.unwrap_err().kind(), ErrorKind::Connect);
    world.advance(Duration::from_secs(1));
    let after = clusters.cluster(&id).await.unwrap();
    assert!(after.is_available() && after.pending.is_empty());
    let events = clusters.events(&id, began).await.unwrap();
    assert!(events.len() == 1 && events.iter().all(ClusterEvent::is_restart));
    assert!(clusters.events(&id, world.now() + Duration::from_secs(1)).await.unwrap().is_empty());
    warehouse.probe().await.unwrap();
}

#[tokio::test]
async fn a_lost_reboot_is_counted_once_and_seen() {
    let (world, id) = (world(), ClusterId::new("stable"));
    world.put_cluster(ClusterSpec::new("stable"));
    let clusters = world.redshift_cluster();
    world.faults().next(1, Operation::RebootCluster, Fault::DropAfterEffect);
    assert_eq!(clusters.reboot(&id).await.unwrap_err().effect(), Effect::Possible);
    assert_eq!(clusters.reboot(&id).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(world.reboots(&id), 1);
    world.set_cluster(&id, ClusterStatus::Modifying).unwrap();
    assert!(!world.cluster(&id).unwrap().is_available());
    let viewer = world.redshift_cluster().as_viewer();
    assert_eq!(viewer.clusters().await.unwrap().len(), 1);
    assert_eq!(viewer.reboot(&id).await.unwrap_err().kind(), ErrorKind::Forbidden);
}
