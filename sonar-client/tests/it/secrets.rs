//! A planted token shows nowhere: not in Debug, not in errors, not in logs, even where the server echoes it.

use std::error::Error as _;
use std::io::Write;
use std::sync::{Arc, Mutex};

use ops_client::http::Credential;
use sonar_client::{DatasetFilter, Error, SonarRead};
use tracing_subscriber::util::SubscriberInitExt;
use wiremock::ResponseTemplate;

use crate::{builder, json, server, transaction};

const TOKEN: &str = "planted-token-4711";

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

#[tokio::test]
async fn a_planted_token_never_shows() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::level_filters::LevelFilter::TRACE)
        .with_writer(move || writer.clone());
    let _guard = subscriber.finish().set_default();

    let mut seen = String::new();
    for answer in [
        ResponseTemplate::new(401).set_body_string(format!("bad token {TOKEN}")),
        ResponseTemplate::new(503).set_body_string(format!("bad token {TOKEN}")),
        ResponseTemplate::new(302).insert_header("location", format!("/login?token={TOKEN}")),
        ResponseTemplate::new(200).set_body_raw(format!("<html>{TOKEN}</html>"), "text/html"),
        json(&format!(r#"{{"errors": [{{"message": "bad token {TOKEN}", "path": ["{TOKEN}"]}}]}}"#)),
        json(&format!(r#"{{"data": {{"transaction": {{"datasets": [{{"id": "{TOKEN}", "name": "a"}}]}}}}}}"#)),
        json(&format!(
            r#"{{"data": {{"transaction": {{"datasets": [{{"id": "{TOKEN}", "committedAt": "{TOKEN}"}}]}}}}}}"#
        )),
        json(&format!(r#"{{"data": {{"{TOKEN}": {{"datasets": "{TOKEN}"}}}}}}"#)),
    ] {
        let server = server(answer).await;
        let builder = builder(&server).credential(Credential::bearer(TOKEN.into()));
        seen.push_str(&format!("{builder:?}"));
        let client = builder.build().unwrap();
        seen.push_str(&format!("{client:?} {client:#?}"));
        seen.push_str(&whole(&client.datasets(transaction(), &DatasetFilter::all()).await.unwrap_err()));
        let sent = &server.received_requests().await.unwrap()[0];
        assert!(sent.headers["authorization"].to_str().unwrap().contains(TOKEN), "or the test shows nothing");
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("sonar.datasets"), "or the log was not caught: {log}");
    assert!(!seen.contains(TOKEN), "{seen}");
    assert!(!log.contains(TOKEN), "{log}");
}
