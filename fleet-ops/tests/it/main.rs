//! The client, with the SDK itself, against servers that answer as told and against a stand-in for AWS.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod failures;
mod lists;
#[cfg(feature = "conformance")]
mod peer;
mod requests;

use std::time::Duration;

use fleet_ops::{Environment, FleetClient};
use ops_aws::Aws;
use wiremock::matchers::body_string_contains;
use wiremock::{Mock, MockServer, ResponseTemplate};

const SECRET: &str = "planted/secret+4711";

/// A client that does not wait long between its attempts.
async fn client(address: &str) -> FleetClient {
    client_as("AKIAIOSFODNN7EXAMPLE", address).await
}

async fn client_as(key: &str, address: &str) -> FleetClient {
    let quick = ops_aws::patient().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
    let aws = Aws::builder(Environment::new("test"), "us-east-1").endpoint(address).retry(quick);
    let aws = aws.keys(key, SECRET.to_owned().into(), Some(SECRET.repeat(9).into()));
    FleetClient::new(aws.build().await.unwrap())
}

/// The answer to an action, by what its request holds.
fn on(action: &str, answer: ResponseTemplate) -> Mock {
    Mock::given(body_string_contains(format!("Action={action}&"))).respond_with(answer)
}

/// A result, as the query protocol wraps it.
fn result(action: &str, inner: &str) -> ResponseTemplate {
    let body = format!("<{action}Response><{action}Result>{inner}</{action}Result></{action}Response>");
    ResponseTemplate::new(200).insert_header("x-amzn-requestid", "r").set_body_raw(body, "text/xml")
}

fn refusal(status: u16, code: &str, message: &str) -> ResponseTemplate {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    );
    ResponseTemplate::new(status).set_body_raw(body, "text/xml")
}

/// What the server was sent, a line each.
async fn seen(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    requests.iter().map(|request| String::from_utf8(request.body.clone()).unwrap()).collect()
}
