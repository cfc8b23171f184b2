//! The client, with the SDK itself, against servers that answer as told and against a stand-in for AWS.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cbor;
mod failures;
mod lists;
#[cfg(feature = "conformance")]
mod peer;
mod requests;

use std::time::Duration;

use dynamodb_ops::{Capacity, CapacityChange, Environment, Place, TableName, TablesClient};
use ops_aws::Aws;
use serde_json::{Value, json};
use wiremock::matchers::header;
use wiremock::{Match, Mock, MockServer, ResponseTemplate};

const SECRET: &str = "planted/secret+4711";

/// A client that does not wait long between its attempts.
async fn client(address: &str) -> TablesClient {
    client_as("AKIAIOSFODNN7EXAMPLE", "us-east-1", address).await
}

async fn client_as(key: &str, region: &str, address: &str) -> TablesClient {
    let quick = ops_aws::patient().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
    let aws = Aws::builder(Environment::new("test"), region).endpoint(address).retry(quick);
    let aws = aws.keys(key, SECRET.to_owned().into(), Some(SECRET.repeat(9).into()));
    TablesClient::new(aws.build().await.unwrap())
}

fn name() -> TableName {
    "prod-s3-analytics-datomic".parse().unwrap()
}

fn index() -> Place {
    Place::Index("by-time".to_owned())
}

/// From the units of [`table`] to more writes.
fn raise(place: Place) -> CapacityChange {
    CapacityChange::new(place, Capacity::new(50, 20), Capacity::new(50, 30))
}

fn target(action: &str) -> String {
    let service = if action.contains("Scalable") { "AnyScaleFrontendService" } else { "DynamoDB_20120810" };
    format!("{service}.{action}")
}

/// The answer to an action of DynamoDB or of Application Auto Scaling.
fn on(action: &str, answer: ResponseTemplate) -> Mock {
    Mock::given(header("x-amz-target", target(action).as_str())).respond_with(answer)
}

/// The same, where the request is also as told.
fn on_where(action: &str, also: impl Match + 'static, answer: ResponseTemplate) -> Mock {
    Mock::given(header("x-amz-target", target(action).as_str())).and(also).respond_with(answer)
}

fn result(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).insert_header("x-amzn-requestid", "r").set_body_json(body)
}

fn refusal(status: u16, code: &str, message: &str) -> ResponseTemplate {
    let body = json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": message });
    ResponseTemplate::new(status).insert_header("x-amzn-requestid", "r").set_body_json(body)
}

/// A table with an index, as `DescribeTable` has it where nobody ever chose how it is paid for.
fn table() -> Value {
    let units = json!({ "ReadCapacityUnits": 50, "WriteCapacityUnits": 20, "NumberOfDecreasesToday": 0 });
    json!({
        "TableName": name(),
        "TableStatus": "ACTIVE",
        "TableArn": "arn:aws:dynamodb:us-east-1:123456789012:table/prod-s3-analytics-datomic",
        "ProvisionedThroughput": units,
        "GlobalSecondaryIndexes": [{ "IndexName": "by-time", "IndexStatus": "ACTIVE", "ProvisionedThroughput": units }],
    })
}

/// A server that has this table, and answers to a change of it.
async fn with(table: &Value, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    on("DescribeTable", result(&json!({ "Table": table }))).mount(&server).await;
    on("UpdateTable", answer).mount(&server).await;
    server
}

/// What the server was sent: action and body.
async fn seen(server: &MockServer) -> Vec<(String, Value)> {
    let requests = server.received_requests().await.unwrap();
    let one = |request: &wiremock::Request| {
        let action = request.headers["x-amz-target"].to_str().unwrap().to_owned();
        (action, serde_json::from_slice(&request.body).unwrap())
    };
    requests.iter().map(one).collect()
}
