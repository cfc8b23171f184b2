//! Logging in: once, again when the login has ended, and never more than once for a call.

use std::time::Duration;

use airflow_client::{AirflowClient, AirflowRead, AirflowWrite, DagFilter, Effect, ErrorKind, NewRunState, Release};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use wiremock::matchers::{body_string, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{V1, V2, builder, html, json, on, run};

const DAGS: &str = r#"{"dags": [], "total_entries": 0}"#;
const FORBIDDEN: &str = r#"{"detail": null, "status": 403, "title": "Forbidden", "type": "https://x"}"#;
const FORM: &str =
    r#"<form method="post"><input id="csrf_token" name="csrf_token" type="hidden" value="csrf.1"></form>"#;

fn airflow(server: &MockServer, release: Release) -> AirflowClient {
    let airflow = builder(server).build().unwrap().with_login("on-call", "se&cret".to_owned().into());
    airflow.with_release(release).unwrap()
}

async fn count(server: &MockServer, verb: &str, place: &str) -> usize {
    let requests = server.received_requests().await.unwrap();
    requests.iter().filter(|request| request.method.as_str() == verb && request.url.path() == place).count()
}

fn jwt(lives: u64) -> String {
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(format!(r#"{{"sub":"on-call","iat":1000,"exp":{}}}"#, 1000 + lives)))
}

/// Issues these tokens one after another, the last one for ever.
async fn issuer(tokens: &[&str]) -> MockServer {
    let server = MockServer::start().await;
    for (turn, token) in tokens.iter().enumerate() {
        let answer = json(201, &format!(r#"{{"access_token": "{token}"}}"#));
        let mock = on("POST /auth/token", answer);
        if turn + 1 < tokens.len() { mock.up_to_n_times(1).mount(&server).await } else { mock.mount(&server).await }
    }
    server
}

async fn accepts(server: &MockServer, token: &str) {
    let right = Mock::given(path("/api/v2/dags")).and(header("authorization", format!("Bearer {token}")));
    right.respond_with(json(200, DAGS)).with_priority(1).mount(server).await;
}

#[tokio::test]
async fn airflow_3_gives_a_token_that_all_calls_share() {
    let server = issuer(&["token-1"]).await;
    accepts(&server, "token-1").await;
    let airflow = airflow(&server, V2);
    let filter = DagFilter::all();
    let (one, two) = tokio::join!(airflow.dags(&filter), airflow.dags(&filter));
    one.and(two).unwrap();
    airflow.clone().dags(&filter).await.unwrap();
    assert_eq!(count(&server, "POST", "/auth/token").await, 1);
    let body: serde_json::Value = server.received_requests().await.unwrap()[0].body_json().unwrap();
    assert_eq!(body, serde_json::json!({"username": "on-call", "password": "se&cret"}));
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once() {
    for refusal in [json(401, r#"{"detail": "Token Expired"}"#), json(403, r#"{"detail": "Invalid JWT token"}"#)] {
        let server = issuer(&["token-1", "token-2"]).await;
        accepts(&server, "token-2").await;
        on("GET /api/v2/dags", refusal.clone()).mount(&server).await;
        airflow(&server, V2).dags(&DagFilter::all()).await.unwrap();
        assert_eq!(count(&server, "POST", "/auth/token").await, 2);

        // Whoever is refused again is told so.
        let server = issuer(&["token-1", "token-2"]).await;
        on("GET /api/v2/dags", refusal).mount(&server).await;
        let error = airflow(&server, V2).dags(&DagFilter::all()).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unauthenticated, 2));
        assert_eq!(count(&server, "POST", "/auth/token").await, 2);
    }
}

#[tokio::test]
async fn a_right_that_lacks_is_no_reason_to_log_in_again_on_airflow_3() {
    let server = issuer(&["token-1"]).await;
    on("GET /api/v2/dags", json(403, r#"{"detail": "Forbidden"}"#)).mount(&server).await;
    let error = airflow(&server, V2).dags(&DagFilter::all()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Forbidden, 1));
    assert_eq!(count(&server, "POST", "/auth/token").await, 1);
}

#[tokio::test]
async fn a_token_is_renewed_before_its_end() {
    // The first one is as good as over: 0 s to live.
    let (first, second) = (jwt(0), jwt(3600));
    let server = issuer(&[&first, &second]).await;
    accepts(&server, &first).await;
    accepts(&server, &second).await;
    let airflow = airflow(&server, V2);
    for _ in 0..3 {
        airflow.dags(&DagFilter::all()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(count(&server, "POST", "/auth/token").await, 2);
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.iter().filter(|request| request.url.path() == "/api/v2/dags").count(), 3);
}

#[tokio::test]
async fn a_write_that_was_refused_is_sent_again_with_the_new_token() {
    let server = issuer(&["token-1", "token-2"]).await;
    let place = "/api/v2/dags/nightly/dagRuns/a%2Bb%3Ac";
    let right = Mock::given(method("PATCH")).and(path(place)).and(header("authorization", "Bearer token-2"));
    right.respond_with(json(200, "{}")).with_priority(1).mount(&server).await;
    on(&format!("PATCH {place}"), json(401, r#"{"detail": "Token Expired"}"#)).mount(&server).await;
    airflow(&server, V2).set_run_state(&run(), NewRunState::Queued).await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_on_airflow_3() {
    let server = MockServer::start().await;
    on("POST /auth/token", json(401, r#"{"detail": "Invalid credentials"}"#)).mount(&server).await;
    let error = airflow(&server, V2).set_run_state(&run(), NewRunState::Queued).await.unwrap_err();
    assert_eq!((error.kind(), error.effect(), error.attempts()), (ErrorKind::Unauthenticated, Effect::None, 0));
    let below = std::error::Error::source(&error).unwrap().to_string();
    assert!(below.contains("the user or the password was not accepted"), "{below}");
}

#[tokio::test]
async fn a_server_that_is_down_is_not_called_a_wrong_password() {
    for (answer, kind) in [(ResponseTemplate::new(503), ErrorKind::Unavailable), (html(200), ErrorKind::Decode)] {
        let server = MockServer::start().await;
        on("POST /auth/token", answer).mount(&server).await;
        let error = airflow(&server, V2).dags(&DagFilter::all()).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (kind, Effect::None), "{error:?}");
    }
}

fn session(cookie: &str, location: &str) -> ResponseTemplate {
    let set = format!("session={cookie}; Expires=Fri, 25 Dec 2026 20:59:34 GMT; HttpOnly; Path=/; SameSite=Lax");
    ResponseTemplate::new(302).insert_header("location", location).append_header("set-cookie", &*set)
}

/// Airflow 2 with its form: the answer to it is given.
async fn form(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    let page = ResponseTemplate::new(200)
        .append_header("set-cookie", "other=1; Path=/")
        .append_header("set-cookie", "session=first; HttpOnly; Path=/")
        .set_body_raw(FORM, "text/html");
    on("GET /login/", page).mount(&server).await;
    Mock::given(method("POST"))
        .and(path("/login/"))
        .and(header("cookie", "session=first"))
        .and(header("content-type", "application/x-www-form-urlencoded"))
        .and(body_string("csrf_token=csrf.1&username=on-call&password=se%26cret"))
        .respond_with(answer)
        .mount(&server)
        .await;
    server
}

async fn knows(server: &MockServer, cookie: &str) {
    let right = Mock::given(path("/api/v1/dags")).and(header("cookie", format!("session={cookie}")));
    right.respond_with(json(200, DAGS)).with_priority(1).mount(server).await;
}

#[tokio::test]
async fn airflow_2_gives_a_session_that_all_calls_share() {
    let server = form(session("second", "/home")).await;
    knows(&server, "second").await;
    let airflow = airflow(&server, V1);
    let filter = DagFilter::all();
    let (one, two) = tokio::join!(airflow.dags(&filter), airflow.dags(&filter));
    one.and(two).unwrap();
    assert_eq!(count(&server, "POST", "/login/").await, 1);
}

#[tokio::test]
async fn a_session_that_is_dead_is_renewed_once() {
    for refusal in [json(403, FORBIDDEN), json(401, "")] {
        let server = form(session("second", "/home")).await;
        // The session is known from the second call on.
        on("GET /api/v1/dags", refusal).up_to_n_times(1).mount(&server).await;
        knows_later(&server).await;
        airflow(&server, V1).dags(&DagFilter::all()).await.unwrap();
        assert_eq!(count(&server, "POST", "/login/").await, 2);
    }
}

async fn knows_later(server: &MockServer) {
    on("GET /api/v1/dags", json(200, DAGS)).with_priority(9).mount(server).await;
}

#[tokio::test]
async fn a_right_that_lacks_costs_airflow_2_one_login_more() {
    let server = form(session("second", "/home")).await;
    on("GET /api/v1/dags", json(403, FORBIDDEN)).mount(&server).await;
    let error = airflow(&server, V1).dags(&DagFilter::all()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Forbidden, 2));
    assert_eq!(count(&server, "POST", "/login/").await, 2);
}

#[tokio::test]
async fn a_login_by_form_that_fails() {
    for (answer, words) in [
        // The form again, by 200 or by a redirect to it.
        (ResponseTemplate::new(200).set_body_raw(FORM, "text/html"), "was not accepted"),
        (session("third", "/login/?next=/home"), "was not accepted"),
        (session("third", "https://airflow.example.com/login/"), "was not accepted"),
        (ResponseTemplate::new(302).insert_header("location", "/home"), "no session came"),
        (session("", "/home"), "no session came"),
    ] {
        let server = form(answer).await;
        let error = airflow(&server, V1).dags(&DagFilter::all()).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Unauthenticated, Effect::None));
        let below = std::error::Error::source(&error).unwrap().to_string();
        assert!(below.contains(words), "{below}");
    }
}

#[tokio::test]
async fn a_login_page_without_a_form() {
    for page in [html(200), ResponseTemplate::new(200).set_body_raw(FORM, "text/html")] {
        let server = MockServer::start().await;
        on("GET /login/", page).mount(&server).await;
        let error = airflow(&server, V1).dags(&DagFilter::all()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    }
    // Single sign-on: the page is somewhere else.
    let server = MockServer::start().await;
    let elsewhere = ResponseTemplate::new(302).insert_header("location", "https://sso.example.com/?x=1");
    on("GET /login/", elsewhere).mount(&server).await;
    assert_eq!(airflow(&server, V1).dags(&DagFilter::all()).await.unwrap_err().kind(), ErrorKind::Rejected);
}

#[tokio::test]
async fn what_needs_no_login_does_not_log_in() {
    let server = MockServer::start().await;
    on("GET /api/v2/version", json(200, r#"{"version": "3.3.2"}"#)).mount(&server).await;
    on("GET /api/v2/monitor/health", json(200, r#"{"scheduler": {"status": "healthy"}}"#)).mount(&server).await;
    let airflow = builder(&server).build().unwrap().with_login("on-call", "x".to_owned().into());
    airflow.probe().await.unwrap();
    assert!(airflow.health().await.unwrap().is_healthy());
    assert_eq!(count(&server, "POST", "/auth/token").await, 0);
}

#[tokio::test]
async fn the_login_finds_out_the_release_by_itself_and_below_a_path() {
    let server = MockServer::start().await;
    on("GET /proxy/api/v2/version", json(200, r#"{"version": "3.0.6"}"#)).mount(&server).await;
    on("POST /proxy/auth/token", json(201, r#"{"access_token": "t"}"#)).mount(&server).await;
    on("GET /proxy/api/v2/dags", json(200, DAGS)).mount(&server).await;
    let address = format!("{}/proxy", server.uri());
    let airflow = AirflowClient::builder(airflow_client::Environment::new("test"), &address).build().unwrap();
    airflow.with_login("on-call", "x".to_owned().into()).dags(&DagFilter::all()).await.unwrap();
}
