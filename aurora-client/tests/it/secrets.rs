//! A planted password, token or what an executor reads shows nowhere: not in Debug, not in errors, not in logs, even where the
//! server echoes it.

use std::error::Error as _;
use std::io::Write;
use std::sync::{Arc, Mutex};

use aurora_client::wire::{self, Answer, ResponseCode};
use aurora_client::{
    AuroraAdmin, AuroraRead, AuroraWrite, Error, Instances, MesosClient, MesosRead, Process, TaskFilter,
};
use ops_client::http::Credential;
use tracing_subscriber::util::SubscriberInitExt;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Respond, ResponseTemplate};

use crate::support::{BOTH, Says, Throws, builder, client, job, key, scheduler};

const PLANTED: &str = "planted-secret-4711";
/// `ops:planted-secret-4711`, as basic authentication sends it.
const ENCODED: &str = "b3BzOnBsYW50ZWQtc2VjcmV0LTQ3MTE=";

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
fn echoes(secrets: &str) -> Vec<Box<dyn Fn() -> Box<dyn Respond>>> {
    let words = format!("you sent {secrets}");
    let mut echoes: Vec<Box<dyn Fn() -> Box<dyn Respond>>> = Vec::new();
    for status in [400, 401, 403, 404, 415, 500, 502, 503] {
        let words = words.clone();
        echoes.push(Box::new(move || Box::new(ResponseTemplate::new(status).set_body_string(&words))));
    }
    // What a host is called is no secret of ours; user, path, query and fragment may be one.
    let location = format!("http://{PLANTED}:{PLANTED}@evil.example.com/{PLANTED}?{PLANTED}#{PLANTED}");
    echoes.push(Box::new(move || Box::new(ResponseTemplate::new(307).insert_header("location", &*location))));
    for kind in ["text/html", "text/plain", "application/vnd.apache.thrift.json"] {
        let words = words.clone();
        let page = move || ResponseTemplate::new(200).set_body_raw(format!("<title>{words}</title>"), kind);
        echoes.push(Box::new(move || Box::new(page())));
    }
    for code in [ResponseCode::InvalidRequest, ResponseCode::Error, ResponseCode::AuthFailed] {
        let words = words.clone();
        echoes.push(Box::new(move || Box::new(Says::code(code).words(&words))));
    }
    echoes.push(Box::new(|| Box::new(Throws(6))));
    echoes
}

struct Boxed(Box<dyn Respond>);

impl Respond for Boxed {
    fn respond(&self, request: &wiremock::Request) -> ResponseTemplate {
        self.0.respond(request)
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

    for (credential, secrets) in [
        (Credential::basic("ops", PLANTED.into()), format!("{PLANTED} as {ENCODED}")),
        (Credential::bearer(PLANTED.into()), PLANTED.to_owned()),
        (Credential::header("x-ops", PLANTED.into()), PLANTED.to_owned()),
    ] {
        for (echo, encoding) in echoes(&secrets).iter().zip(BOTH.into_iter().cycle()) {
            let server = MockServer::start().await;
            Mock::given(any()).respond_with(Boxed(echo())).mount(&server).await;
            let builder = builder(&[&server.uri()]).credential(credential.clone());
            seen.push_str(&format!("{builder:?} {builder:#?}"));
            let aurora = builder.build().unwrap().with_encoding(encoding);
            seen.push_str(&format!("{aurora:?} {aurora:#?}"));
            for error in [
                aurora.tasks(&TaskFilter::of_job(&key())).await.err(),
                aurora.create(&job()).await.err(),
                aurora.kill(&key(), &Instances::All, "").await.err(),
                aurora.drain(&["m".into()]).await.err(),
            ] {
                seen.push_str(&whole(&error.unwrap()));
            }
            seen.push_str(&format!("{:?} {:?}", aurora.schedulers().await, aurora.may_change().await));
            let sent = format!("{:?}", server.received_requests().await.unwrap()[0].headers);
            assert!(sent.contains(PLANTED) || sent.contains(ENCODED), "or the test shows nothing: {sent}");
            let mesos = MesosClient::builder(aurora_client::Environment::new("test"), [server.uri()])
                .credential(credential.clone());
            let mesos = mesos.build().unwrap();
            seen.push_str(&format!("{mesos:?}"));
            if let Err(error) = mesos.look().await {
                seen.push_str(&whole(&error));
            }
        }
    }

    // What an executor reads: sent, refused, and told.
    let mut new = job();
    new.processes = vec![Process::new("work", format!("PASSWORD={PLANTED} ./run"))];
    seen.push_str(&format!("{new:?} {new:#?}"));
    let server = scheduler(Says::code(ResponseCode::InvalidRequest)).await;
    seen.push_str(&whole(&client(&server).create(&new).await.unwrap_err()));
    let body = server.received_requests().await.unwrap().pop().unwrap().body;
    assert!(String::from_utf8_lossy(&body).contains(PLANTED), "or the test shows nothing");
    let told: wire::CreateJob = wire::Message::open(wire::Encoding::Json, &body).unwrap().body().unwrap();
    seen.push_str(&format!("{told:?} {told:#?}"));
    let config = told.description.unwrap().task_config;
    let assigned = wire::AssignedTask { task_id: Some("t".into()), task: config, ..Default::default() };
    let task = wire::ScheduledTask { assigned_task: Some(assigned), ..Default::default() };
    let answer = Answer::ScheduleStatus(wire::ScheduleStatusResult { tasks: Some(vec![task]) });
    let server = scheduler(Says::answer(answer)).await;
    let tasks = client(&server).tasks(&TaskFilter::of_job(&key())).await.unwrap();
    assert!(tasks[0].config.executor_data.as_ref().unwrap().contains(PLANTED), "or the test shows nothing");
    seen.push_str(&format!("{tasks:?} {tasks:#?}"));

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("aurora.createJob"), "or the log was not caught");
    for secret in [PLANTED, ENCODED] {
        let around = |text: &str| text.find(secret).map(|at| text[at.saturating_sub(300)..at].to_owned());
        assert_eq!(around(&seen), None);
        assert_eq!(around(&log), None);
    }
}
