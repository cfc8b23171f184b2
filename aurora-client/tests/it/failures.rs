//! Each failure: its kind, its effect, how often the call was sent. The tables of the facts, row by row.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use aurora_client::wire::{self, Answer, ResponseCode};
use aurora_client::{
    AuroraAdmin, AuroraClient, AuroraRead, AuroraWrite, Effect, Error, ErrorKind, InstanceSet, Instances, Resources,
    TaskFilter,
};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Respond, ResponseTemplate};

use crate::support::{BOTH, Dying, Says, Throws, asked, builder, client, job, key, scheduler};

type Calling<'a> = Pin<Box<dyn Future<Output = Error> + Send + 'a>>;
type Call = (&'static str, for<'a> fn(&'a AuroraClient) -> Calling<'a>);

macro_rules! calls {
    ($($name:literal $aurora:ident => $call:expr;)+) => {
        [$(($name, |$aurora: &AuroraClient| -> Calling<'_> {
            Box::pin(async move { $call.await.err().unwrap() })
        })),+]
    };
}

/// Reads.
const READS: [Call; 4] = calls! {
    "tasks" aurora => aurora.tasks(&TaskFilter::of_job(&key()));
    "jobs" aurora => aurora.jobs(None);
    "check" aurora => aurora.check(&job());
    "hosts" aurora => aurora.hosts(&["m".to_owned()]);
};

/// Writes of which two are as one.
const SAME: [Call; 11] = calls! {
    "start_maintenance" aurora => aurora.start_maintenance(&["m".to_owned()]);
    "drain" aurora => aurora.drain(&["m".to_owned()]);
    "end_maintenance" aurora => aurora.end_maintenance(&["m".to_owned()]);
    "set_quota" aurora => aurora.set_quota("jobs", Resources::new(1.0, 1, 1));
    "snapshot" aurora => aurora.snapshot();
    "pauseJobUpdate" aurora => aurora.rpc().pause_job_update(&wire::PauseJobUpdate::default());
    "abortJobUpdate" aurora => aurora.rpc().abort_job_update(&wire::AbortJobUpdate::default());
    "rollbackJobUpdate" aurora => aurora.rpc().rollback_job_update(&wire::RollbackJobUpdate::default());
    "scheduleCronJob" aurora => aurora.rpc().schedule_cron_job(&wire::ScheduleCronJob::default());
    "replaceCronTemplate" aurora => aurora.rpc().replace_cron_template(&wire::ReplaceCronTemplate::default());
    "descheduleCronJob" aurora => aurora.rpc().deschedule_cron_job(&wire::DescheduleCronJob::default());
};

/// Writes that are never sent again unless the first one certainly did nothing.
const ONCE: [Call; 6] = calls! {
    "create" aurora => aurora.create(&job());
    "kill" aurora => aurora.kill(&key(), &Instances::All, "");
    "restart" aurora => aurora.restart(&key(), &InstanceSet::new([0]).unwrap());
    "addInstances" aurora => aurora.rpc().add_instances(&wire::AddInstances::default());
    "startJobUpdate" aurora => aurora.rpc().start_job_update(&wire::StartJobUpdate::default());
    "startCronJob" aurora => aurora.rpc().start_cron_job(&wire::StartCronJob::default());
};

/// How each class of calls ends: kind, effect, how often sent.
type Ends = (ErrorKind, Effect, usize);

async fn each_ends<R: Respond + 'static>(what: &str, answer: impl Fn() -> R + Send, wanted: [Ends; 3]) {
    for (calls, (kind, effect, sent)) in [&READS[..], &SAME, &ONCE].into_iter().zip(wanted) {
        for (name, call) in calls {
            let server = MockServer::start().await;
            Mock::given(any()).respond_with(answer()).mount(&server).await;
            let error = call(&client(&server)).await;
            assert_eq!((error.kind(), error.effect()), (kind, effect), "{what}, {name}: {error}");
            assert_eq!(asked(&server, "/api").await, sent, "{what}, {name}: {error}");
            assert_eq!(error.attempts() as usize, sent, "{what}, {name}: {error}");
            assert_eq!(error.to_string().lines().count(), 1, "{error}");
        }
    }
}

const NONE: Effect = Effect::None;
const POSSIBLE: Effect = Effect::Possible;

/// It was refused, whatever it was.
fn refused(kind: ErrorKind) -> [Ends; 3] {
    [(kind, NONE, 1); 3]
}

/// Nobody knows whether it was executed.
fn unknown(kind: ErrorKind) -> [Ends; 3] {
    [(kind, NONE, 3), (kind, POSSIBLE, 3), (kind, POSSIBLE, 1)]
}

#[tokio::test]
async fn by_status() {
    use ErrorKind::*;
    for (status, wanted) in [
        (400, refused(Invalid)),
        (401, refused(Unauthenticated)),
        (403, refused(Forbidden)),
        (404, refused(NotFound)),
        (415, refused(Rejected)),
        (500, unknown(Unavailable)),
        (502, unknown(Unavailable)),
        (504, unknown(Unavailable)),
        // The filter before the scheduler: certainly not executed.
        (503, [(Unavailable, NONE, 3); 3]),
        (429, [(RateLimited, NONE, 3); 3]),
    ] {
        each_ends(&status.to_string(), || ResponseTemplate::new(status), wanted).await;
    }
}

#[tokio::test]
async fn by_code() {
    use ErrorKind::*;
    let failed = [(Rejected, NONE, 1), (Rejected, POSSIBLE, 1), (Rejected, POSSIBLE, 1)];
    for (code, wanted) in [
        (ResponseCode::InvalidRequest, refused(Rejected)),
        (ResponseCode::AuthFailed, refused(Forbidden)),
        (ResponseCode::JobUpdatingError, refused(Conflict)),
        (ResponseCode::Error, failed),
        (ResponseCode::Unknown(42), failed),
        // The storage is not there yet: nothing was executed.
        (ResponseCode::ErrorTransient, [(Unavailable, NONE, 3); 3]),
    ] {
        each_ends(&format!("{code:?}"), || Says::code(code), wanted).await;
    }
}

#[tokio::test]
async fn by_exception() {
    use ErrorKind::*;
    each_ends("unknown method", || Throws(1), refused(Rejected)).await;
    each_ends("protocol error", || Throws(7), refused(Rejected)).await;
    each_ends("internal error", || Throws(6), unknown(Unavailable)).await;
}

#[tokio::test]
async fn by_what_cannot_be_read() {
    let decode = unknown(ErrorKind::Decode);
    let text = |body: &'static str, kind: &str| ResponseTemplate::new(200).set_body_raw(body, kind);
    let json = "application/vnd.apache.thrift.json";
    each_ends("a page", || text("<html><title>Proxy</title></html>", "text/html"), decode).await;
    each_ends("a text", || text("no", "text/plain"), decode).await;
    each_ends("no JSON", || text("no", json), decode).await;
    each_ends("nothing", || text("", json), decode).await;
    each_ends("another name", || Says { name: Some("getOther"), ..Says::ok() }, decode).await;
    each_ends("another number", || Says { off_by: 1, ..Says::ok() }, decode).await;
}

#[tokio::test]
async fn a_lost_reply() {
    for (calls, effect, sent) in [(&READS[..], NONE, 3), (&SAME, POSSIBLE, 3), (&ONCE, POSSIBLE, 1)] {
        for (name, call) in calls {
            let dying = Dying::start();
            let error = call(&builder(&[&dying.address]).build().unwrap()).await;
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Unavailable, effect), "{name}: {error}");
            assert_eq!(dying.calls(), sent, "{name}");
        }
    }
}

#[tokio::test]
async fn no_answer_in_time() {
    let slow = || ResponseTemplate::new(200).set_delay(Duration::from_secs(5));
    let server = scheduler(slow()).await;
    let limits = ops_client::http::Limits::default().with_total(Duration::from_millis(50));
    let aurora = builder(&[&server.uri()]).limits(limits).build().unwrap();
    for (calls, effect, sent) in [(&READS[..1], NONE, 3), (&SAME[..1], POSSIBLE, 3), (&ONCE[..3], POSSIBLE, 1)] {
        for (name, call) in calls {
            let error = call(&aurora).await;
            let found = (error.kind(), error.effect(), error.attempts());
            assert_eq!(found, (ErrorKind::Timeout, effect, sent), "{name}: {error}");
        }
    }
}

#[tokio::test]
async fn a_closed_port_is_tried_again_by_all() {
    let address = format!("http://{}", std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let aurora = builder(&[&address]).build().unwrap();
    for (name, call) in READS.iter().chain(&SAME).chain(&ONCE) {
        let error = call(&aurora).await;
        let found = (error.kind(), error.effect(), error.attempts());
        assert_eq!(found, (ErrorKind::Connect, Effect::None, 3), "{name}");
    }
    let seen = aurora.schedulers().await.unwrap();
    assert!(matches!(seen[0].health, aurora_client::SchedulerHealth::Refused(_)), "{seen:?}");
}

#[tokio::test]
async fn the_schedulers_words_are_kept() {
    for encoding in BOTH {
        let server = scheduler(Says::code(ResponseCode::InvalidRequest).words("Job already exists: x")).await;
        let error = client(&server).with_encoding(encoding).create(&job()).await.unwrap_err();
        assert_eq!(error.words(), Some("Job already exists: x"));
        let server = scheduler(Says::ok().words("No tasks to kill.")).await;
        let aurora = client(&server).with_encoding(encoding);
        let told = aurora.rpc().kill_tasks(&wire::KillTasks::default()).await.unwrap();
        assert_eq!((told.notes, told.server), (vec!["No tasks to kill.".to_owned()], server.uri()));
        // A warning is a success.
        let server = scheduler(Says::code(ResponseCode::Warning)).await;
        client(&server).with_encoding(encoding).kill(&key(), &Instances::All, "").await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_to_something_else_may_have_been_done() {
    let another = || Says::answer(Answer::GetQuota(wire::GetQuotaResult::default()));
    let server = scheduler(another()).await;
    let error = client(&server).drain(&["m".to_owned()]).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::Certain));
    let error = client(&server).jobs(None).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::None));
}

#[tokio::test]
async fn a_body_has_a_limit() {
    let server = scheduler(ResponseTemplate::new(200).set_body_raw(vec![b'['; 5000], "application/json")).await;
    let aurora = client(&server).with_max_body(4999);
    let error = aurora.create(&job()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.effect() > Effect::None && error.to_string().contains("limit of 4999 bytes"), "{error}");
    // The limit of the places holds, too.
    let limits = ops_client::http::Limits::default().with_max_body(4999);
    let aurora = builder(&[&server.uri()]).limits(limits).build().unwrap();
    let error = aurora.tasks(&TaskFilter::of_job(&key())).await.unwrap_err();
    assert!(error.to_string().contains("limit of 4999 bytes"), "{error}");
}

#[tokio::test]
async fn a_wrong_password_is_found_out_without_an_effect() {
    for (answer, wanted) in [
        (None, Some(false)),
        (Some(ResponseCode::AuthFailed), Some(false)),
        (Some(ResponseCode::InvalidRequest), Some(true)),
        (Some(ResponseCode::Error), None),
    ] {
        let server = match answer {
            None => scheduler(ResponseTemplate::new(401).insert_header("www-authenticate", "Basic")).await,
            Some(code) => scheduler(Says::code(code)).await,
        };
        assert_eq!(client(&server).may_change().await.unwrap(), wanted, "{answer:?}");
        let body = server.received_requests().await.unwrap().pop().unwrap().body;
        let empty = r#"{"1":{"str":""},"2":{"str":""},"3":{"str":""}}"#;
        let ask = format!(r#"[1,"pulseJobUpdate",1,1,{{"1":{{"rec":{{"1":{{"rec":{empty}}},"2":{{"str":""}}}}}}}}]"#);
        assert_eq!(String::from_utf8_lossy(&body), ask);
    }
    let server = scheduler(ResponseTemplate::new(503)).await;
    let error = client(&server).may_change().await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unavailable, Effect::None));
}

#[tokio::test]
async fn where_a_brief_list_fails_the_whole_one_is_taken() {
    let server = MockServer::start().await;
    crate::support::api(ResponseTemplate::new(500)).with_priority(9).mount(&server).await;
    let whole = wiremock::matchers::body_string_contains("getTasksStatus");
    let answer = Answer::ScheduleStatus(wire::ScheduleStatusResult::default());
    Mock::given(whole).respond_with(Says::answer(answer)).mount(&server).await;
    assert!(client(&server).tasks(&TaskFilter::of_job(&key()).brief()).await.unwrap().is_empty());
}
