//! `recover-run`, in the embedded sandbox: each night is climbed as far as its evidence asks.

use std::path::Path;

use serde_json::Value;

use crate::stage::{Came, Stage, command, run};

fn start(folder: &Path, arguments: &[&str]) -> Came {
    run(command(folder, "recover-run", arguments))
}

fn json(came: &Came) -> Value {
    serde_json::from_str(&came.out).unwrap_or_else(|error| panic!("{error}: {}{}", came.out, came.err))
}

/// The machines that the first rung replaces: they are the same in each sandbox.
fn machines(folder: &Path) -> Vec<String> {
    let document = json(&start(folder, &["--plan-only", "--json"]));
    let actions = document["actions"].as_array().unwrap_or_else(|| panic!("{document}")).iter();
    actions.flat_map(|action| ["--irreversible".to_owned(), action["key"].as_str().unwrap().to_owned()]).collect()
}

fn climbs(folder: &Path, night: &str, more: &[&str]) -> Came {
    let machines = machines(folder);
    let machines: Vec<&str> = machines.iter().map(String::as_str).collect();
    start(folder, &[&["--night", night, "--batch", "1", "--yes"], more, &machines].concat())
}

#[test]
fn a_night_of_network_errors_is_over_with_new_machines() {
    let folder = tempfile::tempdir().unwrap();
    let came = climbs(folder.path(), "network", &[]);
    came.is(0, &["3 tasks: 3 generic", "N > 1 cycle", "D + 2 create the job again", "done — the job ended well"]);
    assert!(!came.out.contains("D + 3"), "{}", came.out);
    assert_eq!(std::fs::read_dir(folder.path().join("runs")).unwrap().count(), 3, "two runs and their locks");
}

#[test]
fn rung_by_rung_where_the_others_did_not_help() {
    let folder = tempfile::tempdir().unwrap();
    let crowded = climbs(folder.path(), "crowded", &[]);
    crowded.is(0, &["N > 4 create it again", "SCALE_TIMEOUT=0", "scale_cluster=7c1d0aa", "the job ended well"]);
    crowded.is(0, &["1 still owed", "the cluster is still scaled up"]);
    run(command(folder.path(), "runs", &["due", "--offline"])).is(10, &["back from 5 to 3 machines"]);
    // What was done in another sandbox is no rung of this one's.
    let bad = json(&climbs(folder.path(), "bad-version", &["--json"]));
    let rungs = bad["rungs"].as_array().unwrap().iter().map(|rung| rung["rung"].as_str().unwrap());
    let all = ["cycle", "create", "scale-up", "create-on-more", "roll-back"];
    assert_eq!(rungs.collect::<Vec<_>>(), all, "{bad}");
    assert_eq!((bad["exit"].as_u64(), bad["step"].as_str()), (Some(0), Some("done")), "{bad}");
}

#[test]
fn where_no_rung_helps_it_says_what_does() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, code, says) in [
        (&["--night", "code", "--yes"][..], 10, "2 of 3 failures: code"),
        (&["--night", "live", "--yes"], 0, "nothing to do now — still at work: dagao (RUNNING)"),
        (&["--night", "quiet", "--yes"], 0, "done — nothing failed"),
        (&["--deploys-within", "720"], 10, "dagao 512:e4b90d2"),
        (&["--share", "1", "--pattern", "code=connection reset"], 10, "1 of 3 failures: code"),
        (&["--night", "network", "--yes"], 3, "--irreversible replace/cantareira-stable-mesos-on-demand/i-"),
        (&["--night", "network"], 3, "nobody can be asked here"),
        (&["--night", "other"], 2, "is no night; there is network, crowded"),
        (&["--share", "2"], 2, "between 0 and 1"),
        (&["--pattern", "unknown=x"], 2, "KIND=WORDS"),
        (&["--group", "nobody"], 3, "there is no group nobody"),
    ] {
        start(folder.path(), arguments).is(code, &[says]);
    }
    assert!(!folder.path().join("runs").exists(), "nothing was begun");
}

#[test]
fn one_rung_is_one_and_a_plan_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    start(folder.path(), &["--plan-only"]).is(0, &["planned 3 changes", "L . 5 roll back", "nothing was changed"]);
    start(folder.path(), &["--by-hand"])
        .is(0, &["# sandbox · jobs/prod/dagao", "terminate-instance-in-auto-scaling-group"]);
    assert!(!folder.path().join("runs").exists());
    let one = climbs(folder.path(), "network", &["--one"]);
    one.is(0, &["rung 1: cycle the machines", "3 of 3 machines work"]);
    assert!(!one.out.contains("N > 2"), "{}", one.out);
}

#[test]
fn words_of_failures_are_for_people_only() {
    let folder = tempfile::tempdir().unwrap();
    let said = start(folder.path(), &["--night", "code"]);
    said.is(10, &["cannot resolve 'amount_cents'"]);
    let document = start(folder.path(), &["--night", "code", "--json"]);
    assert_eq!(json(&document)["evidence"]["failures"][0]["class"], "code", "{}", document.out);
    assert!(!document.out.contains("amount_cents"), "{}", document.out);
}

#[test]
fn only_the_sandbox_has_nights_and_the_cluster_is_needed() {
    let stage = Stage::bulk(3);
    stage.write("ops.toml", &stage.configure("only", ""));
    let transaction = stage.transaction.to_string();
    let only = |more: &[&str]| start(stage.folder.path(), &[&["--env", "only"], more].concat());
    only(&["--night", "network"]).is(2, &["--night is for the embedded sandbox only"]);
    only(&[]).is(2, &["say which run: --transaction ID"]);
    only(&["--transaction", &transaction, "--group", "g", "--template", "none.toml"])
        .is(2, &["no job template none.toml"]);
    stage.write("dagao.toml", include_str!("../../jobs/dagao.toml"));
    stage.write("scale.toml", include_str!("../../jobs/scale.toml"));
    only(&["--transaction", &transaction, "--group", "g"]).is(2, &["Aurora cannot be reached", "aurora_urls"]);
}

#[test]
fn help_teaches() {
    let folder = tempfile::tempdir().unwrap();
    start(folder.path(), &["--help"]).is(0, &["When:", "Examples:", "Exit codes:", "Alerts:", "--plan-only"]);
    run(command(folder.path(), "triage", &["--match", "the dagao run failed"])).is(10, &["recover-run"]);
}
