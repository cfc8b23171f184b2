//! Taking a retraction back: a commit of the same files, and what must be known about it.

use std::sync::Arc;

use dataset_files::{DatasetFiles, FilesRead, FilesWrite};
use metapod_client::DatasetAction;
use ops_plan::{Ask, Host, Job, Observed, Plan, Registry, Target, Verdict};
use ops_recipes::datasets::{Facts, RetractDatasets, RetractReads, Selection};
use ops_sandbox::World;

use crate::stage::{
    Told, committed, dataset_id, id_of, night, now, open, plan, run, shown, tonight, transaction, word, writes,
};

fn registry(world: &World, files: Option<Arc<dyn FilesRead>>) -> Registry {
    let mut reads =
        RetractReads::new(Arc::new(world.sonar()), Arc::new(world.metapod())).with_jobs(Arc::new(Told(vec![])));
    reads.files = files;
    Registry::new().with::<RetractDatasets>(reads, writes(world))
}

async fn undone(registry: &Registry, job: &dyn Job, recipe: &RetractDatasets) -> Plan {
    let all: Vec<usize> = (0..job.plan().len()).collect();
    let ask = Ask::new(recipe, Target::new("staging"), now()).unwrap();
    registry.undo(job.plan(), &all, "run-1", ask).await.unwrap()
}

#[tokio::test]
async fn what_was_retracted_is_committed_again_with_its_schema() {
    let world = night();
    let before = world.dataset(id_of("policy/limits")).unwrap();
    let registry = registry(&world, None);
    let recipe = RetractDatasets::new(tonight(), Selection::Names(vec!["policy/limits".parse().unwrap()]));
    let job = open(&registry, plan(&registry, &recipe).await);
    run(&*job).await;
    assert!(!world.dataset(id_of("policy/limits")).unwrap().dataset.committed);

    let undo = undone(&registry, &*job, &recipe).await;
    assert_eq!(undo.head().undoes.as_deref(), Some("run-1"));
    insta::assert_snapshot!(shown(&undo));
    let (after, findings) = run(&*open(&registry, undo)).await;
    assert_eq!(after, [Observed::Done]);
    assert_eq!(word(&findings, "committed").unwrap().verdict, Verdict::Pass);
    let again = world.dataset(id_of("policy/limits")).unwrap();
    assert_eq!((&again.dataset.path, &again.dataset.format), (&before.dataset.path, &before.dataset.format));
    assert_ne!(again.dataset.committed_at, before.dataset.committed_at);
    let columns = |detail: &sonar_client::DatasetDetail| {
        let attributes = detail.schema.as_ref().unwrap().attributes.iter();
        attributes.map(|a| (a.name.clone(), a.logical_type.clone())).collect::<Vec<_>>()
    };
    assert_eq!(columns(&again), columns(&before));
}

#[tokio::test]
async fn what_came_since_is_not_overwritten() {
    let world = night();
    let registry = registry(&world, None);
    let recipe = RetractDatasets::new(tonight(), Selection::AllCommitted);
    let job = open(&registry, plan(&registry, &recipe).await);
    run(&*job).await;
    world.commit(id_of("policy/limits"), ops_sandbox::metapod::CommitSpec::new()).unwrap();
    let undo = undone(&registry, &*job, &recipe).await;
    let (after, _) = run(&*open(&registry, undo)).await;
    assert_eq!(after.iter().filter(|seen| matches!(seen, Observed::Drifted(_))).count(), 1, "{after:?}");
    assert_eq!(after.iter().filter(|seen| **seen == Observed::Done).count(), 4, "{after:?}");
}

/// A world in which one dataset was committed long ago, and appends to an archive.
fn long_ago() -> World {
    let world = World::seeded(3).at(now());
    let mut old = committed(1, "dataset/old", "2026-11-10T03:00:00Z");
    old.actions = vec![DatasetAction::CreateArchive];
    let young = committed(2, "dataset/young", "2026-11-22T03:00:00Z");
    world.put(&transaction(tonight(), "2026-11-10", "2026-11-10T00:01:04Z"), &[old, young]).unwrap();
    world
}

async fn old_files(files: Option<Arc<dyn FilesRead>>) -> Plan {
    let world = long_ago();
    let registry = registry(&world, files);
    let recipe = RetractDatasets::new(tonight(), Selection::AllCommitted);
    let job = open(&registry, plan(&registry, &recipe).await);
    run(&*job).await;
    undone(&registry, &*job, &recipe).await
}

#[tokio::test]
async fn old_files_are_asked_about_or_looked_at() {
    let unseen = old_files(None).await;
    let finding = word(&unseen.head().findings, "no-evidence").unwrap();
    assert_eq!(finding.verdict, Verdict::Ask);
    assert!(finding.text.starts_with("1 commit more than 7 days old, nobody looked"), "{finding}");
    let gone = old_files(Some(Arc::new(DatasetFiles::memory()))).await;
    assert!(word(&gone.head().findings, "no-evidence").unwrap().text.contains("have no files any more"));
    let files = DatasetFiles::memory();
    let old = long_ago().dataset(dataset_id(1)).unwrap().dataset.path.unwrap();
    files.put_new(&format!("{old}/part-0.parquet").parse().unwrap(), b"anything".to_vec()).await.unwrap();
    let there = old_files(Some(Arc::new(files))).await;
    assert_eq!(word(&there.head().findings, "old-files").unwrap().verdict, Verdict::Pass);
}

#[tokio::test]
async fn an_archive_may_hold_the_day_twice() {
    let undo = old_files(None).await;
    let finding = word(&undo.head().findings, "archive").unwrap();
    assert_eq!(finding.verdict, Verdict::Warn);
    assert!(finding.text.ends_with("dataset/old"), "{finding}");
}

#[tokio::test]
async fn without_kept_facts_the_undo_says_what_is_missing() {
    let world = night();
    let registry = registry(&world, None);
    let recipe = RetractDatasets::new(tonight(), Selection::AllCommitted).with_facts(Facts::WithoutSchema);
    let job = open(&registry, plan(&registry, &recipe).await);
    run(&*job).await;
    let undo = undone(&registry, &*job, &recipe).await;
    assert!(
        word(&undo.head().findings, "schema")
            .unwrap()
            .text
            .starts_with("5 datasets will be committed without a schema")
    );
    let (after, _) = run(&*open(&registry, undo)).await;
    assert_eq!(after, vec![Observed::Done; 5]);
}
