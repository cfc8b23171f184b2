//! What is sent, exactly, and as whom.

use gocd_client::{BuildsRead, BuildsReadExt, Cursor, Generation, GocdClient, PipelineStatus};
use ops_client::Environment;
use ops_client::http::SecretString;
use wiremock::MockServer;

use crate::{VERSION, asked, builder, client, json, metapod, on, server};

const V1: &str = "application/vnd.go.cd.v1+json";
const EMPTY: &str = r#"{"pipelines": [], "pagination": {"offset": 0, "total": 0, "page_size": 10}}"#;

#[tokio::test]
async fn a_probe() {
    let server = MockServer::start().await;
    on("GET /go/api/version", json(200, VERSION)).mount(&server).await;
    let probe = client(&server).probe().await.unwrap();
    assert_eq!((probe.address, probe.version.as_deref()), (server.uri(), Some("23.5.0")));
    assert!(probe.server_time.is_some());
    assert_eq!(asked(&server).await, [format!("GET /go/api/version {V1}")]);
}

#[tokio::test]
async fn newer_servers_are_asked_by_cursor() {
    let server = server("20.1.0", json(200, EMPTY)).await;
    let gocd = client(&server);
    gocd.history(&metapod(), None).await.unwrap();
    gocd.history(&metapod(), Some(Cursor::new(42))).await.unwrap();
    let expected = [
        format!("GET /go/api/version {V1}"),
        format!("GET /go/api/pipelines/metapod/history?page_size=100 {V1}"),
        format!("GET /go/api/pipelines/metapod/history?page_size=100&after=42 {V1}"),
    ];
    assert_eq!(asked(&server).await, expected, "and for its version once");
}

#[tokio::test]
async fn older_servers_are_asked_by_offset() {
    let server = server("19.12.0", json(200, EMPTY)).await;
    client(&server).history(&metapod(), None).await.unwrap();
    let asked_for = "GET /go/api/pipelines/metapod/history/0 application/json";
    assert_eq!(asked(&server).await[1..], [asked_for]);

    // The oldest do not tell a version at all.
    for status in [404, 406] {
        let server = MockServer::start().await;
        on("GET /go/api/version", json(status, r#"{"message": "no"}"#)).mount(&server).await;
        on("GET /go/api/pipelines/metapod/history/0", json(200, EMPTY)).mount(&server).await;
        let gocd = client(&server);
        gocd.history(&metapod(), None).await.unwrap();
        gocd.clone().running(&metapod()).await.unwrap();
        assert_eq!(asked(&server).await.len(), 3, "a clone knows it too");
    }
}

#[tokio::test]
async fn who_is_told_the_generation_does_not_ask() {
    let server = server("23.5.0", json(200, EMPTY)).await;
    let gocd = client(&server).with_generation(Generation::Offsets);
    gocd.history(&metapod(), Some(Cursor::new(0))).await.unwrap();
    assert_eq!(asked(&server).await, ["GET /go/api/pipelines/metapod/history/0 application/json"]);
}

#[tokio::test]
async fn a_probe_teaches_the_generation() {
    let server = server("23.5.0", json(200, EMPTY)).await;
    let gocd = client(&server);
    gocd.probe().await.unwrap();
    gocd.history(&metapod(), None).await.unwrap();
    assert_eq!(asked(&server).await.len(), 2);
}

#[tokio::test]
async fn an_address_with_go_and_one_below_a_path() {
    let server = server("23.5.0", json(200, EMPTY)).await;
    for (address, path) in [("/go", "/go/api/version"), ("/go/", "/go/api/version"), ("/ci", "/ci/go/api/version")] {
        let gocd = GocdClient::builder(Environment::new("test"), &format!("{}{address}", server.uri()));
        // Whatever comes back: the path is what counts.
        let _ = gocd.build().unwrap().probe().await;
        assert_eq!(asked(&server).await.pop().unwrap(), format!("GET {path} {V1}"), "{address}");
    }
}

#[tokio::test]
async fn who_calls() {
    let server = server("23.5.0", json(200, EMPTY)).await;
    let secret = || SecretString::from("abc".to_owned());
    for (gocd, header) in [
        (client(&server).with_access_token(secret()), Some("Bearer abc")),
        (client(&server).with_login("on-call", secret()), Some("Basic b24tY2FsbDphYmM=")),
        (builder(&server).build().unwrap(), None),
    ] {
        gocd.status(&metapod()).await.unwrap_err();
        let requests = server.received_requests().await.unwrap();
        let sent = requests.last().unwrap().headers.get("authorization").map(|value| value.to_str().unwrap());
        assert_eq!(sent, header);
    }
}

#[tokio::test]
async fn a_status_of_both_generations() {
    let mut paused = PipelineStatus::ready().paused("caio", "the lock is lost");
    paused.locked = true;
    let new = r#"{"paused": true, "paused_cause": "the lock is lost", "paused_by": "caio", "locked": true, "schedulable": false}"#;
    let old = r#"{"pausedCause": "the lock is lost", "pausedBy": "caio", "paused": true, "schedulable": false, "locked": true}"#;
    for body in [new, old] {
        let server = server("23.5.0", json(200, body)).await;
        assert_eq!(client(&server).status(&metapod()).await.unwrap(), paused);
        assert_eq!(asked(&server).await, [format!("GET /go/api/pipelines/metapod/status {V1}")]);
    }
    let ready = r#"{"paused": false, "paused_cause": "", "paused_by": "", "locked": false, "schedulable": true}"#;
    let server = server("23.5.0", json(200, ready)).await;
    assert_eq!(client(&server).status(&metapod()).await.unwrap(), PipelineStatus::ready());
}

#[tokio::test]
async fn a_server_that_knows_no_versions_of_its_api_is_asked_for_a_status_again() {
    let server = MockServer::start().await;
    let path = "GET /go/api/pipelines/metapod/status";
    let ready = r#"{"paused": false, "pausedCause": null, "pausedBy": null, "locked": false, "schedulable": true}"#;
    on(path, json(200, ready)).mount(&server).await;
    let named = wiremock::Mock::given(wiremock::matchers::header("accept", V1));
    named.respond_with(json(404, "{}")).with_priority(1).mount(&server).await;
    assert_eq!(client(&server).status(&metapod()).await.unwrap(), PipelineStatus::ready());
    let json = "application/json";
    let expected = [format!("{path} {V1}"), format!("GET /go/api/version {V1}"), format!("{path} {json}")];
    assert_eq!(asked(&server).await, expected);
}
