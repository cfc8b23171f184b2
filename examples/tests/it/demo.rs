//! What a newcomer sees.

use crate::stage::{binary, command, run};

#[test]
fn without_a_terminal_the_plan_is_shown_and_how_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let came = run(command(folder.path(), "retract-datasets", &[]));
    came.is(
        3,
        &["sandbox · transaction ", "P + live-writer", "D ! retract ", "… more …", "By hand", "--yes"]
            .map(|text| text.trim_matches('…').trim()),
    );
    assert!(came.out.lines().next().unwrap().starts_with("sandbox · transaction "), "{}", came.out);
    assert!(!folder.path().join("runs").exists(), "a refused run leaves nothing behind");
}

#[test]
fn with_yes_it_runs_to_its_report() {
    let folder = tempfile::tempdir().unwrap();
    let came = run(command(folder.path(), "retract-datasets", &["--yes"]));
    came.is(0, &["[done] sandbox", "verified: none of", "report.md"]);
    let runs: Vec<_> = std::fs::read_dir(folder.path().join("runs")).unwrap().flatten().collect();
    let run = runs.iter().map(|entry| entry.path()).find(|path| path.join("run.json").is_file()).unwrap();
    for file in ["journal.jsonl", "plan.jsonl", "facts.jsonl", "by-hand.md", "report.txt", "report.md", "report.json"] {
        assert!(run.join(file).is_file(), "{file}");
    }
    // The sandbox ended with the program.
    let name = run.to_string_lossy().into_owned();
    for arguments in [["--resume", &name], ["--undo", &name]] {
        run_again(folder.path(), &arguments);
    }
}

fn run_again(folder: &std::path::Path, arguments: &[&str]) {
    run(command(folder, "retract-datasets", arguments)).is(3, &["ended with its program", "ops-sandbox"]);
}

#[test]
fn by_hand_and_plan_only_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let by_hand = run(command(folder.path(), "retract-datasets", &["--by-hand"]));
    by_hand.is(0, &["curl -fsS -X POST", "$METAPOD_URL/api/migrations/retract/committed-dataset/"]);
    run(command(folder.path(), "retract-datasets", &["--plan-only", "--prefix", "contract-billing"]))
        .is(0, &["nothing was changed", "planned 4 changes"]);
    assert!(!folder.path().join("runs").exists());
}

#[test]
fn the_other_recipes_run_in_the_sandbox_too() {
    let folder = tempfile::tempdir().unwrap();
    let shown = run(command(folder.path(), "retract-attribute", &["--plan-only"]));
    shown.is(0, &["I x retract attribute", "postal_code"]);
    run(command(folder.path(), "retract-attribute", &["--yes"])).is(3, &["irreversible", "--irreversible "]);
    let empty = run(command(folder.path(), "commit-empty-dataset", &["--plan-only"]));
    empty.is(0, &["commit empty dataset/credit-limit-history", "a file in Parquet of no rows", "successors"]);
    let flags = ["--yes", "--accept", "successors=none", "--accept", "critical=owner agrees"];
    run(command(folder.path(), "commit-empty-dataset", &flags)).is(0, &["[done, 1 still owed]", "owed: "]);
    // What is owed stays owed; a sandbox that is gone cannot be asked.
    run(command(folder.path(), "runs", &["due"])).is(10, &["not looked at"]);
    run(command(folder.path(), "runs", &["due", "--offline"])).is(10, &["1 debt owed"]);
}

#[test]
fn help_teaches() {
    for program in [
        "retract-datasets",
        "retract-attribute",
        "commit-empty-dataset",
        "triage-failure",
        "find-transaction",
        "triage",
        "doctor",
        "runs",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let came = run(command(folder.path(), program, &["--help"]));
        came.is(0, &["Exit codes:", "nothing was changed", program]);
        assert!(!binary(program).is_empty());
    }
}
