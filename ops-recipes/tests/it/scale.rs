//! A hundred thousand datasets: planning and looking take time that grows with them, not with their square.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ops_plan::{Observed, Registry};
use ops_recipes::datasets::{Facts, IdList, RetractDatasets, RetractReads, Selection};
use ops_sandbox::World;
use ops_sandbox::scenario::{Bulk, bulk};

use crate::stage::{Told, now, open, plan, writes};

/// From the question to the sealed plan, and one look at all of it.
async fn timed(datasets: usize, by_ids: bool) -> (Duration, Duration) {
    let world = World::seeded(9).at(now());
    let id = bulk(&world, Bulk::new(datasets)).unwrap();
    let reads = RetractReads::new(Arc::new(world.sonar()), Arc::new(world.metapod())).with_jobs(Arc::new(Told(vec![])));
    let registry = Registry::new().with::<RetractDatasets>(reads, writes(&world));
    let selection =
        if by_ids { Selection::Ids(IdList::new("ids.txt", world.dataset_ids(id))) } else { Selection::AllCommitted };
    let recipe = RetractDatasets::new(id, selection).with_facts(Facts::WithoutSchema);
    let start = Instant::now();
    let plan = plan(&registry, &recipe).await;
    let planned = start.elapsed();
    assert_eq!((plan.len(), plan.head().population), (datasets, Some(datasets as u64)));
    let job = open(&registry, plan);
    let all: Vec<usize> = (0..datasets).collect();
    let start = Instant::now();
    let seen = job.observe(&all).await.unwrap();
    assert!(seen.iter().all(|seen| *seen == Observed::Pending));
    (planned, start.elapsed())
}

#[tokio::test]
async fn nothing_grows_with_the_square() {
    for by_ids in [false, true] {
        let (small_plan, small_look) = timed(5_000, by_ids).await;
        let (plan, look) = timed(100_000, by_ids).await;
        // Twenty times the datasets: a square would take four hundred times as long. The floor keeps a quick machine, and a
        // busy one, from deciding by chance.
        let allowed = |small: Duration| small.max(Duration::from_millis(20)) * 100;
        assert!(plan < allowed(small_plan), "planning: {small_plan:?} for 5,000, {plan:?} for 100,000");
        assert!(look < allowed(small_look), "looking: {small_look:?} for 5,000, {look:?} for 100,000");
        println!("100,000 datasets (by ids: {by_ids}): planned in {plan:?}, looked at in {look:?}");
    }
}
