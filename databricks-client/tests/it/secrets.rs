//! A planted secret shows nowhere: not in Debug, not in errors, not in logs, even where the server echoes it.

use std::error::Error as _;
use std::io::Write;
use std::sync::{Arc, Mutex};

use databricks_client::{DatabricksClient, Error, WorkspaceRead, WorkspaceWrite};
use ops_client::http::SecretString;
use tracing_subscriber::util::SubscriberInitExt;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{builder, context, json, of, on, submit};

const PLANTED: &str = "planted-secret-4711";
/// `app-1` and the secret, as Basic sends them.
const ENCODED: &str = "YXBwLTE6cGxhbnRlZC1zZWNyZXQtNDcxMQ==";

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
    let statuses = [400, 401, 403, 404, 409, 500, 503];
    let problem = |status| json(status, &format!(r#"{{"error_code": "{secret}", "message": "{words}"}}"#));
    let mut echoes: Vec<_> = statuses.map(problem).into();
    echoes.extend([
        json(401, &format!(r#"{{"error": "invalid_client", "error_description": "{words}"}}"#)),
        json(400, &format!(r#"{{"error": "{words}"}}"#)),
        ResponseTemplate::new(302).insert_header("location", format!("/login?next={secret}")),
        ResponseTemplate::new(200).set_body_raw(format!("<html><title>{words}</title></html>"), "text/html"),
        json(200, &format!(r#"{{"files": "{secret}", "clusters": "{secret}", "access_token": 7}}"#)),
        json(
            200,
            &format!(
                r#"{{"files": [{{"path": "{secret}"}}], "clusters": [{{"cluster_id": "{secret} x", "state": "R"}}]}}"#
            ),
        ),
    ]);
    echoes
}

async fn failing(databricks: &DatabricksClient, seen: &mut String) {
    seen.push_str(&format!("{databricks:?} {databricks:#?}"));
    seen.push_str(&whole(&databricks.list(&of("/mnt/b"), 5).await.unwrap_err()));
    seen.push_str(&whole(&databricks.clusters().await.unwrap_err()));
    seen.push_str(&whole(&databricks.submit(&submit(), &of("t")).await.unwrap_err()));
    seen.push_str(&whole(&databricks.execute(&context(), "1").await.unwrap_err()));
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
    let mut seen = String::new();
    // A personal access token.
    for answer in echoes(PLANTED) {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(answer).mount(&server).await;
        failing(&builder(&server).build().unwrap().with_access_token(secret()), &mut seen).await;
        let requests = format!("{:?}", server.received_requests().await.unwrap()[0].headers);
        assert!(requests.contains(PLANTED), "or the test shows nothing: {requests}");
    }
    // The secret of a machine, which the login echoes.
    for echoed in [PLANTED, ENCODED] {
        for answer in echoes(echoed) {
            let server = MockServer::start().await;
            Mock::given(any()).respond_with(answer).mount(&server).await;
            failing(&builder(&server).build().unwrap().with_oauth("app-1", secret()), &mut seen).await;
            let requests = format!("{:?}", server.received_requests().await.unwrap()[0].headers);
            assert!(requests.contains(ENCODED), "or the test shows nothing: {requests}");
        }
    }
    // The token of a machine, which the workspace echoes.
    for answer in echoes(PLANTED) {
        let server = MockServer::start().await;
        let token = json(200, &format!(r#"{{"access_token": "{PLANTED}", "expires_in": 3600}}"#));
        on("POST /oidc/v1/token", token).with_priority(1).mount(&server).await;
        Mock::given(any()).respond_with(answer).mount(&server).await;
        failing(&builder(&server).build().unwrap().with_oauth("app-1", "x".to_owned().into()), &mut seen).await;
    }

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("databricks.submit") && log.contains("databricks.log_in"), "or the log was not caught");
    for text in [&seen, &log] {
        for planted in [PLANTED, ENCODED] {
            assert_eq!(text.find(planted).map(|at| &text[at.saturating_sub(300)..at]), None);
        }
    }
}
