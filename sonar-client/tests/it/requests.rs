//! What is sent: exactly this and nothing else. And what is made of a whole answer.

use ops_client::http::Credential;
use serde_json::{Value, json as value};
use sonar_client::{
    DatasetAction, DatasetFilter, DatasetFormat, DatasetName, LogicalType, SonarRead, SonarReadExt, State,
    TransactionType,
};
use wiremock::MockServer;

use crate::{builder, client, json, server, transaction};

fn names(texts: &[&str]) -> Vec<DatasetName> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// The one request that came, judged by all but its body.
async fn body_of_the_only_request(server: &MockServer, path: &str) -> Value {
    let requests = server.received_requests().await.unwrap();
    let [request] = requests.as_slice() else { panic!("{} requests", requests.len()) };
    assert_eq!((request.method.as_str(), request.url.path(), request.url.query()), ("POST", path, None));
    let header = |name: &str| request.headers.get(name).map(|value| value.to_str().unwrap());
    assert_eq!(header("content-type"), Some("application/json"));
    assert_eq!(header("accept"), Some("application/json"));
    serde_json::from_slice(&request.body).unwrap()
}

async fn sent(server: &MockServer) -> Value {
    body_of_the_only_request(server, "/api/graphql/query").await
}

#[tokio::test]
async fn a_transaction() {
    let server = server(json(
        r#"{"data": {"transaction": {"id": "f1286abb-f69b-5874-910a-c91681b639f6", "name": ":prod/itaipu-0a1b2c3",
            "type": "DAILY", "startedAt": "2018-01-18T00:01:04.000Z", "committedAt": null,
            "targetDate": "2018-01-18", "referenceDate": "2018-01-17"}}}"#,
    ))
    .await;
    let found = client(&server).transaction(transaction()).await.unwrap();
    assert_eq!(
        sent(&server).await,
        value!({
            "operationName": "Transaction",
            "query": include_str!("../../graphql/transaction.graphql"),
            "variables": {"id": "f1286abb-f69b-5874-910a-c91681b639f6"},
        })
    );
    assert_eq!((found.id, found.name.as_deref()), (transaction(), Some(":prod/itaipu-0a1b2c3")));
    assert_eq!(found.transaction_type, Some(TransactionType::Daily));
    assert_eq!(found.started_at, Some("2018-01-18T00:01:04Z".parse().unwrap()));
    assert_eq!(found.committed_at, None);
    assert_eq!(found.target_date, Some("2018-01-18".parse().unwrap()));
    assert_eq!(found.reference_date, Some("2018-01-17".parse().unwrap()));
}

#[tokio::test]
async fn transactions_of_a_day() {
    let server = server(json(
        r#"{"data": {"allTransactions": {"edges": [
            {"node": {"id": "f1286abb-f69b-5874-910a-c91681b639f6", "type": "DAILY", "targetDate": "2018-01-18"}},
            {"node": {"id": "5a606a94-0c3e-4f9f-8ae7-b6ad7e0a7bc4", "type": "MENDED", "targetDate": "2018-01-18"}},
            {"node": {"id": "713a86b9-4459-5167-8573-ca1ad17746c0", "type": "DAILY", "targetDate": "2018-01-17"}}]}}}"#,
    ))
    .await;
    let found = client(&server).transactions_on("2018-01-18".parse().unwrap()).await.unwrap();
    assert_eq!(
        sent(&server).await,
        value!({
            "operationName": "Transactions",
            "query": include_str!("../../graphql/transactions.graphql"),
            "variables": null,
        })
    );
    let types: Vec<&str> = found.iter().filter_map(|found| Some(found.transaction_type.as_ref()?.as_str())).collect();
    assert_eq!(types, ["DAILY", "MENDED"], "an unknown type keeps its text");
}

const TWO_DATASETS: &str = r#"{"data": {"transaction": {"datasets": [
    {"id": "5a5fe3c0-a60c-42d2-8918-5d950ee88136", "name": "dataset/a", "committed": true,
     "committedAt": "2018-01-18T01:01:04.038Z", "abortedAt": null, "path": "s3a://bucket/a//b", "format": "AVRO"},
    {"id": "5a5fe3c0-1a60-4573-8e0c-a004a088ae3e", "name": "model/b", "committed": false,
     "committedAt": null, "abortedAt": "2018-01-18T02:47:44.000Z", "path": null, "format": null}]}}}"#;

#[tokio::test]
async fn all_datasets() {
    let server = server(json(TWO_DATASETS)).await;
    let found = client(&server).datasets(transaction(), &DatasetFilter::all()).await.unwrap();
    // What is not restricted is left out: `null` could be taken for «neither».
    assert_eq!(
        sent(&server).await,
        value!({
            "operationName": "Datasets",
            "query": include_str!("../../graphql/datasets.graphql"),
            "variables": {"id": "f1286abb-f69b-5874-910a-c91681b639f6"},
        })
    );
    let [a, b] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((a.id.to_string().as_str(), a.name.as_str()), ("5a5fe3c0-a60c-42d2-8918-5d950ee88136", "dataset/a"));
    assert_eq!((a.committed, a.committed_at), (true, Some("2018-01-18T01:01:04.038Z".parse().unwrap())));
    assert_eq!((a.path.as_ref().unwrap().as_str(), a.format.clone()), ("s3a://bucket/a//b", Some(DatasetFormat::Avro)));
    assert_eq!((b.committed, b.committed_at, b.path.clone(), b.format.clone()), (false, None, None, None));
    assert_eq!((a.aborted_at, b.aborted_at), (None, Some("2018-01-18T02:47:44Z".parse().unwrap())));
}

#[tokio::test]
async fn datasets_by_state_and_name() {
    for (state, word) in [
        (State::Committed, "ONLY_COMMITTED"),
        (State::Uncommitted, "ONLY_UNCOMMITTED"),
        (State::Aborted, "ONLY_ABORTED"),
    ] {
        let server = server(json(TWO_DATASETS)).await;
        let mut filter = DatasetFilter::all().named(names(&["dataset/a", "dataset/câmbio-\"x\""]));
        filter.state = Some(state);
        client(&server).datasets(transaction(), &filter).await.unwrap();
        assert_eq!(
            sent(&server).await["variables"],
            value!({
                "id": "f1286abb-f69b-5874-910a-c91681b639f6",
                "committed": word,
                "names": ["dataset/a", "dataset/câmbio-\"x\""],
            })
        );
    }
}

#[tokio::test]
async fn no_name_is_never_all() {
    let server = server(json(TWO_DATASETS)).await;
    let client = client(&server);
    let none = DatasetFilter::committed().named(Vec::new());
    assert_eq!(client.datasets(transaction(), &none).await.unwrap(), []);
    client.details(transaction(), &[]).await.unwrap_err();
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn details() {
    let server = server(json(
        r#"{"data": {"transaction": {"datasets": [
            {"id": "5a5fe3c0-a60c-42d2-8918-5d950ee88136", "name": "dataset/a", "committed": true,
             "schema": {"attributes": [
                {"id": "5a5ff1d0-0fd3-401f-b239-a1a095f20f93", "name": "id", "logicalType": "UUID", "primaryKey": true,
                 "nullable": false, "description": "The id."},
                {"id": null, "name": "tags", "logicalType": "ARRAY", "logicalSubType": "KEYWORD"}]},
             "partitions": [{"id": "5a5ff1d0-3b16-4a32-a5a4-d3f1fcbb3ac7"}], "actions": ["CREATE_ARCHIVE"]},
            {"id": "5a5fe3c0-1a60-4573-8e0c-a004a088ae3e", "name": "model/b", "committed": false,
             "schema": null, "partitions": null, "actions": null}]}}}"#,
    ))
    .await;
    let found = client(&server).details(transaction(), &names(&["dataset/a", "model/b"])).await.unwrap();
    assert_eq!(
        sent(&server).await,
        value!({
            "operationName": "DatasetDetails",
            "query": include_str!("../../graphql/dataset_details.graphql"),
            "variables": {"id": "f1286abb-f69b-5874-910a-c91681b639f6", "names": ["dataset/a", "model/b"]},
        })
    );
    let [a, b] = found.as_slice() else { panic!("{found:?}") };
    let attributes = &a.schema.as_ref().unwrap().attributes;
    assert_eq!(attributes[0].id, Some("5a5ff1d0-0fd3-401f-b239-a1a095f20f93".parse().unwrap()));
    assert_eq!((attributes[0].primary_key, attributes[0].nullable), (Some(true), Some(false)));
    assert_eq!(attributes[0].description.as_deref(), Some("The id."));
    assert_eq!((attributes[1].id, attributes[1].logical_type.clone()), (None, Some(LogicalType::Array)));
    assert_eq!(attributes[1].logical_sub_type, Some(LogicalType::Other("KEYWORD".to_owned())));
    assert_eq!(a.partitions[0].id.to_string(), "5a5ff1d0-3b16-4a32-a5a4-d3f1fcbb3ac7");
    assert_eq!(a.actions, [DatasetAction::CreateArchive]);
    assert_eq!((b.schema.clone(), b.partitions.len(), b.actions.len()), (None, 0, 0));
}

#[tokio::test]
async fn committed_count() {
    let server =
        server(json(r#"{"data": {"transaction": {"datasetConnection": {"numCommittedDatasets": 1398}}}}"#)).await;
    assert_eq!(client(&server).committed_count(transaction()).await.unwrap(), 1398);
    assert_eq!(
        sent(&server).await,
        value!({
            "operationName": "CommittedCount",
            "query": include_str!("../../graphql/committed_count.graphql"),
            "variables": {"id": "f1286abb-f69b-5874-910a-c91681b639f6"},
        })
    );
}

#[tokio::test]
async fn progress() {
    let server = server(json(TWO_DATASETS)).await;
    let progress = client(&server).progress(transaction()).await.unwrap();
    assert_eq!((progress.committed, progress.total), (1, 2));
}

#[tokio::test]
async fn a_probe() {
    let answer = json(r#"{"data": {"__typename": "Query"}}"#).insert_header("date", "Thu, 18 Jan 2018 09:00:00 GMT");
    let server = server(answer).await;
    let probe = client(&server).probe().await.unwrap();
    assert_eq!(sent(&server).await["query"], include_str!("../../graphql/probe.graphql"));
    assert_eq!(probe.address, server.uri());
    let second = probe.server_time.unwrap().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert_eq!(second, 1_516_266_000);
}

#[tokio::test]
async fn another_path_and_a_token() {
    let server = server(json(r#"{"data": {"__typename": "Query"}}"#)).await;
    let client = builder(&server).credential(Credential::bearer("a-token".into())).build().unwrap();
    let client = client.with_graphql_path("/global/graphql/");
    client.probe().await.unwrap();
    body_of_the_only_request(&server, "/global/graphql").await;
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests[0].headers.get("authorization").unwrap(), "Bearer a-token");
}
