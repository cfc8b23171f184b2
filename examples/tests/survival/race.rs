//! Two processes want the same transaction, or the same run: one works, the other says who it is.

use ops_plan::Outcome;

use crate::child::{Errand, Halt, Process, Said};
use crate::stage::Stage;

const DATASETS: usize = 12;
const HELD: Halt = Halt::BeforeCall(1);

/// Starts two processes, and says which one works and what the other one says. The one that works stands still until
/// the other one has ended.
fn race(first: &Errand, second: &Errand) -> (Process, String) {
    let mut processes = [first, second].map(|errand| Process::start(&errand.clone().halting(HELD)));
    let said = processes.each_mut().map(Process::said);
    let [first, second] = processes;
    match said {
        [Said::Halted, Said::Failed(text)] => (first, text),
        [Said::Failed(text), Said::Halted] => (second, text),
        both => panic!("one works, one does not: {both:?}"),
    }
}

fn finish(mut winner: Process) {
    winner.go_on();
    let end = winner.said();
    assert!(matches!(end, Said::Ended { outcome: Outcome::Done, changed: DATASETS, .. }), "{end:?}");
}

#[test]
fn for_one_transaction() {
    for _ in 0..10 {
        let stage = Stage::of(DATASETS);
        let errand = Errand::retract(&stage, 3);
        let (winner, loser) = race(&errand.clone().by("ana"), &errand.by("bo"));
        let holder = if loser.contains("of ana on") { "ana" } else { "bo" };
        let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        let expected = format!(" of {holder} on {} (process {})", machine.trim(), winner.id());
        assert!(loser.contains(&format!("transaction {} is held by run ", stage.transaction)), "{loser}");
        assert!(loser.contains("-retract-datasets-") && loser.contains(&expected), "{loser}\nnot {expected}");
        assert_eq!(stage.world.committed(stage.transaction), DATASETS, "the loser changed something");
        finish(winner);
        stage.assert_exactly_once(0, 3);
    }
}

#[test]
fn to_resume_one_run() {
    let stage = Stage::of(DATASETS);
    let mut process = Process::start(&Errand::retract(&stage, 3).halting(Halt::AfterCall(5)));
    assert!(matches!(process.said(), Said::Halted));
    process.kill();
    let run = stage.only_run();
    let errand = Errand::resume(&stage, &run);
    let (winner, loser) = race(&errand.clone().by("ana"), &errand.by("bo"));
    assert!(loser.contains(" is held by ") && loser.contains(&format!("(process {})", winner.id())), "{loser}");
    finish(winner);
    stage.assert_exactly_once(1, 3);
}

/// What holds a subject dies with its process: no lock is left that somebody would have to remove.
#[test]
fn a_dead_holder_holds_nothing() {
    let stage = Stage::of(DATASETS);
    let errand = Errand::retract(&stage, 3);
    let mut process = Process::start(&errand.clone().halting(HELD));
    assert!(matches!(process.said(), Said::Halted));
    process.kill();
    assert!(matches!(Process::start(&errand).said(), Said::Ended { outcome: Outcome::Done, changed: DATASETS, .. }));
    stage.assert_exactly_once(0, 3);
}

/// The locks lie in the folder of the runs: two folders know nothing of each other, and the world is still right.
#[test]
fn from_two_folders() {
    let stage = Stage::of(DATASETS);
    let errand = Errand::retract(&stage, 3);
    let elsewhere = tempfile::tempdir().unwrap();
    let mut first = Process::start(&errand.clone().halting(Halt::AfterCall(5)));
    assert!(matches!(first.said(), Said::Halted));
    let second = Process::start(&errand.keeping_runs_in(elsewhere.path())).said();
    assert!(matches!(second, Said::Ended { outcome: Outcome::Done, left: 0, .. }), "{second:?}");
    first.go_on();
    let end = first.said();
    assert!(matches!(end, Said::Ended { outcome: Outcome::Done, left: 0, .. }), "{end:?}");
    for id in stage.world.dataset_ids(stage.transaction) {
        assert_eq!(stage.world.effects(id), 1);
    }
}
