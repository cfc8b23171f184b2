//! The Mesos master: who leads, what it tells, and how a framework is forgotten.

use aurora_client::{Effect, Environment, ErrorKind, FrameworkId, MesosClient, MesosRead, MesosWrite};
use ops_client::http::RetryPolicy;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::asked;

fn on(verb: &str, place: &str, answer: ResponseTemplate) -> Mock {
    Mock::given(method(verb)).and(path(place)).respond_with(answer)
}

fn json(body: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body, "application/json")
}

fn of(servers: &[&MockServer]) -> MesosClient {
    let addresses = servers.iter().map(|server| server.uri());
    MesosClient::builder(Environment::new("test"), addresses).retry(RetryPolicy::none()).build().unwrap()
}

/// A master that names the leader without a scheme, as masters do.
async fn names(leader: &MockServer) -> MockServer {
    let server = MockServer::start().await;
    leads(&server, leader).await;
    server
}

async fn leads(server: &MockServer, leader: &MockServer) {
    let location = leader.uri().replace("http:", "");
    on("GET", "/redirect", ResponseTemplate::new(307).insert_header("location", location)).mount(server).await;
}

#[tokio::test]
async fn the_leader_is_looked_at() {
    let leader = MockServer::start().await;
    leads(&leader, &leader).await;
    let follower = names(&leader).await;
    let summary = r#"{"hostname": "m", "cluster": "c", "other": [1],
        "frameworks": [
            {"id": "f-1", "name": "Aurora", "active": true, "connected": false, "hostname": "h", "webui_url": "http://h",
             "registered_time": 1764000000.5, "TASK_RUNNING": 7.0, "slave_ids": ["a-1"]},
            {"id": "f-2", "name": "old", "active": true}],
        "slaves": [{"id": "a-1", "hostname": "m-1", "active": true, "attributes": {"rack": "r1", "n": 3.0},
                    "TASK_RUNNING": 2}]}"#;
    on("GET", "/state-summary", json(summary)).mount(&leader).await;
    on("GET", "/version", json(r#"{"version": "1.6.1"}"#)).mount(&leader).await;
    let mesos = of(&[&follower, &leader]);
    let seen = mesos.look().await.unwrap();
    assert_eq!((seen.leader, seen.cluster.as_deref()), (leader.uri(), Some("c")));
    let [aurora, old] = &seen.frameworks[..] else { unreachable!() };
    assert_eq!((aurora.active, aurora.connected, aurora.tasks_running), (true, false, 7));
    assert_eq!(aurora.registered_at.unwrap().as_second(), 1_764_000_000);
    // Older masters do not say whether a framework is connected.
    assert!(old.active && old.connected);
    let agent = &seen.agents[0];
    assert_eq!((agent.hostname.as_str(), agent.tasks_running), ("m-1", 2));
    assert_eq!(agent.attributes.iter().find(|(name, _)| name == "rack").unwrap().1, "r1");
    assert_eq!(mesos.probe().await.unwrap().version.as_deref(), Some("1.6.1"));
    assert_eq!(asked(&follower, "/state-summary").await, 0);
}

#[tokio::test]
async fn without_a_leader_nothing_is_told() {
    let alone = MockServer::start().await;
    on("GET", "/redirect", ResponseTemplate::new(503)).mount(&alone).await;
    let error = of(&[&alone]).look().await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unavailable, Effect::None));
    let error = of(&[&alone]).teardown(&FrameworkId::new("f-1")).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unavailable, Effect::None));
}

#[tokio::test]
async fn a_leader_that_is_not_listed_is_not_asked() {
    let stranger = MockServer::start().await;
    let (one, other) = (names(&stranger).await, names(&stranger).await);
    let error = of(&[&one, &other]).look().await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Rejected, Effect::None), "{error}");
    assert!(stranger.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_broken_answer_is_none() {
    for body in ["", "no", "[]", "{}", r#"{"frameworks": [{"name": "x"}]}"#] {
        let leader = MockServer::start().await;
        leads(&leader, &leader).await;
        on("GET", "/state-summary", json(body)).mount(&leader).await;
        let error = of(&[&leader]).look().await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::None), "{body}");
    }
}

#[tokio::test]
async fn a_framework_is_forgotten() {
    let leader = MockServer::start().await;
    leads(&leader, &leader).await;
    on("POST", "/master/teardown", ResponseTemplate::new(200)).mount(&leader).await;
    of(&[&leader]).teardown(&FrameworkId::new("20170101-0000")).await.unwrap();
    let sent = leader.received_requests().await.unwrap().pop().unwrap();
    assert_eq!(sent.body, b"frameworkId=20170101-0000");
    assert_eq!(sent.headers.get("content-type").unwrap(), "application/x-www-form-urlencoded");

    for (answer, wanted) in [
        (ResponseTemplate::new(400).set_body_string("No framework found with ID f"), None),
        (ResponseTemplate::new(400).set_body_string("Missing"), Some((ErrorKind::Invalid, Effect::None))),
        (ResponseTemplate::new(401), Some((ErrorKind::Unauthenticated, Effect::None))),
        (ResponseTemplate::new(500), Some((ErrorKind::Unavailable, Effect::Possible))),
    ] {
        let leader = MockServer::start().await;
        leads(&leader, &leader).await;
        on("POST", "/master/teardown", answer).mount(&leader).await;
        let told = of(&[&leader]).teardown(&FrameworkId::new("f-1")).await.err();
        assert_eq!(told.map(|error| (error.kind(), error.effect())), wanted);
    }
    for wrong in ["", "a&b=c", "a b"] {
        let error = of(&[&leader]).teardown(&FrameworkId::new(wrong)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
}
