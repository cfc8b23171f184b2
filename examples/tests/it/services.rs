//! The programs of the services: in the embedded sandbox, and with a configuration that lacks something.

use std::path::Path;

use crate::stage::{Came, command, run};

fn start(folder: &Path, program: &str, arguments: &[&str]) -> Came {
    run(command(folder, program, arguments))
}

#[test]
fn a_service_goes_back_to_the_last_good_version() {
    let folder = tempfile::tempdir().unwrap();
    start(folder.path(), "rollback-service", &["--yes", "--expect", "2"]).is(
        0,
        &[
            "What goes back with it, the newest first:",
            "by Bia <bia@example.com>",
            "sandbox-global-k-metapod: green comes up",
            "GreenVersion 1a2b3c4 → 6c957ed, GreenSize 0 → 2",
            "UsePreviousValue=true",
            "[done]",
            "10 of 10 answer 6c957ed; all healthy",
            "Revert the bad change before the next deploy",
        ],
    );
}

#[test]
fn every_answer_of_a_rollback_explains_itself() {
    let folder = tempfile::tempdir().unwrap();
    let plan = |arguments: &[&str]| start(folder.path(), "rollback-service", &[&["--plan-only"], arguments].concat());
    plan(&["--service", "correnteza"]).is(3, &["only one instance of correnteza may be there", "go back in place"]);
    plan(&["--service", "correnteza", "--fast", "--shard", "s0"])
        .is(0, &["nobody answers for about 5 min", "changes in place"]);
    plan(&["--service", "metapood"]).is(3, &["no stack is called sandbox-…-…-metapood", "check the service's name"]);
    plan(&["--to", "1a2b3c4"]).is(3, &["1a2b3c4f00d1", "1a2b3c49b8a7"]);
    plan(&["--to", "b4dc0de"]).is(0, &["nothing to do: b4dc0de is what is live"]);
    plan(&["--to", "6c957e"]).is(2, &["7"]);
    plan(&["--to", "nothex!"]).is(2, &["nothex!"]);
    plan(&["--side", "green"]).is(2, &["--size"]);
    plan(&["--shard", "s9"]).is(3, &["metapod does not run in s9"]);
    start(folder.path(), "rollback-service", &["--yes", "--service", "metapood"]).is(3, &["no stack is called"]);
}

#[test]
fn a_table_is_raised_and_the_way_back_is_owed() {
    let folder = tempfile::tempdir().unwrap();
    let svg = folder.path().join("table.svg");
    start(folder.path(), "relieve-throttling", &["--yes", "--expect", "1", "--svg", "table.svg"]).is(
        0,
        &[
            "because of too few units; 24.0 a second were wanted",
            "50 read, 20 write → 50 read, 30 write",
            "by the price list: +0.010 USD an hour",
            "may be lowered 4 more times today",
            "writes a second",
            "planned",
            "[done, 1 still owed]",
            "none refused any more",
            "lower the capacity of sandbox-s3-analytics-datomic again to 50 read, 20 write",
        ],
    );
    let drawn = std::fs::read_to_string(svg).unwrap();
    roxmltree::Document::parse(&drawn).unwrap();
    assert!(drawn.contains("sandbox-s3-analytics-datomic, the table: writes a second"));
}

#[test]
fn every_table_of_the_sandbox_explains_itself() {
    let folder = tempfile::tempdir().unwrap();
    let plan = |arguments: &[&str]| start(folder.path(), "relieve-throttling", &[&["--plan-only"], arguments].concat());
    plan(&["--service", "correnteza"]).is(0, &["a hot partition", "units do not help", "0 changes"]);
    plan(&["--service", "ledger", "--shard", "s1"])
        .is(0, &["what scales by itself is at its end", "writes scale between 20 to 69, not 20 to 40"]);
    plan(&["--service", "metapod"]).is(0, &["nothing to do: no request was refused in 60 min"]);
    plan(&["--service", "skyler", "--shard", "s3"]).is(0, &["paid by request", "nothing to do"]);
    plan(&["--service", "nobody"]).is(3, &["there is no table sandbox-nobody-datomic"]);
    plan(&["--table", "x"]).is(2, &["3 to 255 characters"]);
    plan(&["--head-room", "99"]).is(2, &["between 1 and 10 times"]);
    plan(&["--minutes", "0"]).is(2, &["1..=1440"]);
}

#[test]
fn what_is_not_configured_is_told_with_its_setting() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ops.toml"), "[environments.prod]\nsonar_url = \"https://sonar.example.com\"\nmetapod_url = \"https://metapod.example.com\"\n").unwrap();
    start(folder.path(), "rollback-service", &["--env", "prod", "--service", "metapod", "--last-good", "--plan-only"])
        .is(2, &["CloudFormation cannot be reached", "configure services for it"]);
    start(folder.path(), "relieve-throttling", &["--env", "prod", "--service", "metapod", "--plan-only"])
        .is(2, &["DynamoDB cannot be reached", "configure tables for it"]);
}

/// What is missing in a question is told, and what there is to choose from.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg(feature = "aws")]
async fn what_the_question_lacks_is_told() {
    let world = ops_sandbox::World::seeded(1);
    ops_sandbox::gocd::builds(&world).unwrap();
    let server = ops_sandbox::Server::start(world).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let nowhere = "region = \"us-east-1\"\nendpoint = \"http://127.0.0.1:9\"\n";
    let gocd = format!("gocd_url = \"{}\"\n", server.gocd_url());
    let settings = format!("[environments.prod.services]\n{gocd}{nowhere}[environments.prod.tables]\n{nowhere}");
    std::fs::write(folder.path().join("ops.toml"), settings).unwrap();
    tokio::task::block_in_place(|| {
        let prod = |program: &str, arguments: &[&str]| {
            start(folder.path(), program, &[&["--env", "prod"], arguments].concat())
        };
        prod("rollback-service", &["--last-good"]).is(2, &["say which service"]);
        let builds = ["say which version", "the newest builds are", "809:6c957ed8", "Retract whole transactions"];
        prod("rollback-service", &["--service", "metapod"]).is(2, &builds);
        prod("rollback-service", &["--service", "metapod"]).is(2, &["811:1a2b3c4f", "(has not passed)"]);
        prod("relieve-throttling", &[]).is(2, &["say which table"]);
    });
}

#[test]
fn triage_and_doctor_know_them() {
    let folder = tempfile::tempdir().unwrap();
    start(folder.path(), "triage", &[]).is(
        10,
        &[
            "sandbox-correnteza-datomic",
            "relieve-throttling --env sandbox --table sandbox-s3-analytics-datomic",
            "metapod-to-prod deployed",
        ],
    );
    start(folder.path(), "triage", &["--match", "Datomic self-destructs in analytics"]).is(10, &["relieve-throttling"]);
    start(folder.path(), "triage", &["--match", "a buggy version is deployed"]).is(10, &["rollback-service"]);
    start(folder.path(), "doctor", &[]).is(0, &["CloudFormation", "GoCD", "DynamoDB"]);
}
