//! The Query API of Redshift.

use std::time::Duration;

use ops_sandbox::redshift::{About, ClusterSpec};
use ops_sandbox::{Fault, Operation, Server};
use redshift_ops::{ClusterId, ClusterStatus, Resize, Snapshot};

use super::world;

async fn call(server: &Server, signed: bool, action: &str, fields: &str) -> (u16, String) {
    let form = format!("Action={action}&Version=2012-12-01&{fields}");
    let post = reqwest::Client::builder().build().unwrap().post(format!("{}/", server.aws_url())).body(form);
    let post = if signed { post.header("authorization", "AWS4-HMAC-SHA256 Credential=x") } else { post };
    let answer = post.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The text of the first element of this name.
fn text<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let from = xml.find(&format!("<{name}>"))? + name.len() + 2;
    xml[from..].split_once(&format!("</{name}>")).map(|(text, _)| text)
}

async fn served() -> (Server, ClusterId) {
    let world = world();
    let mut snapshot = Snapshot::new("tonight", "creating");
    (snapshot.written_mib, snapshot.total_mib) = (10, 40);
    let mut resize = Resize::new("IN_PROGRESS");
    resize.nodes = Some(4);
    world.put_cluster(ClusterSpec::new("stable").pending("NumberOfNodes"));
    world.put_cluster(ClusterSpec::new("dev2").paused());
    world.put_cluster(ClusterSpec::new("reports").snapshot(snapshot).resize(resize));
    (Server::start(world).await.unwrap(), ClusterId::new("stable"))
}

#[tokio::test]
async fn clusters_are_told_in_pages_and_one_by_one() {
    let (server, _) = served().await;
    let (status, first) = call(&server, true, "DescribeClusters", "MaxRecords=2").await;
    assert_eq!((status, first.matches("<Cluster>").count()), (200, 2));
    let next = format!("Marker={}", text(&first, "Marker").unwrap());
    let (_, rest) = call(&server, true, "DescribeClusters", &next).await;
    assert_eq!((text(&rest, "ClusterIdentifier"), text(&rest, "Marker")), (Some("stable"), None));
    assert_eq!(text(&rest, "PendingModifiedValues"), Some("<NumberOfNodes>4</NumberOfNodes>"));
    assert_eq!((text(&rest, "ClusterStatus"), text(&rest, "Port")), (Some("available"), Some("5439")));
    let (status, none) = call(&server, true, "DescribeClusters", "ClusterIdentifier=nobody").await;
    assert_eq!((status, text(&none, "Code")), (404, Some("ClusterNotFound")));

    let (_, snapshots) = call(&server, true, "DescribeClusterSnapshots", "ClusterIdentifier=reports").await;
    let told = ["Status", "BackupProgressInMegaBytes", "TotalBackupSizeInMegaBytes"].map(|name| text(&snapshots, name));
    assert_eq!(told, [Some("creating"), Some("10"), Some("40")]);
    let (_, resize) = call(&server, true, "DescribeResize", "ClusterIdentifier=reports").await;
    assert_eq!((text(&resize, "Status"), text(&resize, "TargetNumberOfNodes")), (Some("IN_PROGRESS"), Some("4")));
    let (status, none) = call(&server, true, "DescribeResize", "ClusterIdentifier=stable").await;
    assert_eq!((status, text(&none, "Code")), (404, Some("ResizeNotFound")));
}

#[tokio::test]
async fn a_reboot_is_accepted_once_and_told() {
    let (server, id) = served().await;
    let world = server.world();
    assert_eq!(call(&server, false, "RebootCluster", "ClusterIdentifier=stable").await.0, 403, "it is not signed");
    world.faults().next(1, Operation::RebootCluster, Fault::Throttle { retry_after: Duration::ZERO });
    let (status, told) = call(&server, true, "RebootCluster", "ClusterIdentifier=stable").await;
    assert_eq!((status, text(&told, "Code")), (400, Some("Throttling")));
    let (status, told) = call(&server, true, "RebootCluster", "ClusterIdentifier=stable").await;
    assert_eq!((status, text(&told, "ClusterStatus")), (200, Some("rebooting")));
    let (status, told) = call(&server, true, "RebootCluster", "ClusterIdentifier=stable").await;
    assert_eq!((status, text(&told, "Code")), (400, Some("InvalidClusterState")));
    world.advance(Duration::from_secs(5));
    assert!(world.cluster(&id).unwrap().is_available());
    let count = world.count(Operation::RebootCluster, About::Cluster(&id).subject());
    assert_eq!((count.calls, count.refused, count.effects), (4, 2, 1));

    let of = "SourceIdentifier=stable&SourceType=cluster";
    let (_, events) = call(&server, true, "DescribeEvents", of).await;
    assert_eq!(events.matches("<Event>").count(), 1);
    assert!(text(&events, "Message").unwrap().contains("restarted"), "{events}");
    let (_, later) = call(&server, true, "DescribeEvents", &format!("{of}&StartTime=2018-01-18T09:20:06Z")).await;
    assert_eq!(text(&later, "Events"), Some(""));
    let (_, wrong) = call(&server, true, "DescribeEvents", "SourceIdentifier=stable").await;
    assert_eq!(text(&wrong, "Code"), Some("InvalidParameterCombination"));
}

#[tokio::test]
async fn a_paused_cluster_comes_back() {
    let (server, _) = served().await;
    let (world, id) = (server.world(), ClusterId::new("dev2"));
    let (_, told) = call(&server, true, "PauseCluster", "ClusterIdentifier=dev2").await;
    assert_eq!(text(&told, "Code"), Some("InvalidClusterState"));
    assert_eq!(call(&server, true, "ResumeCluster", "ClusterIdentifier=dev2").await.0, 200);
    assert_eq!(world.cluster(&id).unwrap().status, ClusterStatus::Resuming);
    world.advance(Duration::from_secs(5));
    assert_eq!(call(&server, true, "PauseCluster", "ClusterIdentifier=dev2").await.0, 200);
    world.advance(Duration::from_secs(5));
    assert_eq!(world.cluster(&id).unwrap().status, ClusterStatus::Paused);
}
