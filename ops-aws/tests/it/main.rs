//! The configuration and the errors, with the SDK itself, against servers that answer as told. A call stands for any other.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod failures;
mod identity;
mod retries;
mod secrets;

use std::time::Duration;

use aws_sdk_sts::Client;
use ops_aws::{Aws, AwsBuilder, Environment, Error, Idempotency};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

const REQUEST: &str = "b25f48e8-84fd-11e6-80d9-574e0c4664cb";

fn builder(address: &str) -> AwsBuilder {
    let quick = ops_aws::patient().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
    let builder = Aws::builder(Environment::new("test"), "eu-west-1").endpoint(address).retry(quick);
    builder.keys("AKIAIOSFODNN7EXAMPLE", "a-secret".to_owned().into(), None)
}

async fn aws(server: &MockServer) -> Aws {
    builder(&server.uri()).build().await.unwrap()
}

/// A server that gives these answers, one after the other, and the last one for ever.
async fn server(answers: impl IntoIterator<Item = ResponseTemplate>) -> MockServer {
    let server = MockServer::start().await;
    let mut answers: Vec<ResponseTemplate> = answers.into_iter().collect();
    let last = answers.pop().unwrap();
    for answer in answers {
        Mock::given(any()).respond_with(answer).up_to_n_times(1).mount(&server).await;
    }
    Mock::given(any()).respond_with(last).mount(&server).await;
    server
}

/// A refusal, as the query protocol words it.
fn refusal(status: u16, code: &str, message: &str) -> ResponseTemplate {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>{REQUEST}</RequestId></ErrorResponse>"
    );
    ResponseTemplate::new(status).insert_header("x-amzn-requestid", REQUEST).set_body_raw(body, "text/xml")
}

fn identity() -> ResponseTemplate {
    let body = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/on-call</Arn>\
        <UserId>AIDAEXAMPLE</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
    ResponseTemplate::new(200).insert_header("x-amzn-requestid", REQUEST).set_body_raw(body, "text/xml")
}

/// A call that stands for one that changes something.
async fn change(aws: &Aws, idempotency: Idempotency) -> ops_aws::Result<()> {
    let sts = Client::new(aws.sdk());
    aws.call("test.change", idempotency).send(|| sts.get_caller_identity().send()).await.map(drop)
}

async fn refused(aws: &Aws, idempotency: Idempotency) -> Error {
    change(aws, idempotency).await.unwrap_err()
}
