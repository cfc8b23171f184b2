//! The client against servers that answer as told, and what follows from answers of any kind.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod failures;
mod find;
mod history;
mod requests;
mod secrets;

use std::time::Duration;

use gocd_client::{Environment, GocdClient, PipelineName};
use ops_client::http::{ClientBuilder, RetryPolicy};
use wiremock::matchers::{any, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const VERSION: &str = r#"{"version": "23.5.0", "build_number": "18179", "full_version": "23.5.0 (18179-abc)"}"#;

fn metapod() -> PipelineName {
    "metapod".parse().unwrap()
}

/// A server that gives this answer to every call, after having told its version.
async fn server(version: &str, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    let told = json(200, &format!(r#"{{"version": "{version}"}}"#));
    on("GET /go/api/version", told).with_priority(1).mount(&server).await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// An answer to a method and a path, `"GET /go/api/version"`.
fn on(what: &str, answer: ResponseTemplate) -> Mock {
    let (verb, place) = what.split_once(' ').unwrap();
    Mock::given(method(verb)).and(path(place)).respond_with(answer)
}

fn json(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/vnd.go.cd.v1+json; charset=utf-8")
}

fn page() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw("<!doctype html><html><title>Sign in - Go</title></html>", "text/html")
}

/// A client that does not wait long between its attempts.
fn builder(server: &MockServer) -> ClientBuilder<GocdClient> {
    let quick = RetryPolicy::default().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
    GocdClient::builder(Environment::new("test"), &server.uri()).retry(quick)
}

fn client(server: &MockServer) -> GocdClient {
    builder(server).build().unwrap()
}

/// What was asked, in order: method, path and query, and which API.
async fn asked(server: &MockServer) -> Vec<String> {
    let told = |request: &wiremock::Request| {
        let accept = request.headers.get("accept").unwrap().to_str().unwrap();
        let query = request.url.query().map_or_else(String::new, |query| format!("?{query}"));
        format!("{} {}{query} {accept}", request.method, request.url.path())
    };
    server.received_requests().await.unwrap().iter().map(told).collect()
}
