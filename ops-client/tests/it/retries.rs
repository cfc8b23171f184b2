//! When it is sent again, and what is remembered of what went before.

use std::time::{Duration, Instant, SystemTime};

use ops_client::http::Idempotency::{Once, Read, Write};
use ops_client::http::RetryPolicy;
use ops_client::{Effect, ErrorKind};

use crate::server::{Act, Server, answer};
use crate::support::{builder, endpoint, hurried, retract};

#[tokio::test]
async fn a_passing_failure_passes() {
    let server = Server::start(&[Act::ReadAndHangUp, answer("503 Busy", "", ""), answer("200 OK", "", "{}")]).await;
    let reply = retract(&endpoint(&server.address), Write).send().await.unwrap();
    assert_eq!((reply.attempts(), server.seen().requests.len()), (3, 3));
    assert!(reply.elapsed() > Duration::ZERO);
}

#[tokio::test]
async fn what_may_have_happened_once_may_have_happened() {
    for (last, kind) in [("404 Not Found", ErrorKind::NotFound), ("429 Too Many", ErrorKind::RateLimited)] {
        let server = Server::start(&[Act::ReadAndHangUp, answer(last, "", "")]).await;
        let error = retract(&endpoint(&server.address), Write).send().await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (kind, Effect::Possible), "{error}");
        let server = Server::start(&[Act::ReadAndHangUp, answer(last, "", "")]).await;
        let error = retract(&endpoint(&server.address), Read).send().await.unwrap_err();
        assert_eq!(error.effect(), Effect::None);
    }
}

#[tokio::test]
async fn what_is_sent_once_is_sent_again_only_where_it_had_no_effect() {
    let server =
        Server::start(&[answer("429 Too Many", "", ""), answer("503 Busy", "", ""), answer("200 OK", "", "")]).await;
    let error = retract(&endpoint(&server.address), Once).send().await.unwrap_err();
    assert_eq!((error.status(), error.effect(), error.attempts()), (Some(503), Effect::Possible, 2));
    assert_eq!(server.seen().requests.len(), 2);
}

#[tokio::test]
async fn retries_can_be_switched_off() {
    let server = Server::start(&[answer("503 Busy", "", "")]).await;
    let endpoint = builder(&server.address).retry(RetryPolicy::none()).build().unwrap();
    assert_eq!(retract(&endpoint, Read).send().await.unwrap_err().attempts(), 1);
    assert_eq!(server.seen().requests.len(), 1);
}

#[tokio::test]
async fn retry_after_is_obeyed_in_seconds_and_as_a_date() {
    let begun = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let (date, at) = (httpdate::fmt_http_date(begun), httpdate::fmt_http_date(begun + Duration::from_secs(1)));
    for headers in ["retry-after: 1\r\n".to_owned(), format!("date: {date}\r\nretry-after: {at}\r\n")] {
        let server = Server::start(&[answer("429 Too Many", &headers, ""), answer("200 OK", "", "")]).await;
        let begun = Instant::now();
        let reply = retract(&endpoint(&server.address), Once).send().await.unwrap();
        assert_eq!(reply.attempts(), 2);
        assert!((1.0..3.0).contains(&begun.elapsed().as_secs_f64()), "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_wait_beyond_the_budget_is_told_at_once() {
    let server = Server::start(&[answer("503 Busy", "retry-after: 120\r\n", "")]).await;
    let begun = Instant::now();
    let error = retract(&endpoint(&server.address), Read).send().await.unwrap_err();
    assert_eq!((error.attempts(), error.retry_after()), (1, Some(Duration::from_secs(120))));
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn no_attempt_begins_after_the_budget() {
    let server = Server::start(&[answer("503 Busy", "", "")]).await;
    let policy = hurried()
        .with_attempts(100)
        .with_total(Duration::from_millis(200))
        .with_pauses(Duration::from_millis(50), Duration::from_millis(50))
        .with_jitter(false);
    let endpoint = builder(&server.address).retry(policy).build().unwrap();
    let error = retract(&endpoint, Read).send().await.unwrap_err();
    assert!((2..=5).contains(&error.attempts()), "{}", error.attempts());
}
