//! Two hundred datasets, and an engine that crashes before and after every one of its steps.

use ops_plan::{Host, MemoryJournal, Outcome, Plan};
use ops_sandbox::{Operation, World};

use crate::engine::{Engine, Went, fold};
use crate::stage::{approve, in_memory, staging, world_of};
use ops_recipes::datasets::{RetractDatasets, Selection};

const DATASETS: usize = 200;

/// The plan, which fits every world that `world_of` makes: they are alike to the last id.
async fn plan(width: usize) -> Plan {
    let (world, transaction) = world_of(DATASETS);
    let question = RetractDatasets::new(transaction, Selection::AllCommitted).with_concurrency(width);
    in_memory(&world).propose(&question, staging()).await.unwrap()
}

/// One life up to its crash, and another one to the end; whether there was a crash.
async fn crash_and_resume(plan: &Plan, width: u64, half_steps: usize) -> bool {
    let (world, _) = world_of(DATASETS);
    let job = in_memory(&world).open(&approve(plan.clone())).unwrap();
    let mut journal = MemoryJournal::new();
    let now = plan.head().made_at;
    let first = Engine::new(&*job, &mut journal, &fold(&[]), now)
        .with_dice(half_steps as u64)
        .crashing_after(half_steps)
        .run()
        .await;
    let crashed = first.unwrap() == Went::Crashed;
    if crashed {
        let history = fold(&journal.entries());
        let mut second = Engine::new(&*job, &mut journal, &history, now).with_dice(half_steps as u64);
        assert_eq!(second.run().await.unwrap(), Went::Ended(Outcome::Done), "{half_steps}");
        assert_eq!(second.walk().changed().len(), DATASETS, "{half_steps}: all are this run's");
    }
    assert_once_each(&world, if crashed { width } else { 0 }, half_steps);
    crashed
}

fn assert_once_each(world: &World, spare: u64, half_steps: usize) {
    let lines = world.log().into_iter().filter(|line| line.operation == Operation::RetractCommittedDataset);
    let counts: Vec<_> = lines.map(|line| line.count).collect();
    assert_eq!(counts.len(), DATASETS, "{half_steps}");
    assert!(counts.iter().all(|count| count.effects == 1 && count.calls <= 2), "{half_steps}: {counts:?}");
    let again: u64 = counts.iter().map(|count| count.calls - 1).sum();
    assert!(again <= spare, "{half_steps}: {again} calls were made again");
}

async fn before_and_after_every_step(width: usize) {
    let plan = plan(width).await;
    let mut crashes = 0;
    while crash_and_resume(&plan, width as u64, crashes + 1).await {
        crashes += 1;
    }
    // Two for each call, and those for looks and intents.
    assert!(crashes > 2 * DATASETS, "{crashes}");
}

#[tokio::test]
async fn one_at_once() {
    before_and_after_every_step(1).await;
}

#[tokio::test]
async fn ten_at_once() {
    before_and_after_every_step(10).await;
}
