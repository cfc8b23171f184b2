//! A disk that is full: nothing is changed that was not written down before, and the run goes on when there is space.
//!
//! Two real ways: a limit on the size of files, which every machine has, and a small file system of its own, where this
//! machine lets us mount one.

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;

use ops_plan::{Event, Follower, Outcome, RunDir, Runner, Runs};

use crate::child::{Errand, Process, Said};
use crate::stage::{Stage, assert_done, copy};

const DATASETS: usize = 40;
const WIDTH: usize = 10;

/// A run that is prepared and not started: the journal is the only large file that is still to be written.
fn prepared() -> (Stage, RunDir) {
    let stage = Stage::of(DATASETS);
    let (run, _) = stage.runner().prepare(stage.plan(WIDTH)).unwrap();
    (stage, run)
}

/// Files may not be longer than so many blocks of 512 bytes. Without the trap the process would be killed instead of told.
fn limited_to(blocks: u64) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"", "sh", &blocks.to_string()]);
    command
}

#[test]
fn a_limit_on_files() {
    for blocks in 1.. {
        let (mut stage, run) = prepared();
        let said = Process::start_by(limited_to(blocks), &Errand::run(&stage, run.path())).said();
        let Said::Failed(text) = said else {
            assert!(matches!(said, Said::Ended { outcome: Outcome::Done, changed: DATASETS, .. }), "{said:?}");
            assert!(blocks > 10, "a journal of {blocks} blocks is too short to say anything");
            stage.assert_exactly_once(0, WIDTH);
            return;
        };
        assert_says_what_to_do(&text);
        assert!(text.contains("File too large"), "{text}");
        stage.settle_server();
        assert_nothing_unwritten(&stage, &run);
        // Every other time the folder goes to where there is space.
        let runs = if blocks % 2 == 0 { stage.folder().to_owned() } else { stage.elsewhere() };
        let moved = runs.join(run.path().file_name().unwrap());
        if moved != run.path() {
            copy(run.path(), &moved);
        }
        finish(&stage, &runs, &moved);
    }
}

fn assert_says_what_to_do(text: &str) {
    assert!(text.contains("the journal cannot be written (write "), "{text}");
    assert!(text.contains("nothing new was started. Free some space and resume the run, or copy its folder"), "{text}");
}

/// Every dataset that was called stands in a whole record of the journal.
fn assert_nothing_unwritten(stage: &Stage, run: &RunDir) {
    let mut written = HashSet::new();
    if run.journal().exists() {
        for entry in Follower::new(run.journal()).poll().unwrap() {
            if let Event::Intended { keys } = entry.event {
                written.extend(keys);
            }
        }
    }
    for id in stage.world.dataset_ids(stage.transaction) {
        let called = stage.world.calls(id) > 0;
        assert!(!called || written.contains(&format!("retract:{id}")), "{id} was called and not written down");
    }
}

/// Takes the run up where it lies now.
fn finish(stage: &Stage, runs: &Path, run: &Path) {
    let runner = Runner::new(Runs::at(runs), "bo");
    assert_done(&stage.take_up(&runner, &RunDir::open(run).unwrap()).unwrap(), DATASETS);
    stage.assert_exactly_once(1, WIDTH);
}

/// A small file system with the runs in it, filled but for so many pages; what is in it at the end is copied out.
const SMALL: &str = r#"
    set -e
    place=$1 runs=$2 out=$3 pages=$4
    shift 4
    mount -t tmpfs -o size=2m tmpfs "$place"
    cp -r "$runs/." "$place"
    dd if=/dev/zero of="$place/filler" bs=4096 2>/dev/null || true
    truncate -s "-$((pages * 4096))" "$place/filler"
    "$@" || true
    rm "$place/filler"
    cp -r "$place/." "$out"
"#;

/// How this machine lets us mount, if it does.
fn mounting() -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] = [&["--mount"], &["--mount", "--user", "--map-root-user"]];
    let place = tempfile::tempdir().unwrap();
    ways.into_iter().find(|way| {
        let mut command = Command::new("unshare");
        command.args(*way).args(["mount", "-t", "tmpfs", "tmpfs"]).arg(place.path());
        command.stderr(std::process::Stdio::null()).status().is_ok_and(|status| status.success())
    })
}

#[test]
fn a_full_file_system() {
    let Some(way) = mounting() else {
        println!("this machine lets nobody mount; `a_limit_on_files` shows the same");
        return;
    };
    let mut stopped_midway = 0;
    for pages in 0.. {
        let (mut stage, run) = prepared();
        let (place, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let name = run.path().file_name().unwrap();
        let mut command = Command::new("unshare");
        command.args(way).args(["sh", "-c", SMALL, "sh"]);
        command.arg(place.path()).arg(stage.folder()).arg(out.path()).arg(pages.to_string());
        let errand = Errand::run(&stage, &place.path().join(name)).keeping_runs_in(place.path());
        let mut process = Process::start_by(command, &errand);
        let said = process.said();
        assert!(process.wait().success());
        let Said::Failed(text) = said else {
            assert!(matches!(said, Said::Ended { outcome: Outcome::Done, changed: DATASETS, .. }), "{said:?}");
            assert!(stopped_midway > 1, "{stopped_midway}");
            return;
        };
        assert!(text.contains("No space left on device"), "{text}");
        stage.settle_server();
        let run = RunDir::open(out.path().join(name)).unwrap();
        assert_nothing_unwritten(&stage, &run);
        if stage.world.committed(stage.transaction) < DATASETS {
            stopped_midway += 1;
            assert_says_what_to_do(&text);
        }
        finish(&stage, out.path(), run.path());
    }
}
