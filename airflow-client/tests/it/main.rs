//! The client against servers that answer as told, and against real ones.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod changes;
mod failures;
mod lists;
mod login;
mod logs;
#[cfg(feature = "conformance")]
mod peer;
mod release;
mod requests;
mod secrets;

use std::time::Duration;

use airflow_client::{AirflowClient, DagId, Environment, Release, RunKey, TaskId};
use ops_client::http::{ClientBuilder, RetryPolicy};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const V1: Release = Release::new(2, 11, 2);
const V2: Release = Release::new(3, 3, 2);

fn dag() -> DagId {
    "nightly".parse().unwrap()
}

fn run() -> RunKey {
    RunKey::new(dag(), "a+b:c".parse().unwrap())
}

fn task(name: &str) -> TaskId {
    name.parse().unwrap()
}

/// An answer to a method and a path, `"GET /api/v1/dags"`.
fn on(what: &str, answer: ResponseTemplate) -> Mock {
    let (verb, place) = what.split_once(' ').unwrap();
    Mock::given(method(verb)).and(path(place)).respond_with(answer)
}

/// A server with these answers, JSON with a status of 200; anything else is 404.
async fn server(answers: &[(&str, &str)]) -> MockServer {
    let server = MockServer::start().await;
    for (what, body) in answers {
        on(what, json(200, body)).mount(&server).await;
    }
    server
}

fn json(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/json")
}

fn html(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw("<html><title>Airflow 404</title></html>", "text/html")
}

/// A client that does not wait long between its attempts.
fn builder(server: &MockServer) -> ClientBuilder<AirflowClient> {
    let quick = RetryPolicy::default().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
    AirflowClient::builder(Environment::new("test"), &server.uri()).retry(quick)
}

/// One that was told the release, so that it does not ask for it.
fn client(server: &MockServer, release: Release) -> AirflowClient {
    builder(server).build().unwrap().with_release(release).unwrap()
}

/// What the server was sent, a line each: method, path and query, body.
async fn seen(server: &MockServer) -> Vec<String> {
    server.received_requests().await.unwrap().iter().map(line).collect()
}

fn line(request: &Request) -> String {
    let mut line = format!("{} {}", request.method, request.url.path());
    if let Some(query) = request.url.query() {
        line.push_str(&format!("?{query}"));
    }
    if !request.body.is_empty() {
        // Parsed and printed again: keys are sorted then.
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        line.push_str(&format!(" {body}"));
    }
    line
}
