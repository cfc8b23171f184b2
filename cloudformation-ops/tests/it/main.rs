//! The client, with the SDK itself, against servers that answer as told and against a stand-in for AWS.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod failures;
mod lists;
#[cfg(feature = "conformance")]
mod peer;
mod requests;
mod waits;

use std::time::Duration;

use cloudformation_ops::{ChangeSetName, ClientToken, Environment, StackName, StacksClient};
use ops_aws::Aws;
use wiremock::matchers::body_string_contains;
use wiremock::{Mock, MockServer, ResponseTemplate};

const SECRET: &str = "planted/secret+4711";

/// A client that does not wait long between its attempts.
async fn client(address: &str) -> StacksClient {
    client_as("AKIAIOSFODNN7EXAMPLE", "us-east-1", address).await
}

async fn client_as(key: &str, region: &str, address: &str) -> StacksClient {
    let quick = ops_aws::patient().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
    let aws = Aws::builder(Environment::new("test"), region).endpoint(address).retry(quick);
    let aws = aws.keys(key, SECRET.to_owned().into(), Some(SECRET.repeat(9).into()));
    StacksClient::new(aws.build().await.unwrap())
}

fn name() -> StackName {
    "prod-s1-k-correnteza".parse().unwrap()
}

fn set() -> ChangeSetName {
    "rollback-1".parse().unwrap()
}

fn token() -> ClientToken {
    "order-1".parse().unwrap()
}

/// The answer to an action, by what its request holds.
fn on(action: &str, answer: ResponseTemplate) -> Mock {
    Mock::given(body_string_contains(format!("Action={action}&"))).respond_with(answer)
}

/// A result, as the query protocol wraps it.
fn result(action: &str, inner: &str) -> ResponseTemplate {
    let body = format!(
        "<{action}Response xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">\
         <{action}Result>{inner}</{action}Result>\
         <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{action}Response>"
    );
    ResponseTemplate::new(200).insert_header("x-amzn-requestid", "r").set_body_raw(body, "text/xml")
}

fn refusal(status: u16, code: &str, message: &str) -> ResponseTemplate {
    let body = format!(
        "<ErrorResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><Error><Type>Sender</Type>\
         <Code>{code}</Code><Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
    );
    ResponseTemplate::new(status).set_body_raw(body, "text/xml")
}

/// A stack, as `DescribeStacks` has it.
fn stack(name: &str, status: &str, inner: &str) -> String {
    format!(
        "<member><StackId>arn:aws:cloudformation:us-east-1:123456789012:stack/{name}/1</StackId>\
         <StackName>{name}</StackName>\
         <CreationTime>2018-01-16T00:00:00Z</CreationTime><StackStatus>{status}</StackStatus>\
         <DisableRollback>false</DisableRollback>{inner}</member>"
    )
}

fn stacks(members: &[String], next: Option<&str>) -> ResponseTemplate {
    let next = next.map(|token| format!("<NextToken>{token}</NextToken>")).unwrap_or_default();
    result("DescribeStacks", &format!("<Stacks>{}</Stacks>{next}", members.concat()))
}

/// What the server was sent, a line each.
async fn seen(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    requests.iter().map(|request| String::from_utf8(request.body.clone()).unwrap()).collect()
}
