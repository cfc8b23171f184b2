//! The client against servers that answer as told.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod failures;
mod requests;
mod secrets;

use std::time::Duration;

use ops_client::http::{ClientBuilder, RetryPolicy};
use slack_client::{ChannelId, Environment, SlackClient, Window};
use wiremock::matchers::{any, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

const A: &str = "f7832a01-001b-56f7-a4fe-b3a417f8f654";
const B: &str = "10b090f0-fda6-4ef3-b091-9b8fec7c45fc";

fn channel() -> ChannelId {
    "C1234567890".parse().unwrap()
}

fn night() -> Window {
    Window::new("2018-01-17T23:45:00Z".parse().unwrap(), "2018-01-18T01:00:00.000216Z".parse().unwrap())
}

/// A server that gives this answer to every call.
async fn server(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

fn json(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/json; charset=utf-8")
}

/// A page with these messages, and another one behind it.
fn page(messages: &str, next: &str) -> ResponseTemplate {
    let more = !next.is_empty();
    let body = format!(
        r#"{{"ok": true, "messages": [{messages}], "has_more": {more}, "response_metadata": {{"next_cursor": "{next}"}}}}"#
    );
    json(200, &body)
}

fn message(ts: &str, id: &str) -> String {
    format!(r#"{{"type": "message", "ts": "{ts}", "bot_id": "B1", "text": "transaction {id}"}}"#)
}

/// This answer to who comes with this cursor.
async fn on_cursor(server: &MockServer, cursor: &str, answer: ResponseTemplate) {
    Mock::given(query_param("cursor", cursor)).respond_with(answer).with_priority(1).mount(server).await;
}

/// A client that does not wait long between its attempts.
fn builder(server: &MockServer) -> ClientBuilder<SlackClient> {
    let quick = RetryPolicy::default().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
    SlackClient::builder(Environment::new("test"), &server.uri()).retry(quick)
}

fn client(server: &MockServer) -> SlackClient {
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
