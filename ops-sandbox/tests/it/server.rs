//! The routes, asked by the real clients and by hand.

use std::time::Duration;

use metapod_client::{
    CommitDataset, CommitFormat, CreateTransaction, CreateType, DatasetId, DatasetName, Environment, ErrorKind,
    MetapodClient, MetapodRead, MetapodWrite,
};
use ops_client::http::{Credential, RetryPolicy};
use ops_sandbox::metapod::TransactionSpec;
use ops_sandbox::scenario::{Bulk, bulk};
use ops_sandbox::{Operation, Server, World};
use serde_json::{Value, json};
use sonar_client::{DatasetFilter, SonarClient, SonarRead};

pub(crate) fn metapod(server: &Server) -> MetapodClient {
    let builder = MetapodClient::builder(Environment::new("sandbox"), &server.metapod_url());
    builder.retry(RetryPolicy::none()).build().unwrap()
}

pub(crate) fn sonar(server: &Server) -> SonarClient {
    let builder = SonarClient::builder(Environment::new("sandbox"), &server.sonar_url());
    builder.retry(RetryPolicy::none()).build().unwrap()
}

/// A request by hand: status and body.
pub(crate) async fn by_hand(server: &Server, method: &str, path: &str, body: Option<Value>) -> (u16, String) {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
    let mut request = client.request(method.parse().unwrap(), format!("{}{path}", server.url()));
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

fn name(text: &str) -> DatasetName {
    text.parse().unwrap()
}

#[tokio::test]
async fn what_is_done_through_metapod_is_seen_through_sonar() {
    let (world, night) = World::nightly(4);
    let server = Server::start(world).await.unwrap();
    let (metapod, sonar) = (metapod(&server), sonar(&server));
    let committed = sonar.datasets(night.transaction, &DatasetFilter::committed()).await.unwrap();
    let detail = sonar.details(night.transaction, std::slice::from_ref(&committed[3].name)).await.unwrap().remove(0);
    assert_eq!(Some(&detail), server.world().dataset(committed[3].id).as_ref(), "nothing is lost on the way");
    assert!(detail.schema.is_some() && !detail.partitions.is_empty());

    metapod.retract_committed_dataset(committed[3].id).await.unwrap();
    metapod.retract_committed_dataset(committed[3].id).await.unwrap();
    assert_eq!((server.world().calls(committed[3].id), server.world().effects(committed[3].id)), (2, 1));
    assert_eq!(sonar.committed_count(night.transaction).await.unwrap(), committed.len() as u64 - 1);
    let detail = sonar.details(night.transaction, std::slice::from_ref(&committed[3].name)).await.unwrap().remove(0);
    assert!(detail.schema.is_none() && !detail.dataset.committed && detail.partitions.is_empty());

    // Each call was counted under its own name, with its subject.
    let world = server.world();
    for (operation, calls) in
        [(Operation::SonarDatasets, 1), (Operation::SonarDetails, 2), (Operation::SonarCommittedCount, 1)]
    {
        assert_eq!(world.count(operation, night.transaction.uuid()).calls, calls, "{operation}");
    }
}

#[tokio::test]
async fn the_rest_of_metapod_answers() {
    let (world, night) = World::nightly(4);
    let server = Server::start(world).await.unwrap();
    let (metapod, world) = (metapod(&server), server.world());
    assert!(metapod.probe().await.unwrap().version.is_some());
    assert!(metapod.health().await.unwrap().healthy);

    let twice = world.dataset(night.duplicate).unwrap().schema.unwrap().duplicates()[0].id.unwrap();
    metapod.retract_attribute(twice).await.unwrap();
    metapod.retract_attribute(twice).await.unwrap();
    assert_eq!(world.attribute_effects(twice), 1);
    assert!(world.dataset(night.duplicate).unwrap().schema.unwrap().duplicates().is_empty());
    let indexed = world.indexed_attributes(night.duplicate)[0];
    metapod.retract_indexed_attribute(indexed).await.unwrap();
    assert_eq!((world.indexed_attribute_effects(indexed), world.indexed_attributes(night.duplicate).len()), (1, 0));

    let left = name("dataset/exchange-rates");
    let copy = metapod.copy_transaction(night.yesterday, std::slice::from_ref(&left)).await.unwrap();
    let (from, to) = (world.datasets(night.yesterday).unwrap(), world.datasets(copy).unwrap());
    assert_eq!(copy.uuid().get_version_num(), 4);
    assert_eq!(metapod.transaction(copy).await.unwrap().transaction_type.unwrap().as_str(), "COPIED");
    for (from, to) in from.iter().zip(&to) {
        let same_path = from.dataset.path == to.dataset.path;
        assert!(from.dataset.id != to.dataset.id && same_path == (from.dataset.name != left), "{}", from.dataset.name);
    }

    let create = CreateTransaction::new(CreateType::Custom, vec![name("dataset/a"), name("dataset/b")]);
    let created = metapod.create_transaction(&create).await.unwrap();
    assert_eq!(created.datasets.len(), 2);
    let path = "s3://example/empty.parquet".parse().unwrap();
    let commit = CommitDataset::new(created.id, created.datasets[0].id, CommitFormat::Parquet, path);
    metapod.commit_dataset(&commit).await.unwrap();
    assert_eq!(world.dataset(created.datasets[0].id).unwrap().dataset.path, Some(commit.path.clone()));
    let again = metapod.commit_dataset(&commit).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Rejected);
    let count = world.count(Operation::CommitDataset, commit.dataset.uuid());
    assert_eq!((count.calls, count.effects), (2, 1));
}

#[tokio::test]
async fn wrong_ids_are_refused() {
    let server = Server::start(World::seeded(1)).await.unwrap();
    let root = "/api/migrations/retract/committed-dataset";
    let (status, _) = by_hand(&server, "POST", &format!("{root}/59d180d4-e41a-4a30-ab34-bac476b95761"), None).await;
    assert_eq!(status, 404);
    for wrong in ["not-an-id", "dataset%2Ffx-model", "..%2f.."] {
        let (status, words) = by_hand(&server, "POST", &format!("{root}/{wrong}"), None).await;
        assert_eq!(status, 400, "{wrong}: {words}");
    }
    assert_eq!(by_hand(&server, "GET", &format!("{root}/x"), None).await.0, 405);
    assert_eq!(by_hand(&server, "POST", "/api/graphql/query", Some(json!([1]))).await.0, 400);
}

#[tokio::test]
async fn a_transaction_older_than_a_week_is_not_copied() {
    let world = World::seeded(1);
    let old = TransactionSpec::custom().started_at(world.now() - jiff::SignedDuration::from_hours(7 * 24 + 1));
    let old = world.add_transaction(old, [name("dataset/a")]).unwrap();
    let server = Server::start(world).await.unwrap();
    let error = metapod(&server).copy_transaction(old, &[]).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, ops_client::Effect::None));
    assert_eq!(server.world().transactions().len(), 1);
}

#[tokio::test]
async fn graphql_by_hand_knows_aliases_fragments_and_directives() {
    let world = World::seeded(1);
    let id = bulk(&world, Bulk::new(2)).unwrap();
    let server = Server::start(world).await.unwrap();
    let ask = async |query: &str| {
        let body = json!({"query": query, "variables": {"id": id.to_string(), "no": false}});
        let (status, text) = by_hand(&server, "POST", "/sonar/api/graphql/query", Some(body)).await;
        assert_eq!(status, 200);
        serde_json::from_str::<Value>(&text).unwrap()
    };
    // The short way and GraphQL's own way tell the same.
    let short = "{ __typename key: id name transactionId committed committedAt abortedAt path format country ...F }";
    let long = short.replace("...F", "...F partitions { id }");
    let wrap = |fields: &str| {
        format!(
            "query($id: ID!, $no: Boolean!) {{ transaction(transactionId: $id) {{ datasets {fields} }} }} \
             fragment F on Dataset {{ name again: name path @include(if: $no) more: path @include(if: $no) }}"
        )
    };
    let mut long = ask(&wrap(&long)).await;
    for dataset in long["data"]["transaction"]["datasets"].as_array_mut().unwrap() {
        assert_eq!(dataset.as_object_mut().unwrap().remove("partitions").unwrap().as_array().unwrap().len(), 1);
    }
    let short = ask(&wrap(short)).await;
    assert_eq!(short, long);
    let first = &short["data"]["transaction"]["datasets"][0];
    assert_eq!((&first["again"], &first["__typename"]), (&json!("dataset/bulk-000000"), &json!("Dataset")));
    assert!(first.get("more").is_none() && first["path"].is_string());
    assert!(
        first["committedAt"].as_str().unwrap().ends_with('Z') && first["committedAt"].as_str().unwrap().len() == 24
    );

    let wrong = ask("query($id: ID!) { transaction(transactionId: $id) { nothing } }").await;
    assert!(wrong["errors"][0]["message"].as_str().unwrap().contains("nothing"));
    let unknown = "{ transaction(transactionId: \"59d180d4-e41a-4a30-ab34-bac476b95761\") { id } }";
    assert_eq!(ask(unknown).await["data"]["transaction"], Value::Null);
    assert_eq!(ask("{ allDatasetSeries { edges { name } } }").await["data"]["allDatasetSeries"]["edges"], json!([]));
}

#[tokio::test]
async fn a_token_is_asked_for_and_can_expire() {
    let world = World::seeded(1);
    let id = bulk(&world, Bulk::new(1)).unwrap();
    let dataset = world.dataset_ids(id)[0];
    let server = Server::builder(world).require_bearer("first").start().await.unwrap();
    let client = |token: &str| {
        MetapodClient::builder(Environment::new("sandbox"), &server.metapod_url())
            .credential(Credential::bearer(token.to_owned().into()))
            .build()
            .unwrap()
    };
    let nobody = metapod(&server).retract_committed_dataset(dataset).await.unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::Unauthenticated);
    client("first").transaction(id).await.unwrap();
    server.rotate_token("second");
    let expired = client("first").retract_committed_dataset(dataset).await.unwrap_err();
    assert_eq!((expired.kind(), server.world().effects(dataset)), (ErrorKind::Unauthenticated, 0));
    client("second").retract_committed_dataset(dataset).await.unwrap();
    let count = server.world().count(Operation::RetractCommittedDataset, dataset.uuid());
    assert_eq!((count.calls, count.refused, count.effects), (3, 2, 1));
}

#[tokio::test]
async fn the_report_tells_what_came_of_the_calls() {
    let world = World::seeded(1);
    let id = bulk(&world, Bulk::new(1)).unwrap();
    let dataset: DatasetId = world.dataset_ids(id)[0];
    let server = Server::start(world).await.unwrap();
    for _ in 0..2 {
        metapod(&server).retract_committed_dataset(dataset).await.unwrap();
    }
    let report =
        async || serde_json::from_str::<Value>(&by_hand(&server, "GET", "/sandbox/effects", None).await.1).unwrap();
    let told = report().await;
    assert_eq!((&told["calls"], &told["effects"], &told["faults"]), (&json!(2), &json!(1), &json!(0)));
    assert_eq!(told["lines"][0]["operation"], "metapod.retract_committed_dataset");
    assert_eq!(told["lines"][0]["subject"], dataset.to_string());
    assert_eq!(by_hand(&server, "POST", "/sandbox/effects/reset", None).await.0, 204);
    assert_eq!(report().await["lines"], json!([]));
}

#[tokio::test]
async fn a_server_ends_when_it_is_dropped() {
    let server = Server::start(World::seeded(1)).await.unwrap();
    let metapod = metapod(&server);
    metapod.probe().await.unwrap();
    drop(server);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(metapod.probe().await.is_err());
}
