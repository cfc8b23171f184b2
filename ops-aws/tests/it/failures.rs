//! Each failure of the SDK, with its kind and what it may have done.

use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_sts::Client;
use ops_aws::{Effect, ErrorKind, Idempotency, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::ResponseTemplate;

use crate::{REQUEST, aws, builder, identity, refusal, refused, server};

#[tokio::test]
async fn a_refusal_has_the_kind_of_its_code() {
    for (status, code, kind, effect) in [
        (400, "Throttling", ErrorKind::RateLimited, Effect::None),
        (503, "RequestLimitExceeded", ErrorKind::RateLimited, Effect::None),
        (403, "ExpiredToken", ErrorKind::Unauthenticated, Effect::None),
        (403, "InvalidClientTokenId", ErrorKind::Unauthenticated, Effect::None),
        (403, "SignatureDoesNotMatch", ErrorKind::Unauthenticated, Effect::None),
        (403, "AccessDenied", ErrorKind::Forbidden, Effect::None),
        (400, "ValidationError", ErrorKind::Invalid, Effect::None),
        (400, "ScalingActivityInProgress", ErrorKind::Conflict, Effect::None),
        (400, "LimitExceeded", ErrorKind::Rejected, Effect::None),
        (404, "Whatever", ErrorKind::NotFound, Effect::None),
        (408, "RequestTimeout", ErrorKind::Timeout, Effect::Possible),
        (500, "InternalFailure", ErrorKind::Unavailable, Effect::Possible),
        (503, "ServiceUnavailable", ErrorKind::Unavailable, Effect::Possible),
        (500, "ValidationError", ErrorKind::Invalid, Effect::Possible),
    ] {
        let server = server([refusal(status, code, "its words")]).await;
        let error = refused(&aws(&server).await, Idempotency::Once).await;
        assert_eq!((error.kind(), error.effect(), error.status()), (kind, effect, Some(status)), "{error}");
        assert_eq!(error.words(), Some(&*format!("{code}: its words")));
        assert_eq!(error.request_id(), Some(REQUEST));
        assert_eq!(error.target(), Some(&*server.uri()));
    }
}

#[tokio::test]
async fn a_service_may_know_more() {
    let server = server([refusal(400, "ValidationError", "Instance Id not found")]).await;
    let aws = aws(&server).await;
    let sts = Client::new(aws.sdk());
    let call = aws.call("test.change", Idempotency::Once);
    let known = call.known(|code, message| {
        (code == "ValidationError" && message.contains("not found")).then_some(ErrorKind::NotFound)
    });
    let error = known.send(|| sts.get_caller_identity().send()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::None));
}

#[tokio::test]
async fn what_is_no_answer_of_aws_is_named() {
    let page = |status| ResponseTemplate::new(status).set_body_raw("<html><title>Sign in</title></html>", "text/html");
    for (answer, kind, effect) in [
        (page(200), ErrorKind::Decode, Effect::Possible),
        (page(401), ErrorKind::Unauthenticated, Effect::None),
        (page(403), ErrorKind::Forbidden, Effect::None),
        (page(404), ErrorKind::Decode, Effect::None),
        (page(500), ErrorKind::Decode, Effect::Possible),
        (page(502), ErrorKind::Unavailable, Effect::Possible),
        (page(503), ErrorKind::Unavailable, Effect::Possible),
        (page(302), ErrorKind::Rejected, Effect::Possible),
    ] {
        let server = server([answer]).await;
        let error = refused(&aws(&server).await, Idempotency::Once).await;
        assert_eq!((error.kind(), error.effect()), (kind, effect), "{error}");
        assert_eq!(error.message(), Some("the answer is an HTML page"), "{error}");
    }
    // The last one could be read; that a proxy answers so is made up, but where an operation answers nothing, all is read.
    let without_id = ResponseTemplate::new(200).set_body_raw("<R><GetCallerIdentityResult/></R>", "text/xml");
    for answer in [ResponseTemplate::new(500).set_body_string("{}"), without_id] {
        let server = server([answer]).await;
        let error = refused(&aws(&server).await, Idempotency::Once).await;
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::Possible), "{error}");
        assert_eq!(error.message(), Some("the answer is not one of AWS"), "{error}");
    }
}

#[tokio::test]
async fn without_a_connection_nothing_happened() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let aws = builder(&format!("http://{closed}")).build().await.unwrap();
    let error = refused(&aws, Idempotency::Once).await;
    assert_eq!((error.kind(), error.effect(), error.attempts()), (ErrorKind::Connect, Effect::None, 4), "{error}");

    // Something listens there that does not speak TLS.
    let server = server([identity()]).await;
    let aws = builder(&server.uri().replace("http:", "https:")).build().await.unwrap();
    let error = refused(&aws, Idempotency::Once).await;
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Connect, Effect::None), "{error}");
}

/// A server that reads a request, says this much, and hangs up.
async fn hangs_up_after(words: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let _ = socket.read(&mut [0; 4096]).await;
            let _ = socket.write_all(words.as_bytes()).await;
        }
    });
    address
}

#[tokio::test]
async fn a_lost_answer_may_have_had_its_effect() {
    for words in ["", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n<Get"] {
        let aws = builder(&hangs_up_after(words).await).build().await.unwrap();
        let error = refused(&aws, Idempotency::Once).await;
        let told = (error.kind(), error.effect(), error.attempts());
        assert_eq!(told, (ErrorKind::Unavailable, Effect::Possible, 1), "{words:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_late_answer_may_have_had_its_effect() {
    let server = server([identity().set_delay(Duration::from_secs(20))]).await;
    let limits = Limits::default().with_total(Duration::from_millis(100));
    let aws = builder(&server.uri()).limits(limits).build().await.unwrap();
    let error = refused(&aws, Idempotency::Once).await;
    let told = (error.kind(), error.effect(), error.attempts());
    assert_eq!(told, (ErrorKind::Timeout, Effect::Possible, 1), "{error}");
}

#[derive(Debug)]
struct LoggedOut;

impl ProvideCredentials for LoggedOut {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::provider_error("the session of the profile has ended")))
    }
}

#[tokio::test]
async fn without_a_credential_nothing_is_sent() {
    let server = server([identity()]).await;
    let aws = aws(&server).await;
    let sdk = aws.sdk().clone().into_builder().credentials_provider(SharedCredentialsProvider::new(LoggedOut)).build();
    let sts = Client::new(&sdk);
    let call = aws.call("test.change", Idempotency::Once);
    let error = call.send(|| sts.get_caller_identity().send()).await.unwrap_err();
    let told = (error.kind(), error.effect(), error.attempts());
    assert_eq!(told, (ErrorKind::Unauthenticated, Effect::None, 1), "{error}");
    assert!(error.words().unwrap().contains("the session of the profile has ended"), "{error}");
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_profile_that_is_not_there_is_nobody() {
    let server = server([identity()]).await;
    let aws = builder(&server.uri()).profile("no-such-profile").build().await.unwrap();
    let error = refused(&aws, Idempotency::Once).await;
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unauthenticated, Effect::None), "{error}");
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_wrong_clock_is_named() {
    let late = refusal(403, "SignatureDoesNotMatch", "Signature expired")
        .insert_header("date", "Tue, 01 Jan 2030 00:00:00 GMT");
    let server = server([late]).await;
    let error = refused(&aws(&server).await, Idempotency::Once).await;
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.remedy().unwrap().contains("this machine's clock"), "{error}");
}
