//! What travels, exactly, and what is read from the answers.

use metapod_client::http::Credential;
use metapod_client::{
    Attribute, CreateTransaction, CreateType, DatasetAction, LogicalType, MetapodRead, MetapodWrite, Schema,
    TransactionType,
};
use serde_json::{Value, json};
use wiremock::{MockServer, Request};

use crate::support::{COPY, DATASET, TRANSACTION, answering, builder, client, commit};

async fn only_request(server: &MockServer) -> Request {
    let mut requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

fn line(request: &Request) -> String {
    assert_eq!(request.url.query(), None);
    format!("{} {}", request.method, request.url.path())
}

async fn question(server: &MockServer) -> (String, Value) {
    let request = only_request(server).await;
    assert_eq!(line(&request), "POST /api/graphql/query");
    assert_eq!(request.headers["content-type"], "application/json");
    let mut body: Value = request.body_json().unwrap();
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    (body["query"].as_str().unwrap().to_owned(), body["variables"].take())
}

#[tokio::test]
async fn a_retract_is_an_empty_post_and_any_good_answer_will_do() {
    for (status, body) in [(200, ""), (200, "{}"), (202, "retracted"), (204, "")] {
        let server = answering(status, body).await;
        let client = builder(&server).credential(Credential::bearer("a-token".into())).build().unwrap();
        client.retract_committed_dataset(DATASET.parse().unwrap()).await.unwrap();
        let request = only_request(&server).await;
        assert_eq!(line(&request), format!("POST /api/migrations/retract/committed-dataset/{DATASET}"));
        assert_eq!(request.headers["authorization"], "Bearer a-token");
        assert_eq!(request.headers["content-length"], "0");
        assert!(!request.headers.contains_key("content-type"));
        assert!(request.body.is_empty());
    }
}

#[tokio::test]
async fn attributes_have_routes_of_their_own() {
    let server = answering(200, "").await;
    client(&server).retract_attribute(DATASET.parse().unwrap()).await.unwrap();
    assert_eq!(line(&only_request(&server).await), format!("POST /api/migrations/retract/attribute/{DATASET}"));
    let server = answering(200, "").await;
    client(&server).retract_indexed_attribute(DATASET.parse().unwrap()).await.unwrap();
    assert_eq!(line(&only_request(&server).await), format!("POST /api/migrations/retract/indexed-attribute/{DATASET}"));
}

#[tokio::test]
async fn the_version_and_the_clock() {
    let server = answering(200, r#"{"version":"5a4db0c"}"#).await;
    let probe = client(&server).probe().await.unwrap();
    assert_eq!(line(&only_request(&server).await), "GET /api/version");
    assert_eq!((probe.version.as_deref(), probe.address), (Some("5a4db0c"), server.uri()));
    assert!(probe.server_time.is_some());
    for unknown in [r#"{"version":"MISSING"}"#, r#"{"version":null}"#, "{}"] {
        let probe = client(&answering(200, unknown).await).probe().await.unwrap();
        assert_eq!(probe.version, None, "{unknown}");
    }
}

#[tokio::test]
async fn health_with_checks_of_every_form() {
    let body = json!([false, {
        "http": { "healthy": true, "checks": "ok" },
        "datomic": { "healthy": false, "checks": { "transactor": { "healthy": false } } },
        "consumer": { "healthy": true, "checks": [1, "two"] },
        "rollout": { "healthy": true },
    }]);
    let server = answering(200, &body.to_string()).await;
    let health = client(&server).health().await.unwrap();
    assert_eq!(line(&only_request(&server).await), "GET /ops/health");
    let parts: Vec<_> = health.components.iter().map(|part| (part.name.as_str(), part.healthy)).collect();
    assert_eq!(parts, [("consumer", true), ("datomic", false), ("http", true), ("rollout", true)]);
    assert!(!health.healthy);
}

#[tokio::test]
async fn a_transaction() {
    let answer = json!({ "data": { "transaction": {
        "id": TRANSACTION, "name": null, "type": "DREAM", "startedAt": "2018-01-18T00:01:04.000Z",
        "committedAt": null, "targetDate": "2018-01-18", "referenceDate": "2018-01-17",
    }}});
    let server = answering(200, &answer.to_string()).await;
    let found = client(&server).transaction(TRANSACTION.parse().unwrap()).await.unwrap();
    assert_eq!(found.transaction_type, Some(TransactionType::Other("DREAM".into())));
    assert_eq!(found.started_at.unwrap().to_string(), "2018-01-18T00:01:04Z");
    assert_eq!(found.target_date.unwrap().to_string(), "2018-01-18");
    let (query, variables) = question(&server).await;
    assert_eq!(variables, json!({ "id": TRANSACTION }));
    assert!(query.contains("transaction(transactionId: $id)"), "{query}");
}

#[tokio::test]
async fn a_commit_leaves_out_what_is_not_set() {
    let server = answering(200, r#"{"data":{"commitDataset":{"id":"anything"}}}"#).await;
    client(&server).commit_dataset(&commit()).await.unwrap();
    let (query, variables) = question(&server).await;
    let input = json!({
        "transactionId": TRANSACTION, "datasetId": DATASET, "format": "PARQUET", "path": "s3://bucket/empty",
    });
    assert_eq!(variables, json!({ "input": input }));
    assert!(query.starts_with("mutation CommitDataset($input: CommitDatasetInput!)"), "{query}");
}

#[tokio::test]
async fn a_commit_with_all_there_is() {
    let server = answering(200, r#"{"data":{"commitDataset":{"id":"anything"}}}"#).await;
    let mut tags = Attribute::new("tags").with_type(LogicalType::Array).with_id(DATASET.parse().unwrap());
    tags.logical_sub_type = Some(LogicalType::String);
    tags.nullable = Some(true);
    let schema = Schema::new(vec![tags, Attribute::new("id")]);
    let commit = commit().with_schema(schema).with_actions(vec![DatasetAction::CreateArchive]);
    client(&server).commit_dataset(&commit).await.unwrap();
    let (_, variables) = question(&server).await;
    assert_eq!(variables["input"]["actions"], json!(["CREATE_ARCHIVE"]));
    let tags = json!({ "name": "tags", "logicalType": "ARRAY", "logicalSubType": "STRING", "nullable": true });
    assert_eq!(variables["input"]["schema"], json!({ "attributes": [tags, { "name": "id" }] }));
}

#[tokio::test]
async fn a_copy_speaks_kebab_case() {
    let server = answering(200, &format!("{{\"id\":\"{COPY}\"}}")).await;
    let left = ["dataset/a".parse().unwrap(), "model/b".parse().unwrap()];
    let copy = client(&server).copy_transaction(TRANSACTION.parse().unwrap(), &left).await.unwrap();
    assert_eq!(copy.to_string(), COPY);
    let request = only_request(&server).await;
    assert_eq!(line(&request), format!("POST /api/migrations/copy-transaction/{TRANSACTION}"));
    let body: Value = request.body_json().unwrap();
    assert_eq!(body, json!({ "uncommitted-datasets": ["dataset/a", "model/b"] }));
}

#[tokio::test]
async fn a_new_transaction_tells_the_ids_of_its_datasets() {
    let dataset = json!({ "id": DATASET, "name": "dataset/a" });
    let answer = json!({ "data": { "createTransaction": { "id": TRANSACTION, "datasets": [dataset] } } });
    let server = answering(200, &answer.to_string()).await;
    let create = CreateTransaction::new(CreateType::Custom, vec!["dataset/a".parse().unwrap()]);
    let created = client(&server).create_transaction(&create).await.unwrap();
    assert_eq!((created.id.to_string(), created.datasets[0].id.to_string()), (TRANSACTION.into(), DATASET.into()));
    let (_, variables) = question(&server).await;
    assert_eq!(variables, json!({ "input": { "type": "CUSTOM", "datasetNames": ["dataset/a"] } }));
}

#[tokio::test]
async fn a_base_path_is_kept() {
    let server = answering(200, "").await;
    let address = format!("{}/metapod/", server.uri());
    let client = metapod_client::MetapodClient::builder(metapod_client::Environment::new("test"), &address);
    client.build().unwrap().retract_attribute(DATASET.parse().unwrap()).await.unwrap();
    let path = only_request(&server).await.url.path().to_owned();
    assert!(path.starts_with("/metapod/api/migrations/"), "{path}");
}
