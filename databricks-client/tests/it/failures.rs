//! What fails, and how: kind, effect, how often it is sent, and what is said.

use std::net::TcpListener;
use std::time::Duration;

use databricks_client::{
    DatabricksClient, Effect, Environment, Error, ErrorKind, Language, RunId, WorkspaceRead, WorkspaceWrite,
};
use ops_client::http::{Limits, RetryPolicy};
use wiremock::{MockServer, ResponseTemplate};

use crate::{asked, builder, client, context, json, of, on, page, server, sql, submit};

/// What a read fails with, and how often it was sent.
async fn reading(answer: ResponseTemplate) -> (Error, usize) {
    let server = server(answer).await;
    let error = client(&server).run(RunId::new(7)).await.unwrap_err();
    let times = asked(&server).await.len();
    assert_eq!((error.op(), error.effect(), error.attempts() as usize), ("databricks.run", Effect::None, times));
    assert!(!error.to_string().contains('\n'));
    (error, times)
}

fn problem(status: u16, code: &str, message: &str) -> ResponseTemplate {
    json(status, &format!(r#"{{"error_code": "{code}", "message": "{message}"}}"#))
}

#[tokio::test]
async fn each_failure_has_its_kind_and_readable_words() {
    for (status, code, message, kind, asked) in [
        (404, "RESOURCE_DOES_NOT_EXIST", "no such thing", ErrorKind::NotFound, 1),
        (400, "INVALID_PARAMETER_VALUE", "Run 7 does not exist.", ErrorKind::NotFound, 1),
        (400, "INVALID_PARAMETER_VALUE", "bad", ErrorKind::Invalid, 1),
        (403, "PERMISSION_DENIED", "not yours", ErrorKind::Forbidden, 1),
        (401, "UNAUTHENTICATED", "who?", ErrorKind::Unauthenticated, 1),
        (400, "RESOURCE_ALREADY_EXISTS", "there", ErrorKind::Conflict, 1),
        (429, "RESOURCE_LIMIT_EXCEEDED", "slowly", ErrorKind::RateLimited, 3),
        (429, "REQUEST_LIMIT_EXCEEDED", "slowly", ErrorKind::RateLimited, 3),
        (503, "TEMPORARILY_UNAVAILABLE", "later", ErrorKind::Unavailable, 3),
        (500, "INTERNAL_ERROR", "oh", ErrorKind::Unavailable, 3),
        (400, "A_NEW_WORD", "oh", ErrorKind::Invalid, 1),
    ] {
        let (error, times) = reading(problem(status, code, message)).await;
        assert_eq!((error.kind(), error.status(), times), (kind, Some(status), asked), "{code}");
        assert_eq!(error.words(), Some(format!("{code}: {message}").as_str()));
    }
}

#[tokio::test]
async fn a_throttled_caller_knows_when_to_come_again() {
    let (error, times) = reading(problem(429, "RESOURCE_EXHAUSTED", "slowly").insert_header("retry-after", "60")).await;
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimited, Some(Duration::from_secs(60))));
    assert_eq!(times, 1, "longer than a call may take");
}

#[tokio::test]
async fn what_can_be_done_is_said() {
    for (status, body, remedy) in [
        (403, r#"{"error_code": "PERMISSION_DENIED", "message": "no"}"#, "ask for the right"),
        (403, r#"{"error_code": 403, "message": "Invalid access token."}"#, "get a new one"),
        (403, r#"{"error_code": "FEATURE_DISABLED", "message": "DBFS root is disabled"}"#, "use a volume"),
        (500, r#"{"error": "ClusterNotReadyException: Cluster not in Running state"}"#, "start the cluster"),
    ] {
        let (error, _) = reading(json(status, body)).await;
        assert!(error.remedy().unwrap().contains(remedy), "{error}");
    }
}

#[tokio::test]
async fn what_may_be_repeated_is_and_what_may_not_is_not() {
    let server = server(problem(503, "TEMPORARILY_UNAVAILABLE", "later")).await;
    let databricks = client(&server);
    let path = of("/Shared/look");
    let mut before = 0;
    for (what, error, times) in [
        ("submit", databricks.submit(&submit(), &of("t")).await.unwrap_err(), 3),
        ("cancel", databricks.cancel_run(RunId::new(7)).await.unwrap_err(), 3),
        ("overwrite", databricks.import_notebook(&path, Language::R, "1", true).await.unwrap_err(), 3),
        ("write", databricks.import_notebook(&path, Language::R, "1", false).await.unwrap_err(), 1),
        ("delete", databricks.delete_notebook(&path).await.unwrap_err(), 3),
        ("context", databricks.create_context(&of("c-1"), Language::R).await.unwrap_err(), 1),
        ("destroy", databricks.destroy_context(&context()).await.unwrap_err(), 3),
        ("execute", databricks.execute(&context(), "1").await.unwrap_err(), 1),
        ("end", databricks.cancel_command(&context(), &of("k-1")).await.unwrap_err(), 3),
        ("statement", databricks.execute_statement(&sql()).await.unwrap_err(), 1),
        ("end of it", databricks.cancel_statement(&of("s-1")).await.unwrap_err(), 3),
    ] {
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Unavailable, Effect::Possible), "{what}");
        assert_eq!(error.attempts(), times, "{what}");
        before += times as usize;
    }
    assert_eq!(asked(&server).await.len(), before);
}

#[tokio::test]
async fn a_refusal_has_no_effect() {
    for (status, body) in [
        (429, r#"{"error_code": "RESOURCE_LIMIT_EXCEEDED", "message": "slowly"}"#),
        (403, r#"{"error_code": "PERMISSION_DENIED", "message": "no"}"#),
        (500, r#"{"error": "ClusterNotReadyException: Cluster not in Running state"}"#),
    ] {
        let server = server(json(status, body)).await;
        let error = client(&server).create_context(&of("c-1"), Language::R).await.unwrap_err();
        assert_eq!(error.effect(), Effect::None, "{error}");
    }
}

#[tokio::test]
async fn a_change_whose_answer_cannot_be_read_has_happened() {
    for body in [r#"{"id": 7}"#, r#"{"id": "a b"}"#, "{}", ""] {
        let server = server(json(200, body)).await;
        let error = client(&server).create_context(&of("c-1"), Language::R).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::Certain), "{body}");
    }
}

#[tokio::test]
async fn a_sign_in_page_is_no_answer() {
    let server = server(page()).await;
    let databricks = client(&server);
    for error in [
        databricks.probe().await.unwrap_err(),
        databricks.path_status(&of("/mnt/b")).await.unwrap_err(),
        databricks.cancel_run(RunId::new(7)).await.unwrap_err(),
        databricks.submit(&submit(), &of("t")).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains("\"Sign in\"") && error.effect() != Effect::Certain, "{error}");
    }
}

#[tokio::test]
async fn a_path_that_may_not_be_seen_is_not_taken_for_none() {
    let server = MockServer::start().await;
    on("HEAD /api/2.0/fs/directories/Volumes/c/s/v/k", ResponseTemplate::new(403)).mount(&server).await;
    let error = client(&server).path_status(&of("/Volumes/c/s/v/k")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
}

#[tokio::test]
async fn answers_that_are_not_what_they_should_be_name_the_place() {
    let server =
        server(json(200, r#"{"files": [{"path": "mnt//x"}], "clusters": [{"cluster_id": "", "state": "X"}]}"#)).await;
    let databricks = client(&server);
    for (error, place) in [
        (databricks.list(&of("/mnt/b"), 5).await.unwrap_err(), "`path`"),
        (databricks.clusters().await.unwrap_err(), "`clusters.cluster_id`"),
        (databricks.run(RunId::new(7)).await.unwrap_err(), "run_id"),
        (databricks.statement(&of("s-1")).await.unwrap_err(), "statement_id"),
    ] {
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains(place), "{error}");
    }
}

#[tokio::test]
async fn answers_are_bounded() {
    let server = server(json(200, &format!(r#"{{"clusters": [], "x": "{}"}}"#, "x".repeat(2000)))).await;
    let small = builder(&server).limits(Limits::default().with_max_body(1000)).build().unwrap();
    let error = small.clusters().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("larger than the limit"), "{error}");
}

#[tokio::test]
async fn nobody_listens() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("http://127.0.0.1:{port}");
    let databricks = DatabricksClient::builder(Environment::new("test"), &address).retry(RetryPolicy::none());
    let error = databricks.build().unwrap().execute(&context(), "1").await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Connect, Effect::None));
}
