//! A planted key and a session's token show nowhere: not in Debug, not in errors, not in logs, even where the server echoes
//! what it was sent. (Of the logs, what `debug` shows: the SDK itself writes requests down at `trace`.)

use std::error::Error as _;
use std::io::Write;
use std::sync::{Arc, Mutex};

use ops_aws::{Error, Idempotency};
use tracing_subscriber::util::SubscriberInitExt;
use wiremock::ResponseTemplate;

use crate::{builder, refusal, refused, server};

const SECRET: &str = "planted/secret+4711";
const SESSION: &str = "FwoGZXIvYXdzPlanted4711";

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
async fn a_planted_secret_never_shows() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG)
        .with_writer(move || writer.clone());
    let _guard = subscriber.finish().set_default();
    let session = SESSION.repeat(16);
    let mut seen = String::new();

    let canonical = format!(
        "The request signature we calculated does not match. The Canonical String for this request should have been \
         'POST / x-amz-security-token:{session}'"
    );
    let said = format!("you sent {session}");
    for answer in [
        refusal(403, "SignatureDoesNotMatch", &canonical),
        refusal(403, "InvalidClientTokenId", &said),
        refusal(400, "ValidationError", &said),
        refusal(500, &said, "oh"),
        ResponseTemplate::new(403).set_body_raw(format!("<html>{said}</html>"), "text/html"),
        ResponseTemplate::new(200).set_body_raw(said.clone(), "text/plain"),
    ] {
        let server = server([answer]).await;
        let builder =
            builder(&server.uri()).keys("AKIAIOSFODNN7EXAMPLE", SECRET.to_owned().into(), Some(session.clone().into()));
        seen.push_str(&format!("{builder:?} {builder:#?}"));
        let aws = builder.build().await.unwrap();
        seen.push_str(&format!("{aws:?} {aws:#?} {:?}", aws.call("test.change", Idempotency::Once)));
        seen.push_str(&whole(&refused(&aws, Idempotency::Once).await));
        seen.push_str(&whole(&aws.caller_identity().await.unwrap_err()));
        let sent = format!("{:?}", server.received_requests().await.unwrap()[0].headers);
        assert!(sent.contains(&session), "or the test shows nothing: {sent}");
    }

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(!log.is_empty(), "or the log was not caught");
    for secret in [SECRET, SESSION] {
        let around = |text: &str| text.find(secret).map(|at| text[at.saturating_sub(300)..at].to_owned());
        assert_eq!(around(&seen), None);
        assert_eq!(around(&log), None);
    }
}
