//! A process is killed (SIGKILL) wherever a process can be killed, and the run is taken up again.

use std::time::Duration;

use ops_plan::Outcome;
use ops_sandbox::{Fault, Operation};

use crate::child::{Errand, Halt, Process, Said};
use crate::stage::{Stage, assert_done, until};

const DATASETS: usize = 40;

/// Kills a run where `halt` says, and takes it up; false where the run ended before that.
fn kill_and_resume(width: usize, halt: Halt) -> bool {
    let stage = Stage::of(DATASETS);
    let mut process = Process::start(&Errand::retract(&stage, width).halting(halt));
    match process.said() {
        Said::Halted => process.kill(),
        Said::Ended { outcome: Outcome::Done, changed: DATASETS, already: 0, left: 0 } => {
            stage.assert_exactly_once(0, width);
            return false;
        }
        other => panic!("{halt:?}: {other:?}"),
    }
    let run = stage.only_run();
    let report = stage.take_up(&stage.runner(), &run).unwrap_or_else(|error| panic!("{halt:?}: {error}"));
    assert_done(&report, DATASETS);
    stage.assert_exactly_once(1, width);
    true
}

fn at_every_record(width: usize) {
    let kills = (1..).take_while(|&record| kill_and_resume(width, Halt::Record(record))).count();
    // A record of its own for each call, and those of the run.
    assert!(kills > DATASETS + 5, "{kills}");
}

#[test]
fn at_every_record_one_at_once() {
    at_every_record(1);
}

#[test]
fn at_every_record_ten_at_once() {
    at_every_record(10);
}

#[test]
fn before_and_after_calls() {
    for width in [1, 10] {
        for call in [1, 2, 3, 7, 15, 16, 25, 39, 40] {
            assert!(kill_and_resume(width, Halt::BeforeCall(call)), "{call}");
            assert!(kill_and_resume(width, Halt::AfterCall(call)), "{call}");
        }
    }
}

/// The server did it, and the process dies before it hears so.
#[test]
fn while_a_call_is_at_the_server() {
    for (width, call) in [(1, 1), (1, 23), (10, 1), (10, 23)] {
        let stage = Stage::of(DATASETS);
        let mut process = Process::start(&Errand::retract(&stage, width).halting(Halt::BeforeCall(call)));
        assert!(matches!(process.said(), Said::Halted));
        stage.world.faults().next(1, Operation::RetractCommittedDataset, Fault::Delay(Duration::from_secs(3600)));
        process.go_on();
        until("the delayed call takes effect", || stage.world.faults().fired() == 1 && effects(&stage) >= call);
        process.kill();
        let report = stage.resume(&stage.only_run()).unwrap();
        assert_done(&report, DATASETS);
        stage.assert_exactly_once(1, width);
    }
}

fn effects(stage: &Stage) -> usize {
    DATASETS - stage.world.committed(stage.transaction)
}

/// One process after another is killed, each one record later in its own life than the one before, until one gets through.
#[test]
fn again_and_again() {
    for width in [1, 10] {
        let stage = Stage::of(DATASETS);
        // The first record is the approval: without it there is nothing to take up.
        let mut process = Process::start(&Errand::retract(&stage, width).halting(Halt::Record(2)));
        assert!(matches!(process.said(), Said::Halted));
        process.kill();
        let run = stage.only_run();
        let mut deaths = 1;
        loop {
            assert!(deaths < 100, "it does not get anywhere");
            let halt = Halt::Record(deaths as usize + 1);
            let mut process = Process::start(&Errand::resume(&stage, &run).halting(halt));
            match process.said() {
                Said::Halted => process.kill(),
                Said::Ended { outcome: Outcome::Done, changed: DATASETS, already: 0, left: 0 } => break,
                other => {
                    eprintln!("{}", std::fs::read_to_string(run.journal()).unwrap());
                    panic!("after {deaths} deaths: {other:?}")
                }
            }
            deaths += 1;
        }
        assert!(deaths > 5, "{deaths}");
        stage.assert_exactly_once(deaths, width);
    }
}

/// Something about the call itself kills the process. Whoever takes the run up must not be killed by it for ever.
#[test]
fn a_call_that_kills_its_process() {
    let stage = Stage::of(DATASETS);
    let mut process = Process::start(&Errand::retract(&stage, 1).halting(Halt::BeforeCall(1)));
    let mut deaths = 0;
    let end = loop {
        match process.said() {
            Said::Halted => process.kill(),
            end => break end,
        }
        deaths += 1;
        assert!(deaths <= 3, "the same call is made for ever");
        process = Process::start(&Errand::resume(&stage, &stage.only_run()).halting(Halt::BeforeCall(1)));
    };
    assert!(matches!(end, Said::Ended { outcome: Outcome::Stopped, changed: 0, left: DATASETS, .. }), "{end:?}");
    // A person who has mended it takes the run up once more.
    assert_done(&stage.resume(&stage.only_run()).unwrap(), DATASETS);
    stage.assert_exactly_once(deaths, 1);
}
