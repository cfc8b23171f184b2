//! What is run first, and the library in another program.

use crate::stage::{Stage, command, run, run_with_input};

#[test]
fn triage_failure_says_what_failed() {
    let stage = Stage::nightly();
    let owners = "[[environments.night.owners]]\ndatasets = \"dataset/credit-limit-*\"\nowner = \"limits@example.com\"\ncritical = true\n";
    stage.write("ops.toml", &stage.configure("night", owners));
    let transaction = stage.transaction.to_string();
    let came = run(command(stage.folder.path(), "triage-failure", &["--env", "night", "--transaction", &transaction]));
    came.is(10, &["credit-limit-history", "CRITICAL", "limits@example.com", "target date", "execution date"]);
    assert!(came.out.lines().all(|line| line.chars().count() <= 120), "{}", came.out);
}

#[test]
fn triage_looks_everywhere_and_names_the_next_command() {
    let stage = Stage::nightly();
    let came = run(stage.program("triage", &[]));
    assert!([0, 10].contains(&came.code), "{}{}", came.out, came.err);
    // A system that is gone is a line, not an error.
    let gone = ["--env", "gone", "--sonar-url", "http://127.0.0.1:9", "--metapod-url", "http://127.0.0.1:9"];
    run(command(stage.folder.path(), "triage", &gone)).is(10, &["cannot be looked at", "Sonar", "Metapod", "doctor"]);
    run(command(stage.folder.path(), "doctor", &gone)).is(10, &["B x reach"]);
}

#[test]
fn triage_names_the_recipe_for_an_alert() {
    let folder = tempfile::tempdir().unwrap();
    let came = run(command(folder.path(), "triage", &["--match", "schema of archive/x has a duplicate attribute"]));
    came.is(10, &["retract-attribute"]);
    run_with_input(command(folder.path(), "triage", &["--match", "-"]), b"bad data has been committed\n")
        .is(10, &["retract-datasets"]);
    run(command(folder.path(), "triage", &["--match", "all is well"])).is(0, &["no recipe knows this text"]);
}

#[test]
fn doctor_says_whether_one_can_work() {
    let stage = Stage::guarded(3, "good");
    let came = run(stage.program("doctor", &[]));
    came.is(10, &["Sonar", "Metapod", "B x"]);
    let mut with = stage.program("doctor", &["--token-env", "TOKEN"]);
    with.env("TOKEN", "good");
    let came = run(with);
    came.is(came.code, &["P + read: allowed"]);
    assert!(!came.out.contains("B x"), "{}", came.out);
}

#[test]
fn the_library_in_another_program() {
    let stage = Stage::nightly();
    let arguments = [stage.sonar_url(), stage.metapod_url(), stage.transaction.to_string()];
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run(command(stage.folder.path(), "embedded", &arguments)).is(0, &["[done] staging", "4 of 4 done"]);
    run(command(stage.folder.path(), "embedded", &[])).is(1, &["usage: embedded"]);
}
