//! `commit-empty-dataset`: guards, successors, the way back, and the duty that stays.

use std::sync::Arc;

use ops_plan::{Ask, Host, Observed, Plan, Registry, Target, Verdict};
use ops_recipes::datasets::{
    CommitEmptyDataset, CommitEmptyReads, EmptyFile, Job, JobState, Jobs, Knowledge, LocalObjects, Owner, Successors,
    Writer,
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
    let reads = reads(world).with_objects(Arc::new(LocalObjects::new(root.path())));
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
        (Some(NO_ROWS), Verdict::Pass, "a Parquet file of no rows"),
        (Some(ONE_ROW), Verdict::Block, "is not empty: it has 1 row"),
        (Some(&b"an empty text is no Parquet file"[..]), Verdict::Block, "is no Parquet file"),
        (None, Verdict::Block, "does not exist"),
    ] {
        let plan = plan(&registry(&world, &store(bytes)), &recipe).await;
        let finding = word(&plan.head().findings, "empty-file").unwrap();
        assert_eq!(finding.verdict, wanted);
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
