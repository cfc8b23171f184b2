//! Each failure: its kind, what it may have done, and how often the call was sent.

use std::time::Duration;

use aurora_client::wire::{self, ApplicationException, ResponseCode};
use aurora_client::{
    AuroraAdmin, AuroraClient, AuroraRead, AuroraWrite, Effect, Error, ErrorKind, InstanceSet, Instances, Resources,
    Result, TaskFilter,
};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use wiremock::{MockServer, Request, Respond, ResponseTemplate};

use crate::support::{api, body, client, code, head, job, new_job, replying, scheduler, sent, wire_job, with_words};

/// Methods of each class: reads, changes of which twice is as once, those that want a look first, and those that are never
/// sent again.
#[derive(Clone, Copy, Debug)]
enum Call {
    Tasks,
    Drain,
    SetQuota,
    Create,
    Kill,
    Restart,
    AddInstances,
    StartCron,
}

const ALL: [Call; 8] = [
    Call::Tasks,
    Call::Drain,
    Call::SetQuota,
    Call::Create,
    Call::Kill,
    Call::Restart,
    Call::AddInstances,
    Call::StartCron,
];

impl Call {
    async fn of(self, aurora: &AuroraClient) -> Result<()> {
        match self {
            Self::Tasks => aurora.tasks(&TaskFilter::of_job(&job())).await.map(drop),
            Self::Drain => aurora.drain(&["a".to_owned()]).await.map(drop),
            Self::SetQuota => aurora.set_quota("jobs", Resources::new(1.0, 1, 1)).await,
            Self::Create => aurora.create(&new_job()).await,
            Self::Kill => aurora.kill(&job(), &Instances::All, "").await,
            Self::Restart => aurora.restart(&job(), &InstanceSet::new([0]).unwrap()).await,
            Self::AddInstances => {
                let key = wire::InstanceKey { job_key: Some(wire_job()), instance_id: Some(0) };
                aurora.rpc().add_instances(&wire::AddInstances { key: Some(key), count: Some(1) }).await.map(drop)
            }
            Self::StartCron => {
                aurora.rpc().start_cron_job(&wire::StartCronJob { job: Some(wire_job()) }).await.map(drop)
            }
        }
    }

    fn is_read(self) -> bool {
        matches!(self, Self::Tasks)
    }

    /// How often it is sent where that is known for reads, for what may be repeated, and for the others.
    fn times(self, times: [usize; 3]) -> usize {
        match self {
            Self::Tasks => times[0],
            Self::Drain | Self::SetQuota => times[1],
            _ => times[2],
        }
    }
}

const ONCE: [usize; 3] = [1, 1, 1];
const UNKNOWN: [usize; 3] = [3, 3, 1];
const ALWAYS: [usize; 3] = [3, 3, 3];

/// What every method tells of a scheduler that always says this. The effect is that of a change.
async fn fails(what: &str, server: &MockServer, kind: ErrorKind, effect: Effect, times: [usize; 3]) -> Vec<Error> {
    let mut errors = Vec::new();
    for call in ALL {
        let before = sent(server, "/api").await.len();
        let error = call.of(&client(&server.uri())).await.unwrap_err();
        let count = sent(server, "/api").await.len() - before;
        let effect = if call.is_read() { Effect::None } else { effect };
        let found = (error.kind(), error.effect(), count);
        assert_eq!(found, (kind, effect, call.times(times)), "{what} {call:?}: {error}");
        assert_eq!(error.attempts() as usize, count, "{what} {call:?}: {error}");
        errors.push(error);
    }
    errors
}

#[tokio::test]
async fn statuses() {
    use Effect::{None, Possible};
    for (status, kind, effect, times) in [
        (400, ErrorKind::Invalid, None, ONCE),
        (401, ErrorKind::Unauthenticated, None, ONCE),
        (403, ErrorKind::Forbidden, None, ONCE),
        (404, ErrorKind::NotFound, None, ONCE),
        (415, ErrorKind::Rejected, None, ONCE),
        (429, ErrorKind::RateLimited, None, ALWAYS),
        (500, ErrorKind::Unavailable, Possible, UNKNOWN),
        (502, ErrorKind::Unavailable, Possible, UNKNOWN),
        // The filter before the scheduler: nobody leads.
        (503, ErrorKind::Unavailable, None, ALWAYS),
        (504, ErrorKind::Unavailable, Possible, UNKNOWN),
    ] {
        let server = scheduler(ResponseTemplate::new(status)).await;
        for error in fails(&status.to_string(), &server, kind, effect, times).await {
            assert_eq!(error.status(), Some(status));
        }
    }
}

#[tokio::test]
async fn silence() {
    let late = ResponseTemplate::new(200).set_delay(Duration::from_secs(5));
    let server = scheduler(late).await;
    fails("late", &server, ErrorKind::Timeout, Effect::Possible, UNKNOWN).await;
}

#[tokio::test]
async fn a_closed_port() {
    for call in ALL {
        let error = call.of(&client("http://127.0.0.1:1")).await.unwrap_err();
        let found = (error.kind(), error.effect(), error.attempts());
        assert_eq!(found, (ErrorKind::Connect, Effect::None, 3), "{call:?}: nothing was sent at all");
    }
}

#[tokio::test]
async fn a_connection_that_is_cut() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let cutting = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
        }
    });
    for call in ALL {
        let error = call.of(&client(&address)).await.unwrap_err();
        let effect = if call.is_read() { Effect::None } else { Effect::Possible };
        let found = (error.kind(), error.effect(), error.attempts() as usize);
        assert_eq!(found, (ErrorKind::Unavailable, effect, call.times(UNKNOWN)), "{call:?}: {error}");
    }
    cutting.abort();
}

/// A reply that belongs to another call.
fn stray(name: Option<&'static str>, seq: i32) -> impl Respond {
    move |request: &Request| {
        let (encoding, own, number) = head(request);
        let reply = wire::reply(encoding, name.unwrap_or(&own), number + seq, code(ResponseCode::Ok));
        body(encoding, reply)
    }
}

#[tokio::test]
async fn replies_that_are_none() {
    let thrift = "application/vnd.apache.thrift.json";
    let raw = |text: &str, kind: &str| ResponseTemplate::new(200).set_body_raw(text.to_owned(), kind);
    let empty = |request: &Request| {
        let (encoding, name, seq) = head(request);
        body(encoding, format!(r#"[1,"{name}",2,{seq},{{}}]"#).into_bytes())
    };
    let call = |request: &Request| body(head(request).0, request.body.clone());
    let deep = |request: &Request| {
        let (encoding, name, seq) = head(request);
        body(encoding, format!(r#"[1,"{name}",2,{seq},{{"0":{{"rec":{{"1":{{"i32":"x"}}}}}}}}]"#).into_bytes())
    };
    let servers = [
        ("half", scheduler(raw(r#"[1,"createJ"#, thrift)).await),
        ("nothing", scheduler(raw("", thrift)).await),
        ("a page", scheduler(raw("<html><title>Sign in</title></html>", "text/html")).await),
        ("a page that lies", scheduler(raw("<html><title>Sign in</title></html>", thrift)).await),
        ("another encoding", scheduler(raw("[]", "text/plain")).await),
        ("another number", scheduler(stray(None, 1)).await),
        ("another method", scheduler(stray(Some("getNothing"), 0)).await),
        ("no success", scheduler(empty).await),
        ("no reply", scheduler(call).await),
        ("not what belongs there", scheduler(deep).await),
    ];
    for (what, server) in servers {
        for error in fails(what, &server, ErrorKind::Decode, Effect::Possible, UNKNOWN).await {
            assert_eq!(what.contains("page"), error.to_string().contains("HTML page, \"Sign in\""), "{error}");
        }
    }
}

#[tokio::test]
async fn exceptions() {
    let raising = |kind: Option<i32>| {
        move |request: &Request| {
            let (encoding, name, seq) = head(request);
            let what = ApplicationException { message: Some("its own words".to_owned()), kind };
            body(encoding, wire::exception(encoding, &name, seq, &what))
        }
    };
    for (number, kind, effect, times) in [
        (Some(1), ErrorKind::Rejected, Effect::None, ONCE),
        (Some(7), ErrorKind::Rejected, Effect::None, ONCE),
        (Some(6), ErrorKind::Unavailable, Effect::Possible, UNKNOWN),
        (Some(99), ErrorKind::Unavailable, Effect::Possible, UNKNOWN),
        (None, ErrorKind::Unavailable, Effect::Possible, UNKNOWN),
    ] {
        let server = scheduler(raising(number)).await;
        for error in fails(&format!("{number:?}"), &server, kind, effect, times).await {
            assert_eq!(error.words(), Some("its own words"));
            assert_eq!(number == Some(1), error.to_string().contains("too old"), "{error}");
        }
    }
}

#[tokio::test]
async fn codes() {
    for (number, kind, effect, times) in [
        (ResponseCode::InvalidRequest, ErrorKind::Rejected, Effect::None, ONCE),
        (ResponseCode::AuthFailed, ErrorKind::Forbidden, Effect::None, ONCE),
        (ResponseCode::JobUpdatingError, ErrorKind::Conflict, Effect::None, ONCE),
        (ResponseCode::Error, ErrorKind::Rejected, Effect::Possible, ONCE),
        (ResponseCode::Unknown(99), ErrorKind::Rejected, Effect::Possible, ONCE),
        (ResponseCode::ErrorTransient, ErrorKind::Unavailable, Effect::None, ALWAYS),
    ] {
        let said = with_words(code(number), &[Some("one"), None, Some("two")]);
        let server = scheduler(replying(said)).await;
        for error in fails(&format!("{number:?}"), &server, kind, effect, times).await {
            assert_eq!(error.words(), Some("one; two"));
        }
        let server = scheduler(replying(with_words(code(number), &[None]))).await;
        for error in fails(&format!("{number:?} without words"), &server, kind, effect, times).await {
            assert_eq!(error.words(), None);
        }
    }
    let server = scheduler(replying(wire::Response::default())).await;
    fails("no code", &server, ErrorKind::Rejected, Effect::Possible, ONCE).await;
}

/// A scheduler that says this first, and that from then on.
async fn first(one: impl Respond + 'static, then: impl Respond + 'static) -> MockServer {
    let server = MockServer::start().await;
    api().respond_with(one).up_to_n_times(1).with_priority(1).mount(&server).await;
    api().respond_with(then).mount(&server).await;
    server
}

#[tokio::test]
async fn a_storage_that_is_not_ready_is_waited_for() {
    for call in [Call::SetQuota, Call::Create, Call::Kill, Call::Restart, Call::AddInstances, Call::StartCron] {
        let not_yet = replying(code(ResponseCode::ErrorTransient));
        let server = first(not_yet, replying(code(ResponseCode::Ok))).await;
        call.of(&client(&server.uri())).await.unwrap();
        assert_eq!(sent(&server, "/api").await.len(), 2, "{call:?}");
    }
}

#[tokio::test]
async fn each_attempt_has_its_own_number() {
    let server = first(ResponseTemplate::new(503), replying(code(ResponseCode::Ok))).await;
    Call::SetQuota.of(&client(&server.uri())).await.unwrap();
    let numbers: Vec<i32> = sent(&server, "/api").await.iter().map(|request| head(request).2).collect();
    assert_eq!(numbers, [1, 2], "a late reply to the first is none to the second");
}

#[tokio::test]
async fn what_an_earlier_attempt_may_have_done_is_not_forgotten() {
    // The first one was perhaps carried out; the second one was refused for certain.
    for (then, kind) in [
        (ResponseCode::InvalidRequest, ErrorKind::Rejected),
        (ResponseCode::AuthFailed, ErrorKind::Forbidden),
        (ResponseCode::JobUpdatingError, ErrorKind::Conflict),
    ] {
        let server = first(ResponseTemplate::new(500), replying(code(then))).await;
        let error = Call::SetQuota.of(&client(&server.uri())).await.unwrap_err();
        assert_eq!((error.kind(), error.effect(), error.attempts()), (kind, Effect::Possible, 2), "{error}");
    }
    let server = first(ResponseTemplate::new(500), ResponseTemplate::new(401)).await;
    let error = Call::SetQuota.of(&client(&server.uri())).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unauthenticated, Effect::Possible));
}

#[tokio::test]
async fn an_answer_to_something_else_is_no_answer() {
    let other = wire::Answer::GetQuota(wire::GetQuotaResult::default());
    let server = scheduler(replying(crate::support::ok(other))).await;
    let aurora = client(&server.uri());
    let error = Call::Tasks.of(&aurora).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::None));
    let error = Call::Drain.of(&aurora).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::Certain), "it said that it is done");
}

#[tokio::test]
async fn a_reply_that_is_too_long() {
    let long = with_words(code(ResponseCode::Ok), &[Some(&"x".repeat(4096))]);
    let server = scheduler(replying(long)).await;
    let aurora = client(&server.uri()).with_max_body(1024);
    let error = Call::Kill.of(&aurora).await.unwrap_err();
    assert_eq!((error.kind(), sent(&server, "/api").await.len()), (ErrorKind::Decode, 1), "{error}");
    assert_ne!(error.effect(), Effect::None);
}

#[tokio::test]
async fn a_cluster_of_nobody() {
    let error = AuroraClient::of(Vec::new()).unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Invalid, Effect::None));
}
