//! Refusals of these services, and what is sent again.

use dynamodb_ops::{
    Bounds, Capacity, CapacityChange, Effect, ErrorKind, Place, ScalingChange, TablesRead, TablesWrite, Unit, Window,
};
use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate};

use crate::cbor::{map, metrics, on_metrics, text};
use crate::{SECRET, client, index, name, on, raise, refusal, result, seen, table, with};

#[tokio::test]
async fn the_services_words_have_their_kind() {
    let decreases = "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day.";
    for (code, message, kind) in [
        ("ResourceInUseException", "Table IOPS are currently being updated", ErrorKind::Conflict),
        ("ResourceNotFoundException", "Requested resource not found", ErrorKind::NotFound),
        ("ValidationException", "The table does not have the specified index: by-time", ErrorKind::NotFound),
        ("ValidationException", "The provisioned throughput for the table will not change", ErrorKind::Invalid),
        ("LimitExceededException", decreases, ErrorKind::RateLimited),
        ("LimitExceededException", "Subscriber limit exceeded: WriteCapacityUnits", ErrorKind::Rejected),
        ("AccessDeniedException", "is not authorized to perform: dynamodb:UpdateTable", ErrorKind::Forbidden),
        ("ExpiredTokenException", "The security token included in the request is expired", ErrorKind::Unauthenticated),
    ] {
        let server = with(&table(), refusal(400, code, message)).await;
        let error = client(&server.uri()).await.set_capacity(&name(), &raise(Place::Table)).await.unwrap_err();
        assert_eq!((error.kind(), error.effect(), error.attempts()), (kind, Effect::None, 1), "{error}");
        assert_eq!(error.words(), Some(&*format!("{code}: {message}")));
        assert!(!format!("{error} {error:?}").contains(SECRET));
    }
}

#[tokio::test]
async fn the_words_of_scaling_have_their_kind() {
    for (code, kind) in [
        ("ObjectNotFoundException", ErrorKind::NotFound),
        ("ConcurrentUpdateException", ErrorKind::Conflict),
        ("ValidationException", ErrorKind::Invalid),
    ] {
        let server = MockServer::start().await;
        on("DescribeScalableTargets", refusal(400, code, "no")).mount(&server).await;
        let change = ScalingChange::new(Place::Table, Unit::Read, Bounds::new(1, 2), Bounds::new(1, 3));
        let error = client(&server.uri()).await.set_scaling(&name(), &change).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (kind, Effect::None), "{error}");
    }
}

#[tokio::test]
async fn the_words_of_cloudwatch_have_their_kind() {
    for (code, status, kind) in [
        ("AccessDeniedException", 403, ErrorKind::Forbidden),
        ("InvalidParameterValueException", 400, ErrorKind::Invalid),
        ("InternalServiceFault", 500, ErrorKind::Unavailable),
    ] {
        let server = MockServer::start().await;
        let body = map(&[("__type", text(&format!("com.amazonaws.cloudwatch#{code}"))), ("message", text("no"))]);
        on_metrics(metrics(status, body)).mount(&server).await;
        let window =
            Window { from: "2026-11-26T10:00:00Z".parse().unwrap(), to: "2026-11-26T11:00:00Z".parse().unwrap() };
        let error = client(&server.uri()).await.usage(&name(), &Place::Table, &window).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (kind, Effect::None), "{error}");
        assert!(!format!("{error} {error:?}").contains(SECRET));
    }
}

/// By the time that it is sent again, what was read before it is old.
#[tokio::test]
async fn a_change_is_not_sent_twice_where_it_may_have_worked() {
    let away = || refusal(500, "InternalServerError", "come back");
    let server = with(&table(), away()).await;
    let error = client(&server.uri()).await.set_capacity(&name(), &raise(Place::Table)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.effect(), error.attempts()),
        (ErrorKind::Unavailable, Effect::Possible, 1),
        "{error}"
    );
    assert_eq!(seen(&server).await.len(), 2);

    // What was throttled has not worked.
    let server = with(&table(), refusal(400, "ThrottlingException", "Rate exceeded")).await;
    let error = client(&server.uri()).await.set_capacity(&name(), &raise(Place::Table)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect(), error.attempts()), (ErrorKind::RateLimited, Effect::None, 4), "{error}");

    // A look may be sent again.
    let server = MockServer::start().await;
    on("DescribeTable", away()).up_to_n_times(3).mount(&server).await;
    on("DescribeTable", result(&json!({ "Table": table() }))).mount(&server).await;
    client(&server.uri()).await.table(&name()).await.unwrap();
}

#[tokio::test]
async fn a_login_page_is_no_success() {
    let page = || ResponseTemplate::new(200).set_body_raw("<html>log in</html>", "text/html");
    let server = with(&table(), page()).await;
    let error = client(&server.uri()).await.set_capacity(&name(), &raise(Place::Table)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::Possible), "{error}");
}

/// Nothing but looks.
async fn refused(table: &Value, change: &CapacityChange, kind: ErrorKind, message: &str) {
    let server = with(table, result(&json!({}))).await;
    let error = client(&server.uri()).await.set_capacity(&name(), change).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (kind, Effect::None), "{error}");
    assert_eq!(error.message(), Some(message));
    assert!(seen(&server).await.iter().all(|(action, _)| action.ends_with("DescribeTable")), "nothing was changed");
}

#[tokio::test]
async fn what_is_not_as_it_was_seen_is_not_changed() {
    let name = name();
    let mut other = table();
    other["ProvisionedThroughput"]["ReadCapacityUnits"] = json!(80);
    let why = format!("the table of {name} has 80 read, 20 write, not 50 read, 20 write");
    refused(&other, &raise(Place::Table), ErrorKind::Conflict, &why).await;
    other["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["WriteCapacityUnits"] = json!(25);
    let why = format!("the index by-time of {name} has 50 read, 25 write, not 50 read, 20 write");
    refused(&other, &raise(index()), ErrorKind::Conflict, &why).await;

    let mut updating = table();
    updating["TableStatus"] = json!("UPDATING");
    let why = format!("{name} is UPDATING");
    refused(&updating, &raise(Place::Table), ErrorKind::Conflict, &why).await;
    refused(&updating, &raise(index()), ErrorKind::Conflict, &why).await;
    let mut updating = table();
    updating["GlobalSecondaryIndexes"][0]["IndexStatus"] = json!("UPDATING");
    let why = format!("the index by-time of {name} is UPDATING");
    refused(&updating, &raise(index()), ErrorKind::Conflict, &why).await;
}

#[tokio::test]
async fn what_makes_no_sense_is_not_sent() {
    let name = name();
    let same = CapacityChange::new(Place::Table, Capacity::new(50, 20), Capacity::new(50, 20));
    refused(&table(), &same, ErrorKind::Invalid, &format!("the table of {name} has 50 read, 20 write already")).await;
    let mut on_demand = table();
    on_demand["BillingModeSummary"] = json!({ "BillingMode": "PAY_PER_REQUEST" });
    let why = format!("{name} is paid by request: it has no units");
    refused(&on_demand, &raise(Place::Table), ErrorKind::Invalid, &why).await;
    let nowhere = raise(Place::Index("by-name".to_owned()));
    refused(&table(), &nowhere, ErrorKind::NotFound, &format!("{name} has no index by-name")).await;

    let server = with(&table(), result(&json!({}))).await;
    let tables = client(&server.uri()).await;
    for to in [Capacity::new(0, 20), Capacity::new(50, u64::MAX)] {
        let change = CapacityChange::new(Place::Table, Capacity::new(50, 20), to);
        let error = tables.set_capacity(&name, &change).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Invalid, 0), "{error}");
    }
    for to in [Bounds::new(0, 5), Bounds::new(6, 5), Bounds::new(1, u64::MAX)] {
        let change = ScalingChange::new(Place::Table, Unit::Read, Bounds::new(1, 5), to);
        let error = tables.set_scaling(&name, &change).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Invalid, 0), "{error}");
    }
    assert!(seen(&server).await.is_empty());
}
