//! Large plans: the work grows with the number of actions, not with its square.

use std::time::{Duration, Instant};

use ops_plan::{History, MemoryJournal, Outcome, Runs};

use crate::lab::{Lab, approve};
use crate::world::{Paint, Spec};

/// Plans, stores, loads, runs and folds so many.
async fn whole_way(count: u32) -> Duration {
    let lab = Lab::new();
    let paint = Paint::alike(count, 64, Spec::owing);
    let started = Instant::now();
    let plan = lab.plan(&paint).await;
    let planned = started.elapsed();
    let path = lab.path().join("plan.jsonl");
    Runs::export(&plan, &path).unwrap();
    let plan = Runs::import(&lab.registry, &path).unwrap();
    let loaded = started.elapsed();
    let journal = MemoryJournal::new();
    let report = lab.runner().run_in_memory(&lab.registry, approve(plan.clone()), journal.clone()).await.unwrap();
    let ran = started.elapsed();
    assert_eq!((report.outcome, report.changed), (Outcome::Done, count as usize));
    assert_eq!(report.debts.len(), count as usize);
    let mut history = History::default();
    journal.entries().iter().for_each(|entry| history.apply(entry));
    assert_eq!(history.debts().count(), count as usize);
    assert_eq!(history.past(&plan).len(), count as usize);
    let all = started.elapsed();
    println!(
        "{count}: plan {planned:.1?}, store and load {:.1?}, run {:.1?}, fold {:.1?}, {} lines",
        loaded - planned,
        ran - loaded,
        all - ran,
        journal.entries().len()
    );
    all
}

#[tokio::test]
async fn ten_times_as_many_take_about_ten_times_as_long() {
    whole_way(1000).await;
    // Ten is fair, a hundred would be the square. A machine that is busy with something else gets three chances.
    for _ in 0..3 {
        let few = whole_way(5000).await;
        let many = whole_way(50_000).await;
        if many < few * 30 {
            return;
        }
        println!("{few:.1?} for 5,000 and {many:.1?} for 50,000");
    }
    panic!("the work grows faster than the plan");
}
