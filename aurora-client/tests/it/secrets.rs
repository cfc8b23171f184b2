//! A planted password, and what executors read, show nowhere: not in Debug, not in errors or below them, not in logs; not
//! even where the scheduler echoes the password.

use std::error::Error as _;
use std::io::Write;
use std::sync::{Arc, Mutex};

use aurora_client::wire::{self, Answer, ApplicationException, ResponseCode, ScheduleStatusResult};
use aurora_client::{
    AuroraAdmin, AuroraClient, AuroraRead, AuroraWrite, Error, FrameworkId, InstanceSet, Instances, MesosClient,
    MesosRead, MesosWrite, NewJob, Process, Resources, Result, TaskFilter,
};
use ops_client::Environment;
use ops_client::http::{Credential, Endpoint, RetryPolicy};
use tracing_subscriber::util::SubscriberInitExt;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::support::{body, code, head, job, ok, replying, wire_job, with_words};

const PASSWORD: &str = "planted-secret-4711";
/// `ops:planted-secret-4711`, as basic authentication sends it.
const ENCODED: &str = "b3BzOnBsYW50ZWQtc2VjcmV0LTQ3MTE=";
/// What stands in a command line: no server should send it back, and nobody may show it.
const EXECUTOR: &str = "planted-in-a-command-line";

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

fn endpoint(server: &MockServer) -> Endpoint {
    let builder = Endpoint::builder(Environment::new("test"), &server.uri());
    builder.credential(Credential::basic("ops", PASSWORD.into())).retry(RetryPolicy::none()).build().unwrap()
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

fn note<T: std::fmt::Debug>(seen: &mut String, result: Result<T>) {
    match result {
        Ok(value) => seen.push_str(&format!("{value:?} {value:#?}")),
        Err(error) => seen.push_str(&whole(&error)),
    }
}

fn new_job() -> NewJob {
    let run = format!("./run --token {EXECUTOR}");
    NewJob::new(job(), Resources::new(1.0, 1, 1), vec![Process::new("run", run)])
}

async fn everything(aurora: &AuroraClient, mesos: &MesosClient, seen: &mut String) {
    seen.push_str(&format!("{aurora:?} {aurora:#?} {mesos:?} {:?} {:#?}", new_job(), new_job()));
    note(seen, aurora.probe().await);
    note(seen, aurora.schedulers().await);
    note(seen, aurora.tasks(&TaskFilter::of_job(&job())).await);
    note(seen, aurora.may_change().await);
    note(seen, aurora.check(&new_job()).await);
    note(seen, aurora.create(&new_job()).await);
    note(seen, aurora.kill(&job(), &Instances::All, "stuck").await);
    note(seen, aurora.restart(&job(), &InstanceSet::new([0]).unwrap()).await);
    note(seen, aurora.drain(&["agent-1".to_owned()]).await);
    note(seen, aurora.rpc().get_tasks_status(&wire::GetTasksStatus::default()).await);
    note(seen, mesos.probe().await);
    note(seen, mesos.look().await);
    note(seen, mesos.teardown(&FrameworkId::new("a")).await);
}

/// A task whose executor reads what was planted.
fn telling() -> impl Respond {
    let config = wire::TaskConfig {
        job: Some(wire_job()),
        executor_config: Some(wire::ExecutorConfig { name: None, data: Some(wire::Hidden(EXECUTOR.into())) }),
        ..wire::TaskConfig::default()
    };
    let assigned =
        wire::AssignedTask { task_id: Some("a".into()), task: Some(config), ..wire::AssignedTask::default() };
    let task = wire::ScheduledTask { assigned_task: Some(assigned), ..wire::ScheduledTask::default() };
    replying(ok(Answer::ScheduleStatus(ScheduleStatusResult { tasks: Some(vec![task]) })))
}

/// Answers that repeat the password wherever they can.
fn echoes() -> Vec<Box<dyn Respond>> {
    let words = format!("you sent {PASSWORD} as {ENCODED}");
    let mut all: Vec<Box<dyn Respond>> = Vec::new();
    for status in [200, 400, 401, 403, 404, 500, 502, 503] {
        all.push(Box::new(ResponseTemplate::new(status).set_body_string(words.clone())));
    }
    let page = format!("<html><title>{words}</title></html>");
    all.push(Box::new(ResponseTemplate::new(200).set_body_raw(page, "text/html")));
    let location = format!("http://{PASSWORD}.example.com/api?{ENCODED}");
    all.push(Box::new(ResponseTemplate::new(307).insert_header("location", location)));
    let request_id = ResponseTemplate::new(500).insert_header("x-request-id", PASSWORD);
    all.push(Box::new(request_id));
    for number in [ResponseCode::InvalidRequest, ResponseCode::AuthFailed, ResponseCode::Error] {
        let words = words.clone();
        let said = move |request: &Request| replying(with_words(code(number), &[Some(&words)])).respond(request);
        all.push(Box::new(thrift_only(said)));
    }
    for kind in [1, 6, 7] {
        let words = words.clone();
        let said = move |request: &Request| {
            let (encoding, name, seq) = head(request);
            let what = ApplicationException { message: Some(words.clone()), kind: Some(kind) };
            body(encoding, wire::exception(encoding, &name, seq, &what))
        };
        all.push(Box::new(thrift_only(said)));
    }
    all
}

/// What is no call gets nothing.
fn thrift_only(respond: impl Fn(&Request) -> ResponseTemplate + Send + Sync) -> impl Respond {
    move |request: &Request| {
        if request.url.path() == "/api" { respond(request) } else { ResponseTemplate::new(404) }
    }
}

struct Boxed(Box<dyn Respond>);

impl Respond for Boxed {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        self.0.respond(request)
    }
}

#[tokio::test]
async fn what_was_planted_never_shows() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::level_filters::LevelFilter::TRACE)
        .with_writer(move || writer.clone());
    let _guard = subscriber.finish().set_default();
    let mut seen = String::new();
    let mut answers = echoes();
    let tell = telling();
    answers.push(Box::new(thrift_only(move |request| {
        if head(request).1 == "getTasksStatus" { tell.respond(request) } else { ResponseTemplate::new(500) }
    })));
    for answer in answers {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(Boxed(answer)).mount(&server).await;
        let aurora = AuroraClient::of(vec![endpoint(&server)]).unwrap();
        let mesos = MesosClient::of(vec![endpoint(&server)]).unwrap();
        everything(&aurora, &mesos, &mut seen).await;
        let sent = server.received_requests().await.unwrap();
        let sent: String =
            sent.iter().map(|one| format!("{:?}", one.headers) + &String::from_utf8_lossy(&one.body)).collect();
        assert!(sent.contains(ENCODED) && sent.contains(EXECUTOR), "or the test shows nothing");
    }
    // The query of a redirect is no part of what is told, nor is its host where it is the password.
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("aurora.killTasks") && log.contains("mesos.look"), "or the log was not caught");
    assert!(seen.contains("TaskConfig"), "or no task was shown");
    for secret in [PASSWORD, ENCODED, EXECUTOR] {
        let around = |text: &str| text.find(secret).map(|at| text[at.saturating_sub(300)..at].to_owned());
        assert_eq!(around(&seen), None);
        assert_eq!(around(&log), None);
    }
}

#[test]
fn what_travels_is_not_shown_either() {
    let config = wire::ExecutorConfig { name: None, data: Some(wire::Hidden(EXECUTOR.into())) };
    let ask = wire::CreateJob {
        description: Some(wire::JobConfiguration {
            task_config: Some(wire::TaskConfig { executor_config: Some(config), ..Default::default() }),
            ..Default::default()
        }),
    };
    assert!(!format!("{ask:?} {ask:#?}").contains(EXECUTOR));
    let bytes = wire::call(wire::Encoding::Json, 1, &ask);
    let message = wire::Message::open(wire::Encoding::Json, &bytes).unwrap();
    let shown = format!("{message:?}");
    assert!(!shown.contains(EXECUTOR), "{shown}");
    // The same, where bytes are shown as numbers.
    let numbers = format!("{:?}", EXECUTOR.as_bytes());
    assert!(!shown.contains(numbers.trim_matches(['[', ']'])), "{shown}");
}
