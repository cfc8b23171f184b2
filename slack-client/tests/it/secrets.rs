//! Neither a planted token nor planted words of a message show anywhere: not in Debug, not in errors, not in logs.

use std::error::Error as _;
use std::fmt::Debug;
use std::io::Write;
use std::sync::{Arc, Mutex};

use slack_client::{Error, MessagesRead, SlackClient};
use tracing_subscriber::util::SubscriberInitExt;
use wiremock::ResponseTemplate;

use crate::{A, builder, channel, json, night, page, server};

const TOKEN: &str = "xoxb-planted-token-4711";
/// The words of a message, and a piece of them.
const WORDS: &str = "the merger with Acme is planted tomorrow";
const PIECE: &str = "planted";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn whole(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?} {:?} {:?}", error.words(), error.message());
    let mut source = error.source();
    while let Some(below) = source {
        text.push_str(&format!(" {below} {below:?}"));
        source = below.source();
    }
    text
}

fn shown<T: Debug>(result: Result<T, Error>) -> String {
    match result {
        Ok(value) => format!("{value:?} {value:#?}"),
        Err(error) => whole(&error),
    }
}

/// Answers that hold the words in every place where they might.
fn answers(words: &str) -> Vec<ResponseTemplate> {
    let sound = format!(
        r#"{{"ts": "1516233605.000216", "bot_id": "{words}", "user": "{words}", "text": "{words} transaction {A} {words}",
            "attachments": [{{"title": "{words}", "{words}": "{words}"}}], "blocks": [{{"type": "{words}", "text": "{words}"}}]}}"#
    );
    let mut answers = vec![page(&sound, ""), page(&sound, words)];
    for broken in [
        format!(r#"{{"ok": true, "messages": "{words}"}}"#),
        format!(r#"{{"ok": true, "messages": ["{words}"]}}"#),
        format!(r#"{{"ok": true, "messages": [{{"ts": "{words}"}}]}}"#),
        format!(r#"{{"ok": true, "messages": [{{"ts": {{"{words}": 1}}}}]}}"#),
        format!(r#"{{"ok": true, "messages": [{sound}], "has_more": "{words}"}}"#),
        format!(r#"{{"ok": true, "messages": [{sound}"#),
        format!(r#"{{"ok": "{words}"}}"#),
        format!(r#"{{"ok": false, "error": "{words}"}}"#),
        format!(r#"{{"ok": false, "error": ["{words}"]}}"#),
        words.to_owned(),
    ] {
        answers.push(json(200, &broken));
    }
    for status in [400, 401, 403, 404, 418, 429, 500, 503] {
        answers.push(json(status, &format!(r#"{{"ok": true, "messages": [{sound}]}}"#)));
        let html = format!("<html><title>{words}</title>{words}</html>");
        answers.push(ResponseTemplate::new(status).set_body_raw(html, "text/html"));
    }
    answers.push(ResponseTemplate::new(200).set_body_raw(format!("<html><title>{words}</title></html>"), "text/html"));
    answers
}

async fn everything(slack: &SlackClient) -> String {
    let mut seen = format!("{slack:?} {slack:#?}");
    seen.push_str(&shown(slack.probe().await));
    seen.push_str(&shown(slack.transactions(&channel(), night(), 10).await));
    seen
}

#[tokio::test]
async fn what_is_planted_never_shows() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::level_filters::LevelFilter::TRACE)
        .with_writer(move || writer.clone());
    let _guard = subscriber.finish().set_default();

    let mut seen = String::new();
    for words in [WORDS, TOKEN] {
        for answer in answers(words) {
            let server = server(answer).await;
            // Nobody waits a minute for a refusal in this test.
            let slack = builder(&server).build().unwrap().with_token(TOKEN.to_owned().into());
            let slack = slack.with_deadline(std::time::Duration::from_secs(5));
            seen.push_str(&everything(&slack).await);
            let requests = server.received_requests().await.unwrap();
            assert_eq!(requests[0].headers["authorization"], format!("Bearer {TOKEN}"), "or the test shows nothing");
        }
    }

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("slack.history") && log.contains("slack.probe"), "or the log was not caught");
    assert!(seen.contains(A), "or nothing was found");
    for text in [&seen, &log] {
        for planted in [TOKEN, WORDS, PIECE, "merger"] {
            assert_eq!(text.find(planted).map(|at| &text[at.saturating_sub(300)..at + 60]), None);
        }
    }
}
