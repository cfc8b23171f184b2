//! The client against servers that answer as told.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod failures;
#[cfg(feature = "conformance")]
mod peer;
mod requests;
mod secrets;

use std::time::Duration;

use ops_client::http::{ClientBuilder, RetryPolicy};
use sonar_client::{Environment, SonarClient, TransactionId};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

fn transaction() -> TransactionId {
    "f1286abb-f69b-5874-910a-c91681b639f6".parse().unwrap()
}

/// A server that gives this answer to every call.
async fn server(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

fn json(body: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body, "application/json")
}

/// A client that does not wait long between its attempts.
fn builder(server: &MockServer) -> ClientBuilder<SonarClient> {
    let quick = RetryPolicy::default().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
    SonarClient::builder(Environment::new("test"), &server.uri()).retry(quick)
}

fn client(server: &MockServer) -> SonarClient {
    builder(server).build().unwrap()
}
