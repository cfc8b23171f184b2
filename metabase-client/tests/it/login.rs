//! Who calls: an API key, or a session that is begun once, and once more when it has ended.

use std::time::Duration;

use metabase_client::{CardId, Effect, ErrorKind, MetabaseClient, MetabaseRead};
use ops_client::http::Credential;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{builder, client, json, loads, on, page};

const ME: &str = r#"{"id": 3, "email": "on-call@example.com"}"#;
const FOUND: &str = r#"{"status": "completed", "data": {"rows": [], "cols": []}}"#;

fn metabase(server: &MockServer) -> MetabaseClient {
    client(server).with_login("on-call@example.com", "se&cret".to_owned().into())
}

async fn count(server: &MockServer, place: &str) -> usize {
    let requests = server.received_requests().await.unwrap();
    requests.iter().filter(|request| request.url.path() == place).count()
}

/// Begins these sessions one after another, the last one for ever.
async fn sessions(ids: &[&str]) -> MockServer {
    let server = MockServer::start().await;
    for (turn, id) in ids.iter().enumerate() {
        let mock = on("POST /api/session", json(200, &format!(r#"{{"id": "{id}"}}"#)));
        if turn + 1 < ids.len() { mock.up_to_n_times(1).mount(&server).await } else { mock.mount(&server).await }
    }
    server
}

/// Whoever brings this session is answered; anybody else is not logged in.
async fn knows(server: &MockServer, session: &str) {
    for (place, answer) in [("/api/user/current", json(200, ME)), ("/api/dataset", json(202, FOUND))] {
        let right = Mock::given(path(place)).and(header("x-metabase-session", session));
        right.respond_with(answer).with_priority(1).mount(server).await;
    }
    let nobody = ResponseTemplate::new(401).set_body_string("Unauthenticated");
    Mock::given(path("/api/user/current")).respond_with(nobody.clone()).mount(server).await;
    Mock::given(path("/api/dataset")).respond_with(nobody).mount(server).await;
}

#[tokio::test]
async fn an_api_key_goes_with_every_call_but_the_probe() {
    let server = MockServer::start().await;
    let right = Mock::given(path("/api/user/current")).and(header("x-api-key", "mb_key"));
    right.respond_with(json(200, ME)).mount(&server).await;
    on("GET /api/session/properties", json(200, "{}")).mount(&server).await;
    let metabase = client(&server).with_api_key("mb_key".to_owned().into());
    metabase.me().await.unwrap();
    assert_eq!(metabase.probe().await.unwrap().version, None);
    assert!(server.received_requests().await.unwrap()[1].headers.get("x-api-key").is_none());

    // What the builder was given is sent as it is.
    let built = builder(&server).credential(Credential::header("x-api-key", "mb_key".to_owned().into()));
    built.build().unwrap().me().await.unwrap();
}

#[tokio::test]
async fn a_session_is_shared_by_all_calls() {
    let server = sessions(&["one"]).await;
    knows(&server, "one").await;
    let metabase = metabase(&server);
    let query = loads();
    let (me, found) = tokio::join!(metabase.me(), metabase.query(&query));
    me.unwrap();
    found.unwrap();
    metabase.clone().me().await.unwrap();
    assert_eq!(count(&server, "/api/session").await, 1);
    let begun = server.received_requests().await.unwrap();
    let begun = begun.iter().find(|request| request.url.path() == "/api/session").unwrap();
    let body: serde_json::Value = begun.body_json().unwrap();
    assert_eq!(body, serde_json::json!({"username": "on-call@example.com", "password": "se&cret"}));
}

#[tokio::test]
async fn a_session_that_has_ended_is_renewed_once() {
    let server = sessions(&["one", "two"]).await;
    knows(&server, "two").await;
    metabase(&server).query(&loads()).await.unwrap();
    assert_eq!((count(&server, "/api/session").await, count(&server, "/api/dataset").await), (2, 2));

    // Whoever is refused again is told so.
    let server = sessions(&["one", "two"]).await;
    knows(&server, "three").await;
    let error = metabase(&server).query(&loads()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unauthenticated, 2));
    assert_eq!((count(&server, "/api/session").await, count(&server, "/api/dataset").await), (2, 2));
}

#[tokio::test]
async fn a_right_that_lacks_is_no_reason_to_log_in_again() {
    let server = sessions(&["one"]).await;
    let no = ResponseTemplate::new(403).set_body_string("You don't have permissions to do that.");
    Mock::given(method("POST")).and(path("/api/card/1/query")).respond_with(no).mount(&server).await;
    let error = metabase(&server).question(CardId::new(1), &[]).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Forbidden, 1));
    assert_eq!(count(&server, "/api/session").await, 1);
}

#[tokio::test]
async fn a_wrong_password() {
    for status in [400, 401] {
        let server = MockServer::start().await;
        let no = json(status, r#"{"errors": {"password": "did not match stored password"}}"#);
        on("POST /api/session", no).mount(&server).await;
        let error = metabase(&server).me().await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Unauthenticated, Effect::None));
        assert_eq!(error.attempts(), 0);
        let below = std::error::Error::source(&error).unwrap().to_string();
        assert!(below.contains("was not accepted") && !below.contains("stored"), "{below}");
    }
}

#[tokio::test]
async fn a_server_that_is_down_is_not_called_a_wrong_password() {
    let nothing = json(200, r#"{"id": ""}"#);
    for (answer, kind) in [
        (ResponseTemplate::new(503), ErrorKind::Unavailable),
        (page(), ErrorKind::Decode),
        (json(200, "{}"), ErrorKind::Decode),
        (nothing, ErrorKind::Decode),
    ] {
        let server = MockServer::start().await;
        on("POST /api/session", answer).mount(&server).await;
        let error = metabase(&server).me().await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (kind, Effect::None), "{error:?}");
    }
}

#[tokio::test]
async fn a_probe_does_not_log_in() {
    let server = sessions(&["one"]).await;
    on("GET /api/session/properties", json(200, r#"{"version": {"tag": "v0.52.1"}}"#)).mount(&server).await;
    let metabase = metabase(&server).with_query_timeout(Duration::from_secs(1));
    assert_eq!(metabase.probe().await.unwrap().version.as_deref(), Some("v0.52.1"));
    assert_eq!(count(&server, "/api/session").await, 0);
}
