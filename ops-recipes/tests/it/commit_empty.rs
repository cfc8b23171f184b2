//! `commit-empty-dataset`: guards, successors, the way back, and the duty that stays.

use std::sync::Arc;

use dataset_files::{DatasetFiles, EmptyParquet, FileSchema, FilesRead, FilesWrite, empty_parquet};
use ops_plan::{Ask, Host, Observed, Plan, Registry, Target, Verdict};
use ops_recipes::datasets::{
    CommitEmptyDataset, CommitEmptyReads, EmptyFile, Job, JobState, Jobs, Knowledge, Made, MetapodWrites, Owner,
    Successors, Writer,
};
use ops_sandbox::World;
use ops_sandbox::metapod::CommitSpec;
use sonar_client::{Dataset, DatasetDetail};

use crate::stage::{
    Told, dataset_id, id_of, night, now, open, plan, run, shown, texts, tonight, transaction, verdict, word, writes,
};

const EMPTY: &str = "s3://example-static/empty-materialized/empty.gz.parquet";

/// A Parquet file of no rows, as `parquet-tools` shows it: a schema of one column, no row group.
const NO_ROWS: &[u8] = b"PAR1\x15\x02\x19\x2c\x48\x04root\x15\x02\x00\x15\x0c\x25\x02\x18\x02id\x00\x16\x00\x19\x0c\x00\x1b\x00\x00\x00PAR1";
/// The same, claiming one row.
const ONE_ROW: &[u8] = b"PAR1\x15\x02\x19\x2c\x48\x04root\x15\x02\x00\x15\x0c\x25\x02\x18\x02id\x00\x16\x02\x19\x0c\x00\x1b\x00\x00\x00PAR1";

fn store(bytes: Option<&[u8]>) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    if let Some(bytes) = bytes {
        let folder = root.path().join("example-static/empty-materialized");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("empty.gz.parquet"), bytes).unwrap();
    }
    root
}

fn reads(world: &World) -> CommitEmptyReads {
    CommitEmptyReads::new(Arc::new(world.sonar()), Arc::new(world.metapod())).with_jobs(Arc::new(Told(vec![])))
}

fn registry(world: &World, root: &tempfile::TempDir) -> Registry {
    let reads = reads(world).with_files(Arc::new(DatasetFiles::local(root.path())));
    Registry::new().with::<CommitEmptyDataset>(reads, writes(world))
}

fn recipe(name: &str) -> CommitEmptyDataset {
    CommitEmptyDataset::new(tonight(), name.parse().unwrap(), EmptyFile::parquet(EMPTY.parse().unwrap()))
}

fn nothing_is_made_from_it() -> Knowledge {
    Knowledge::new().with_successors(Vec::new())
}

async fn planned(world: &World, recipe: &CommitEmptyDataset) -> Plan {
    plan(&registry(world, &store(Some(NO_ROWS))), recipe).await
}

fn names(list: &[&str]) -> Vec<metapod_client::DatasetName> {
    list.iter().map(|name| name.parse().unwrap()).collect()
}

#[tokio::test]
async fn the_dataset_and_its_successors_are_committed_empty() {
    let world = night();
    let root = store(Some(NO_ROWS));
    let registry = registry(&world, &root);
    let knowledge =
        Knowledge::new().with_owner(Owner::new("dataset/fx-*", "fx-team@example.com")).with_successors(vec![
            Successors::new("dataset/fx-model".parse().unwrap(), names(&["model/fx-model", "dataset/fx-model-csv-gz"])),
            Successors::new(
                "model/fx-model".parse().unwrap(),
                names(&["model/fx-model-avro", "policy/limits", "model/none"]),
            ),
        ]);
    let recipe = recipe("dataset/fx-model").with_knowledge(knowledge);
    let plan = plan(&registry, &recipe).await;
    insta::assert_snapshot!(shown(&plan));
    let job = open(&registry, plan);
    let (after, findings) = run(&*job).await;
    assert_eq!(after, vec![Observed::Done; 3]);
    assert!(findings.iter().all(|finding| finding.verdict == Verdict::Pass), "{findings:?}");
    let seen = world.dataset(id_of("dataset/fx-model")).unwrap().dataset;
    assert_eq!((seen.committed, seen.path.unwrap().as_str()), (true, EMPTY));

    // The duty that stays.
    let duty = job.obligation(0).unwrap();
    assert_eq!(duty.owner.as_deref(), Some("fx-team@example.com"));
    assert_eq!(duty.deadline, Some("2026-11-23T00:01:04Z".parse().unwrap()));
    let head = job.plan().head().clone();
    assert!(registry.still_owed(&head, &duty).await.unwrap(), "no later run yet");
    let tomorrow = "11111111-001b-56f7-a4fe-b3a417f8f654".parse().unwrap();
    let with_it = DatasetDetail::new(Dataset::new(dataset_id(50), "dataset/fx-model".parse().unwrap()));
    world.put(&transaction(tomorrow, "2026-11-23", "2026-11-23T00:01:04Z"), &[with_it]).unwrap();
    assert!(registry.still_owed(&head, &duty).await.unwrap(), "the next run has it still");
    let later = "22222222-001b-56f7-a4fe-b3a417f8f654".parse().unwrap();
    let without = DatasetDetail::new(Dataset::new(dataset_id(51), "dataset/other".parse().unwrap()));
    world.put(&transaction(later, "2026-11-24", "2026-11-24T00:01:04Z"), &[without]).unwrap();
    assert!(!registry.still_owed(&head, &duty).await.unwrap(), "the run after has it no more");

    // The way back; real data that came since stays.
    world.recommit(id_of("model/fx-model")).unwrap();
    let ask = Ask::new(&recipe, Target::new("staging"), now()).unwrap();
    let undo = registry.undo(job.plan(), &[0, 1, 2], "run-1", ask).await.unwrap();
    assert!(undo.head().title.ends_with("retract 3 empty commits"), "{}", undo.head().title);
    let (after, findings) = run(&*open(&registry, undo)).await;
    assert_eq!(after.iter().filter(|seen| **seen == Observed::Done).count(), 2, "{after:?}");
    assert!(after.iter().any(|seen| matches!(seen, Observed::Drifted(_))), "{after:?}");
    assert!(findings.iter().all(|finding| finding.verdict == Verdict::Pass), "{findings:?}");
    assert!(world.dataset(id_of("model/fx-model")).unwrap().dataset.committed);
    assert!(!world.dataset(id_of("dataset/fx-model")).unwrap().dataset.committed);
}

#[tokio::test]
async fn what_is_committed_is_left() {
    let world = night();
    let real = planned(&world, &recipe("policy/limits")).await;
    assert_eq!((real.len(), verdict(&real, "dataset")), (0, Some(Verdict::Block)));
    world.commit(id_of("dataset/fx-model"), CommitSpec::new().path(EMPTY.parse().unwrap())).unwrap();
    let done = planned(&world, &recipe("dataset/fx-model")).await;
    assert_eq!((done.len(), verdict(&done, "dataset")), (0, Some(Verdict::Pass)));
    assert!(word(&done.head().findings, "dataset").unwrap().text.starts_with("nothing to do"));
    world.abort(id_of("model/churn-risk")).unwrap();
    let aborted = planned(&world, &recipe("model/churn-risk")).await;
    assert_eq!((aborted.len(), verdict(&aborted, "dataset")), (0, Some(Verdict::Block)));
    let unknown = planned(&world, &recipe("model/none")).await;
    assert_eq!((unknown.len(), verdict(&unknown, "dataset")), (0, Some(Verdict::Block)));
}

#[tokio::test]
async fn successors_that_nobody_knows_are_asked_about() {
    let world = night();
    let unknown = planned(&world, &recipe("model/churn-risk")).await;
    assert_eq!(verdict(&unknown, "successors"), Some(Verdict::Ask));
    let none = planned(&world, &recipe("model/churn-risk").with_knowledge(nothing_is_made_from_it())).await;
    assert_eq!(verdict(&none, "successors"), Some(Verdict::Pass));
    assert_eq!(texts(&none).len(), 1);
}

#[tokio::test]
async fn critical_ones_are_asked_about() {
    let world = night();
    let recipe = recipe("model/churn-risk");
    let plain = planned(&world, &recipe.clone().with_knowledge(nothing_is_made_from_it())).await;
    assert_eq!(verdict(&plain, "critical"), Some(Verdict::Pass));
    let knowledge = nothing_is_made_from_it().with_owner(Owner::new("model/churn-*", "risk@example.com").critical());
    let critical = planned(&world, &recipe.with_knowledge(knowledge)).await;
    let finding = word(&critical.head().findings, "critical").unwrap();
    assert_eq!(
        (finding.verdict, finding.text.as_str()),
        (Verdict::Ask, "critical: model/churn-risk (owner: risk@example.com)")
    );
}

#[tokio::test]
async fn a_job_that_will_be_retried_would_overwrite_it() {
    let world = night();
    let jobs: Arc<dyn Jobs> = Arc::new(Told(vec![Job::new("churn-risk", JobState::UpForRetry)]));
    let registry = Registry::new().reading::<CommitEmptyDataset>(reads(&world).with_jobs(jobs));
    let knowledge = nothing_is_made_from_it().with_writer(Writer::new("model/churn-risk", "churn-risk"));
    let plan = plan(&registry, &recipe("model/churn-risk").with_knowledge(knowledge)).await;
    assert_eq!(verdict(&plan, "live-writer"), Some(Verdict::Ask));
    // Nobody could look at the file either.
    assert_eq!(verdict(&plan, "no-evidence"), Some(Verdict::Ask));
}

#[tokio::test]
async fn the_file_must_be_there_and_empty() {
    let world = night();
    let recipe = recipe("model/churn-risk").with_knowledge(nothing_is_made_from_it());
    for (bytes, wanted, words) in [
        (Some(NO_ROWS), Verdict::Pass, "a file in Parquet of no rows"),
        (Some(ONE_ROW), Verdict::Block, "its footer tells 1 rows, its row groups 0"),
        (Some(&b"an empty text is no Parquet file"[..]), Verdict::Block, "is no file of a dataset"),
        (None, Verdict::Block, "does not exist"),
    ] {
        let plan = plan(&registry(&world, &store(bytes)), &recipe).await;
        let finding = word(&plan.head().findings, "empty-file").unwrap_or_else(|| panic!("{:?}", plan.head().findings));
        assert_eq!(finding.verdict, wanted);
        assert!(finding.text.contains(words), "{finding}");
    }
}

#[tokio::test]
async fn a_file_with_rows_and_a_folder_are_refused() {
    let (world, night) = World::nightly(1);
    let files = Arc::new(ops_sandbox::scenario::files(&world, &night).await.unwrap());
    let full = world.find(night.transaction, "dataset/account-balances").and_then(|id| world.dataset(id)).unwrap();
    let folder = full.dataset.path.unwrap();
    let file: metapod_client::S3Path = format!("{folder}/part-00000.snappy.parquet").parse().unwrap();
    for (path, words) in [(file, "is not empty: it has 500 rows"), (folder, "it is a folder")] {
        let name = night.failed[0].clone();
        let recipe = CommitEmptyDataset::new(night.transaction, name, EmptyFile::parquet(path));
        let plan = plan(&making(&world, &files), &recipe).await;
        let finding = word(&plan.head().findings, "empty-file").unwrap();
        assert_eq!(finding.verdict, Verdict::Block);
        assert!(finding.text.contains(words), "{finding}");
    }
}

#[tokio::test]
async fn twins_in_avro_are_told() {
    let world = night();
    let knowledge = nothing_is_made_from_it();
    let beside = planned(&world, &recipe("model/fx-model").with_knowledge(knowledge.clone())).await;
    assert!(
        word(&beside.head().findings, "twin")
            .unwrap()
            .text
            .starts_with("model/fx-model-avro, which the warehouse loads")
    );
    let itself = planned(&world, &recipe("model/fx-model-avro").with_knowledge(knowledge.clone())).await;
    assert_eq!(verdict(&itself, "twin"), Some(Verdict::Warn));
    let none = planned(&world, &recipe("model/churn-risk").with_knowledge(knowledge)).await;
    assert_eq!(verdict(&none, "twin"), None);
}

/// A file that an earlier run left, whose columns the new one gets.
const BEFORE: &str = "message spark_schema { required binary id (STRING); optional int64 amount; optional int96 at; }";

fn below() -> Made {
    Made::below("s3://example-static/empty/".parse().unwrap())
}

/// The night, and the run before it, in which the dataset was committed with this path and schema.
async fn with_yesterday(schema: Option<metapod_client::Schema>, file: bool) -> (World, Arc<DatasetFiles>) {
    let world = night();
    let files = DatasetFiles::memory();
    let yesterday = "11111111-001b-56f7-a4fe-b3a417f8f654".parse().unwrap();
    let path: metapod_client::S3Path = "s3://example-metapod/before".parse().unwrap();
    let dataset = Dataset::new(dataset_id(70), "dataset/fx-model".parse().unwrap());
    let at = "2026-11-21T03:00:00Z".parse().unwrap();
    let mut detail = DatasetDetail::new(dataset.committed_at(at, path.clone(), metapod_client::DatasetFormat::Parquet));
    detail.schema = schema;
    world.put(&transaction(yesterday, "2026-11-21", "2026-11-21T00:01:04Z"), &[detail]).unwrap();
    if file {
        let content = empty_parquet(&FileSchema::parse(BEFORE).unwrap()).unwrap();
        files.put_new(&format!("{path}/part-0.parquet").parse().unwrap(), content).await.unwrap();
    }
    (world, Arc::new(files))
}

fn making(world: &World, files: &Arc<DatasetFiles>) -> Registry {
    let reads = reads(world).with_files(Arc::clone(files) as Arc<dyn FilesRead>).making(Arc::new(EmptyParquet));
    let writes: MetapodWrites = writes(world).with_files(Arc::clone(files) as Arc<dyn FilesWrite>);
    Registry::new().with::<CommitEmptyDataset>(reads, writes)
}

fn made(name: &str) -> CommitEmptyDataset {
    CommitEmptyDataset::new(tonight(), name.parse().unwrap(), below()).with_knowledge(nothing_is_made_from_it())
}

#[tokio::test]
async fn a_file_is_made_with_the_columns_of_the_run_before() {
    let (world, files) = with_yesterday(None, true).await;
    let registry = making(&world, &files);
    let plan = plan(&registry, &made("dataset/fx-model")).await;
    assert_eq!(plan.head().phases.len(), 2, "{:?}", texts(&plan));
    let finding = word(&plan.head().findings, "empty-file").unwrap();
    assert!(finding.text.contains("no rows, 3 columns, as its file of the run of 2026-11-21"), "{finding}");
    let job = open(&registry, plan);
    let (after, findings) = run(&*job).await;
    assert_eq!(after, vec![Observed::Done; 2]);
    assert!(findings.iter().all(|finding| finding.verdict == Verdict::Pass), "{findings:?}");
    let path = world.dataset(id_of("dataset/fx-model")).unwrap().dataset.path.unwrap();
    assert_eq!(path.as_str(), format!("s3://example-static/empty/{}/dataset-fx-model.parquet", tonight()));
    let there = files.describe(&path).await.unwrap();
    assert_eq!((there.rows, there.schema), (Some(0), FileSchema::parse(BEFORE).unwrap().to_string()));

    // The way back retracts the commit, and leaves the file; asked again, it is there already.
    let ask = Ask::new(&made("dataset/fx-model"), Target::new("staging"), now()).unwrap();
    let undo = registry.undo(job.plan(), &[0, 1], "run-1", ask).await.unwrap();
    assert_eq!(undo.len(), 1, "{:?}", texts(&undo));
    let (after, _) = run(&*open(&registry, undo)).await;
    assert_eq!(after, vec![Observed::Done]);
    let again = crate::stage::plan(&registry, &made("dataset/fx-model")).await;
    assert_eq!(again.len(), 1, "{:?}", texts(&again));
    assert!(word(&again.head().findings, "empty-file").unwrap().text.starts_with("there already"));
}

#[tokio::test]
async fn where_the_old_file_is_gone_metapod_still_has_its_columns() {
    use metapod_client::{Attribute, LogicalType, Schema};
    let kinds = [("id", LogicalType::Uuid), ("amount", LogicalType::Decimal), ("day", LogicalType::Date)];
    let schema = Schema::new(kinds.map(|(name, kind)| Attribute::new(name).with_type(kind)).to_vec());
    let (world, files) = with_yesterday(Some(schema), false).await;
    let plan = plan(&making(&world, &files), &made("dataset/fx-model")).await;
    let finding = word(&plan.head().findings, "empty-file").unwrap();
    assert_eq!(finding.verdict, Verdict::Pass);
    assert!(finding.text.contains("3 columns, as Metapod's columns of the run of"), "{finding}");
}

#[tokio::test]
async fn no_file_is_made_of_columns_that_nobody_knows_or_over_another_file() {
    let (world, files) = with_yesterday(None, false).await;
    let registry = making(&world, &files);
    let unknown = plan(&registry, &made("dataset/fx-model")).await;
    let finding = word(&unknown.head().findings, "empty-file").unwrap();
    assert_eq!(finding.verdict, Verdict::Block);
    assert!(finding.text.contains("are not known"), "{finding}");

    let like: metapod_client::S3Path = "s3://example-static/like.parquet".parse().unwrap();
    let content = empty_parquet(&FileSchema::parse(BEFORE).unwrap()).unwrap();
    files.put_new(&like, content).await.unwrap();
    let mut named = made("dataset/fx-model");
    named.empty = below().like(like.clone()).into();
    let as_named = plan(&registry, &named).await;
    assert!(
        word(&as_named.head().findings, "empty-file").unwrap().text.ends_with("as s3://example-static/like.parquet")
    );

    let other = empty_parquet(&FileSchema::parse("message spark_schema { optional int32 x; }").unwrap()).unwrap();
    let place = format!("s3://example-static/empty/{}/dataset-fx-model.parquet", tonight());
    files.put_new(&place.parse().unwrap(), other).await.unwrap();
    let taken = plan(&registry, &named).await;
    let finding = word(&taken.head().findings, "empty-file").unwrap();
    assert!(finding.verdict == Verdict::Block && finding.text.contains("is another file"), "{finding}");

    let avro = plan(&registry, &made("model/fx-model-avro")).await;
    assert_eq!(verdict(&avro, "empty-file"), Some(Verdict::Block));
}

/// Somebody puts a file there between the plan and the run: it is not overwritten, and not committed.
#[tokio::test]
async fn what_came_to_lie_there_is_left_alone() {
    let (world, files) = with_yesterday(None, true).await;
    let registry = making(&world, &files);
    let plan = plan(&registry, &made("dataset/fx-model")).await;
    let place = format!("s3://example-static/empty/{}/dataset-fx-model.parquet", tonight());
    let other = empty_parquet(&FileSchema::parse("message spark_schema { optional int32 x; }").unwrap()).unwrap();
    files.put_new(&place.parse().unwrap(), other).await.unwrap();
    let job = open(&registry, plan);
    let seen = job.observe(&[0]).await.unwrap();
    assert!(matches!(&seen[0], Observed::Drifted(what) if what.contains("another file")), "{seen:?}");
    let refused = job.perform(0).await.unwrap_err();
    assert_eq!(refused.kind(), ops_client::ErrorKind::Conflict);
}
