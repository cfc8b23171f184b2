//! `load-dataset`: where a dataset of a run lies, how it is read, whether it is there, and its first rows.

use std::sync::Arc;

use databricks_client::{Format, Language, Mapping, WorkspacePath};
use dataset_files::{DatasetFiles, FilesRead};
use jiff::Timestamp;
use ops_client::ErrorKind;
use ops_recipes::datasets::LoadDataset;
use ops_recipes::datasets::load_dataset::{Found, LoadReads, Seen};
use ops_recipes::first::{Access, FilesSystem, System, WorkspaceSystem};
use ops_sandbox::scenario::{self, Nightly};
use ops_sandbox::{Fault, Operation, World};

const NAME: &str = "dataset/account-balances";

struct Night {
    world: World,
    night: Nightly,
    reads: LoadReads,
}

async fn tonight() -> Night {
    let (world, night) = World::nightly(1);
    let files: DatasetFiles = scenario::files(&world, &night).await.unwrap();
    scenario::workspace(&world, &night).unwrap();
    let reads = LoadReads::new(Arc::new(world.sonar()))
        .with_workspace(Arc::new(world.databricks()))
        .with_files(Arc::new(files) as Arc<dyn FilesRead>);
    Night { world, night, reads }
}

impl Night {
    async fn ask(&self, question: &LoadDataset) -> Found {
        question.look(&self.reads, "prod", Timestamp::now()).await.unwrap()
    }

    fn question(&self, name: &str) -> LoadDataset {
        LoadDataset::new(self.night.transaction, name.parse().unwrap())
    }
}

#[tokio::test]
async fn path_notebook_and_rows() {
    let night = tonight().await;
    let found = night.ask(&night.question(NAME).with_rows(5)).await;
    let there = found.loadable.as_ref().unwrap();
    let key = there.s3.as_str().strip_prefix("s3://").unwrap();
    assert_eq!(there.spark.as_deref(), Some(format!("dbfs:/mnt/{key}").as_str()));
    assert_eq!(there.scala, format!("spark.read.parquet(\"dbfs:/mnt/{key}\")"));
    assert!(matches!(there.in_bucket, Seen::There { files: Some(1), more: false, .. }), "{:?}", there.in_bucket);
    assert!(matches!(there.in_workspace, Seen::There { files: Some(1), .. }), "{:?}", there.in_workspace);
    let preview = there.preview.as_ref().unwrap();
    assert_eq!((preview.rows.len(), preview.more), (5, true));
    assert!(found.is_there() && found.doubts.is_empty(), "{:?}", found.doubts);
    let text = found.to_string();
    for part in ["S3 path", "Databricks path", "Scala", "Python", "+ there, 1 file", "the first 5 rows", " id "] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.lines().filter(|line| !line.contains("://") && !line.contains("/mnt")).all(|line| line.len() <= 110));
    let command = found.command(Language::Python, 5).unwrap();
    assert!(command.starts_with("x = spark.read.parquet(") && command.ends_with("x.show(5, 40)"), "{command}");
}

#[tokio::test]
async fn volumes_buckets_and_paths_without_a_rule() {
    let mut night = tonight().await;
    night.reads.mapping = serde_json::from_str(r#"{ "s3://": "/Volumes/prod/metapod/{bucket}" }"#).unwrap();
    let found = night.ask(&night.question(NAME).with_rows(0)).await;
    let there = found.loadable.as_ref().unwrap();
    assert!(there.spark.as_ref().unwrap().starts_with("/Volumes/prod/metapod/"), "{there:?}");
    assert_eq!((&there.in_workspace, there.preview.is_none()), (&Seen::Missing, true));
    assert!(!found.is_there(), "the workspace does not see it");

    night.reads.mapping = Mapping::new([]).unwrap();
    let found = night.ask(&night.question(NAME)).await;
    let there = found.loadable.as_ref().unwrap();
    assert_eq!(there.spark, None);
    assert!(there.scala.contains("\"s3://") && found.doubts[0].contains("the mapping is empty"), "{found:?}");
    assert!(matches!(there.in_workspace, Seen::Unknown(_)));
}

#[tokio::test]
async fn the_twin_in_avro_is_another_dataset() {
    let night = tonight().await;
    let found = night.ask(&night.question("model/fraud-score").in_format(Format::Avro).with_rows(0)).await;
    assert_eq!(found.dataset.as_str(), "model/fraud-score-avro");
    assert!(found.loadable.unwrap().scala.starts_with("spark.read.format(\"avro\").load("));
    let back = night.ask(&night.question("model/fraud-score-avro").in_format(Format::Parquet).with_rows(0)).await;
    assert_eq!(back.dataset.as_str(), "model/fraud-score");
}

#[tokio::test]
async fn what_cannot_be_loaded_says_why() {
    let night = tonight().await;
    let none = night.ask(&night.question("dataset/no-such-thing")).await;
    assert!(none.loadable.is_none() && none.doubts[0].contains("is not in this transaction"), "{none:?}");
    let failed = night.ask(&night.question("dataset/credit-limit-history")).await;
    assert!(failed.loadable.is_none() && failed.doubts[0].contains("is not committed yet"), "{failed:?}");
    let gone = night.ask(&night.question("dataset/ledger-balances")).await;
    assert_eq!(gone.loadable.as_ref().unwrap().in_bucket, Seen::Missing, "nobody put files there");
    assert!(!gone.is_there() && gone.doubts[0].starts_with("its rows cannot be shown"), "{gone:?}");
}

/// What one system does not tell does not hide what the others do.
#[tokio::test]
async fn a_workspace_that_does_not_answer_is_a_line() {
    let night = tonight().await;
    night.world.faults().next(1, Operation::DatabricksPathStatus, Fault::Status(503));
    let found = night.ask(&night.question(NAME).with_rows(3)).await;
    let there = found.loadable.as_ref().unwrap();
    assert!(
        matches!(&there.in_workspace, Seen::Unknown(why) if why.contains("503") || why.contains("Unavailable")),
        "{there:?}"
    );
    assert!(found.is_there() && there.preview.is_some());
    let path: WorkspacePath = there.spark.as_ref().unwrap().parse().unwrap();
    night.world.remove_workspace_file(&path);
    assert_eq!(night.ask(&night.question(NAME)).await.loadable.unwrap().in_workspace, Seen::Missing);
}

#[tokio::test]
async fn the_workspace_and_the_files_are_looked_at_first() {
    let night = tonight().await;
    let workspace = WorkspaceSystem::new(Arc::new(night.world.databricks()), "memory");
    let checkup = workspace.check_up().await.unwrap();
    assert_eq!((&checkup.read, checkup.who.is_some()), (&Access::Yes, true));
    assert!(workspace.signs(Timestamp::now()).await.unwrap().is_empty());
    night.world.faults().next(1, Operation::DatabricksProbe, Fault::Status(503));
    assert_eq!(workspace.signs(Timestamp::now()).await.unwrap_err().kind(), ErrorKind::Unavailable);

    let files = night.reads.files.clone().unwrap();
    let at = |path: &str| FilesSystem::new(Arc::clone(&files), path.parse().unwrap(), "memory");
    let there = at("s3://sandbox-static/empty.gz.parquet");
    assert_eq!(there.check_up().await.unwrap().read, Access::Yes);
    assert!(there.signs(Timestamp::now()).await.unwrap().is_empty());
    let moved = at("s3://sandbox-static/old/empty.gz.parquet").signs(Timestamp::now()).await.unwrap();
    assert!(moved[0].what.contains("is not there: s3://sandbox-static/old/"), "{moved:?}");
    assert!(moved[0].next.as_deref().unwrap().starts_with("commit-empty-dataset --make"), "{moved:?}");
}
