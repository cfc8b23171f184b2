//! The client against servers that answer as told.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod answers;
mod failures;
mod login;
mod requests;
mod secrets;
mod waits;

use std::time::Duration;

use databricks_client::{Context, DatabricksClient, Environment, Language, Sql, Submit};
use ops_client::http::{ClientBuilder, RetryPolicy};
use wiremock::matchers::{any, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const MINUTE: Duration = Duration::from_secs(60);

fn of<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn context() -> Context {
    Context::new(of("c-1"), of("x-1"), Language::Scala)
}

fn submit() -> Submit {
    Submit::new("a look", of("c-1"), of("/Shared/look")).with_parameter("dataset", "10b0").with_timeout_seconds(600)
}

fn sql() -> Sql {
    Sql::new(of("w-1"), "SELECT 1")
}

/// A server that gives this answer to every call.
async fn server(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// An answer to a method and a path, `"GET /api/2.0/dbfs/list"`.
fn on(what: &str, answer: ResponseTemplate) -> Mock {
    let (verb, place) = what.split_once(' ').unwrap();
    Mock::given(method(verb)).and(path(place)).respond_with(answer)
}

fn json(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/json")
}

fn page() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw("<!doctype html><html><title>Sign in</title></html>", "text/html")
}

/// A client that does not wait long between its attempts.
fn builder(server: &MockServer) -> ClientBuilder<DatabricksClient> {
    let quick = RetryPolicy::default().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
    DatabricksClient::builder(Environment::new("test"), &server.uri()).retry(quick)
}

fn client(server: &MockServer) -> DatabricksClient {
    builder(server).build().unwrap()
}

/// What was asked, in order: method, path and query.
async fn asked(server: &MockServer) -> Vec<String> {
    let told = |request: &wiremock::Request| {
        let query = request.url.query().map_or_else(String::new, |query| format!("?{query}"));
        format!("{} {}{query}", request.method, request.url.path())
    };
    server.received_requests().await.unwrap().iter().map(told).collect()
}
