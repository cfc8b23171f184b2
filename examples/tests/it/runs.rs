//! Runs that are stopped, followed, taken up, taken back, and fought over.

use std::process::Child;

use crate::stage::{Stage, all, came, command, refs, run, until};

fn signal(child: &Child, name: &str) {
    let sent = std::process::Command::new("kill").arg(name).arg(child.id().to_string()).status().unwrap();
    assert!(sent.success());
}

/// A run that was stopped by this signal in the middle.
fn stopped(stage: &Stage, signal_name: &str) -> String {
    stage.slow(30);
    let child = stage.recipe("retract-datasets", &refs(&all(60))).spawn().unwrap();
    until("some are retracted", || stage.committed() < 50);
    signal(&child, signal_name);
    came(child).is(130, &["stopping: what is in flight is awaited", "[cancelled]", "resume: runs resume"]);
    let left = stage.committed();
    assert!(left > 0, "it should have been stopped in the middle");
    stage.world.faults().clear();
    stage.run_folders()[0].to_string_lossy().into_owned()
}

#[test]
fn stopped_handed_over_resumed_and_taken_back() {
    let stage = Stage::bulk(60);
    let folder = stopped(&stage, "-INT");
    stage.runs(&["list"]).is(0, &["cancelled", "ana on ", "of 60 done"]);
    stage.runs(&["show", &folder]).is(0, &["next: runs resume", "live-writer: looked", "by-hand-left.md"]);
    stage.runs(&["watch", &folder]).is(130, &["approved by ana", "stopping: asked to stop", "ended: cancelled"]);
    let before = stage.committed();
    stage.runs(&["handover", &folder]).is(0, &["cancelled"]);
    assert_eq!(stage.committed(), before, "looking changes nothing");
    stage.runs(&["resume", &folder, "--operator", "ben"]).is(0, &["resuming", "60 of 60 done", "by ben on"]);
    stage.retracted_once();
    stage.runs(&["resume", &folder]).is(3, &["is done; there is nothing to resume"]);
    // Back again: another plan, with its own questions.
    let undo = ["--undo", &folder, "--yes"];
    run(command(stage.folder.path(), "retract-datasets", &undo)).is(3, &["--accept live-writer=REASON", "--expect 60"]);
    assert_eq!(stage.committed(), 0);
    let mut undo = vec!["--undo", &folder];
    let answers = all(60);
    undo.extend(refs(&answers[1..]));
    run(command(stage.folder.path(), "retract-datasets", &undo)).is(0, &["60 of 60 done", "takes back what run"]);
    assert_eq!(stage.committed(), 60);
}

#[test]
fn terminate_and_hang_up_stop_too_and_resume_works_from_the_recipe() {
    for name in ["-TERM", "-HUP"] {
        let stage = Stage::bulk(60);
        let folder = stopped(&stage, name);
        run(command(stage.folder.path(), "retract-datasets", &["--resume", &folder, "--quiet"]))
            .is(0, &["60 of 60 done"]);
        stage.retracted_once();
    }
}

#[test]
fn a_second_signal_leaves_and_resuming_looks() {
    let stage = Stage::bulk(60);
    stage.slow(1500);
    let child = stage.recipe("retract-datasets", &refs(&all(60))).spawn().unwrap();
    until("the first call is under way", || stage.ids().iter().any(|id| stage.world.calls(*id) > 0));
    signal(&child, "-INT");
    std::thread::sleep(std::time::Duration::from_millis(300));
    signal(&child, "-INT");
    // A call was left behind: what became of it cannot be told.
    came(child).is(5, &["resuming looks first", "[outcome unknown]"]);
    stage.world.faults().clear();
    let folder = stage.run_folders()[0].to_string_lossy().into_owned();
    stage.runs(&["list"]).is(0, &["interrupted"]);
    run(stage.program("triage", &[])).is(10, &["its process died", "runs handover"]);
    stage.runs(&["resume", &folder]).is(0, &["60 of 60 done"]);
    stage.retracted_once();
}

#[test]
fn two_programs_do_not_share_a_transaction() {
    let stage = Stage::bulk(60);
    stage.slow(40);
    let first = stage.recipe("retract-datasets", &refs(&all(60))).spawn().unwrap();
    until("the first works", || stage.committed() < 60);
    let mut answers = all(0);
    *answers.last_mut().unwrap() = "1..60".into();
    let second = run(stage.recipe("retract-datasets", &refs(&answers)));
    second.is(7, &["is held by run", "of ana on", "process"]);
    // The second one planned too; the first one is the one with a journal.
    let mut folders = stage.run_folders().into_iter();
    let name = folders.find(|folder| folder.join("journal.jsonl").is_file()).unwrap().to_string_lossy().into_owned();
    stage.runs(&["resume", &name]).is(7, &["is held by"]);
    came(first).is(0, &["60 of 60 done"]);
    stage.retracted_once();
}

#[test]
fn a_run_that_is_not_there_is_named() {
    let stage = Stage::bulk(3);
    for verb in ["show", "watch", "resume"] {
        stage.runs(&[verb, "20200101"]).is(3, &["no run «20200101»", "runs list"]);
    }
    stage.runs(&["list"]).is(0, &["0 runs"]);
    stage.runs(&["due"]).is(0, &["nothing is owed"]);
}
