//! The cluster's ports: what is sent, what refusals mean, and every case of the suite on a stand-in for AWS.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use redshift_ops::conformance::cluster::{Scenario, Stage, run_all};
use redshift_ops::conformance::{Fault, Needs, Prepare};
use redshift_ops::{
    Cluster, ClusterClient, ClusterId, ClusterRead, ClusterStatus, ClusterWrite, Effect, ErrorKind, Result,
};
use wiremock::{MockServer, ResponseTemplate};

use crate::aws::{Peer, SECRET, aws, on, refusal, result, seen};

struct OnPeer {
    peer: Peer,
    client: ClusterClient,
    /// No fault applies to it.
    behind: ClusterClient,
}

#[async_trait]
impl Prepare for OnPeer {
    type Scenario = Scenario;
    type Start = ();

    fn name(&self) -> &str {
        "a stand-in for AWS"
    }

    fn can(&self, what: Needs) -> bool {
        matches!(what, Needs::Prepare | Needs::Change | Needs::Fault)
    }

    /// The peer has read the scenario's file by itself.
    async fn prepare(&self, _: &Scenario) -> Result<()> {
        self.peer.play().await
    }
}

#[async_trait]
impl Stage for OnPeer {
    fn reads(&self) -> &dyn ClusterRead {
        &self.client
    }

    fn writes(&self) -> &dyn ClusterWrite {
        &self.client
    }

    async fn look(&self, id: &ClusterId) -> Result<Cluster> {
        self.behind.cluster(id).await
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn fault(&self, fault: Fault) -> Result<()> {
        self.peer.fault(fault).await
    }
}

#[tokio::test]
async fn a_stand_in_for_aws_conforms() {
    let Some(peer) = Peer::there_is("us-west-1") else { return };
    let client = ClusterClient::new(peer.aws("AKIAIOSFODNN7EXAMPLE").await);
    let behind = ClusterClient::new(peer.aws("BEHIND").await);
    let report = run_all(&OnPeer { peer, client, behind }).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}

async fn client(server: &MockServer) -> ClusterClient {
    ClusterClient::new(aws(&server.uri(), "us-east-1", "AKIAIOSFODNN7EXAMPLE").await)
}

fn one() -> ClusterId {
    ClusterId::new("one")
}

#[tokio::test]
async fn each_call_is_one_request() {
    let server = MockServer::start().await;
    let there = "<Clusters><Cluster><ClusterIdentifier>one</ClusterIdentifier></Cluster></Clusters>";
    on("DescribeClusters", result("DescribeClusters", there)).mount(&server).await;
    for action in ["DescribeEvents", "DescribeClusterSnapshots", "RebootCluster", "PauseCluster", "ResumeCluster"] {
        on(action, result(action, "")).mount(&server).await;
    }
    on("DescribeResize", result("DescribeResize", "<Status>NONE</Status>")).mount(&server).await;
    let made = "<DbUser>IAM:ada</DbUser><DbPassword>planted</DbPassword><Expiration>2026-11-26T12:00:00Z</Expiration>";
    on("GetClusterCredentials", result("GetClusterCredentials", made)).mount(&server).await;
    let client = client(&server).await;

    client.probe().await.unwrap();
    client.clusters().await.unwrap();
    client.cluster(&one()).await.unwrap();
    client.events(&one(), "2026-11-26T09:00:00.5Z".parse().unwrap()).await.unwrap();
    client.snapshots_in_progress(&one()).await.unwrap();
    assert!(!client.resize(&one()).await.unwrap().unwrap().goes_on());
    client.reboot(&one()).await.unwrap();
    client.pause(&one()).await.unwrap();
    client.resume(&one()).await.unwrap();
    let login = client.credentials(&one(), "ada", "belomonte").await.unwrap();
    assert_eq!(login.user, "IAM:ada");
    assert!(!format!("{login:?} {client:?}").contains("planted"));

    let wanted = [
        "Action=DescribeClusters&MaxRecords=20",
        "Action=DescribeClusters&MaxRecords=100",
        "Action=DescribeClusters&ClusterIdentifier=one",
        "Action=DescribeEvents&MaxRecords=100&SourceIdentifier=one&SourceType=cluster&StartTime=2026-11-26T09%3A00%3A00Z",
        "Action=DescribeClusterSnapshots&ClusterIdentifier=one&MaxRecords=100",
        "Action=DescribeResize&ClusterIdentifier=one",
        "Action=RebootCluster&ClusterIdentifier=one",
        "Action=PauseCluster&ClusterIdentifier=one",
        "Action=ResumeCluster&ClusterIdentifier=one",
        "Action=GetClusterCredentials&AutoCreate=false&ClusterIdentifier=one&DbName=belomonte&DbUser=ada&DurationSeconds=900",
    ];
    assert_eq!(seen(&server).await, wanted);
}

#[tokio::test]
async fn a_cluster_is_told_with_all_that_matters() {
    let server = MockServer::start().await;
    let there = "<Clusters><Cluster><ClusterIdentifier>one</ClusterIdentifier><NodeType>ra3.xlplus</NodeType>\
                 <ClusterStatus>incompatible-hsm</ClusterStatus><NumberOfNodes>2</NumberOfNodes><DBName>dev</DBName>\
                 <ClusterAvailabilityStatus>Failed</ClusterAvailabilityStatus>\
                 <Endpoint><Address>one.example.com</Address><Port>5439</Port></Endpoint>\
                 <PendingModifiedValues><MasterUserPassword>****</MasterUserPassword></PendingModifiedValues>\
                 </Cluster></Clusters>";
    on("DescribeClusters", result("DescribeClusters", there)).mount(&server).await;
    let found = client(&server).await.cluster(&one()).await.unwrap();
    assert_eq!(found.status, ClusterStatus::Other("incompatible-hsm".into()));
    assert_eq!(found.host.as_ref().unwrap().to_string(), "one.example.com:5439");
    assert_eq!((found.nodes, found.pending.as_slice()), (2, &["MasterUserPassword".to_owned()][..]));
    assert!(!found.is_available());
}

#[tokio::test]
async fn what_cannot_be_meant_is_not_sent() {
    let server = MockServer::start().await;
    let client = client(&server).await;
    let none = ClusterId::new(" ");
    let now = Timestamp::now();
    for error in [
        // To the service, no identifier means every cluster.
        client.cluster(&none).await.unwrap_err(),
        client.events(&none, now).await.unwrap_err(),
        client.snapshots_in_progress(&none).await.unwrap_err(),
        client.resize(&none).await.unwrap_err(),
        client.reboot(&none).await.unwrap_err(),
        client.pause(&none).await.unwrap_err(),
        client.resume(&none).await.unwrap_err(),
        client.credentials(&none, "ada", "dev").await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Invalid, 0), "{error}");
    }
    assert!(seen(&server).await.is_empty());
}

#[tokio::test]
async fn the_services_words_have_their_kind() {
    for (status, code, kind) in [
        (400, "InvalidClusterState", ErrorKind::Conflict),
        (404, "ClusterNotFound", ErrorKind::NotFound),
        (400, "AccessDenied", ErrorKind::Forbidden),
        (403, "ExpiredToken", ErrorKind::Unauthenticated),
        (400, "Throttling", ErrorKind::RateLimited),
    ] {
        let server = MockServer::start().await;
        on("RebootCluster", refusal(status, code, "no")).mount(&server).await;
        let error = client(&server).await.reboot(&one()).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (kind, Effect::None), "{error}");
    }
}

#[tokio::test]
async fn a_cluster_is_not_rebooted_twice() {
    let server = MockServer::start().await;
    on("RebootCluster", refusal(503, "ServiceUnavailable", "come back")).mount(&server).await;
    let error = client(&server).await.reboot(&one()).await.unwrap_err();
    assert_eq!((error.effect(), error.attempts()), (Effect::Possible, 1), "{error}");
}

/// What is no AWS answers, too: with a page, and with any status.
#[tokio::test]
async fn an_endpoint_that_is_not_aws_is_told() {
    for status in [200, 404, 500] {
        let server = MockServer::start().await;
        let page = ResponseTemplate::new(status).set_body_raw("<html><title>Sign in</title></html>", "text/html");
        on("RebootCluster", page).mount(&server).await;
        let error = client(&server).await.reboot(&one()).await.unwrap_err();
        let words = error.to_string();
        assert!(words.contains("HTML page") && words.contains("check the endpoint"), "{error}");
        assert!(!error.to_string().contains(SECRET), "{error}");
    }
}
