//! The client, with the SDK itself, against servers that answer as told and against a stand-in for AWS.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[cfg(feature = "conformance")]
mod peer;

use std::time::Duration;

use dynamodb_ops::{Environment, TablesClient};
use ops_aws::Aws;

const SECRET: &str = "planted/secret+4711";

async fn client_as(key: &str, region: &str, address: &str) -> TablesClient {
    let quick = ops_aws::patient().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
    let aws = Aws::builder(Environment::new("test"), region).endpoint(address).retry(quick);
    let aws = aws.keys(key, SECRET.to_owned().into(), Some(SECRET.repeat(9).into()));
    TablesClient::new(aws.build().await.unwrap())
}
