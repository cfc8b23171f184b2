//! Bodies that are too large, announced or not.

use ops_client::http::Idempotency::{Read, Write};
use ops_client::http::Limits;
use ops_client::{Effect, ErrorKind};

use crate::server::{Act, Server, answer};
use crate::support::{builder, endpoint, retract};

#[tokio::test]
async fn two_gigabytes_that_are_announced_are_not_read() {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 2_u64 << 30);
    let server = Server::start(&[Act::Flood(head)]).await;
    let error = retract(&endpoint(&server.address), Read).send().await.unwrap_err();
    assert_eq!((error.kind(), error.effect(), error.attempts()), (ErrorKind::Decode, Effect::None, 1));
    assert!(error.to_string().contains("67108864 bytes"), "{error}");
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert!(server.seen().flooded < 32 << 20, "{} bytes were sent", server.seen().flooded);
}

#[tokio::test]
async fn a_body_without_end_is_cut_at_the_limit() {
    let server = Server::start(&[Act::Flood("HTTP/1.1 200 OK\r\n\r\n".into())]).await;
    let endpoint = builder(&server.address).limits(Limits::default().with_max_body(1 << 20)).build().unwrap();
    let error = retract(&endpoint, Write).send().await.unwrap_err();
    assert_eq!((error.kind(), error.effect(), error.attempts()), (ErrorKind::Decode, Effect::Certain, 1));
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert!(server.seen().flooded < 32 << 20, "{} bytes were sent", server.seen().flooded);
}

#[tokio::test]
async fn a_refusal_without_end_is_still_a_refusal() {
    let server = Server::start(&[Act::Flood("HTTP/1.1 400 Bad Request\r\n\r\n".into())]).await;
    let error = retract(&endpoint(&server.address), Write).send().await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Invalid, Effect::None));
    assert!(error.words().unwrap().len() < 3000);
}

#[tokio::test]
async fn the_limit_itself_is_allowed_and_a_call_may_have_its_own() {
    let server = Server::start(&[answer("200 OK", "", "0123456789")]).await;
    let endpoint = builder(&server.address).limits(Limits::default().with_max_body(10)).build().unwrap();
    assert_eq!(retract(&endpoint, Read).send().await.unwrap().text(), "0123456789");
    let error = retract(&endpoint, Read).max_body(9).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
}
