//! A plan that is written today and run in ten minutes.

use crate::stage::{Stage, refs, run};

const ANSWERS: [&str; 7] = ["--yes", "--accept", "live-writer=looked", "--accept", "share=meant", "--expect", "12"];

fn planned() -> Stage {
    let stage = Stage::bulk(12);
    run(stage.recipe("retract-datasets", &["--all-committed", "--plan-out", "plan.jsonl"]))
        .is(0, &["The plan lies in plan.jsonl", "planned 12 changes"]);
    stage.untouched();
    stage
}

fn apply(stage: &Stage, more: &[&str]) -> crate::stage::Came {
    let mut flags = vec!["--apply", "plan.jsonl"];
    flags.extend(ANSWERS);
    flags.extend(more);
    run(stage.program("retract-datasets", &flags))
}

#[test]
fn a_stored_plan_runs() {
    let stage = planned();
    apply(&stage, &[]).is(0, &["12 of 12 done"]);
    stage.retracted_once();
}

#[test]
fn a_changed_plan_is_refused() {
    let stage = planned();
    let whole = std::fs::read_to_string(stage.path("plan.jsonl")).unwrap();
    let digest = std::fs::read_to_string(stage.path("plan.jsonl.digest")).unwrap();
    for (what, text) in [
        ("an action", whole.replacen("committed_at", "committed_At", 2)),
        ("a digest", whole.replacen("live-writer", "live-Writer", 1)),
        ("fewer actions", whole.lines().take(12).map(|line| format!("{line}\n")).collect()),
        ("cut off", whole[..whole.len() - 20].to_owned()),
        ("another head", whole.replacen("\"one_by_one\":false", "\"one_by_one\":true", 1)),
        ("nothing", String::new()),
        ("HTML", "<html>no</html>\n".into()),
    ] {
        assert_ne!(text, whole, "{what}");
        stage.write("plan.jsonl", &text);
        let came = apply(&stage, &[]);
        assert_eq!(came.code, 3, "{what}: {}{}", came.out, came.err);
    }
    stage.write("plan.jsonl", &whole);
    std::fs::remove_file(stage.path("plan.jsonl.digest")).unwrap();
    apply(&stage, &[]).is(3, &["travels together"]);
    stage.write("plan.jsonl.digest", &digest);
    std::fs::write(stage.path("plan.jsonl.facts"), "{}\n").unwrap();
    assert_eq!(apply(&stage, &[]).code, 3);
    stage.untouched();
}

#[test]
fn a_stale_plan_is_refused_and_made_again() {
    let stage = planned();
    let config = stage.write("ops.toml", &stage.configure("sandbox", "limits = { freshness_seconds = 2 }"));
    std::thread::sleep(std::time::Duration::from_millis(2200));
    apply(&stage, &["--config", &config]).is(3, &["freshness", "--replan"]);
    stage.untouched();
    // One dataset was retracted meanwhile: the new plan says so, and the old number is no longer right.
    let gone = stage.ids()[3];
    stage.world.retract(gone).unwrap();
    apply(&stage, &["--replan"]).is(3, &["no longer planned: 1", "12 expected, 11 planned"]);
    stage.untouched();
    let came = run(stage.program(
        "retract-datasets",
        &refs(
            &[
                "--apply",
                "plan.jsonl",
                "--replan",
                "--yes",
                "--accept",
                "live-writer=looked",
                "--accept",
                "share=meant",
                "--expect",
                "11",
            ]
            .map(str::to_owned),
        ),
    ));
    came.is(0, &["11 of 11 done"]);
    assert_eq!(stage.committed(), 0);
}

#[test]
fn what_moved_since_the_plan_is_left_alone() {
    let stage = planned();
    let moved = stage.ids()[5];
    stage.world.retract(moved).unwrap();
    stage.world.commit(moved, ops_sandbox::metapod::CommitSpec::new()).unwrap();
    apply(&stage, &[]).is(4, &["the world moved"]);
    assert_eq!(stage.world.effects(moved), 0, "a dataset that was committed anew was retracted");
}

#[test]
fn a_plan_for_another_place_or_recipe_is_refused() {
    let stage = planned();
    let config = stage.write("ops.toml", &stage.configure("staging", ""));
    let mut flags = vec!["--env", "staging", "--config", &config, "--apply", "plan.jsonl"];
    flags.extend(ANSWERS);
    run(crate::stage::command(stage.folder.path(), "retract-datasets", &flags))
        .is(3, &["a plan for sandbox, and --env says staging"]);
    flags[0..2].copy_from_slice(&["--env", "sandbox"]);
    let both = ["--apply", "plan.jsonl", "--prefix", "dataset/", "--yes"];
    run(stage.program("retract-datasets", &both)).is(2, &["cannot be used with"]);
    let other = run(stage.program("commit-empty-dataset", &["--apply", "plan.jsonl", "--yes"]));
    other.is(3, &["a plan of retract-datasets"]);
    stage.untouched();
}
