//! A planted secret shows nowhere: not in Debug, not in errors, not in logs, even where the server echoes it.

use std::error::Error as _;
use std::io::Write;
use std::sync::{Arc, Mutex};

use gocd_client::{BuildsRead, BuildsReadExt, Error, GocdClient};
use ops_client::http::SecretString;
use tracing_subscriber::util::SubscriberInitExt;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{VERSION, builder, json, metapod, on};

const PLANTED: &str = "planted-secret-4711";
/// `on-call` and the secret, as Basic sends them.
const ENCODED: &str = "b24tY2FsbDpwbGFudGVkLXNlY3JldC00NzEx";

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
fn echoes(secret: &str) -> Vec<ResponseTemplate> {
    let words = format!("you sent {secret}");
    let statuses = [400, 401, 403, 404, 406, 500, 503];
    let mut echoes: Vec<_> = statuses.map(|status| json(status, &format!(r#"{{"message": "{words}"}}"#))).into();
    echoes.extend([
        ResponseTemplate::new(302).insert_header("location", format!("/go/auth/login?redirect={secret}")),
        ResponseTemplate::new(200).set_body_raw(format!("<html><title>{words}</title></html>"), "text/html"),
        json(200, &format!(r#"{{"pipelines": "{secret}", "paused": "{secret}"}}"#)),
        json(200, &format!(r#"{{"pipelines": [{{"name": "{secret}", "counter": 1, "label": "1"}}]}}"#)),
        json(200, &format!(r#"{{"pipelines": [], "_links": {{"next": {{"href": "/?after={secret}"}}}}}}"#)),
    ]);
    echoes
}

async fn failing(gocd: &GocdClient, seen: &mut String) {
    seen.push_str(&format!("{gocd:?} {gocd:#?}"));
    seen.push_str(&whole(&gocd.history(&metapod(), None).await.unwrap_err()));
    seen.push_str(&whole(&gocd.status(&metapod()).await.unwrap_err()));
    seen.push_str(&whole(&gocd.running(&metapod()).await.unwrap_err()));
}

#[tokio::test]
async fn a_planted_secret_never_shows() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::level_filters::LevelFilter::TRACE)
        .with_writer(move || writer.clone());
    let _guard = subscriber.finish().set_default();

    let secret = || SecretString::from(PLANTED.to_owned());
    let token = |gocd: GocdClient| gocd.with_access_token(secret());
    let login = |gocd: GocdClient| gocd.with_login("on-call", secret());
    let ways: [(&str, &dyn Fn(GocdClient) -> GocdClient); 2] = [(PLANTED, &token), (ENCODED, &login)];
    let mut seen = String::new();
    for (sent, way) in ways {
        for echoed in [PLANTED, sent] {
            for answer in echoes(echoed) {
                let server = MockServer::start().await;
                on("GET /go/api/version", json(200, VERSION)).with_priority(1).mount(&server).await;
                Mock::given(any()).respond_with(answer).mount(&server).await;
                failing(&way(builder(&server).build().unwrap()), &mut seen).await;
                let requests = format!("{:?}", server.received_requests().await.unwrap()[0].headers);
                assert!(requests.contains(sent), "or the test shows nothing: {requests}");
            }
        }
    }

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("gocd.history") && log.contains("gocd.status"), "or the log was not caught");
    for text in [&seen, &log] {
        for planted in [PLANTED, ENCODED] {
            assert_eq!(text.find(planted).map(|at| &text[at.saturating_sub(300)..at]), None);
        }
    }
}
