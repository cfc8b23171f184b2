//! Answers that are read line by line: their bounds, and what happens at each.

use std::time::Duration;

use ops_client::http::Idempotency::Read;
use ops_client::http::{LineLimits, Lines};
use ops_client::{Effect, Error, ErrorKind};
use proptest::prelude::*;

use crate::server::{Act, Server, answer};
use crate::support::{endpoint, retract};

async fn lines(act: Act, limits: LineLimits) -> (Server, Lines) {
    let server = Server::start(&[act]).await;
    let lines = retract(&endpoint(&server.address), Read).lines(limits).await.unwrap();
    (server, lines)
}

async fn all(mut lines: Lines) -> (Vec<String>, Option<Error>) {
    let mut found = Vec::new();
    loop {
        match lines.next().await {
            Ok(Some(line)) => found.push(line),
            Ok(None) => return (found, None),
            Err(error) => {
                assert_eq!(lines.next().await.unwrap(), None, "after an error comes nothing more");
                return (found, Some(error));
            }
        }
    }
}

#[tokio::test]
async fn lines_of_every_kind() {
    for (body, wanted) in [
        ("", vec![]),
        ("a", vec!["a"]),
        ("a\n", vec!["a"]),
        ("a\r\n\nb\r", vec!["a", "", "b"]),
        ("\n\n", vec!["", ""]),
        ("é\n…", vec!["é", "…"]),
    ] {
        let (_server, lines) = lines(answer("200 OK", "", body), LineLimits::default()).await;
        assert_eq!(lines.reply().status(), 200);
        let (found, error) = all(lines).await;
        assert_eq!((found, error.is_none()), (wanted.into_iter().map(str::to_owned).collect(), true), "{body:?}");
    }
}

#[tokio::test]
async fn a_flood_of_short_lines_ends_at_the_limit_and_is_not_held() {
    let head = "HTTP/1.1 200 OK\r\n\r\nfirst\n".to_owned();
    let (server, mut lines) = lines(Act::Flood(head), LineLimits::default().with_line(100_000)).await;
    assert_eq!(lines.next().await.unwrap().as_deref(), Some("first"));
    let error = lines.next().await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::None));
    assert!(error.message().unwrap().contains("a line is longer than 100000 bytes"), "{error}");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(server.seen().flooded < 32 << 20, "{} bytes were sent", server.seen().flooded);
}

#[tokio::test]
async fn the_whole_is_bounded() {
    let body = "0123456789\n".repeat(50);
    let limits = LineLimits::default().with_total(300);
    let (_server, lines) = lines(answer("200 OK", "", &body), limits).await;
    let (_, error) = all(lines).await;
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.message().unwrap().contains("300 bytes"), "{error}");
}

#[tokio::test]
async fn silence_and_a_broken_answer() {
    let limits = LineLimits::default().with_idle(Duration::from_millis(50));
    let stall = Act::Stall("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nfirst\nsec".into());
    let (_server, quiet) = lines(stall, limits.clone()).await;
    let (found, error) = all(quiet).await;
    assert_eq!((found, error.map(|error| error.kind())), (vec!["first".to_owned()], Some(ErrorKind::Timeout)));

    let broken = Act::Send("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nfirst\nsec".into());
    let (_server, broken) = lines(broken, limits).await;
    let (found, error) = all(broken).await;
    assert_eq!((found, error.map(|error| error.kind())), (vec!["first".to_owned()], Some(ErrorKind::Unavailable)));
}

#[tokio::test]
async fn until_an_answer_begins_it_is_a_call_as_any_other() {
    let server = Server::start(&[answer("503 Busy", "", "later"), answer("200 OK", "", "a\n")]).await;
    let lines = retract(&endpoint(&server.address), Read).lines(LineLimits::default()).await.unwrap();
    assert_eq!(lines.reply().attempts(), 2);
    let server = Server::start(&[answer("404 Not Found", "", "gone")]).await;
    let error = retract(&endpoint(&server.address), Read).lines(LineLimits::default()).await.unwrap_err();
    assert_eq!((error.kind(), error.words()), (ErrorKind::NotFound, Some("gone")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// However the network cuts it, the lines are those of the text.
    #[test]
    fn pieces_do_not_matter(pieces in prop::collection::vec("[a-c\n]{0,5}", 0..12)) {
        let body = pieces.concat();
        let chunked: String = pieces.iter().filter(|piece| !piece.is_empty())
            .map(|piece| format!("{:x}\r\n{piece}\r\n", piece.len())).collect();
        let text = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunked}0\r\n\r\n");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (found, error) = runtime.block_on(async {
            let (_server, lines) = lines(Act::Send(text), LineLimits::default()).await;
            all(lines).await
        });
        prop_assert!(error.is_none());
        prop_assert_eq!(found, body.lines().collect::<Vec<_>>());
    }
}
