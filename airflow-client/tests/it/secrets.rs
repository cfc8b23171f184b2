//! A planted token, password or session shows nowhere: not in Debug, not in errors, not in logs, even where the server
//! echoes it.

use std::error::Error as _;
use std::io::Write;
use std::sync::{Arc, Mutex};

use airflow_client::{AirflowClient, AirflowRead, AirflowWrite, DagFilter, Error, Release, Variable};
use ops_client::http::Credential;
use tracing_subscriber::util::SubscriberInitExt;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{V1, V2, builder, json, on};

const PLANTED: &str = "planted-secret-4711";
/// `on-call:planted-secret-4711`, as basic authentication sends it.
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
fn echoes(secrets: &str) -> Vec<ResponseTemplate> {
    let words = format!("you sent {secrets}");
    let mut echoes: Vec<ResponseTemplate> = [400, 401, 403, 404, 409, 422, 500, 503]
        .into_iter()
        .map(|status| {
            json(status, &format!(r#"{{"title": "{words}", "detail": [{{"loc": ["{words}"], "msg": "{words}"}}]}}"#))
        })
        .collect();
    echoes.push(ResponseTemplate::new(302).insert_header("location", format!("/login?token={PLANTED}")));
    echoes.push(ResponseTemplate::new(200).set_body_raw(format!("<html><title>{words}</title></html>"), "text/html"));
    echoes.push(json(200, &format!(r#"{{"dags": [{{"dag_id": 5, "x": "{words}"}}], "{words}": "{words}"}}"#)));
    echoes.push(json(200, &format!(r#"{{"dags": [{{"dag_id": "{words}/"}}]}}"#)));
    echoes
}

async fn failing(airflow: &AirflowClient, seen: &mut String) {
    seen.push_str(&format!("{airflow:?} {airflow:#?} {:?}", airflow.clone().into_trigger()));
    seen.push_str(&whole(&airflow.dags(&DagFilter::all()).await.unwrap_err()));
    if let Err(error) = airflow.set_variable(&Variable::new("k", "v")).await {
        seen.push_str(&whole(&error));
    }
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

    // What is given to the builder.
    for (credential, secrets) in [
        (Credential::bearer(PLANTED.into()), PLANTED.to_owned()),
        (Credential::basic("on-call", PLANTED.into()), format!("{PLANTED} as {ENCODED}")),
        (Credential::header("x-on-call", PLANTED.into()), PLANTED.to_owned()),
        (Credential::header("cookie", PLANTED.into()), PLANTED.to_owned()),
    ] {
        for answer in echoes(&secrets) {
            let server = MockServer::start().await;
            Mock::given(any()).respond_with(answer).mount(&server).await;
            let builder = builder(&server).credential(credential.clone());
            seen.push_str(&format!("{builder:?}"));
            failing(&builder.build().unwrap().with_release(V2).unwrap(), &mut seen).await;
            let sent = format!("{:?}", server.received_requests().await.unwrap()[0].headers);
            assert!(sent.contains(PLANTED) || sent.contains(ENCODED), "or the test shows nothing: {sent}");
        }
    }

    // A password that is echoed at once, and what it was exchanged for.
    let with_login = |server: &MockServer, release: Release| {
        let airflow = builder(server).build().unwrap().with_login("on-call", PLANTED.to_owned().into());
        airflow.with_release(release).unwrap()
    };
    for answer in echoes(PLANTED) {
        for (release, place) in [(V1, "GET /login/"), (V1, "POST /login/"), (V2, "POST /auth/token")] {
            let server = MockServer::start().await;
            form(&server, "a-session").await;
            on(place, answer.clone()).with_priority(1).mount(&server).await;
            failing(&with_login(&server, release), &mut seen).await;
        }
        for release in [V1, V2] {
            let server = MockServer::start().await;
            form(&server, PLANTED).await;
            on("POST /auth/token", json(201, &format!(r#"{{"access_token": "{PLANTED}"}}"#))).mount(&server).await;
            Mock::given(any()).respond_with(answer.clone()).with_priority(9).mount(&server).await;
            failing(&with_login(&server, release), &mut seen).await;
            let sent = format!("{:?}", server.received_requests().await.unwrap());
            assert!(sent.contains(PLANTED), "or the test shows nothing: {sent}");
        }
    }

    // A variable's value is one more secret.
    let mut variable = Variable::new("k", PLANTED);
    seen.push_str(&format!("{variable:?}"));
    variable.description = Some("what for".into());
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(json(400, r#"{"detail": "no"}"#)).mount(&server).await;
    let airflow = builder(&server).build().unwrap().with_release(V2).unwrap();
    seen.push_str(&whole(&airflow.set_variable(&variable).await.unwrap_err()));

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("airflow.dags") && log.contains("airflow.log_in"), "or the log was not caught");
    for secret in [PLANTED, ENCODED] {
        let around = |text: &str| text.find(secret).map(|at| text[at.saturating_sub(300)..at].to_owned());
        assert_eq!(around(&seen), None);
        assert_eq!(around(&log), None);
    }
}

async fn form(server: &MockServer, session: &str) {
    let page = r#"<form><input name="csrf_token" value="csrf.1"></form>"#;
    let first = ResponseTemplate::new(200).append_header("set-cookie", "session=first").set_body_raw(page, "text/html");
    on("GET /login/", first).mount(server).await;
    let second = ResponseTemplate::new(302).insert_header("location", "/home");
    on("POST /login/", second.append_header("set-cookie", format!("session={session}; HttpOnly"))).mount(server).await;
}
