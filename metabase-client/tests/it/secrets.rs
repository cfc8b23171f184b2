//! A planted secret shows nowhere: not in Debug, not in errors, not in logs, even where the server echoes it.

use std::error::Error as _;
use std::io::Write;
use std::sync::{Arc, Mutex};

use metabase_client::{CardId, DatabaseId, Error, MetabaseClient, MetabaseRead};
use tracing_subscriber::util::SubscriberInitExt;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{builder, json, loads, on};

const PLANTED: &str = "planted-secret-4711";

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

/// Answers that repeat what they were sent, wherever they can.
fn echoes() -> Vec<ResponseTemplate> {
    let words = format!("you sent {PLANTED}");
    let statuses = [400, 401, 403, 404, 500, 503];
    let mut echoes: Vec<_> =
        statuses.map(|status| json(status, &format!(r#"{{"errors": {{"password": "{words}"}}}}"#))).into();
    echoes.extend([
        ResponseTemplate::new(302).insert_header("location", format!("/auth/login?redirect={PLANTED}")),
        ResponseTemplate::new(200).set_body_raw(format!("<html><title>{words}</title></html>"), "text/html"),
        json(202, &format!(r#"{{"status": "failed", "error": "{words}"}}"#)),
        json(202, &format!(r#"{{"status": "{PLANTED}", "error": {{"{PLANTED}": "{words}"}}}}"#)),
        json(202, &format!(r#"{{"status": "completed", "data": "{words}"}}"#)),
        json(200, &format!(r#"{{"id": "{PLANTED}", "data": [{{"id": "{PLANTED}"}}], "email": ["{PLANTED}"]}}"#)),
    ]);
    echoes
}

async fn failing(metabase: &MetabaseClient, seen: &mut String) {
    seen.push_str(&format!("{metabase:?} {metabase:#?}"));
    seen.push_str(&whole(&metabase.me().await.unwrap_err()));
    seen.push_str(&whole(&metabase.databases().await.unwrap_err()));
    seen.push_str(&whole(&metabase.metadata(DatabaseId::new(2)).await.unwrap_err()));
    seen.push_str(&whole(&metabase.query(&loads()).await.unwrap_err()));
    seen.push_str(&whole(&metabase.question(CardId::new(1), &[]).await.unwrap_err()));
}

#[tokio::test]
async fn a_planted_secret_never_shows() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::level_filters::LevelFilter::TRACE)
        .with_writer(move || writer.clone());
    let _guard = subscriber.finish().set_default();

    let mut seen = String::new();
    for answer in echoes() {
        // An API key that is echoed.
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(answer.clone()).mount(&server).await;
        let metabase = builder(&server).build().unwrap().with_api_key(PLANTED.to_owned().into());
        failing(&metabase, &mut seen).await;
        let sent = format!("{:?}", server.received_requests().await.unwrap()[0].headers);
        assert!(sent.contains(PLANTED), "or the test shows nothing: {sent}");

        // A password that is echoed at once. (A login that is answered with an id has begun a session.)
        let server = MockServer::start().await;
        on("POST /api/session", answer.clone()).mount(&server).await;
        let metabase = builder(&server).build().unwrap().with_login("on-call", PLANTED.to_owned().into());
        failing(&metabase, &mut seen).await;
        let sent = server.received_requests().await.unwrap();
        assert!(String::from_utf8_lossy(&sent[0].body).contains(PLANTED), "or the test shows nothing");

        // A session that is echoed.
        let server = MockServer::start().await;
        on("POST /api/session", json(200, &format!(r#"{{"id": "{PLANTED}"}}"#))).mount(&server).await;
        Mock::given(any()).respond_with(answer).with_priority(9).mount(&server).await;
        let metabase = builder(&server).build().unwrap().with_login("on-call", "x".to_owned().into());
        failing(&metabase, &mut seen).await;
        let sent = format!("{:?}", server.received_requests().await.unwrap()[1].headers);
        assert!(sent.contains(PLANTED), "or the test shows nothing: {sent}");
    }

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("metabase.query") && log.contains("metabase.log_in"), "or the log was not caught");
    for text in [&seen, &log] {
        assert_eq!(text.find(PLANTED).map(|at| &text[at.saturating_sub(300)..at]), None);
    }
}
