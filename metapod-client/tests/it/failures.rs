//! Each failure: its kind, what it may have done, and how often the call was sent.

use std::time::Duration;

use metapod_client::http::Limits;
use metapod_client::{CreateTransaction, CreateType, Effect, Error, ErrorKind, MetapodRead, MetapodWrite};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{COPY, DATASET, TRANSACTION, answering, builder, calls, client, commit};

/// A method of each sort: a read, a change that may be repeated, and one that may not.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sort {
    Read,
    Repeatable,
    Once,
}

const SORTS: [Sort; 3] = [Sort::Read, Sort::Repeatable, Sort::Once];

async fn fail(server: &MockServer, sort: Sort) -> (Error, usize) {
    let limits = Limits::default().with_total(Duration::from_millis(200));
    let client = builder(server).limits(limits).build().unwrap();
    let before = calls(server).await;
    let failed = match sort {
        Sort::Read => client.transaction(TRANSACTION.parse().unwrap()).await.map(drop),
        Sort::Repeatable => client.retract_committed_dataset(DATASET.parse().unwrap()).await,
        Sort::Once => client.commit_dataset(&commit()).await,
    };
    (failed.unwrap_err(), calls(server).await - before)
}

#[tokio::test]
async fn statuses() {
    let table = [
        (401, ErrorKind::Unauthenticated, Effect::None, [1, 1, 1]),
        (403, ErrorKind::Forbidden, Effect::None, [1, 1, 1]),
        (404, ErrorKind::NotFound, Effect::None, [1, 1, 1]),
        (409, ErrorKind::Conflict, Effect::None, [1, 1, 1]),
        (422, ErrorKind::Invalid, Effect::None, [1, 1, 1]),
        (429, ErrorKind::RateLimited, Effect::None, [3, 3, 3]),
        (500, ErrorKind::Unavailable, Effect::Possible, [3, 1, 1]),
        (503, ErrorKind::Unavailable, Effect::Possible, [3, 3, 1]),
    ];
    for (status, kind, effect, sends) in table {
        let server = answering(status, "the server's own words").await;
        for (sort, sends) in SORTS.into_iter().zip(sends) {
            let (error, sent) = fail(&server, sort).await;
            let effect = if sort == Sort::Read { Effect::None } else { effect };
            assert_eq!((error.kind(), error.effect(), sent), (kind, effect, sends), "{status} {sort:?}");
            assert_eq!(error.words(), Some("the server's own words"));
        }
    }
}

#[tokio::test]
async fn silence() {
    let server = MockServer::start().await;
    let late = ResponseTemplate::new(200).set_delay(Duration::from_secs(5));
    Mock::given(any()).respond_with(late).mount(&server).await;
    for (sort, effect, sends) in
        [(Sort::Read, Effect::None, 3), (Sort::Repeatable, Effect::Possible, 3), (Sort::Once, Effect::Possible, 1)]
    {
        let (error, sent) = fail(&server, sort).await;
        assert_eq!((error.kind(), error.effect(), sent), (ErrorKind::Timeout, effect, sends), "{sort:?}");
    }
}

#[tokio::test]
async fn a_page_of_a_proxy_is_no_answer() {
    let server = answering(200, "<html><title>Sign in</title></html>").await;
    for (sort, effect) in
        [(Sort::Read, Effect::None), (Sort::Repeatable, Effect::Possible), (Sort::Once, Effect::Possible)]
    {
        let (error, sent) = fail(&server, sort).await;
        assert_eq!((error.kind(), error.effect(), sent), (ErrorKind::Decode, effect, 1), "{sort:?}");
        assert!(error.to_string().contains("HTML page, \"Sign in\""), "{error}");
    }
}

#[tokio::test]
async fn errors_of_graphql() {
    let table = [
        // A document that was refused has not run; one that failed may have run half.
        (r#"{"errors":[{"message":"no such field"}]}"#, ErrorKind::Rejected, Effect::None),
        (
            r#"{"data":{"commitDataset":null},"errors":[{"message":"no","path":["commitDataset"]}]}"#,
            ErrorKind::Rejected,
            Effect::Possible,
        ),
        (r#"{"data":{"commitDataset":7},"errors":["odd"]}"#, ErrorKind::Rejected, Effect::Possible),
        (r#"{"data":{"commitDataset":null}}"#, ErrorKind::Decode, Effect::Possible),
        (r#"{"data":null}"#, ErrorKind::Decode, Effect::Possible),
        ("{}", ErrorKind::Decode, Effect::Possible),
        (r#"{"data":{"commitDataset":{"id":"#, ErrorKind::Decode, Effect::Certain),
        ("", ErrorKind::Decode, Effect::Certain),
    ];
    for (body, kind, effect) in table {
        let server = answering(200, body).await;
        let (error, sent) = fail(&server, Sort::Once).await;
        assert_eq!((error.kind(), error.effect(), sent), (kind, effect, 1), "{body}");
        let read = fail(&server, Sort::Read).await.0;
        // A `null` is how Metapod says that there is no such transaction.
        let kind = if body.starts_with(r#"{"data":{"#) && kind == ErrorKind::Decode && effect != Effect::Certain {
            ErrorKind::NotFound
        } else {
            kind
        };
        assert_eq!((read.kind(), read.effect()), (kind, Effect::None), "{body}");
    }
    let server = answering(200, r#"{"errors":[{"message":"no such field"},{"message":"nor this"}]}"#).await;
    assert_eq!(fail(&server, Sort::Once).await.0.words(), Some("no such field; nor this"));
}

#[tokio::test]
async fn data_that_does_not_fit_names_the_place() {
    let body = format!(r#"{{"data":{{"transaction":{{"id":"{TRANSACTION}","startedAt":"yesterday"}}}}}}"#);
    let error = client(&answering(200, &body).await).transaction(TRANSACTION.parse().unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("`data.transaction.startedAt`"), "{error}");
}

#[tokio::test]
async fn a_transaction_that_is_not_there_and_one_that_was_not_asked_for() {
    let server = answering(200, r#"{"data":{"transaction":null}}"#).await;
    let error = client(&server).transaction(TRANSACTION.parse().unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::NotFound, Some(200)));
    assert!(error.to_string().contains(TRANSACTION), "{error}");
    let server = answering(200, &format!(r#"{{"data":{{"transaction":{{"id":"{COPY}"}}}}}}"#)).await;
    let error = client(&server).transaction(TRANSACTION.parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
}

#[tokio::test]
async fn a_copy_whose_id_cannot_be_read_was_made_all_the_same() {
    for body in ["", "copied", "{}", &format!("\"{TRANSACTION}\"")] {
        let server = answering(200, body).await;
        let error = client(&server).copy_transaction(TRANSACTION.parse().unwrap(), &[]).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::Certain), "{body}");
        assert!(error.remedy().is_some());
        assert_eq!(calls(&server).await, 1);
    }
}

#[tokio::test]
async fn a_transaction_of_nothing_is_never_asked_for() {
    let server = answering(200, "").await;
    let create = CreateTransaction::new(CreateType::Daily, Vec::new());
    let error = client(&server).create_transaction(&create).await.unwrap_err();
    assert_eq!((error.kind(), error.effect(), error.attempts()), (ErrorKind::Invalid, Effect::None, 0));
    assert_eq!(calls(&server).await, 0);
}

#[tokio::test]
async fn what_is_neither_version_nor_health() {
    for body in ["", "[]", "7", "{\"version\":7}"] {
        let error = client(&answering(200, body).await).probe().await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::None), "{body}");
    }
    for body in ["{}", "[true]", "[true,{\"http\":{}}]", "[\"yes\",{}]"] {
        let error = client(&answering(200, body).await).health().await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::None), "{body}");
    }
}
