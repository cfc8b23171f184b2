//! What fails, and how: each failure has its kind, no effect, and is asked again where that may help.

use std::net::TcpListener;

use ops_client::http::RetryPolicy;
use sonar_client::{DatasetFilter, Effect, Environment, Error, ErrorKind, SonarClient, SonarRead};
use wiremock::ResponseTemplate;

use crate::{client, json, server, transaction};

/// What asking for datasets fails with, and how often it was asked.
async fn failure(answer: ResponseTemplate) -> (Error, usize) {
    let server = server(answer).await;
    let error = client(&server).datasets(transaction(), &DatasetFilter::all()).await.unwrap_err();
    let asked = server.received_requests().await.unwrap().len();
    assert_eq!((error.op(), error.effect(), error.attempts() as usize), ("sonar.datasets", Effect::None, asked));
    assert!(!error.to_string().contains('\n'));
    (error, asked)
}

#[tokio::test]
async fn each_status_has_its_kind() {
    for (status, kind, asked) in [
        (302, ErrorKind::Rejected, 1),
        (400, ErrorKind::Invalid, 1),
        (401, ErrorKind::Unauthenticated, 1),
        (403, ErrorKind::Forbidden, 1),
        (404, ErrorKind::NotFound, 1),
        (418, ErrorKind::Rejected, 1),
        (429, ErrorKind::RateLimited, 3),
        (500, ErrorKind::Unavailable, 3),
        (503, ErrorKind::Unavailable, 3),
        (504, ErrorKind::Unavailable, 3),
    ] {
        let (error, times) = failure(ResponseTemplate::new(status).set_body_string("no")).await;
        assert_eq!((error.kind(), error.status(), times), (kind, Some(status), asked), "{status}");
    }
}

#[tokio::test]
async fn errors_without_data() {
    let (error, asked) =
        failure(json(r#"{"errors": [{"message": "Cannot query field \"pathh\" on type \"Dataset\"."}]}"#)).await;
    assert_eq!((error.kind(), error.status(), asked), (ErrorKind::Rejected, Some(200), 1));
    assert_eq!(error.words(), Some("Cannot query field \"pathh\" on type \"Dataset\"."));
    assert_eq!(error.message(), Some("the document was refused: it did not run"));
}

#[tokio::test]
async fn errors_with_part_of_the_data() {
    let whole = r#"{"data": {"transaction": {"datasets": []}},
        "errors": [{"message": "timed out", "path": ["transaction", "datasets", 0, "path"]}]}"#;
    // Data that does not even fit what was asked for: the errors are the better message.
    let misfit = r#"{"errors": [{"message": "timed out", "path": ["transaction", "datasets", 0, "path"]}],
        "data": {"transaction": {"datasets": [{"id": null, "name": null}]}}}"#;
    for body in [whole, misfit] {
        let (error, asked) = failure(json(body)).await;
        assert_eq!((error.kind(), asked), (ErrorKind::Rejected, 1));
        assert_eq!(error.words(), Some("timed out (at transaction.datasets[0].path)"));
        assert_eq!(error.message(), Some("the document was answered with errors; part of the data came along"));
    }
}

#[tokio::test]
async fn no_errors_at_all_are_no_errors() {
    let server =
        server(json(r#"{"data": {"transaction": {"datasets": []}}, "errors": [], "extensions": {"took": 3}}"#)).await;
    assert_eq!(client(&server).datasets(transaction(), &DatasetFilter::all()).await.unwrap(), []);
}

#[tokio::test]
async fn an_unknown_transaction() {
    let server = server(json(r#"{"data": {"transaction": null}}"#)).await;
    let client = client(&server);
    let id = transaction();
    let name = "dataset/a".parse().unwrap();
    let errors = [
        client.transaction(id).await.unwrap_err(),
        client.datasets(id, &DatasetFilter::all()).await.unwrap_err(),
        client.details(id, &[name]).await.unwrap_err(),
        client.committed_count(id).await.unwrap_err(),
    ];
    for error in errors {
        assert!(error.is_not_found(), "{error}");
        assert_eq!((error.effect(), error.message()), (Effect::None, Some("there is no such transaction")));
    }
}

#[tokio::test]
async fn answers_that_cannot_be_read_name_the_place() {
    for (body, says) in [
        ("", "empty"),
        ("{\"data\": {\"transaction\": {\"data", "cannot be read"),
        ("[]", "cannot be read"),
        ("{}", "neither data nor errors"),
        (r#"{"data": null}"#, "neither data nor errors"),
        (r#"{"data": {"transaction": {}}}"#, "`data.transaction.datasets`"),
        (r#"{"data": {"transaction": {"datasets": {}}}}"#, "`data.transaction.datasets`"),
        (r#"{"data": {"transaction": {"datasets": [null]}}}"#, "`data.transaction.datasets[0]`"),
        (
            r#"{"data": {"transaction": {"datasets": [{"id": "dataset/a", "name": "dataset/a"}]}}}"#,
            "`data.transaction.datasets[0].id`",
        ),
        (
            r#"{"data": {"transaction": {"datasets": [
                {"id": "5a5fe3c0-a60c-42d2-8918-5d950ee88136", "name": "dataset/a", "committedAt": "yesterday"}]}}}"#,
            "`data.transaction.datasets[0].committedAt`",
        ),
        (
            r#"{"data": {"transaction": {"datasets": [
                {"id": "5a5fe3c0-a60c-42d2-8918-5d950ee88136", "name": "dataset/a", "path": "/tmp/x"}]}}}"#,
            "`data.transaction.datasets[0].path`",
        ),
    ] {
        let (error, asked) = failure(json(body)).await;
        assert_eq!((error.kind(), asked), (ErrorKind::Decode, 1), "{body}: {error}");
        assert!(error.message().unwrap().contains(says), "{body}: {error}");
    }
}

#[tokio::test]
async fn a_page_of_html() {
    let page = ResponseTemplate::new(200).set_body_raw("<html><title>Log in</title></html>", "text/html");
    let (error, asked) = failure(page).await;
    assert_eq!((error.kind(), asked), (ErrorKind::Decode, 1));
    assert!(error.to_string().contains("HTML") && error.remedy().is_some(), "{error}");
}

#[tokio::test]
async fn another_transaction_than_asked_for() {
    let server = server(json(r#"{"data": {"transaction": {"id": "713a86b9-4459-5167-8573-ca1ad17746c0"}}}"#)).await;
    let error = client(&server).transaction(transaction()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("`data.transaction.id`: it is another transaction"), "{error}");
}

#[tokio::test]
async fn other_answers_that_cannot_be_read() {
    let server =
        server(json(r#"{"data": {"transaction": {"datasetConnection": {"numCommittedDatasets": -1}}}}"#)).await;
    let client = client(&server);
    let error = client.committed_count(transaction()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("numCommittedDatasets"), "{error}");
    let error = client.transactions().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("`data.allTransactions.edges`"), "{error}");
}

#[tokio::test]
async fn an_answer_over_the_limit() {
    let server = server(json(r#"{"data": {"transaction": {"datasets": []}}}"#)).await;
    let small = client(&server).with_max_datasets_body(16);
    let error = small.datasets(transaction(), &DatasetFilter::all()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::None));
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_path_that_would_lead_elsewhere() {
    let server = server(json("{}")).await;
    let error = client(&server).with_graphql_path("api/../ops").probe().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_probe_needs_an_answer_too() {
    for (body, kind) in [
        (r#"{"errors": [{"message": "no"}], "data": null}"#, ErrorKind::Rejected),
        (r#"{"version": "0a1b2c3"}"#, ErrorKind::Decode),
        ("well", ErrorKind::Decode),
    ] {
        let server = server(json(body)).await;
        assert_eq!(client(&server).probe().await.unwrap_err().kind(), kind, "{body}");
    }
}

#[tokio::test]
async fn nobody_listens() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("http://127.0.0.1:{port}");
    let client = SonarClient::builder(Environment::new("test"), &address).retry(RetryPolicy::none()).build().unwrap();
    let error = client.probe().await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Connect, Effect::None));
}
