//! What fails, and how: each failure has its kind, no effect, and is asked again where that may help.

use std::net::TcpListener;

use gocd_client::{BuildsRead, Effect, Environment, Error, ErrorKind, Generation, GocdClient};
use ops_client::http::{Limits, RetryPolicy};
use wiremock::{MockServer, ResponseTemplate};

use crate::{VERSION, builder, client, json, metapod, on, page, server};

/// What the history fails with, and how often it was asked for.
async fn failure(answer: ResponseTemplate) -> (Error, usize) {
    let server = server("23.5.0", answer).await;
    let error = client(&server).history(&metapod(), None).await.unwrap_err();
    let times = server.received_requests().await.unwrap().len() - 1;
    assert_eq!((error.op(), error.effect(), error.attempts() as usize), ("gocd.history", Effect::None, times));
    assert!(!error.to_string().contains('\n'));
    (error, times)
}

#[tokio::test]
async fn each_status_has_its_kind() {
    for (status, kind, asked) in [
        (302, ErrorKind::Rejected, 1),
        (401, ErrorKind::Unauthenticated, 1),
        (403, ErrorKind::Forbidden, 1),
        (404, ErrorKind::NotFound, 1),
        (406, ErrorKind::Rejected, 1),
        (422, ErrorKind::Invalid, 1),
        (429, ErrorKind::RateLimited, 3),
        (500, ErrorKind::Unavailable, 3),
        (503, ErrorKind::Unavailable, 3),
    ] {
        let (error, times) = failure(json(status, r#"{"message": "no"}"#)).await;
        assert_eq!((error.kind(), error.status(), times), (kind, Some(status), asked), "{status}");
    }
}

#[tokio::test]
async fn a_pipeline_that_is_not_there_has_a_remedy() {
    let (error, _) = failure(json(404, r#"{"message": "Pipeline with name 'metapod' was not found!"}"#)).await;
    assert!(error.remedy().unwrap().contains("the pipeline's name"), "{error}");
}

#[tokio::test]
async fn a_sign_in_page_is_no_answer() {
    let server = MockServer::start().await;
    wiremock::Mock::given(wiremock::matchers::any()).respond_with(page()).mount(&server).await;
    let gocd = client(&server);
    for error in [
        gocd.probe().await.unwrap_err(),
        gocd.history(&metapod(), None).await.unwrap_err(),
        gocd.status(&metapod()).await.unwrap_err(),
        gocd.with_generation(Generation::Cursors).history(&metapod(), None).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.effect(), error.attempts()), (ErrorKind::Decode, Effect::None, 1));
        assert!(error.to_string().contains("\"Sign in - Go\"") && error.remedy().is_some(), "{error}");
    }
}

#[tokio::test]
async fn what_could_not_be_found_out_is_asked_again_later() {
    let server = MockServer::start().await;
    let away = on("GET /go/api/version", json(503, "{}")).up_to_n_times(3).with_priority(1);
    away.mount(&server).await;
    on("GET /go/api/version", json(200, VERSION)).mount(&server).await;
    on("GET /go/api/pipelines/metapod/history", json(200, r#"{"pipelines": []}"#)).mount(&server).await;
    let gocd = client(&server);
    assert_eq!(gocd.history(&metapod(), None).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(gocd.history(&metapod(), None).await.is_ok());
}

#[tokio::test]
async fn answers_are_bounded() {
    let server = server("23.5.0", json(200, &format!(r#"{{"pipelines": [], "x": "{}"}}"#, "x".repeat(2000)))).await;
    let small = builder(&server).limits(Limits::default().with_max_body(1000)).build().unwrap();
    let error = small.history(&metapod(), None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("larger than the limit"), "{error}");
}

#[tokio::test]
async fn nobody_listens() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("http://127.0.0.1:{port}");
    let client = GocdClient::builder(Environment::new("test"), &address).retry(RetryPolicy::none()).build().unwrap();
    let error = client.history(&metapod(), None).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Connect, Effect::None));
}
