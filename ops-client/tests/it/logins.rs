//! Credentials that a login gives, and headers of the caller's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ops_client::http::Idempotency::{Once, Read, Write};
use ops_client::http::{Credential, Login, Pass};
use ops_client::{Effect, Error, ErrorKind, Result};
use wiremock::matchers::{any, header};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{builder, endpoint, retract};

/// Gives the cookies `pass-1`, `pass-2` …, which end with a 403 that says «ended».
#[derive(Default)]
struct Door {
    given: AtomicUsize,
    broken: Option<ErrorKind>,
}

#[async_trait]
impl Login for Door {
    async fn log_in(&self) -> Result<Pass> {
        let count = self.given.fetch_add(1, Ordering::SeqCst) + 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
        match self.broken {
            Some(kind) => Err(Error::new("door.log_in", kind, Effect::None)),
            None => Ok(Pass::cookie("session", format!("pass-{count}").into())),
        }
    }

    fn has_ended(&self, refusal: &Error) -> bool {
        refusal.status() == Some(403) && refusal.words().is_some_and(|words| words.contains("ended"))
    }
}

/// Lets in whoever shows this cookie, and refuses others so.
async fn system(pass: &str, status: u16, words: &str) -> MockServer {
    let server = MockServer::start().await;
    let good = Mock::given(header("cookie", format!("session={pass}"))).respond_with(ResponseTemplate::new(200));
    good.with_priority(1).mount(&server).await;
    let refusal = ResponseTemplate::new(status).set_body_string(words);
    Mock::given(any()).respond_with(refusal).with_priority(2).mount(&server).await;
    server
}

#[tokio::test]
async fn a_login_says_which_refusals_mean_that_it_has_ended() {
    let (server, door) = (system("pass-2", 403, "it has ended").await, Arc::new(Door::default()));
    let endpoint = builder(&server.uri()).credential(Credential::login(door.clone())).build().unwrap();
    let calls = (0..10).map(|_| {
        let endpoint = endpoint.clone();
        tokio::spawn(async move { retract(&endpoint, Once).send().await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert!(call.await.unwrap().unwrap().attempts() <= 2);
    }
    // The first one, and the one that all of them waited for.
    assert_eq!(door.given.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn any_other_refusal_is_one() {
    for (status, words, kind) in [(403, "no right", ErrorKind::Forbidden), (401, "ended", ErrorKind::Unauthenticated)] {
        let (server, door) = (system("none", status, words).await, Arc::new(Door::default()));
        let endpoint = builder(&server.uri()).credential(Credential::login(door.clone())).build().unwrap();
        let error = retract(&endpoint, Write).send().await.unwrap_err();
        assert_eq!((error.kind(), error.effect(), error.attempts()), (kind, Effect::None, 1));
        assert_eq!(door.given.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_refusal_of_the_new_pass_is_the_end() {
    let (server, door) = (system("none", 403, "ended").await, Arc::new(Door::default()));
    let endpoint = builder(&server.uri()).credential(Credential::login(door.clone())).build().unwrap();
    let error = retract(&endpoint, Read).send().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Forbidden, 2));
    assert_eq!(door.given.load(Ordering::SeqCst), 2);
}

/// Says itself how long its passes are good.
#[derive(Default)]
struct ForAnHour(AtomicUsize);

#[async_trait]
impl Login for ForAnHour {
    async fn log_in(&self) -> Result<Pass> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Pass::cookie("session", "pass".into()).renewed_after(Duration::from_secs(3600)))
    }

    fn has_ended(&self, _: &Error) -> bool {
        false
    }
}

#[tokio::test]
async fn a_pass_is_renewed_when_its_time_has_come() {
    let (server, door) = (system("pass", 403, "no").await, Arc::new(ForAnHour::default()));
    let endpoint = builder(&server.uri()).credential(Credential::login(door.clone())).build().unwrap();
    for (seconds, logins) in [(0, 1), (3000, 1), (700, 2), (3000, 2)] {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(seconds)).await;
        tokio::time::resume();
        retract(&endpoint, Once).send().await.unwrap();
        assert_eq!(door.0.load(Ordering::SeqCst), logins);
    }
}

/// Gives one pass, and then none: too many logins.
#[derive(Default)]
struct OnePass(AtomicUsize);

#[async_trait]
impl Login for OnePass {
    async fn log_in(&self) -> Result<Pass> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => Ok(Pass::cookie("session", "pass-1".into())),
            _ => Err(Error::new("door.log_in", ErrorKind::RateLimited, Effect::None)),
        }
    }

    fn has_ended(&self, refusal: &Error) -> bool {
        matches!(refusal.status(), Some(401 | 403))
    }
}

#[tokio::test]
async fn where_no_new_pass_is_had_a_missing_right_stays_one() {
    for (status, kind) in [(403, ErrorKind::Forbidden), (401, ErrorKind::RateLimited)] {
        let server = system("none", status, "either it has ended, or you may not").await;
        let credential = Credential::login(Arc::new(OnePass::default()));
        let endpoint = builder(&server.uri()).credential(credential).build().unwrap();
        let error = retract(&endpoint, Write).send().await.unwrap_err();
        assert_eq!((error.kind(), error.effect(), error.attempts()), (kind, Effect::None, 1));
    }
}

#[tokio::test]
async fn a_login_that_fails_keeps_its_kind_and_is_tried_once_by_those_who_wait() {
    for kind in [ErrorKind::Unavailable, ErrorKind::Unauthenticated] {
        let (server, door) = (system("none", 200, "").await, Arc::new(Door { broken: Some(kind), ..Door::default() }));
        let endpoint = builder(&server.uri()).credential(Credential::login(door.clone())).build().unwrap();
        let (one, two) = tokio::join!(retract(&endpoint, Write).send(), retract(&endpoint, Write).send());
        for error in [one.unwrap_err(), two.unwrap_err()] {
            assert_eq!((error.kind(), error.effect(), error.attempts()), (kind, Effect::None, 0));
        }
        assert_eq!(door.given.load(Ordering::SeqCst), 1);
        assert!(server.received_requests().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_header_of_ones_own() {
    let server = MockServer::start().await;
    let right = header("x-forwarded-token", "abc");
    Mock::given(right).respond_with(ResponseTemplate::new(204)).mount(&server).await;
    let credential = Credential::header("X-Forwarded-Token", "abc".into());
    let endpoint = builder(&server.uri()).credential(credential).build().unwrap();
    assert_eq!(retract(&endpoint, Once).send().await.unwrap().status(), 204);
}

#[tokio::test]
async fn a_header_that_cannot_be_sent_is_never_sent() {
    for (name, value) in [("no name", "planted"), ("", "planted"), ("x-y", "planted\r\n")] {
        let endpoint =
            builder("http://127.0.0.1:1").credential(Credential::header(name, value.into())).build().unwrap();
        let error = retract(&endpoint, Once).send().await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Invalid, 0));
        assert!(!format!("{error} {error:?}").contains("planted"), "{error}");
    }
}

#[tokio::test]
async fn the_same_system_as_somebody_else() {
    let server = MockServer::start().await;
    let right = header("authorization", "Bearer one");
    Mock::given(right).respond_with(ResponseTemplate::new(204)).mount(&server).await;
    let nobody = endpoint(&server.uri());
    let somebody = nobody.with_credential(Credential::bearer("one".into()));
    assert_eq!(retract(&somebody, Read).send().await.unwrap().status(), 204);
    assert_eq!(retract(&nobody, Read).send().await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(somebody.address(), nobody.address());
}

#[tokio::test]
async fn a_status_that_is_accepted_is_an_answer() {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(302).insert_header("location", "/home");
    let answer = answer.append_header("set-cookie", "a=1").append_header("set-cookie", "b=2");
    Mock::given(wiremock::matchers::path("/api/retract/id-1/")).respond_with(answer).mount(&server).await;
    let call = retract(&endpoint(&server.uri()), Once).folder();
    let reply = call.accept_status(302).send().await.unwrap();
    assert_eq!((reply.status(), reply.header("location")), (302, Some("/home")));
    assert_eq!(reply.headers("set-cookie").collect::<Vec<_>>(), ["a=1", "b=2"]);
    let error = retract(&endpoint(&server.uri()), Once).folder().accept_status(301).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
}
