//! The refresh after a 401: once for each call, once for many calls together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use ops_client::http::Idempotency::{Once, Read, Write};
use ops_client::http::{Credential, SecretString, TokenSource};
use ops_client::{Effect, Error, ErrorKind, Result};
use wiremock::matchers::{any, header};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::server::{Act, Server, answer};
use crate::support::{builder, retract};

/// Issues `token-1`, `token-2` … after a moment.
#[derive(Default)]
struct Issuer {
    issued: AtomicUsize,
    broken: bool,
}

#[async_trait]
impl TokenSource for Issuer {
    async fn token(&self) -> Result<SecretString> {
        let count = self.issued.fetch_add(1, Ordering::SeqCst) + 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
        if self.broken {
            return Err(Error::new("token.issue", ErrorKind::Unavailable, Effect::None));
        }
        Ok(format!("token-{count}").into())
    }
}

/// Accepts `token-1` only.
async fn system() -> MockServer {
    let server = MockServer::start().await;
    let good = Mock::given(header("authorization", "Bearer token-1")).respond_with(ResponseTemplate::new(200));
    good.with_priority(1).mount(&server).await;
    Mock::given(any()).respond_with(ResponseTemplate::new(401)).with_priority(2).mount(&server).await;
    server
}

#[tokio::test]
async fn calls_refused_side_by_side_renew_the_token_once() {
    let (server, issuer) = (system().await, Arc::new(Issuer::default()));
    let credential = Credential::bearer_with_refresh(Some("old".into()), issuer.clone());
    let endpoint = builder(&server.uri()).credential(credential).build().unwrap();
    let calls = (0..10).map(|_| {
        let endpoint = endpoint.clone();
        tokio::spawn(async move { retract(&endpoint, Once).send().await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    assert_eq!(issuer.issued.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_first_token_is_fetched_before_the_first_call() {
    let (server, issuer) = (system().await, Arc::new(Issuer::default()));
    let credential = Credential::bearer_with_refresh(None, issuer.clone());
    let endpoint = builder(&server.uri()).credential(credential).build().unwrap();
    let reply = retract(&endpoint, Read).send().await.unwrap();
    assert_eq!((reply.attempts(), issuer.issued.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn a_second_401_is_the_end() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(401)).mount(&server).await;
    let issuer = Arc::new(Issuer::default());
    let credential = Credential::bearer_with_refresh(Some("old".into()), issuer.clone());
    let endpoint = builder(&server.uri()).credential(credential).build().unwrap();
    let error = retract(&endpoint, Write).send().await.unwrap_err();
    assert_eq!((error.kind(), error.effect(), error.attempts()), (ErrorKind::Unauthenticated, Effect::None, 2));
    assert!(error.remedy().unwrap().contains("get a new one"), "{error}");
    assert_eq!(issuer.issued.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_broken_issuer_is_asked_once_by_those_who_wait_together() {
    let (server, issuer) = (system().await, Arc::new(Issuer { broken: true, ..Issuer::default() }));
    let credential = Credential::bearer_with_refresh(None, issuer.clone());
    let endpoint = builder(&server.uri()).credential(credential).build().unwrap();
    let (one, two) = tokio::join!(retract(&endpoint, Write).send(), retract(&endpoint, Write).send());
    for error in [one.unwrap_err(), two.unwrap_err()] {
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Unauthenticated, Effect::None));
        assert_eq!(error.attempts(), 0);
    }
    assert_eq!(issuer.issued.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_failed_refresh_does_not_hide_what_may_have_happened() {
    let server = Server::start(&[Act::ReadAndHangUp, answer("401 Unauthorized", "", "")]).await;
    let issuer = Arc::new(Issuer { broken: true, ..Issuer::default() });
    let credential = Credential::bearer_with_refresh(Some("old".into()), issuer);
    let endpoint = builder(&server.address).credential(credential).build().unwrap();
    let error = retract(&endpoint, Write).send().await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unauthenticated, Effect::Possible));
    assert_eq!((error.status(), error.attempts()), (Some(401), 2));
}

#[tokio::test]
async fn user_and_password() {
    let server = MockServer::start().await;
    let right = header("authorization", "Basic c29tZW9uZTpzZWNyZXQ=");
    Mock::given(right).respond_with(ResponseTemplate::new(204)).mount(&server).await;
    let credential = Credential::basic("someone", "secret".into());
    let endpoint = builder(&server.uri()).credential(credential).build().unwrap();
    assert_eq!(retract(&endpoint, Once).send().await.unwrap().status(), 204);
}

#[tokio::test]
async fn a_403_with_a_wrong_clock_says_so() {
    let date = httpdate::fmt_http_date(SystemTime::now() - Duration::from_secs(3600));
    let server = Server::start(&[answer("403 Forbidden", &format!("date: {date}\r\n"), "")]).await;
    let endpoint = builder(&server.address).build().unwrap();
    let error = retract(&endpoint, Write).send().await.unwrap_err();
    let remedy = error.remedy().unwrap();
    assert!(remedy.starts_with("this machine's clock is 36") && remedy.contains("ahead"), "{remedy}");
}
