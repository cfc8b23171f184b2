//! What fails, and how: each failure has its kind, no effect, and is asked again where that may help.

use std::net::TcpListener;
use std::time::Duration;

use metabase_client::{CardId, DatabaseId, Effect, Environment, Error, ErrorKind, MetabaseClient, MetabaseRead};
use ops_client::http::RetryPolicy;
use wiremock::ResponseTemplate;

use crate::{builder, client, json, loads, page, server};

/// What a query fails with, and how often it was asked.
async fn failure(answer: ResponseTemplate) -> (Error, usize) {
    let server = server(answer).await;
    let error = client(&server).query(&loads()).await.unwrap_err();
    let asked = server.received_requests().await.unwrap().len();
    assert_eq!((error.op(), error.effect(), error.attempts() as usize), ("metabase.query", Effect::None, asked));
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
        (429, ErrorKind::RateLimited, 3),
        // A query is a POST that reads: it is sent again.
        (500, ErrorKind::Unavailable, 3),
        (503, ErrorKind::Unavailable, 3),
        (504, ErrorKind::Unavailable, 3),
    ] {
        let (error, times) = failure(ResponseTemplate::new(status).set_body_string("no")).await;
        assert_eq!((error.kind(), error.status(), times), (kind, Some(status), asked), "{status}");
    }
}

#[tokio::test]
async fn a_query_that_failed_comes_with_a_good_status() {
    let failed = r#"{"status": "failed", "class": "class java.lang.Exception", "error": "ERROR: relation \"x\"\n does not exist",
        "error_type": "invalid-query", "stacktrace": ["a", "b"], "row_count": 0, "data": {"rows": [], "cols": []}}"#;
    let (error, asked) = failure(json(202, failed)).await;
    assert_eq!((error.kind(), error.status(), asked), (ErrorKind::Rejected, Some(202), 1));
    assert_eq!(error.message(), Some("the query failed"));
    assert_eq!(error.words(), Some("ERROR: relation \"x\" does not exist"));

    // Nothing but «completed» is well, whatever else is told; and data of any shape does not hide it.
    for (body, message, words) in [
        (r#"{"status": "failed"}"#, "the query failed", None),
        (
            r#"{"status": "failed", "data": {"rows": 7}, "error": {"why": 1}}"#,
            "the query failed",
            Some(r#"{"why": 1}"#),
        ),
        (r#"{"status": "interrupted", "data": {"rows": [], "cols": []}}"#, "the query was not completed", None),
        (
            r#"{"status": "completed", "error": "killed", "data": {"rows": [], "cols": []}}"#,
            "the query was completed, and failed nevertheless",
            Some("killed"),
        ),
        (r#"{"error": "no such table"}"#, "the query was refused", Some("no such table")),
        (r#"{"data": {"rows": [], "cols": []}}"#, "the answer does not say whether the query was completed", None),
    ] {
        let (error, _) = failure(json(202, body)).await;
        assert_eq!(
            (error.kind(), error.message(), error.words()),
            (ErrorKind::Rejected, Some(message), words),
            "{body}"
        );
    }

    let long = format!(r#"{{"status": "failed", "error": "{}"}}"#, "x".repeat(100_000));
    let (error, _) = failure(json(202, &long)).await;
    assert!(error.words().unwrap().len() < 3000, "or it fills the page");
}

#[tokio::test]
async fn a_saved_question_fails_likewise() {
    let server = server(json(202, r#"{"status": "failed", "error": "Invalid parameter: x"}"#)).await;
    let error = client(&server).question(CardId::new(1), &[]).await.unwrap_err();
    assert_eq!((error.op(), error.kind()), ("metabase.question", ErrorKind::Rejected));
    assert_eq!(error.words(), Some("Invalid parameter: x"));
}

#[tokio::test]
async fn answers_that_cannot_be_read_name_the_place() {
    let whole = |data: &str| format!(r#"{{"status": "completed", "data": {data}}}"#);
    for (body, says) in [
        (String::new(), "empty"),
        ("{\"status\": \"comp".to_owned(), "cannot be read"),
        (whole("null"), "`data`"),
        (whole("{}"), "`data`"),
        (whole(r#"{"cols": [], "rows": {}}"#), "`data.rows`"),
        (whole(r#"{"cols": [{"id": 1}], "rows": []}"#), "`data.cols[0]`"),
        (
            whole(r#"{"cols": [{"name": "a"}, {"name": "b"}], "rows": [[1, 2], [1]]}"#),
            "`data.rows[1]`: it has 1 cells, and there are 2 columns",
        ),
        (
            whole(r#"{"cols": [{"name": "a"}], "rows": [[1, 2]]}"#),
            "`data.rows[0]`: it has 2 cells, and there are 1 columns",
        ),
        (whole(r#"{"cols": [], "rows": [7]}"#), "`data.rows"),
    ] {
        let (error, asked) = failure(json(202, &body)).await;
        assert_eq!((error.kind(), asked), (ErrorKind::Decode, 1), "{body}: {error}");
        assert!(error.message().unwrap().contains(says), "{body}: {error}");
    }
}

#[tokio::test]
async fn an_answer_of_too_many_cells() {
    let row = format!("[{}]", vec!["0"; 9_999].join(","));
    let rows = vec![row; 101].join(",");
    let (error, _) = failure(json(202, &format!(r#"{{"status": "completed", "data": {{"rows": [{rows}]}}}}"#))).await;
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.message().unwrap().contains("more than 1000000 cells"), "{error}");
}

#[tokio::test]
async fn a_page_of_html_is_no_answer() {
    let server = server(page()).await;
    let metabase = client(&server);
    let errors = [
        metabase.probe().await.unwrap_err(),
        metabase.me().await.unwrap_err(),
        metabase.databases().await.unwrap_err(),
        metabase.metadata(DatabaseId::new(1)).await.unwrap_err(),
        metabase.query(&loads()).await.unwrap_err(),
        metabase.question(CardId::new(1), &[]).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!((error.kind(), error.effect(), error.attempts()), (ErrorKind::Decode, Effect::None, 1));
        assert!(error.to_string().contains("HTML") && error.remedy().is_some(), "{error}");
    }
}

#[tokio::test]
async fn other_answers_that_cannot_be_read() {
    for body in ["7", "{}", r#"{"data": {}}"#, r#"{"data": [{"name": "x"}]}"#, r#"[{"id": "x", "name": "y"}]"#] {
        let server = server(json(200, body)).await;
        assert_eq!(client(&server).databases().await.unwrap_err().kind(), ErrorKind::Decode, "{body}");
    }
    for (body, says) in [
        (r#"{"id": 7, "name": "Other", "tables": []}"#, "`id`: it is another database"),
        (r#"{"id": 2, "name": "Belo Monte"}"#, "tables"),
        (r#"{"id": 2, "name": "Belo Monte", "tables": [{"id": "card__1", "name": "x"}]}"#, "tables"),
    ] {
        let server = server(json(200, body)).await;
        let error = client(&server).metadata(DatabaseId::new(2)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{body}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[tokio::test]
async fn answers_are_bounded() {
    let server = server(json(200, r#"{"id": 2, "name": "Belo Monte", "tables": []}"#)).await;
    let small = client(&server).with_max_metadata_body(16);
    assert_eq!(small.metadata(DatabaseId::new(2)).await.unwrap_err().kind(), ErrorKind::Decode);
    let limits = ops_client::http::Limits::default().with_max_body(16);
    let small = builder(&server).limits(limits).build().unwrap();
    assert_eq!(small.query(&loads()).await.unwrap_err().kind(), ErrorKind::Decode);
    assert!(small.metadata(DatabaseId::new(2)).await.is_ok(), "it has a limit of its own");
}

#[tokio::test]
async fn a_query_that_takes_too_long() {
    let late = json(202, "{}").set_delay(Duration::from_secs(60));
    let server = server(late).await;
    let metabase = builder(&server).retry(RetryPolicy::none()).build().unwrap();
    let error = metabase.with_query_timeout(Duration::from_millis(20)).query(&loads()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Timeout, Effect::None));
}

#[tokio::test]
async fn nobody_listens() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("http://127.0.0.1:{port}");
    let client = MetabaseClient::builder(Environment::new("test"), &address).retry(RetryPolicy::none());
    let error = client.build().unwrap().probe().await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Connect, Effect::None));
}
