//! Lists that come in pages, and what is read of them.

use dynamodb_ops::{Billing, Capacity, ErrorKind, Place, TableStatus, TablesRead, Unit, Window};
use serde_json::json;
use wiremock::MockServer;
use wiremock::matchers::body_partial_json;

use crate::cbor::{metrics, on_metrics, told};
use crate::{client, name, on, on_where, result, seen, table, with};

#[tokio::test]
async fn tables_are_read_to_the_last_page() {
    let server = MockServer::start().await;
    let first = json!({ "TableNames": ["prod-z", "beta-z"], "LastEvaluatedTableName": "beta-z" });
    let last = json!({ "TableNames": ["prod-a", "prod-z"] });
    let next = body_partial_json(json!({ "ExclusiveStartTableName": "beta-z" }));
    on_where("ListTables", next, result(&last)).mount(&server).await;
    on("ListTables", result(&first)).mount(&server).await;
    let names = client(&server.uri()).await.tables("prod-").await.unwrap();
    assert_eq!(names.iter().map(|name| name.as_str()).collect::<Vec<_>>(), ["prod-a", "prod-z"]);
}

#[tokio::test]
async fn a_list_without_end_is_left() {
    let server = MockServer::start().await;
    let page = json!({ "TableNames": ["prod-a"], "LastEvaluatedTableName": "prod-a" });
    on("ListTables", result(&page)).mount(&server).await;
    on_metrics(metrics(200, told("read0", &[], "Complete", Some("on")))).mount(&server).await;
    let tables = client(&server.uri()).await;
    assert_eq!(tables.tables("").await.unwrap_err().kind(), ErrorKind::Rejected);
    assert_eq!(seen(&server).await.len(), 100);
    let usage = tables.usage(&name(), &Place::Table, &window()).await;
    assert_eq!(usage.unwrap_err().kind(), ErrorKind::Rejected);
}

fn window() -> Window {
    Window { from: "2026-11-26T10:00:30Z".parse().unwrap(), to: "2026-11-26T11:00:00Z".parse().unwrap() }
}

#[tokio::test]
async fn minutes_are_read_to_the_last_page() {
    let at = |minute: i64| window().from.as_second() - 30 + minute * 60;
    let server = MockServer::start().await;
    let first = told("write0", &[(at(2), 1_200.0), (at(1), 60.0)], "PartialData", Some("more"));
    let last = told("write0", &[(at(0), 30.0), (at(60), 1.0), (at(-1), 1.0)], "Complete", None);
    on_metrics(metrics(200, first)).up_to_n_times(1).mount(&server).await;
    on_metrics(metrics(200, last)).mount(&server).await;
    let usage = client(&server.uri()).await.usage(&name(), &Place::Table, &window()).await.unwrap();
    let found: Vec<_> = usage.writes.iter().map(|point| (point.at.as_second(), point.consumed.unwrap())).collect();
    assert_eq!(found, [(at(0), 0.5), (at(1), 1.0), (at(2), 20.0)], "sorted, and of this hour");
    let requests = server.received_requests().await.unwrap();
    let token = |n: usize| String::from_utf8_lossy(&requests[n].body).contains("more");
    assert_eq!((requests.len(), token(0), token(1)), (2, false, true));
}

#[tokio::test]
async fn half_of_what_was_asked_for_is_no_answer() {
    for (status, kind) in [("PartialData", ErrorKind::Unavailable), ("InternalError", ErrorKind::Unavailable)] {
        let server = MockServer::start().await;
        on_metrics(metrics(200, told("read2", &[], status, None))).mount(&server).await;
        let error = client(&server.uri()).await.usage(&name(), &Place::Table, &window()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().unwrap().contains("ReadThrottleEvents"), "{error}");
    }
}

#[tokio::test]
async fn a_table_is_read_however_it_is_paid_for() {
    let server = with(&table(), result(&json!({}))).await;
    let found = client(&server.uri()).await.table(&name()).await.unwrap();
    assert_eq!(found.billing, Billing::Provisioned, "nothing is told of it");
    assert!(found.is_active() && found.places.len() == 2);

    let mut once = table();
    once["BillingModeSummary"] =
        json!({ "BillingMode": "PROVISIONED", "LastUpdateToPayPerRequestDateTime": 1_500_000_000 });
    once["TableStatus"] = json!("ARCHIVING");
    let server = with(&once, result(&json!({}))).await;
    let found = client(&server.uri()).await.table(&name()).await.unwrap();
    assert_eq!((found.billing, &found.status), (Billing::Provisioned, &TableStatus::Other("ARCHIVING".to_owned())));

    let mut on_demand = table();
    on_demand["BillingModeSummary"] = json!({ "BillingMode": "PAY_PER_REQUEST" });
    on_demand["OnDemandThroughput"] = json!({ "MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 500 });
    on_demand["ProvisionedThroughput"] = json!(null);
    let server = with(&on_demand, result(&json!({}))).await;
    let found = client(&server.uri()).await.table(&name()).await.unwrap();
    assert_eq!(found.billing, Billing::OnDemand { max_read: None, max_write: Some(500) });
    assert_eq!(found.places[0].capacity, Capacity::new(0, 0));
}

#[tokio::test]
async fn what_cannot_be_read_is_said() {
    let (mut nameless, mut odd, mut negative) = (table(), table(), table());
    nameless["TableName"] = json!(null);
    odd["ProvisionedThroughput"] = json!(null);
    negative["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["ReadCapacityUnits"] = json!(-5);
    for table in [nameless, odd, negative] {
        let server = with(&table, result(&json!({}))).await;
        let error = client(&server.uri()).await.table(&name()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{table}: {error}");
    }
}

#[tokio::test]
async fn what_scales_is_read_to_the_last_page_and_only_of_this_table() {
    let scales = |resource: String, dimension: &str| {
        json!({
            "ServiceNamespace": "dynamodb", "ResourceId": resource, "ScalableDimension": dimension,
            "MinCapacity": 5, "MaxCapacity": 40, "RoleARN": "arn", "CreationTime": 1_500_000_000,
            "SuspendedState": { "DynamicScalingOutSuspended": true },
        })
    };
    let (table_id, other_id) = (format!("table/{}", name()), format!("table/{}-2", name()));
    let index_id = format!("{table_id}/index/by-time");
    let server = with(&table(), result(&json!({}))).await;
    let first = json!({ "NextToken": "more", "ScalableTargets": [
        scales(index_id, "dynamodb:index:ReadCapacityUnits"), scales(other_id, "dynamodb:table:ReadCapacityUnits"),
    ] });
    let last = json!({ "ScalableTargets": [
        scales(table_id.clone(), "dynamodb:table:WriteCapacityUnits"), scales(table_id, "dynamodb:table:SomethingNew"),
    ] });
    let next = body_partial_json(json!({ "NextToken": "more" }));
    on_where("DescribeScalableTargets", next, result(&last)).mount(&server).await;
    on("DescribeScalableTargets", result(&first)).mount(&server).await;
    let found = client(&server.uri()).await.scaling(&name()).await.unwrap();
    let found: Vec<_> = found.into_iter().map(|target| (target.place, target.unit, target.suspended)).collect();
    assert_eq!(found, [(Place::Table, Unit::Write, true), (crate::index(), Unit::Read, true)]);
}
