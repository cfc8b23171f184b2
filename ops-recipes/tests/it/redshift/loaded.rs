//! `dataset-loaded`: whether a dataset is in the warehouse, asked per transaction, in both ways.

use std::sync::Arc;
use std::time::Duration;

use metapod_client::TransactionId;
use ops_recipes::redshift::{DatasetLoaded, Loaded, LoadedReads, MetabaseLoads};
use ops_sandbox::scenario::{self, HungLoad, LoadTrouble, Nightly};
use ops_sandbox::{Fault, Operation, World};
use redshift_ops::{Load, LoadError, WarehouseWrite};

use super::pass;
use crate::stage;

const PLACE: &str = "Belo Monte - Meta - Loads";
const DATASET: &str = "policy/fraud-report-policy";

/// A night, and its load with this trouble.
fn night(trouble: LoadTrouble) -> (World, Nightly, HungLoad) {
    let world = World::seeded(1).at(stage::now());
    let night = scenario::nightly(&world);
    let load = scenario::hung_load_with(&world, trouble, Some(&night)).unwrap();
    (world, night, load)
}

/// All that there is to ask.
fn reads(world: &World, user: &str) -> LoadedReads {
    let warehouse = Arc::new(world.warehouse_as(user));
    LoadedReads::new(warehouse.clone(), "Redshift").with_warehouse(warehouse).with_sonar(Arc::new(world.sonar()))
}

fn by_metabase(world: &World) -> MetabaseLoads {
    MetabaseLoads::new(Arc::new(world.metabase()), PLACE)
}

fn recipe(dataset: &str, transactions: &[TransactionId]) -> DatasetLoaded {
    DatasetLoaded::new(dataset.parse().unwrap(), transactions.iter().copied())
}

async fn look(world: &World, reads: &LoadedReads, dataset: &str, transactions: &[TransactionId]) -> Loaded {
    recipe(dataset, transactions).look(reads, "staging", world.now()).await.unwrap()
}

#[tokio::test]
async fn loaded_yesterday_and_not_today_since_the_loader_hangs() {
    let (world, night, load) = night(LoadTrouble::Reader);
    let found = look(&world, &reads(&world, "monitor"), DATASET, &[night.yesterday, night.transaction]).await;
    assert_eq!(found.answers.iter().map(|answer| answer.is_loaded()).collect::<Vec<_>>(), [true, false]);
    assert!(!found.is_complete() && found.answers[0].known.is_empty());
    assert_eq!(found.last.len(), 1);
    let known = &found.answers[1].known;
    assert!(known[0].contains("the dataset is committed: loading it is what is missing"), "{known:?}");
    assert!(known[1].contains("no table at all was loaded for it"), "{known:?}");
    let (loader, reader) = (load.loader_session, load.reader.unwrap());
    let hangs = format!("the loader ({loader}) waits for a lock that {} has: restart-redshift frees it", reader.pid);
    assert_eq!(found.known, [hangs]);
    insta::assert_snapshot!(found.to_string());

    // Freed, it loads: then there is nothing more to be said.
    world.warehouse_as("sao_pedro").terminate(&reader).await.unwrap();
    pass(&world, 60);
    let found = look(&world, &reads(&world, "monitor"), DATASET, &[night.yesterday, night.transaction]).await;
    assert!(found.is_complete() && found.known.is_empty());
    assert_eq!(
        (found.last.len(), &*found.last[0].transaction),
        (2, &*night.transaction.to_string()),
        "the newest first"
    );
}

#[tokio::test]
async fn metabase_gives_the_same_answers() {
    let (world, night, _) = night(LoadTrouble::Reader);
    for hours in 1..8 {
        let at = world.now() - Duration::from_secs(hours * 3_600);
        world.put_load(&Load::new("fraud_report_policy", night.custom.to_string(), Some(at)));
    }
    world.put_load(&Load::new("retention_policy", night.custom.to_string(), None));
    let warehouse = Arc::new(world.warehouse_as("monitor"));
    let second = LoadedReads::new(Arc::new(by_metabase(&world)), "Metabase").with_warehouse(warehouse);
    let second = second.with_sonar(Arc::new(world.sonar()));
    let asked = [night.yesterday, night.transaction, night.custom];
    for dataset in [DATASET, "policy/retention-policy", "dataset/never-seen"] {
        let first = look(&world, &reads(&world, "monitor"), dataset, &asked).await;
        let mut other = look(&world, &second, dataset, &asked).await;
        assert_eq!(other.source, "Metabase");
        other.source.clone_from(&first.source);
        assert_eq!(first.to_string(), other.to_string());
        assert_eq!(serde_json::to_value(&first).unwrap(), serde_json::to_value(&other).unwrap());
    }
}

#[tokio::test]
async fn a_table_that_metabase_does_not_know_is_an_error_and_no_answer() {
    let (world, night, _) = night(LoadTrouble::Reader);
    let elsewhere = MetabaseLoads::new(Arc::new(world.metabase()), "Belo Monte - Meta - Freights");
    let reads = LoadedReads::new(Arc::new(elsewhere), "Metabase");
    let error = recipe(DATASET, &[night.yesterday]).look(&reads, "staging", world.now()).await.unwrap_err();
    assert!(error.is_not_found() && error.to_string().contains("Freights"), "{error}");
    let other = by_metabase(&world).with_columns("Table Name", "Transaction", "Load Time");
    let reads = LoadedReads::new(Arc::new(other), "Metabase");
    let error = recipe(DATASET, &[night.yesterday]).look(&reads, "staging", world.now()).await.unwrap_err();
    assert!(error.to_string().contains("Transaction"), "{error}");
}

#[tokio::test]
async fn what_is_not_committed_cannot_be_loaded_yet() {
    let (world, night, _) = night(LoadTrouble::Reader);
    let found = look(&world, &reads(&world, "monitor"), "policy/retention-policy", &[night.transaction]).await;
    assert!(found.answers[0].known[0].contains("not committed"), "{:?}", found.answers[0].known);
    let found = look(&world, &reads(&world, "monitor"), "dataset/never-seen", &[night.transaction]).await;
    assert!(found.answers[0].known[0].contains("has no dataset dataset/never-seen"), "{:?}", found.answers[0].known);
    assert!(found.last.is_empty() && found.to_string().contains("no load of it is logged at all"), "{found}");
    world.faults().next(1, Operation::SonarDatasets, Fault::Status(503));
    let found = look(&world, &reads(&world, "monitor"), DATASET, &[night.transaction]).await;
    assert!(found.answers[0].known[0].contains("is not known"), "{:?}", found.answers[0].known);
}

#[tokio::test]
async fn what_the_loader_does_is_said_as_far_as_it_is_seen() {
    let (world, night, load) = night(LoadTrouble::Healthy);
    let asked = [night.transaction];
    let known = |found: Loaded| found.known.join("; ");
    let found = known(look(&world, &reads(&world, "monitor"), DATASET, &asked).await);
    assert!(found.starts_with("the loader is at work: «COPY temporary_fact."), "{found}");
    let found = known(look(&world, &reads(&world, "sandrews"), DATASET, &asked).await);
    assert_eq!(found, "what the loader does cannot be seen: sandrews sees only its own sessions");
    let alone = LoadedReads::new(Arc::new(by_metabase(&world)), "Metabase");
    let found = known(look(&world, &alone, DATASET, &asked).await);
    assert!(found.contains("the warehouse's sessions were not asked"), "{found}");
    pass(&world, 600);
    assert!(world.is_loaded(load.loader));
    let never = look(&world, &reads(&world, "monitor"), "dataset/never-seen", &asked).await;
    assert!(never.answers[0].known[1].starts_with("loaded for it: 24 other tables, the newest"), "{never}");
    assert_eq!(known(never), "the loader is not connected");
}

#[tokio::test]
async fn rows_that_could_not_be_loaded_are_told_for_a_day() {
    let (world, night, _) = night(LoadTrouble::Healthy);
    let file = "s3://example-data/fraud-report-policy/part-3.avro";
    for (hours, reason) in [(1, "String length exceeds DDL length"), (30, "Invalid digit")] {
        let at = world.now() - Duration::from_secs(hours * 3_600);
        world.put_load_error(LoadError::new(at, file, "reason", reason));
    }
    world.put_load_error(LoadError::new(world.now(), "s3://example-data/bills/part-0.avro", "due", "Invalid date"));
    let found = look(&world, &reads(&world, "monitor"), DATASET, &[night.transaction]).await;
    assert_eq!(found.known.len(), 2, "{:?}", found.known);
    let row = &found.known[1];
    assert!(row.contains("60 min ago: String length exceeds DDL length") && row.contains("part-3.avro"), "{row}");
}

#[tokio::test]
async fn two_loads_for_one_transaction_are_both_told() {
    let (world, night, _) = night(LoadTrouble::Reader);
    let again = world.now() - Duration::from_secs(600);
    world.put_load(&Load::new("fraud_report_policy", night.yesterday.to_string(), Some(again)));
    let found = look(&world, &reads(&world, "monitor"), DATASET, &[night.yesterday]).await;
    assert_eq!((found.answers[0].loads.len(), found.answers[0].loads[0].at), (2, Some(again)));
    let text = found.to_string();
    assert!(text.contains("(10 min ago)") && text.contains("2 times in all"), "{text}");
}
