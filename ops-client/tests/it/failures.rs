//! Each way to fail: its kind, what a write may have done, and how often it was sent.

use std::time::Duration;

use ops_client::http::Idempotency::{self, Once, Read, Write};
use ops_client::http::Limits;
use ops_client::{Effect, Error, ErrorKind};
use serde::Deserialize;

use crate::server::{Act, Server, answer};
use crate::support::{builder, endpoint, hurried, retract};

/// Sends to a server that always does the same.
async fn fail(act: Act, idempotency: Idempotency) -> (Error, usize) {
    let server = Server::start(&[act]).await;
    let limits = Limits::default().with_total(Duration::from_millis(100));
    let endpoint = builder(&server.address).limits(limits).build().unwrap();
    let error = retract(&endpoint, idempotency).send().await.unwrap_err();
    let sent = server.seen().requests.len();
    assert!(matches!(error.attempts(), 1 | 3), "{error}");
    (error, sent)
}

#[tokio::test]
async fn statuses() {
    // Status, kind, effect of a write, and how often a read, an idempotent write and any other write are sent.
    let table = [
        ("301 Moved", ErrorKind::Rejected, Effect::Possible, [1, 1, 1]),
        ("303 See Other", ErrorKind::Rejected, Effect::Possible, [1, 1, 1]),
        ("304 Not Modified", ErrorKind::Rejected, Effect::None, [1, 1, 1]),
        ("307 Moved", ErrorKind::Rejected, Effect::None, [1, 1, 1]),
        ("400 Bad Request", ErrorKind::Invalid, Effect::None, [1, 1, 1]),
        ("401 Unauthorized", ErrorKind::Unauthenticated, Effect::None, [1, 1, 1]),
        ("403 Forbidden", ErrorKind::Forbidden, Effect::None, [1, 1, 1]),
        ("404 Not Found", ErrorKind::NotFound, Effect::None, [1, 1, 1]),
        ("405 Wrong Method", ErrorKind::Rejected, Effect::None, [1, 1, 1]),
        ("408 Timeout", ErrorKind::Timeout, Effect::Possible, [3, 3, 1]),
        ("409 Conflict", ErrorKind::Conflict, Effect::None, [1, 1, 1]),
        ("412 Precondition", ErrorKind::Conflict, Effect::None, [1, 1, 1]),
        ("422 Unprocessable", ErrorKind::Invalid, Effect::None, [1, 1, 1]),
        ("429 Too Many", ErrorKind::RateLimited, Effect::None, [3, 3, 3]),
        ("500 Oops", ErrorKind::Unavailable, Effect::Possible, [3, 1, 1]),
        ("501 What", ErrorKind::Unavailable, Effect::Possible, [1, 1, 1]),
        ("502 Bad Gateway", ErrorKind::Unavailable, Effect::Possible, [3, 3, 1]),
        ("503 Busy", ErrorKind::Unavailable, Effect::Possible, [3, 3, 1]),
        ("504 Timeout", ErrorKind::Unavailable, Effect::Possible, [3, 3, 1]),
    ];
    for (status, kind, effect, sends) in table {
        let body = if status.starts_with("304") { "" } else { "the server's own words" };
        for (idempotency, sends) in [Read, Write, Once].into_iter().zip(sends) {
            let (error, sent) = fail(answer(status, "x-request-id: r-7\r\n", body), idempotency).await;
            let effect = if idempotency == Read { Effect::None } else { effect };
            assert_eq!((error.kind(), error.effect(), sent), (kind, effect, sends), "{status} {idempotency:?}");
            assert_eq!(error.status().unwrap().to_string(), status[..3], "{status}");
            assert_eq!(error.request_id(), Some("r-7"));
            assert!(error.target().unwrap().ends_with("/api/retract/id-1"), "{error}");
            if !status.starts_with('3') {
                assert_eq!(error.words(), Some(body), "{status}");
            }
        }
    }
}

#[tokio::test]
async fn answers_that_do_not_come_whole() {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"half\":";
    let chunk = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nA\r\n{\"half\":";
    let table = [
        ("hang up", Act::HangUp, ErrorKind::Unavailable),
        ("read and hang up", Act::ReadAndHangUp, ErrorKind::Unavailable),
        ("half a head", Act::Send("HTTP/1.1 200 OK\r\nconte".into()), ErrorKind::Unavailable),
        ("not HTTP", Act::Send("SSH-2.0-OpenSSH\r\n\r\n".into()), ErrorKind::Unavailable),
        ("half a body", Act::Send(half.into()), ErrorKind::Unavailable),
        ("half a chunk", Act::Send(chunk.into()), ErrorKind::Unavailable),
        ("silence", Act::Stall(String::new()), ErrorKind::Timeout),
        ("slow body", Act::Stall(half.into()), ErrorKind::Timeout),
    ];
    for (name, act, kind) in table {
        for (idempotency, effect, attempts) in
            [(Read, Effect::None, 3), (Write, Effect::Possible, 3), (Once, Effect::Possible, 1)]
        {
            let (error, _) = fail(act.clone(), idempotency).await;
            let found = (error.kind(), error.effect(), error.attempts());
            assert_eq!(found, (kind, effect, attempts), "{name} {idempotency:?}: {error}");
        }
    }
}

#[tokio::test]
async fn a_closed_port_and_an_unknown_name() {
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    for idempotency in [Read, Write, Once] {
        let endpoint = endpoint(&format!("http://127.0.0.1:{port}"));
        let error = retract(&endpoint, idempotency).send().await.unwrap_err();
        assert_eq!((error.kind(), error.effect(), error.attempts()), (ErrorKind::Connect, Effect::None, 3));
    }
    let endpoint = endpoint("https://metapod.invalid");
    let error = retract(&endpoint, Write).send().await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Connect, Effect::None), "{error}");
    assert!(error.remedy().is_some(), "{error}");
}

#[tokio::test]
async fn a_redirect_is_named_without_its_query_and_never_followed() {
    let redirect = answer("302 Found", "location: /login?session=planted#x\r\n", "");
    let (error, sent) = fail(redirect, Read).await;
    assert_eq!(sent, 1);
    let text = error.to_string();
    assert!(text.contains("/login") && !text.contains("planted"), "{text}");
}

#[tokio::test]
async fn json_that_is_not_what_was_expected_names_the_place() {
    #[derive(Deserialize, Debug)]
    struct Answer {
        #[allow(dead_code, reason = "only its type matters")]
        datasets: Vec<Id>,
    }
    #[derive(Deserialize, Debug)]
    struct Id {
        #[allow(dead_code, reason = "only its type matters")]
        id: u8,
    }
    let table = [
        (r#"{"datasets":[{"id":1},{"id":"x"}]}"#, "`datasets[1].id`"),
        (r#"{"datasets":[{"id":1}"#, "EOF"),
        (r#"{"datasets":[]} and more"#, "trailing"),
        ("  ", "the answer is empty"),
    ];
    for (body, wanted) in table {
        for (idempotency, effect) in [(Read, Effect::None), (Write, Effect::Certain), (Once, Effect::Certain)] {
            let server = Server::start(&[answer("200 OK", "", body)]).await;
            let reply = retract(&endpoint(&server.address), idempotency).send().await.unwrap();
            let error = reply.json::<Answer>().unwrap_err();
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, effect), "{body}");
            assert!(error.to_string().contains(wanted), "{error}");
        }
    }
}

#[tokio::test]
async fn a_page_of_a_proxy_is_called_a_page() {
    let page = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>lots of it</body></html>";
    let server = Server::start(&[answer("200 OK", "content-type: text/html\r\n", page)]).await;
    let reply = retract(&endpoint(&server.address), Write).send().await.unwrap();
    let error = reply.json::<serde_json::Value>().unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::Possible));
    assert!(error.to_string().contains("an HTML page, \"Sign in\""), "{error}");
    assert_eq!(reply.refuse_page().unwrap_err().effect(), Effect::Possible);
    let (error, _) = fail(answer("502 Bad Gateway", "content-type: text/html\r\n", page), Once).await;
    assert!(error.to_string().contains("an HTML page, \"Sign in\""), "{error}");
    assert_eq!(error.words(), None);
}

#[tokio::test]
async fn a_refusal_whose_words_break_off_is_still_that_refusal() {
    let act = Act::Send("HTTP/1.1 404 Not Found\r\ncontent-length: 100\r\n\r\nno such".into());
    let (error, sent) = fail(act, Write).await;
    assert_eq!((error.kind(), error.effect(), sent), (ErrorKind::NotFound, Effect::None, 1));
    assert_eq!(error.words(), Some("no such"));
}

#[tokio::test]
async fn the_errors_of_a_good_status_carry_the_call() {
    let server = Server::start(&[answer("200 OK", "x-request-id: r-7\r\n", "{}")]).await;
    let endpoint = builder(&server.address).retry(hurried()).build().unwrap();
    let reply = retract(&endpoint, Write).send().await.unwrap();
    let error = reply.error(ErrorKind::Rejected, Effect::None, "no such field");
    assert_eq!((error.status(), error.request_id(), error.words()), (Some(200), Some("r-7"), Some("no such field")));
    assert_eq!((error.op(), error.attempts()), ("metapod.retract", 1));
}
