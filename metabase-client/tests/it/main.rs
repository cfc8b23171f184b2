//! The client against servers that answer as told.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod failures;
mod login;
mod requests;
mod secrets;

use std::time::Duration;

use metabase_client::{DatabaseId, Environment, FieldId, MetabaseClient, Query, TableId};
use ops_client::http::{ClientBuilder, RetryPolicy};
use wiremock::matchers::{any, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const NAME: FieldId = FieldId::new(301);
const LOADED: FieldId = FieldId::new(302);

/// All of the table that the tests ask about.
fn loads() -> Query {
    Query::new(DatabaseId::new(2), TableId::new(30))
}

/// A server that gives this answer to every call.
async fn server(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// An answer to a method and a path, `"GET /api/database"`.
fn on(what: &str, answer: ResponseTemplate) -> Mock {
    let (verb, place) = what.split_once(' ').unwrap();
    Mock::given(method(verb)).and(path(place)).respond_with(answer)
}

fn json(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/json")
}

fn page() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw("<!doctype html><html><title>Metabase</title></html>", "text/html")
}

/// A client that does not wait long between its attempts.
fn builder(server: &MockServer) -> ClientBuilder<MetabaseClient> {
    let quick = RetryPolicy::default().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
    MetabaseClient::builder(Environment::new("test"), &server.uri()).retry(quick)
}

fn client(server: &MockServer) -> MetabaseClient {
    builder(server).build().unwrap()
}
