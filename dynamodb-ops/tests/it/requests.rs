//! What is sent, to the letter.

use dynamodb_ops::{Bounds, Place, ScalingChange, TablesRead, TablesWrite, Unit, Window};
use serde_json::json;
use wiremock::MockServer;

use crate::cbor::{metrics, on_metrics, told};
use crate::{SECRET, client, index, name, on, raise, result, seen, table, target, with};

#[tokio::test]
async fn each_look_is_one_request() {
    let server = with(&table(), result(&json!({}))).await;
    on("ListTables", result(&json!({ "TableNames": ["other", name()] }))).mount(&server).await;
    let limits = json!({
        "AccountMaxReadCapacityUnits": 80_000, "AccountMaxWriteCapacityUnits": 70_000,
        "TableMaxReadCapacityUnits": 40_000, "TableMaxWriteCapacityUnits": 30_000,
    });
    on("DescribeLimits", result(&limits)).mount(&server).await;
    on("DescribeScalableTargets", result(&json!({ "ScalableTargets": [] }))).mount(&server).await;
    let tables = client(&server.uri()).await;

    tables.probe().await.unwrap();
    tables.table(&name()).await.unwrap();
    assert_eq!(tables.tables("prod-").await.unwrap(), [name()]);
    let limits = tables.limits().await.unwrap();
    assert_eq!((limits.account.write, limits.table.write), (70_000, 30_000));
    assert!(tables.scaling(&name()).await.unwrap().is_empty());

    let table = format!("table/{}", name());
    let wanted = [
        (target("ListTables"), json!({ "Limit": 1 })),
        (target("DescribeTable"), json!({ "TableName": name() })),
        (target("ListTables"), json!({ "Limit": 100 })),
        (target("DescribeLimits"), json!({})),
        (target("DescribeTable"), json!({ "TableName": name() })),
        (
            target("DescribeScalableTargets"),
            json!({ "ServiceNamespace": "dynamodb", "ResourceIds": [table, format!("{table}/index/by-time")] }),
        ),
    ];
    assert_eq!(seen(&server).await, wanted);
    let requests = server.received_requests().await.unwrap();
    assert!(
        requests
            .iter()
            .all(|request| request.headers["content-type"].to_str().unwrap().starts_with("application/x-amz-json-1."))
    );
    assert!(!format!("{tables:?} {tables:#?}").contains(SECRET));
}

/// Both units are sent, for no call sets one of them alone.
#[tokio::test]
async fn each_change_is_one_look_and_one_order() {
    let server = with(&table(), result(&json!({}))).await;
    let scales = json!({ "ScalableTargets": [{
        "ServiceNamespace": "dynamodb", "ResourceId": format!("table/{}/index/by-time", name()),
        "ScalableDimension": "dynamodb:index:WriteCapacityUnits", "MinCapacity": 5, "MaxCapacity": 40,
        "RoleARN": "arn:aws:iam::123456789012:role/scaling", "CreationTime": 1_500_000_000,
    }] });
    on("DescribeScalableTargets", result(&scales)).mount(&server).await;
    on("RegisterScalableTarget", result(&json!({}))).mount(&server).await;
    let tables = client(&server.uri()).await;

    tables.set_capacity(&name(), &raise(Place::Table)).await.unwrap();
    tables.set_capacity(&name(), &raise(index())).await.unwrap();
    let change = ScalingChange::new(index(), Unit::Write, Bounds::new(5, 40), Bounds::new(30, 400));
    tables.set_scaling(&name(), &change).await.unwrap();

    let units = json!({ "ReadCapacityUnits": 50, "WriteCapacityUnits": 30 });
    let resource = format!("table/{}/index/by-time", name());
    let update = json!({ "IndexName": "by-time", "ProvisionedThroughput": units });
    let look = (target("DescribeTable"), json!({ "TableName": name() }));
    let wanted = [
        look.clone(),
        (target("UpdateTable"), json!({ "TableName": name(), "ProvisionedThroughput": units })),
        look,
        (
            target("UpdateTable"),
            json!({
                "TableName": name(),
                "GlobalSecondaryIndexUpdates": [{ "Update": update }],
            }),
        ),
        (target("DescribeScalableTargets"), json!({ "ServiceNamespace": "dynamodb", "ResourceIds": [resource] })),
        (
            target("RegisterScalableTarget"),
            json!({
                "ServiceNamespace": "dynamodb", "ResourceId": resource,
                "ScalableDimension": "dynamodb:index:WriteCapacityUnits", "MinCapacity": 30, "MaxCapacity": 400,
            }),
        ),
    ];
    assert_eq!(seen(&server).await, wanted);
}

#[tokio::test]
async fn all_metrics_of_a_place_are_one_question() {
    let server = MockServer::start().await;
    on_metrics(metrics(200, told("read0", &[], "Complete", None))).mount(&server).await;
    let tables = client(&server.uri()).await;
    let window = Window { from: "2026-11-26T10:00:30Z".parse().unwrap(), to: "2026-11-26T11:00:00Z".parse().unwrap() };
    tables.usage(&name(), &index(), &window).await.unwrap();

    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    let sent = String::from_utf8_lossy(&requests[0].body);
    for unit in ["Read", "Write"] {
        for metric in [
            format!("Consumed{unit}CapacityUnits"),
            format!("Provisioned{unit}CapacityUnits"),
            format!("{unit}ThrottleEvents"),
            format!("{unit}ProvisionedThroughputThrottleEvents"),
            format!("{unit}KeyRangeThroughputThrottleEvents"),
            format!("{unit}AccountLimitThrottleEvents"),
            format!("{unit}MaxOnDemandThroughputThrottleEvents"),
        ] {
            assert_eq!(sent.matches(&metric).count(), 1, "{metric}");
        }
    }
    for dimension in ["TableName", "prod-s3-analytics-datomic", "GlobalSecondaryIndexName", "by-time"] {
        assert_eq!(sent.matches(dimension).count(), 14, "{dimension}");
    }
    assert_eq!((sent.matches("Sum").count(), sent.matches("Average").count()), (12, 2));
}
