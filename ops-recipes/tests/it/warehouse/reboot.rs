//! The cluster restarts: once, whatever becomes of the answer.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use ops_plan::{Outcome, Plan, Registry, Target, Verdict};
use ops_recipes::redshift::{RestartRedshift, WarehouseReads, WarehouseWrites};
use redshift_ops::conformance::Fault;
use redshift_ops::{ClusterClient, ClusterEvent, ClusterId, ClusterRead, ClusterStatus, ClusterWrite};

use super::aws::Peer;
use super::{CLUSTER, hung_for};
use crate::desk::{Desk, blocks};

/// A cluster whose warehouse cannot be asked.
pub(super) struct Cluster {
    peer: Peer,
    pub(super) client: Arc<ClusterClient>,
    /// No fault applies to it.
    behind: Arc<ClusterClient>,
}

impl Cluster {
    pub(super) async fn there_is(region: &'static str) -> Option<Self> {
        let peer = Peer::there_is(region)?;
        let client = Arc::new(ClusterClient::new(peer.aws("AKIAIOSFODNN7EXAMPLE").await));
        let behind = Arc::new(ClusterClient::new(peer.aws("BEHIND").await));
        Some(Self { peer, client, behind })
    }

    pub(super) async fn play(&self) {
        self.peer.play().await.unwrap();
    }

    pub(super) fn registry(&self) -> Registry {
        let reads = WarehouseReads::new(Arc::clone(&self.behind) as Arc<dyn ClusterRead>);
        let writes = WarehouseWrites::new(Arc::clone(&self.client) as Arc<dyn ClusterWrite>);
        Registry::new().with::<RestartRedshift>(reads, writes)
    }

    pub(super) async fn plan(&self, cluster: &str) -> Plan {
        let question = RestartRedshift::new(cluster).with_log(hung_for(SignedDuration::from_mins(7)));
        self.registry().propose(&question, Target::new("test")).await.unwrap()
    }

    /// How many restarts ended after that.
    pub(super) async fn restarts_since(&self, from: Timestamp) -> usize {
        let events = self.behind.events(&ClusterId::new(CLUSTER), from - SignedDuration::from_secs(1)).await.unwrap();
        let ended = |event: &&ClusterEvent| event.at > from && event.message.contains("completed restart");
        events.iter().filter(ended).count()
    }

    pub(super) async fn available(&self) {
        while !self.behind.cluster(&ClusterId::new(CLUSTER)).await.unwrap().is_available() {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test]
async fn it_reboots_and_is_available_again() {
    let Some(cluster) = Cluster::there_is("eu-west-1").await else { return };
    cluster.play().await;
    let plan = cluster.plan("cantareira").await;
    let asks = plan.head().findings.iter().find(|finding| finding.verdict == Verdict::Ask).unwrap();
    assert_eq!(asks.guard, "no-evidence");
    let (from, desk) = (Timestamp::now(), Desk::new());
    let report = desk.apply(&cluster.registry(), plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!(cluster.restarts_since(from).await, 1);
    // Whether the loader works again cannot be seen from here: it stays owed.
    assert_eq!(desk.due(&cluster.registry()).await.len(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_looking() {
    let Some(cluster) = Cluster::there_is("eu-central-1").await else { return };
    cluster.play().await;
    let plan = cluster.plan(CLUSTER).await;
    let from = Timestamp::now();
    cluster.peer.fault(Fault::LostAnswer).await.unwrap();
    let report = Desk::new().apply(&cluster.registry(), plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!(cluster.restarts_since(from).await, 1);
}

#[tokio::test]
async fn a_cluster_that_is_busy_is_not_rebooted() {
    let Some(cluster) = Cluster::there_is("us-east-1").await else { return };
    cluster.play().await;
    let all = cluster.behind.clusters().await.unwrap();
    let with = |pending: bool| all.iter().find(|one| one.pending.is_empty() != pending && one.id.as_str() != CLUSTER);
    let paused = all.iter().find(|one| one.status == ClusterStatus::Paused).unwrap();
    assert!(blocks(&cluster.plan(paused.id.as_str()).await)[0].contains("is paused"));
    let snapshot = with(true).unwrap();
    let plan = cluster.plan(snapshot.id.as_str()).await;
    assert!(blocks(&plan)[0].contains("a snapshot is being made"), "{:?}", plan.head().findings);
    assert!(plan.head().findings.iter().any(|finding| finding.text.contains("NumberOfNodes")));
    let resized = all.iter().rfind(|one| one.is_available() && one.pending.is_empty()).unwrap();
    assert!(blocks(&cluster.plan(resized.id.as_str()).await)[0].contains("a resize goes on"));
    // Between plan and approval a colleague reboots it: ours is not sent.
    let plan = cluster.plan(CLUSTER).await;
    let from = Timestamp::now();
    cluster.behind.reboot(&ClusterId::new(CLUSTER)).await.unwrap();
    assert!(blocks(&cluster.plan(CLUSTER).await)[0].contains("is rebooting"));
    let report = Desk::new().apply(&cluster.registry(), plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    cluster.available().await;
    assert_eq!(cluster.restarts_since(from).await, 1);
}
