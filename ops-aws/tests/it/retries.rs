//! What is sent again, and what all attempts together may have done.

use std::time::Duration;

use ops_aws::{Effect, ErrorKind, Idempotency, RetryPolicy};

use crate::{aws, builder, change, identity, refusal, refused, server};

#[tokio::test]
async fn a_read_is_sent_again_and_has_no_effect() {
    let away = || refusal(503, "ServiceUnavailable", "come back");
    let passing = server([away(), refusal(400, "Throttling", "slower"), identity()]).await;
    change(&aws(&passing).await, Idempotency::Read).await.unwrap();
    assert_eq!(passing.received_requests().await.unwrap().len(), 3);

    let lasting = server([away()]).await;
    let error = refused(&aws(&lasting).await, Idempotency::Read).await;
    assert_eq!((error.kind(), error.effect(), error.attempts()), (ErrorKind::Unavailable, Effect::None, 4), "{error}");
    assert_eq!(lasting.received_requests().await.unwrap().len(), 4, "the SDK does not send it by itself");
}

#[tokio::test]
async fn what_must_not_be_done_twice_is_sent_again_only_where_it_had_no_effect() {
    let away = server([refusal(503, "ServiceUnavailable", "come back"), identity()]).await;
    let error = refused(&aws(&away).await, Idempotency::Once).await;
    assert_eq!((error.effect(), error.attempts()), (Effect::Possible, 1), "{error}");
    assert_eq!(away.received_requests().await.unwrap().len(), 1);

    let throttled = server([refusal(400, "Throttling", "slower"), identity()]).await;
    change(&aws(&throttled).await, Idempotency::Once).await.unwrap();
    assert_eq!(throttled.received_requests().await.unwrap().len(), 2);
}

#[tokio::test]
async fn the_effect_is_the_greatest_of_all_attempts() {
    let server = server([refusal(500, "InternalFailure", "oh"), refusal(400, "ValidationError", "no")]).await;
    let error = refused(&aws(&server).await, Idempotency::Write).await;
    let told = (error.kind(), error.effect(), error.attempts());
    assert_eq!(told, (ErrorKind::Invalid, Effect::Possible, 2), "{error}");
}

#[tokio::test]
async fn no_attempt_begins_after_the_time_for_it() {
    let slower = refusal(400, "Throttling", "slower").insert_header("x-amz-retry-after", "60000");
    let server = server([slower]).await;
    let error = refused(&aws(&server).await, Idempotency::Read).await;
    assert_eq!((error.attempts(), error.retry_after()), (1, Some(Duration::from_secs(60))), "{error}");
    assert!(error.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn one_attempt_is_one_request() {
    let server = server([refusal(400, "Throttling", "slower")]).await;
    let aws = builder(&server.uri()).retry(RetryPolicy::none()).build().await.unwrap();
    assert_eq!(refused(&aws, Idempotency::Read).await.attempts(), 1);
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}
