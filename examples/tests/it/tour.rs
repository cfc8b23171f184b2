//! The tour: every chapter does what it says, or the tour fails.

use std::io::{BufRead, BufReader, Read};
use std::process::Command;

use crate::stage::{Came, command, run};

fn tour(arguments: &[&str]) -> Came {
    let folder = tempfile::tempdir().unwrap();
    run(command(folder.path(), "tour", arguments))
}

#[test]
fn the_whole_night_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let remains = folder.path().join("tmp");
    std::fs::create_dir(&remains).unwrap();
    let mut fast = command(folder.path(), "tour", &["--fast"]);
    fast.env("TMPDIR", &remains);
    let came = run(fast);
    came.is(
        0,
        &[
            "1 · 02:04 · A model fails",
            "unblock-downstream --env sandbox --dag dagao",
            "F ✗ → S ✓ fx-model",
            "U ↑ → S ✓ downscale-rest",
            "owed: keep fx-model out of the next run",
            "2 · 02:41 · A schema bears a name twice",
            "irreversible: 1 actions cannot be taken back",
            "named, for it cannot be taken back",
            "verified: no attribute's name comes twice",
            "3 · 03:20 · The loader hangs",
            "end session",
            "verified: the loader waits for no lock",
            "4 · 04:12 · A buggy deploy",
            "interrupted · 0 of 2 done",
            "taken up by another process: it looks first",
            "10 of 10 answer 6c957ed; all healthy",
            "found, and not ordered again",
            "5 · 04:50 · A table throttles",
            "stopping: the world moved: the table has 50 read, 22 write",
            "verified: sandbox-s3-analytics-datomic: none refused any more",
            "6 · 05:45 · Aurora is down",
            "Diagnosis: the scheduler is down",
            "verified: 1 old machine gone",
            "relieve-throttling --undo RUN",
            "2 debts owed before the undo, 1 after it",
            "this night: 8 plans, 8 runs, 8 changes, 2 refusals",
            "restart-aurora --env prod --plan-only",
        ],
    );
    assert_eq!(came.err, "");
    assert!(!came.out.contains('\u{1b}'), "no terminal, no colours");
    assert_eq!(std::fs::read_dir(&remains).unwrap().count(), 0, "its runs go with it");
    assert!(!folder.path().join("runs").exists());
}

#[test]
fn one_chapter_stands_alone() {
    let came = tour(&["--fast", "--chapter", "2"]);
    came.is(0, &["A schema bears a name twice", "this night: 2 plans, 1 run, 1 change, 1 refusal", "no-way-back"]);
    assert!(!came.out.contains("A model fails") && !came.out.contains("Aurora is down"), "{}", came.out);
    tour(&["--fast", "--chapter", "6,4"]).is(0, &["A buggy deploy", "Aurora is down", "this night:"]);
}

#[test]
fn chapters_are_named_and_unknown_ones_refused() {
    tour(&["--list"]).is(0, &["1 · A model fails: unblock-downstream", "6 · Aurora is down: restart-aurora"]);
    for unknown in ["0", "7", "x"] {
        tour(&["--chapter", unknown]).is(2, &["--chapter"]);
    }
    tour(&["--help"]).is(0, &["--fast", "Ctrl-C", "130 left in the middle"]);
}

#[test]
fn pictures_are_files_too() {
    let folder = tempfile::tempdir().unwrap();
    run(command(folder.path(), "tour", &["--fast", "--chapter", "1,5", "--svg", "pictures/new"])).is(0, &["drawn: "]);
    for (name, says) in [
        ("1-run-planned", "fx-model"),
        ("1-run-after", "fx-model"),
        ("5-table-planned", "planned"),
        ("5-table-after", "throttled"),
    ] {
        let file = folder.path().join("pictures/new").join(format!("{name}.svg"));
        let drawn = std::fs::read_to_string(file).unwrap();
        roxmltree::Document::parse(&drawn).unwrap();
        assert!(drawn.contains(says), "{name}");
    }
}

/// A line is longer only where a word of it cannot be parted: ids are there to be copied.
#[test]
fn fifty_columns_are_enough() {
    let came = tour(&["--fast", "--width", "50"]);
    came.is(0, &["this night"]);
    let long = |line: &&str| line.chars().count() > 50;
    for line in came.out.lines().filter(long) {
        let words = line.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '…').split(' ').count();
        assert!(words == 1 && !line.starts_with('»'), "{line}");
    }
}

/// What tells the time of this machine, or has it in its name.
const OURS: [&str; 7] = ["plan ", "run ", " by this run", "left by", "undo of ", "I ! ", "journal"];

/// The same night twice, but for the times of this machine.
#[test]
fn the_night_is_always_the_same() {
    let told = || {
        let out = tour(&["--fast", "--chapter", "1,2,3,4,6"]).out;
        let kept = out.lines().filter(|line| !OURS.iter().any(|ours| line.contains(ours)));
        kept.map(str::to_owned).collect::<Vec<_>>()
    };
    let once = told();
    assert!(once.len() > 150);
    assert_eq!(once, told());
}

#[test]
fn it_can_be_left_at_any_time() {
    let folder = tempfile::tempdir().unwrap();
    let remains = folder.path().join("tmp");
    std::fs::create_dir(&remains).unwrap();
    let mut left = command(folder.path(), "tour", &["--fast"]);
    let mut child = left.env("TMPDIR", &remains).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("A buggy deploy") {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0, "it ended before");
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    let status = child.wait().unwrap();
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(status.code(), Some(130), "{rest}{err}");
    assert!(err.contains("nothing of it remains"), "{err}");
    assert_eq!(std::fs::read_dir(&remains).unwrap().count(), 0);
}
