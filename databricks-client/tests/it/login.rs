//! A service principal's login: what is sent, how long its token is used, and what its failures say.

use std::time::Duration;

use databricks_client::{DatabricksClient, Effect, ErrorKind, RunId, WorkspaceRead, WorkspaceWrite};
use wiremock::matchers::header;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{asked, client, json, on, page};

const LOGIN: &str = "POST /oidc/v1/token";
const ME: &str = "GET /api/2.0/preview/scim/v2/Me";
const ANA: &str = r#"{"userName": "ana@example.com"}"#;

fn machine(server: &MockServer) -> DatabricksClient {
    client(server).with_oauth("app-1", "secret".to_owned().into())
}

fn token(token: &str, seconds: u32) -> ResponseTemplate {
    let body = format!(
        r#"{{"access_token": "{token}", "scope": "all-apis", "token_type": "Bearer", "expires_in": {seconds}}}"#
    );
    json(200, &body)
}

#[tokio::test]
async fn a_token_is_asked_for_once_as_oauth_has_it() {
    let server = MockServer::start().await;
    on(LOGIN, token("t-1", 3600)).mount(&server).await;
    on(ME, json(200, ANA)).mount(&server).await;
    let machine = machine(&server);
    machine.me().await.unwrap();
    machine.clone().me().await.unwrap();
    assert_eq!(asked(&server).await, [LOGIN, ME, ME]);
    let requests = server.received_requests().await.unwrap();
    let of = |at: usize, name: &str| requests[at].headers.get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(of(0, "authorization"), "Basic YXBwLTE6c2VjcmV0");
    assert_eq!(of(0, "content-type"), "application/x-www-form-urlencoded");
    assert_eq!(requests[0].body, b"grant_type=client_credentials&scope=all-apis");
    assert_eq!(of(1, "authorization"), "Bearer t-1");
}

#[tokio::test]
async fn calls_side_by_side_log_in_together() {
    let server = MockServer::start().await;
    on(LOGIN, token("t-1", 3600)).mount(&server).await;
    on(ME, json(200, ANA)).mount(&server).await;
    let machine = machine(&server);
    let (a, b, c) = tokio::join!(machine.me(), machine.me(), machine.me());
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(asked(&server).await.iter().filter(|what| *what == LOGIN).count(), 1);
}

#[tokio::test]
async fn a_token_that_has_ended_is_renewed_once_and_the_call_sent_again() {
    for refusal in [
        json(401, r#"{"error_code": "UNAUTHENTICATED", "message": "no"}"#),
        json(403, r#"{"error_code": 403, "message": "Invalid access token."}"#),
    ] {
        let server = MockServer::start().await;
        on(LOGIN, token("old", 3600)).up_to_n_times(1).with_priority(1).mount(&server).await;
        on(LOGIN, token("new", 3600)).mount(&server).await;
        let old = Mock::given(header("authorization", "Bearer old"));
        old.respond_with(refusal).with_priority(1).mount(&server).await;
        on("POST /api/2.1/jobs/runs/cancel", json(200, "{}")).mount(&server).await;
        machine(&server).cancel_run(RunId::new(7)).await.unwrap();
        let cancel = "POST /api/2.1/jobs/runs/cancel";
        assert_eq!(asked(&server).await, [LOGIN, cancel, LOGIN, cancel]);
    }
}

#[tokio::test]
async fn a_right_that_lacks_is_no_reason_to_log_in_again() {
    let server = MockServer::start().await;
    on(LOGIN, token("t-1", 3600)).mount(&server).await;
    on(ME, json(403, r#"{"error_code": "PERMISSION_DENIED", "message": "no"}"#)).mount(&server).await;
    assert_eq!(machine(&server).me().await.unwrap_err().kind(), ErrorKind::Forbidden);
    assert_eq!(asked(&server).await, [LOGIN, ME]);
}

#[tokio::test]
async fn a_token_that_is_refused_at_once_ends_the_call() {
    let server = MockServer::start().await;
    on(LOGIN, token("t-1", 3600)).mount(&server).await;
    on(ME, json(401, "{}")).mount(&server).await;
    assert_eq!(machine(&server).me().await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    assert_eq!(asked(&server).await, [LOGIN, ME, LOGIN, ME]);
}

/// Lets so much time pass between two calls.
async fn later(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_token_is_renewed_when_four_fifths_of_its_life_have_passed() {
    let server = MockServer::start().await;
    on(LOGIN, token("t-1", 3600)).mount(&server).await;
    on(ME, json(200, ANA)).mount(&server).await;
    let machine = machine(&server);
    machine.me().await.unwrap();
    later(2700).await;
    machine.me().await.unwrap();
    assert_eq!(asked(&server).await, [LOGIN, ME, ME]);
    later(200).await;
    machine.me().await.unwrap();
    assert_eq!(asked(&server).await, [LOGIN, ME, ME, LOGIN, ME]);
}

#[tokio::test]
async fn what_a_failed_login_says() {
    for (answer, kind, words) in [
        (json(401, r#"{"error": "invalid_client"}"#), ErrorKind::Unauthenticated, "was not accepted"),
        (json(400, r#"{"error": "invalid_client"}"#), ErrorKind::Unauthenticated, "was not accepted"),
        (json(503, "{}"), ErrorKind::Unavailable, ""),
        (page(), ErrorKind::Decode, "cannot be read"),
        (json(200, r#"{"access_token": " "}"#), ErrorKind::Decode, "no token came"),
    ] {
        let server = MockServer::start().await;
        on(LOGIN, answer).mount(&server).await;
        let error = machine(&server).cancel_run(RunId::new(7)).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (kind, Effect::None), "{error}");
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains(words) && source.starts_with("databricks.log_in"), "{source}");
        assert!(asked(&server).await.iter().all(|what| what == LOGIN), "nothing else was sent");
    }
}
