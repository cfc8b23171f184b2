//! What becomes of an answer that is none, and how long is waited.

use std::time::Duration;

use slack_client::{Effect, ErrorKind, MessagesRead};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{A, asked, channel, client, json, message, night, on_cursor, page, server};

#[tokio::test]
async fn what_slack_refuses_has_a_kind_and_a_remedy() {
    for (name, kind, remedy) in [
        ("channel_not_found", ErrorKind::NotFound, "/invite"),
        ("not_in_channel", ErrorKind::Forbidden, "invite the bot"),
        ("missing_scope", ErrorKind::Forbidden, "channels:history"),
        ("invalid_auth", ErrorKind::Unauthenticated, "xoxb"),
        ("not_authed", ErrorKind::Unauthenticated, "no token"),
        ("token_expired", ErrorKind::Unauthenticated, "get a new one"),
        ("token_revoked", ErrorKind::Unauthenticated, "get a new one"),
        ("ratelimited", ErrorKind::RateLimited, "wait a minute"),
        ("no_permission", ErrorKind::Forbidden, "ask who administers"),
        ("internal_error", ErrorKind::Unavailable, ""),
        ("invalid_cursor", ErrorKind::Invalid, ""),
        ("something_new", ErrorKind::Rejected, ""),
    ] {
        let server = server(json(200, &format!(r#"{{"ok": false, "error": "{name}"}}"#))).await;
        let slack = client(&server).with_deadline(Duration::from_secs(5));
        for error in [slack.transactions(&channel(), night(), 10).await.unwrap_err(), slack.probe().await.unwrap_err()]
        {
            assert_eq!((error.kind(), error.effect(), error.status()), (kind, Effect::None, Some(200)), "{name}");
            assert!(error.to_string().contains(name), "{error}");
            assert!(error.remedy().unwrap_or_default().contains(remedy), "{error}");
        }
    }
}

#[tokio::test]
async fn a_reason_that_may_be_somebodys_words_is_not_repeated() {
    for body in [
        r#"{"ok": false}"#.to_owned(),
        r#"{"ok": false, "error": "The Words"}"#.to_owned(),
        format!(r#"{{"ok": false, "error": "{}"}}"#, "x".repeat(100)),
    ] {
        let server = server(json(200, &body)).await;
        let error = client(&server).probe().await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Rejected, Some("Slack says no, and not why")));
    }
}

#[tokio::test]
async fn answers_that_are_none() {
    let long =
        format!(r#"{{"ok": true, "messages": [], "response_metadata": {{"next_cursor": "{}"}}}}"#, "x".repeat(5000));
    for (body, says) in [
        ("", "line 1"),
        ("[]", "another shape"),
        ("{}", "another shape"),
        ("nothing", "no JSON"),
        ("<html><title>planted</title></html>", "an HTML page"),
        (r#"{"ok": true}"#, "another shape"),
        (r#"{"ok": true, "messages": [{}]}"#, "another shape"),
        (r#"{"ok": true, "messages": [{"ts": "yesterday"}]}"#, "`messages[0].ts`"),
        (r#"{"ok": true, "messages": ["#, "ends too early"),
        (&long, "next_cursor"),
    ] {
        let server = server(json(200, body)).await;
        let error = client(&server).transactions(&channel(), night(), 10).await.unwrap_err();
        assert_eq!((error.kind(), error.op()), (ErrorKind::Decode, "slack.history"), "{body}");
        assert!(error.to_string().contains(says) && !error.to_string().contains("planted"), "{error}");
    }
}

#[tokio::test]
async fn a_cursor_that_leads_nowhere_ends() {
    let server = server(page(&message("1516233605.000300", A), "same")).await;
    let error = client(&server).transactions(&channel(), night(), 10).await.unwrap_err();
    assert!(error.to_string().contains("leads to this very page"), "{error}");
    assert_eq!(asked(&server).await.len(), 2);
}

fn too_often(after: &str) -> ResponseTemplate {
    json(429, r#"{"ok": false, "error": "ratelimited"}"#).insert_header("retry-after", after)
}

#[tokio::test]
async fn a_page_that_may_be_read_soon_is_waited_for() {
    let server = MockServer::start().await;
    // More often than the endpoint itself would try again.
    Mock::given(wiremock::matchers::any()).respond_with(too_often("0")).up_to_n_times(5).mount(&server).await;
    let then = Mock::given(wiremock::matchers::any()).respond_with(page(&message("1516233605.000300", A), ""));
    then.mount(&server).await;
    let told = client(&server).transactions(&channel(), night(), 10).await.unwrap();
    assert_eq!((told.found.len(), told.more), (1, false));
    assert_eq!(asked(&server).await.len(), 6);
}

#[tokio::test]
async fn a_page_that_may_be_read_late_ends_the_search() {
    for refusal in [too_often("60"), json(200, r#"{"ok": false, "error": "ratelimited"}"#)] {
        let server = server(page(&message("1516233605.000300", A), "next")).await;
        on_cursor(&server, "next", refusal).await;
        let told = client(&server).with_page_size(15).transactions(&channel(), night(), 100).await.unwrap();
        assert_eq!((told.found.len(), told.messages, told.more), (1, 1, true));
        assert_eq!(asked(&server).await.len(), 2, "and nobody hangs");
    }
}

#[tokio::test]
async fn where_nothing_could_be_read_that_is_told() {
    let server = server(too_often("60")).await;
    let error = client(&server).transactions(&channel(), night(), 100).await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimited, Some(Duration::from_secs(60))));
}

#[tokio::test]
async fn a_page_that_does_not_come_ends_the_search_too() {
    let late = page("", "").set_delay(Duration::from_secs(600));
    let server = server(page(&message("1516233605.000300", A), "next")).await;
    on_cursor(&server, "next", late.clone()).await;
    let soon = Duration::from_secs(2);
    let told = client(&server).with_deadline(soon).transactions(&channel(), night(), 100).await.unwrap();
    assert_eq!((told.found.len(), told.more), (1, true));
    let server = crate::server(late).await;
    let error = client(&server).with_deadline(soon).transactions(&channel(), night(), 100).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn a_server_that_is_away_is_asked_again() {
    let server = server(json(503, "{}")).await;
    let error = client(&server).transactions(&channel(), night(), 100).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unavailable, 3));
    // A page that is away is a failure, also where it is not the first: who asks may ask again.
    let server = crate::server(page("", "next")).await;
    on_cursor(&server, "next", json(500, "{}")).await;
    let error = client(&server).transactions(&channel(), night(), 100).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}
