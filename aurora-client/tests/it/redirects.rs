//! Who leads: asked once, followed when it changes, and only among the schedulers that are listed.

use aurora_client::wire::{Answer, ResponseCode, ScheduleStatusResult};
use aurora_client::{AuroraClient, AuroraRead, AuroraWrite, Effect, ErrorKind, Instances, Result, TaskFilter};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{client, cluster, code, job, leading, ok, replying, scheduler, sent};

async fn read(aurora: &AuroraClient) -> Result<()> {
    aurora.tasks(&TaskFilter::of_job(&job())).await.map(drop)
}

async fn write(aurora: &AuroraClient) -> Result<()> {
    aurora.kill(&job(), &Instances::All, "").await
}

/// A scheduler that leads, and takes everything.
async fn leader() -> MockServer {
    let none = ok(Answer::ScheduleStatus(ScheduleStatusResult { tasks: Some(Vec::new()) }));
    let server = scheduler(replying(none)).await;
    leading(&server, 200).await;
    server
}

/// A scheduler that says `health` of its own leading, and sends every call to this place.
async fn follower(health: u16, location: &str) -> MockServer {
    let server = scheduler(ResponseTemplate::new(307).insert_header("location", location)).await;
    leading(&server, health).await;
    server
}

#[tokio::test]
async fn the_leader_is_asked_for_once_and_remembered() {
    let (other, leader) = (follower(503, "nowhere").await, leader().await);
    let aurora = cluster(&[&other.uri(), &leader.uri()]);
    for _ in 0..3 {
        read(&aurora).await.unwrap();
        write(&aurora.clone()).await.unwrap();
    }
    for server in [&other, &leader] {
        assert_eq!(sent(server, "/leaderhealth").await.len(), 1);
    }
    assert_eq!((sent(&other, "/api").await.len(), sent(&leader, "/api").await.len()), (0, 6));
}

#[tokio::test]
async fn one_scheduler_alone_is_not_asked_whether_it_leads() {
    let leader = leader().await;
    read(&client(&leader.uri())).await.unwrap();
    assert!(sent(&leader, "/leaderhealth").await.is_empty());
}

#[tokio::test]
async fn a_follower_sends_to_the_listed_leader_and_credentials_arrive_there() {
    let leader = leader().await;
    // It believes that it leads until it is called.
    let stale = follower(200, &format!("{}/api", leader.uri())).await;
    let aurora = cluster(&[&stale.uri(), &leader.uri()]);
    write(&aurora).await.unwrap();
    let (first, second) = (sent(&stale, "/api").await, sent(&leader, "/api").await);
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_eq!(first[0].body, second[0].body);
    assert_eq!(second[0].headers["authorization"], "Basic b3BzOmEtcGFzc3dvcmQtb2Ytbm9ib2R5");
    write(&aurora).await.unwrap();
    assert_eq!((sent(&stale, "/api").await.len(), sent(&leader, "/api").await.len()), (1, 2), "it is remembered");
}

#[tokio::test]
async fn nothing_is_sent_to_a_host_that_is_not_listed() {
    let stranger = leader().await;
    let port = stranger.address().port();
    for location in [
        format!("http://127.0.0.1:{port}/api"),
        format!("http://localhost:{port}/api"),
        format!("//127.0.0.1:{port}/api"),
        "/elsewhere".to_owned(),
        "mailto:ops@example.com".to_owned(),
        String::new(),
    ] {
        let server = follower(200, &location).await;
        let here = server.address().port();
        let tricky = follower(200, &format!("http://127.0.0.1:{here}@localhost:{port}/api")).await;
        for server in [&server, &tricky] {
            let aurora = client(&server.uri());
            for error in [read(&aurora).await.unwrap_err(), write(&aurora).await.unwrap_err()] {
                let found = (error.kind(), error.effect(), error.attempts());
                assert_eq!(found, (ErrorKind::Rejected, Effect::None, 1), "{location}: {error}");
                assert!(error.remedy().is_some_and(|remedy| remedy.contains("list every scheduler")), "{error}");
            }
        }
    }
    assert!(stranger.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn another_kind_of_redirect_is_not_followed() {
    let leader = leader().await;
    let found = ResponseTemplate::new(302).insert_header("location", format!("{}/api", leader.uri()));
    let server = scheduler(found).await;
    let aurora = cluster(&[&server.uri(), &leader.uri()]);
    leading(&server, 200).await;
    let error = write(&aurora).await.unwrap_err();
    assert_eq!((error.kind(), error.effect(), error.attempts()), (ErrorKind::Rejected, Effect::Possible, 1));
    assert!(sent(&leader, "/api").await.is_empty());
}

#[tokio::test]
async fn a_circle_is_left() {
    let one = MockServer::start().await;
    let other = follower(503, &format!("{}/api", one.uri())).await;
    let back = ResponseTemplate::new(307).insert_header("location", format!("{}/api", other.uri()));
    Mock::given(method("POST")).and(path("/api")).respond_with(back).mount(&one).await;
    leading(&one, 200).await;
    let aurora = cluster(&[&one.uri(), &other.uri()]);
    let error = write(&aurora).await.unwrap_err();
    let found = (error.kind(), error.effect(), error.attempts());
    assert_eq!(found, (ErrorKind::Unavailable, Effect::None, 3), "nobody executed it: {error}");
    assert!(error.to_string().contains("name each other"), "{error}");
    let count = sent(&one, "/api").await.len() + sent(&other, "/api").await.len();
    assert_eq!(count, 9, "three hops each time");
}

#[tokio::test]
async fn no_leader_anywhere() {
    let nobody = async || {
        let server = scheduler(ResponseTemplate::new(503)).await;
        leading(&server, 502).await;
        server
    };
    let (one, other) = (nobody().await, nobody().await);
    let aurora = cluster(&[&one.uri(), &other.uri()]);
    for error in [read(&aurora).await.unwrap_err(), write(&aurora).await.unwrap_err()] {
        let found = (error.kind(), error.effect(), error.attempts());
        assert_eq!(found, (ErrorKind::Unavailable, Effect::None, 3), "{error}");
    }
    assert_eq!(sent(&other, "/leaderhealth").await.len(), 6, "each attempt asks who leads");
}

#[tokio::test]
async fn an_election_is_waited_for() {
    let leader = leader().await;
    let electing = MockServer::start().await;
    let not_yet = Mock::given(path("/leaderhealth")).respond_with(ResponseTemplate::new(502));
    not_yet.up_to_n_times(1).with_priority(1).mount(&leader).await;
    leading(&electing, 502).await;
    let filter = Mock::given(path("/api")).respond_with(ResponseTemplate::new(503));
    filter.mount(&electing).await;
    write(&cluster(&[&electing.uri(), &leader.uri()])).await.unwrap();
    assert_eq!((sent(&electing, "/api").await.len(), sent(&leader, "/api").await.len()), (1, 1));
}

#[tokio::test]
async fn two_leaders() {
    let (one, other) = (leader().await, leader().await);
    let aurora = cluster(&[&one.uri(), &other.uri()]);
    for _ in 0..2 {
        write(&aurora).await.unwrap();
    }
    assert_eq!((sent(&one, "/api").await.len(), sent(&other, "/api").await.len()), (2, 0), "always the same one");
}

/// A leader that dies when it is called: it answers how it feels once, takes one call, and its port is closed.
async fn mortal() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = [0; 4096];
            let count = stream.read(&mut bytes).await.unwrap();
            if bytes[..count].starts_with(b"POST") {
                return;
            }
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(answer).await.unwrap();
        }
    });
    address
}

/// One that follows at first, and leads when it is asked again.
async fn heir() -> MockServer {
    let server = leader().await;
    let not_yet = Mock::given(path("/leaderhealth")).respond_with(ResponseTemplate::new(503));
    not_yet.up_to_n_times(1).with_priority(1).mount(&server).await;
    server
}

#[tokio::test]
async fn a_read_goes_on_at_the_next_leader() {
    let (old, heir) = (mortal().await, heir().await);
    read(&cluster(&[&old, &heir.uri()])).await.unwrap();
    assert_eq!(sent(&heir, "/api").await.len(), 1);
}

#[tokio::test]
async fn a_change_is_not_sent_to_the_next_leader_when_the_old_one_dies_of_it() {
    let (old, heir) = (mortal().await, heir().await);
    let aurora = cluster(&[&old, &heir.uri()]);
    let error = write(&aurora).await.unwrap_err();
    let found = (error.kind(), error.effect(), error.attempts());
    assert_eq!(found, (ErrorKind::Unavailable, Effect::Possible, 1), "{error}");
    assert!(sent(&heir, "/api").await.is_empty(), "who knows whether it was done");
    // A look finds the one that leads now.
    read(&aurora).await.unwrap();
    assert_eq!(sent(&heir, "/api").await.len(), 1);
}

#[tokio::test]
async fn a_change_goes_on_where_the_old_leader_is_gone_before_it() {
    let heir = leader().await;
    let aurora = cluster(&["http://127.0.0.1:1", &heir.uri()]);
    write(&aurora).await.unwrap();
    assert_eq!(sent(&heir, "/api").await.len(), 1);
}

#[tokio::test]
async fn a_leader_whose_storage_is_not_ready_may_be_another_one_soon() {
    let heir = heir().await;
    let old = scheduler(replying(code(ResponseCode::ErrorTransient))).await;
    Mock::given(path("/leaderhealth")).respond_with(ResponseTemplate::new(503)).with_priority(9).mount(&old).await;
    let once = Mock::given(path("/leaderhealth")).respond_with(ResponseTemplate::new(200));
    once.up_to_n_times(1).with_priority(1).mount(&old).await;
    let aurora = cluster(&[&old.uri(), &heir.uri()]);
    let _ = write(&aurora).await;
    write(&aurora).await.unwrap();
    assert!(!sent(&heir, "/api").await.is_empty(), "the old one was asked for ever");
}
