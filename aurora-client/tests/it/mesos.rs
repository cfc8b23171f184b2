//! The client of Mesos' masters.

use aurora_client::{Effect, ErrorKind, FrameworkId, MesosClient, MesosRead, MesosWrite};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{endpoint, sent};

/// A cluster that has nothing.
const NOTHING: &str = r#"{"frameworks":[]}"#;

fn of(masters: &[&MockServer]) -> MesosClient {
    MesosClient::of(masters.iter().map(|master| endpoint(&master.uri())).collect()).unwrap()
}

async fn on(server: &MockServer, place: &str, answer: ResponseTemplate) {
    Mock::given(path(place)).respond_with(answer).mount(server).await;
}

fn to(leader: &MockServer) -> ResponseTemplate {
    ResponseTemplate::new(307).insert_header("location", format!("//{}", leader.address()))
}

fn json(body: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body, "application/json")
}

/// A master that leads, and tells this.
async fn leading(summary: &str) -> MockServer {
    let server = MockServer::start().await;
    on(&server, "/redirect", to(&server)).await;
    on(&server, "/state-summary", json(summary)).await;
    server
}

#[tokio::test]
async fn the_leading_master_is_asked_whoever_names_it() {
    let leader = leading(r#"{"cluster":"c","frameworks":[],"slaves":[]}"#).await;
    let other = MockServer::start().await;
    on(&other, "/redirect", to(&leader)).await;
    let seen = of(&[&other, &leader]).look().await.unwrap();
    assert_eq!((seen.cluster.as_deref(), seen.leader.trim_end_matches('/')), (Some("c"), &*leader.uri()));
    assert!(sent(&other, "/state-summary").await.is_empty());
    on(&leader, "/version", json(r#"{"version":"1.6.1","build_time":1.5}"#)).await;
    assert_eq!(of(&[&other, &leader]).probe().await.unwrap().version.as_deref(), Some("1.6.1"));
}

#[tokio::test]
async fn a_master_that_is_not_listed_is_not_asked() {
    let leader = leading(NOTHING).await;
    let (one, two) = (MockServer::start().await, MockServer::start().await);
    for server in [&one, &two] {
        on(server, "/redirect", to(&leader)).await;
    }
    let error = of(&[&one, &two]).look().await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Rejected, Effect::None), "{error}");
    let error = of(&[&one, &two]).teardown(&FrameworkId::new("a")).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Rejected, Effect::None), "{error}");
    assert!(leader.received_requests().await.unwrap().is_empty());
    // One address for all is what stands before them: it finds the leader.
    on(&one, "/state-summary", json(NOTHING)).await;
    of(&[&one]).look().await.unwrap();
}

#[tokio::test]
async fn no_master_leads() {
    let one = MockServer::start().await;
    on(&one, "/redirect", ResponseTemplate::new(503).set_body_string("No leader elected")).await;
    let masters = of(&[&one]);
    let error = masters.look().await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unavailable, Effect::None));
    let error = masters.teardown(&FrameworkId::new("a")).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unavailable, Effect::None), "nobody was told to");
    // A master that is down beside it does not change that none leads.
    let closed = MesosClient::of(vec![endpoint(&one.uri()), endpoint("http://127.0.0.1:1")]).unwrap();
    assert_eq!(closed.look().await.unwrap_err().kind(), ErrorKind::Unavailable);
    let closed = MesosClient::of(vec![endpoint("http://127.0.0.1:1"), endpoint("http://127.0.0.1:2")]).unwrap();
    assert_eq!(closed.look().await.unwrap_err().kind(), ErrorKind::Connect);
}

#[tokio::test]
async fn a_master_that_is_down_is_passed_over() {
    let leader = leading(NOTHING).await;
    let masters = MesosClient::of(vec![endpoint("http://127.0.0.1:1"), endpoint(&leader.uri())]).unwrap();
    masters.look().await.unwrap();
}

#[tokio::test]
async fn a_summary_is_read_with_what_it_leaves_out() {
    let summary = r#"{"hostname":"m","cluster":"c","unknown":{"x":[1]},
        "frameworks":[
            {"id":"f-1","name":"Aurora","active":true,"connected":false,"hostname":"aurora-1","webui_url":"http://aurora-1:8081",
             "registered_time":1764000000.25,"TASK_RUNNING":12.0,"TASK_STAGING":1e0,"used_resources":{"cpus":1.5}},
            {"id":"f-2"}],
        "slaves":[
            {"id":"s-1","hostname":"agent-1","active":true,"attributes":{"slave_type":"on-demand","rack":7.0},"TASK_RUNNING":3,
             "registered_time":1.5},
            {"id":"s-2"}]}"#;
    let seen = of(&[&leading(summary).await]).look().await.unwrap();
    let [aurora, bare] = &seen.frameworks[..] else { panic!("{seen:?}") };
    assert_eq!((aurora.id.as_str(), aurora.name.as_str(), aurora.tasks_running), ("f-1", "Aurora", 12));
    assert_eq!((aurora.active, aurora.connected), (true, false));
    assert_eq!(aurora.registered_at.unwrap().as_second(), 1_764_000_000);
    assert_eq!(
        (aurora.hostname.as_deref(), aurora.webui_url.as_deref()),
        (Some("aurora-1"), Some("http://aurora-1:8081"))
    );
    assert_eq!((bare.active, bare.connected, bare.registered_at, bare.tasks_running), (false, false, None, 0));
    let [agent, bare] = &seen.agents[..] else { panic!("{seen:?}") };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(agent.attributes, [pair("rack", "7.0"), pair("slave_type", "on-demand")]);
    assert_eq!((agent.hostname.as_str(), agent.tasks_running, bare.active), ("agent-1", 3, false));
    assert_eq!(of(&[&leading(NOTHING).await]).look().await.unwrap().frameworks, []);
}

#[tokio::test]
async fn what_is_no_summary() {
    for text in ["", "{}", "[]", r#"{"frameworks":7}"#, r#"{"frameworks":[{"name":"no id"}]}"#, "<html></html>"] {
        let error = of(&[&leading(text).await]).look().await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::None), "{text}");
    }
}

async fn tearing(answer: ResponseTemplate) -> MockServer {
    let server = leading(NOTHING).await;
    Mock::given(method("POST")).and(path("/master/teardown")).respond_with(answer).mount(&server).await;
    server
}

#[tokio::test]
async fn a_teardown_is_a_form() {
    let server = tearing(ResponseTemplate::new(200)).await;
    of(&[&server]).teardown(&FrameworkId::new("20151013-b_1.c-0000")).await.unwrap();
    let sent = sent(&server, "/master/teardown").await;
    assert_eq!((sent.len(), sent[0].body.as_slice()), (1, &b"frameworkId=20151013-b_1.c-0000"[..]));
    assert_eq!(sent[0].headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(sent[0].headers.get_all("content-type").iter().count(), 1);
    for id in ["", "a&b=c", "a b", "a/../b", "ä"] {
        let error = of(&[&server]).teardown(&FrameworkId::new(id)).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Invalid, Effect::None), "{id:?}");
    }
}

#[tokio::test]
async fn a_framework_that_is_gone_is_no_error() {
    let gone = "No framework found with specified ID: f-1";
    let server = tearing(ResponseTemplate::new(400).set_body_string(gone)).await;
    of(&[&server]).teardown(&FrameworkId::new("f-1")).await.unwrap();
    for (status, words, kind, effect) in [
        (400, "Missing 'frameworkId' query parameter", ErrorKind::Invalid, Effect::None),
        (401, gone, ErrorKind::Unauthenticated, Effect::None),
        (403, "", ErrorKind::Forbidden, Effect::None),
        (500, "", ErrorKind::Unavailable, Effect::Possible),
    ] {
        let server = tearing(ResponseTemplate::new(status).set_body_string(words)).await;
        let error = of(&[&server]).teardown(&FrameworkId::new("f-1")).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (kind, effect), "{status}");
    }
}
