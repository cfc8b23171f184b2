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

#[test]
#[cfg(feature = "databricks")]
fn load_dataset_says_where_how_and_what() {
    let folder = tempfile::tempdir().unwrap();
    let load = |arguments: &[&str]| run(command(folder.path(), "load-dataset", arguments));
    load(&[])
        .is(0, &["dbfs:/mnt/example-metapod/", "val x = spark.read.parquet(", "the first 20 rows", "+ there, 1 file"]);
    let json = load(&["--rows", "2", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(document["load"]["loadable"]["preview"]["rows"].as_array().unwrap().len(), 2, "{}", json.out);
    load(&["model/fraud-score", "--format", "avro", "--rows", "0"]).is(10, &["spark.read.format(\"avro\").load("]);
    load(&["dataset/credit-limit-history"]).is(10, &["is not committed yet", "triage-failure"]);
    load(&["--rows", "1001"]).is(2, &["1001"]);
    load(&["--rows", "0", "--run-on", "0118-031500-abc123", "--language", "python"])
        .is(0, &["on 0118-031500-abc123:", "|-- id: string"]);
    // A cluster that sleeps is not woken.
    load(&["--rows", "0", "--run-on", "0118-031501-def456"])
        .is(3, &["start the cluster, and wait until it is RUNNING"]);
}

#[test]
fn commit_empty_dataset_makes_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let commit = |arguments: &[&str]| run(command(folder.path(), "commit-empty-dataset", arguments));
    commit(&["--make", "--yes", "--accept", "successors=none"])
        .is(0, &["will be made:", "make an empty file of 5 columns", "as its file of the run of", "2 of 2 done"]);
    commit(&[
        "--make",
        "s3://sandbox-static/elsewhere",
        "--like",
        "s3://sandbox-static/empty.gz.parquet",
        "--plan-only",
    ])
    .is(0, &["s3://sandbox-static/elsewhere/", "as s3://sandbox-static/empty.gz.parquet"]);
    commit(&["--make", "--like", "s3://sandbox-static/none.parquet", "--plan-only"]).is(3, &["the file to be like"]);
    commit(&["--like", "s3://sandbox-static/empty.gz.parquet"]).is(2, &["--make"]);
}

#[test]
#[cfg(all(feature = "databricks", feature = "slack"))]
fn doctor_and_triage_know_where_data_lies_and_runs_are_announced() {
    let folder = tempfile::tempdir().unwrap();
    let doctor = run(command(folder.path(), "doctor", &[]));
    doctor.is(
        doctor.code,
        &["Databricks, as admin@example.com", "files this process P + read: allowed", "Slack this process"],
    );
    let settings = "[environments.x]\nsonar_url = \"http://127.0.0.1:1\"\nmetapod_url = \"http://127.0.0.1:1\"\n\
                    slack = { channel = \"C0NOSUCH00\", token = { env = \"NOT_THERE\" } }\n";
    std::fs::write(folder.path().join("ops.toml"), settings).unwrap();
    // One token that is missing hides nothing of the others.
    run(command(folder.path(), "triage", &["--env", "x"])).is(10, &["Slack", "NOT_THERE", "Sonar", "Metapod"]);
}
