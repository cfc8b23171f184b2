//! Who leads: followers that redirect, leaders that go away, two of them, none.

use aurora_client::wire::{self, Answer};
use aurora_client::{AuroraClient, AuroraRead, AuroraWrite, Effect, ErrorKind, Leading, SchedulerHealth, TaskFilter};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{Dying, Says, api, asked, builder, job, key, leaderhealth};

fn tasks() -> Says {
    Says::answer(Answer::ScheduleStatus(wire::ScheduleStatusResult::default()))
}

fn to(location: &str) -> ResponseTemplate {
    ResponseTemplate::new(307).insert_header("location", location)
}

async fn leader() -> MockServer {
    let server = MockServer::start().await;
    leaderhealth(200).mount(&server).await;
    api(tasks()).mount(&server).await;
    server
}

async fn follower(location: &str) -> MockServer {
    let server = MockServer::start().await;
    leaderhealth(503).mount(&server).await;
    api(to(location)).mount(&server).await;
    server
}

fn of(servers: &[&MockServer]) -> AuroraClient {
    let addresses: Vec<String> = servers.iter().map(|server| server.uri()).collect();
    builder(&addresses.iter().map(String::as_str).collect::<Vec<_>>()).build().unwrap()
}

async fn look(aurora: &AuroraClient) -> aurora_client::Result<Vec<aurora_client::Task>> {
    aurora.tasks(&TaskFilter::of_job(&key())).await
}

#[tokio::test]
async fn the_leader_is_asked_for_once() {
    let leader = leader().await;
    let follower = follower(&leader.uri()).await;
    let aurora = of(&[&follower, &leader]);
    for _ in 0..3 {
        look(&aurora).await.unwrap();
    }
    // A clone knows what the other knows.
    look(&aurora.clone()).await.unwrap();
    assert_eq!((asked(&leader, "/api").await, asked(&follower, "/api").await), (4, 0));
    assert_eq!((asked(&leader, "/leaderhealth").await, asked(&follower, "/leaderhealth").await), (1, 1));
}

#[tokio::test]
async fn a_follower_is_followed_with_the_same_call() {
    let leader = MockServer::start().await;
    leaderhealth(503).mount(&leader).await;
    api(Says::ok()).mount(&leader).await;
    // Nobody says that it leads: the first that answers is asked, and knows.
    let follower = follower(&format!("{}/api", leader.uri())).await;
    of(&[&follower, &leader]).create(&job()).await.unwrap();
    let first = follower.received_requests().await.unwrap().pop().unwrap();
    let second = leader.received_requests().await.unwrap().pop().unwrap();
    assert_eq!((&first.method, &first.body), (&second.method, &second.body));
    for name in ["authorization", "content-type", "accept"] {
        assert_eq!(first.headers.get_all(name).iter().count(), 1);
        assert_eq!(first.headers.get(name), second.headers.get(name), "{name}");
    }
}

#[tokio::test]
async fn nobody_is_followed_who_is_not_listed() {
    let stranger = leader().await;
    for location in
        [stranger.uri(), "nonsense".to_owned(), String::new(), "http://evil.example.com/api?t=planted".into()]
    {
        let follower = follower(&location).await;
        let error = of(&[&follower]).create(&job()).await.unwrap_err();
        assert_eq!((error.kind(), error.effect(), error.attempts()), (ErrorKind::Rejected, Effect::None, 1), "{error}");
        let message = error.message().unwrap();
        assert!(message.starts_with("redirected to ") && !message.contains("planted"), "{error}");
        assert!(error.remedy().unwrap().contains("list every scheduler"));
    }
    assert!(stranger.received_requests().await.unwrap().is_empty(), "no call and no credential went there");
}

#[tokio::test]
async fn a_circle_ends() {
    let (one, other) = (MockServer::start().await, MockServer::start().await);
    api(to(&other.uri())).mount(&one).await;
    api(to(&one.uri())).mount(&other).await;
    let error = of(&[&one, &other]).create(&job()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unavailable, Effect::None));
    // Three tries of three hops.
    assert_eq!(asked(&one, "/api").await + asked(&other, "/api").await, 9);
}

#[tokio::test]
async fn other_redirects_are_not_followed() {
    for status in [301, 302, 303, 308] {
        let server = MockServer::start().await;
        let there = leader().await;
        api(ResponseTemplate::new(status).insert_header("location", there.uri())).mount(&server).await;
        let error = of(&[&server]).create(&job()).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Rejected, 1));
        assert!(there.received_requests().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn where_the_leader_dies_during_a_call_a_read_goes_on_and_a_change_is_told() {
    let dying = Dying::start();
    let next = leader().await;
    let both = [dying.address.as_str(), &next.uri()];
    let aurora = builder(&both).build().unwrap();
    let error = aurora.create(&job()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect(), error.attempts()), (ErrorKind::Unavailable, Effect::Possible, 1));
    assert_eq!((dying.calls(), asked(&next, "/api").await), (1, 0), "it is not sent to the next one");
    // It is forgotten after that, and asked for again. That it says to lead is its own word only.
    let reader = builder(&[&next.uri(), &dying.address]).build().unwrap();
    look(&reader).await.unwrap();
}

#[tokio::test]
async fn a_leader_that_went_is_forgotten() {
    let (old, new) = (MockServer::start().await, MockServer::start().await);
    leaderhealth(200).up_to_n_times(1).mount(&old).await;
    leaderhealth(503).mount(&old).await;
    api(tasks()).up_to_n_times(1).mount(&old).await;
    api(ResponseTemplate::new(503)).mount(&old).await;
    leaderhealth(503).up_to_n_times(1).mount(&new).await;
    leaderhealth(200).mount(&new).await;
    api(tasks()).mount(&new).await;
    let aurora = of(&[&old, &new]);
    look(&aurora).await.unwrap();
    // The filter's 503: nothing was executed, so that even a change goes to the next leader.
    aurora.kill(&key(), &aurora_client::Instances::All, "").await.unwrap();
    assert_eq!((asked(&old, "/api").await, asked(&new, "/api").await), (2, 1));
}

#[tokio::test]
async fn no_leader() {
    let (one, other) = (MockServer::start().await, MockServer::start().await);
    for server in [&one, &other] {
        leaderhealth(502).mount(server).await;
        api(ResponseTemplate::new(503).set_body_raw("<html>", "text/html")).mount(server).await;
    }
    let aurora = of(&[&one, &other]);
    let error = aurora.create(&job()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect(), error.attempts()), (ErrorKind::Unavailable, Effect::None, 3));
    assert_eq!(asked(&one, "/leaderhealth").await, 3, "each try asks who leads now");
    assert_eq!(aurora.probe().await.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn how_every_scheduler_feels() {
    let healthy = |text: &'static str| {
        Mock::given(method("GET")).and(path("/health")).respond_with(ResponseTemplate::new(200).set_body_string(text))
    };
    let vars = |registered: u8| {
        let body = format!(r#"{{"framework_registered": {registered}, "jvm_uptime_secs": 60.0, "other": "text"}}"#);
        let answer = ResponseTemplate::new(200).set_body_raw(body, "application/json");
        Mock::given(method("GET")).and(path("/vars.json")).respond_with(answer)
    };
    let (one, other, sick) = (leader().await, leader().await, follower("").await);
    healthy("OK\n").mount(&one).await;
    vars(1).mount(&one).await;
    healthy("OK\n").mount(&other).await;
    vars(0).mount(&other).await;
    healthy("SICK\n").mount(&sick).await;
    let seen = of(&[&one, &other, &sick]).schedulers().await.unwrap();
    let told: Vec<_> = seen.iter().map(|one| (one.health.clone(), one.leading, one.registered, one.uptime_s)).collect();
    assert_eq!(
        told,
        [
            (SchedulerHealth::Ok, Leading::Yes, Some(true), Some(60)),
            (SchedulerHealth::Ok, Leading::Yes, Some(false), Some(60)),
            (SchedulerHealth::Sick, Leading::No, None, None),
        ]
    );
}
