//! The recipes on the engine of one machine: a run with its folder, its undo, and the duties that are due.

use std::sync::Arc;

use jiff::Timestamp;
use ops_plan::{Approval, Expect, Outcome, Plan, Registry, Runner, Runs, Target, Verdict};
use ops_recipes::datasets::{
    CommitEmptyDataset, CommitEmptyReads, EmptyFile, Knowledge, MetapodWrites, RetractDatasets, RetractReads, Selection,
};
use ops_sandbox::World;

use crate::stage::Told;

fn registry(world: &World) -> Registry {
    let (sonar, metapod) = (Arc::new(world.sonar()), Arc::new(world.metapod()));
    let jobs = Arc::new(Told(Vec::new()));
    let reads = RetractReads::new(sonar.clone(), metapod.clone()).with_jobs(jobs.clone());
    let empty = CommitEmptyReads::new(sonar, metapod.clone()).with_jobs(jobs);
    Registry::new()
        .with::<RetractDatasets>(reads, MetapodWrites::new(metapod.clone()))
        .with::<CommitEmptyDataset>(empty, MetapodWrites::new(metapod))
}

/// Says yes to everything, now.
fn approved(plan: Plan) -> ops_plan::Approved {
    let head = plan.head();
    let expect = Expect::exactly(head.changes() as u64);
    let mut approval =
        Approval::new(plan.digest(), "ana", Timestamp::now()).expecting(expect).accepting("share", "meant");
    for finding in head.findings.iter().filter(|finding| finding.verdict == Verdict::Ask) {
        approval = approval.accepting(&finding.guard, "looked at");
    }
    plan.approve(approval).map_err(|(_, error)| error).unwrap()
}

#[tokio::test]
async fn a_night_is_retracted_and_taken_back() {
    let (world, night) = World::nightly(11);
    let before = world.committed(night.transaction);
    let registry = registry(&world);
    let folder = tempfile::tempdir().unwrap();
    let runner = Runner::new(Runs::at(folder.path()), "ana");
    let recipe = RetractDatasets::new(night.transaction, Selection::AllCommitted);
    let plan = registry.propose(&recipe, Target::new("staging")).await.unwrap();
    let report = runner.start(&registry, approved(plan)).await.unwrap();
    assert_eq!((report.outcome, report.changed, report.left), (Outcome::Done, before, 0), "{}", report.text());
    assert_eq!(world.committed(night.transaction), 0);
    assert!(world.dataset_ids(night.transaction).iter().all(|id| world.effects(*id) <= 1));

    let dir = runner.runs().find(&report.run).unwrap();
    let undo = runner.plan_undo(&registry, &dir).await.unwrap();
    assert_eq!(undo.head().changes(), before);
    let report = runner.start(&registry, approved(undo)).await.unwrap();
    assert_eq!((report.outcome, report.changed), (Outcome::Done, before), "{}", report.text());
    assert_eq!(world.committed(night.transaction), before);
}

#[tokio::test]
async fn a_passed_over_dataset_stays_a_duty() {
    let (world, night) = World::nightly(12);
    let registry = registry(&world);
    let folder = tempfile::tempdir().unwrap();
    let runner = Runner::new(Runs::at(folder.path()), "ana");
    let failed = night.failed.iter().find(|name| name.family() == "model").unwrap().clone();
    let empty = EmptyFile::parquet("s3://example-static/empty.gz.parquet".parse().unwrap());
    let knowledge = Knowledge::new().with_successors(Vec::new());
    let recipe = CommitEmptyDataset::new(night.transaction, failed.clone(), empty).with_knowledge(knowledge);
    let plan = registry.propose(&recipe, Target::new("staging")).await.unwrap();
    let report = runner.start(&registry, approved(plan)).await.unwrap();
    assert_eq!((report.outcome, report.debts.len()), (Outcome::Done, 1), "{}", report.text());
    assert!(report.line().contains("1 still owed"), "{}", report.line());
    let due = runner.runs().due(Some(&registry), Timestamp::now()).await.unwrap().due;
    assert_eq!(due.len(), 1);
    assert!(due[0].obligation.what.contains(failed.as_str()), "{:?}", due[0]);
}
