//! The programs of the warehouse: in the embedded sandbox, on files that are no log, and on real servers.

use std::path::Path;

use crate::stage::{Came, command, run, run_with_input};

const HUNG: &str = include_str!("../../../redshift-ops/tests/data/hung.log");

fn here() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn start(folder: &Path, program: &str, arguments: &[&str]) -> Came {
    run(command(folder, program, arguments))
}

#[test]
fn the_loader_of_the_sandbox_is_freed() {
    let folder = here();
    start(folder.path(), "restart-redshift", &["--yes", "--expect", "1"]).is(
        0,
        &[
            "the loader hangs since",
            "1 session blocks the loader",
            "of sandrews (AccessShareLock on fact.fraud_report_policy",
            "[done]",
            "verified: the loader waits for no lock",
            "24 loads of",
            "a time-out for its swap",
        ],
    );
}

#[test]
fn every_trouble_of_the_sandbox_explains_itself() {
    let folder = here();
    let plan = |trouble: &str, arguments: &[&str]| {
        start(folder.path(), "restart-redshift", &[&["--plan-only", "--trouble", trouble], arguments].concat())
    };
    plan("ProtectedReader", &[])
        .is(0, &["finance is protected: the plan is a reboot", "reboot the cluster", "end its"]);
    plan("OtherLoader", &[]).is(0, &["another session of the loader", "reboot the cluster"]);
    plan("NobodyBlocks", &[]).is(0, &["no session of loader waits for a lock", "--accept no-evidence="]);
    plan("SecondBlocker", &[]).is(0, &["of sandrews", "Another reader may block the next schema"]);
    plan("Healthy", &[]).is(0, &["nothing to do: no session of loader waits for a lock"]);
    plan("Reader", &["--reboot"]).is(0, &["a reboot was asked for", "reboot the cluster"]);
    plan("Reader", &["--protect", "sandrews"]).is(0, &["sandrews is protected"]);
    plan("Reader", &["--cluster", "nobody"]).is(3, &["no cluster is called \"nobody\"", "there are: cantareira"]);
    plan("x", &[]).is(2, &["ProtectedReader"]);
    assert!(!folder.path().join("runs").join("spill").exists());
}

#[test]
fn a_log_says_what_it_says() {
    let folder = here();
    let log = folder.path().join("capivara.log");
    std::fs::write(&log, HUNG).unwrap();
    start(folder.path(), "read-loader-log", &["capivara.log"]).is(
        10,
        &[
            "the loader hangs since 2018-01-18T09:03:01Z",
            "24 of 24 tables",
            "556b5e98-60a1-5743-ad2e-da82d4798170",
            "that is history",
        ],
    );
    let piped = run_with_input(command(folder.path(), "read-loader-log", &["-", "--json"]), HUNG.as_bytes());
    let document: serde_json::Value = serde_json::from_str(&piped.out).unwrap();
    assert_eq!((document["loader"]["verdict"].as_str(), document["read"]["lines"].as_u64()), (Some("hung"), Some(6)));
    // The log of another load than that of the sandbox is old: locks decide.
    start(folder.path(), "restart-redshift", &["--plan-only", "--log", "capivara.log"]).is(0, &["that is history"]);
}

#[test]
fn what_is_no_log_is_told() {
    let folder = here();
    for (name, bytes, says) in [
        ("empty", &b""[..], "it is empty"),
        ("zipped", &b"\x1f\x8b\x08\x00"[..], "it is compressed"),
        ("binary", &b"\x7fELF\x00\x01"[..], "it is no text"),
        ("other", &b"2018-01-18 something else\n"[..], "no line of it is one of the loader's"),
    ] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        start(folder.path(), "read-loader-log", &[name]).is(2, &[name, says]);
        start(folder.path(), "restart-redshift", &["--plan-only", "--log", name]).is(2, &[name, says]);
    }
    start(folder.path(), "read-loader-log", &["missing"]).is(2, &["missing", "No such file"]);
    start(folder.path(), "read-loader-log", &["-", "--follow"]).is(2, &["--follow is for a file"]);
}

#[test]
fn what_was_loaded_is_told_by_both_ways() {
    let folder = here();
    for through in ["redshift", "metabase"] {
        start(folder.path(), "dataset-loaded", &["--through", through]).is(
            10,
            &[
                "not loaded",
                "no table at all was loaded for it",
                "restart-redshift frees it",
                "Last loads of fraud_report_policy:",
            ],
        );
    }
    start(folder.path(), "dataset-loaded", &["two words"]).is(2, &["no dataset's name"]);
    start(folder.path(), "dataset-loaded", &["dataset/nothing-like-it"]).is(10, &["no load of it is logged at all"]);
}

/// Real servers, by the configuration of an environment: `peers/redshift` and `peers/aws`.
#[cfg(feature = "aws")]
mod real {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "where the peers listen is known to the script that started them")]
    fn told(name: &str) -> Option<String> {
        let told = std::env::var(name).ok();
        assert!(told.is_some() || std::env::var_os("CI").is_none(), "in CI the peers must run: {name} is not set");
        told
    }

    /// The folder of an environment `test`; over the wire, or by the Data API.
    fn environment(wire: bool) -> Option<tempfile::TempDir> {
        let (aws, url, ca) = (told("AWS_PEER_URL")?, told("REDSHIFT_PEER_URL")?, told("REDSHIFT_PEER_CA")?);
        let port = url.rsplit_once(':')?.1.split('/').next()?.to_owned();
        let place = if wire {
            format!("host = \"localhost\"\nport = {port}\npassword = {{ env = \"WORD\" }}\n")
        } else {
            String::new()
        };
        let folder = here();
        let settings = format!(
            "[environments.test]\nca_file = \"{ca}\"\n[environments.test.redshift]\ncluster = \"cantareira\"\n\
             region = \"us-east-2\"\nendpoint = \"{aws}\"\ndatabase = \"belomonte\"\nuser = \"sao_pedro\"\n{place}"
        );
        std::fs::write(folder.path().join("ops.toml"), settings).unwrap();
        Some(folder)
    }

    fn as_somebody(folder: &Path, program: &str, arguments: &[&str]) -> Came {
        let mut command = command(folder, program, &[arguments, &["--env", "test"]].concat());
        command.env("WORD", "sao_pedro").env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
        command.env("AWS_SECRET_ACCESS_KEY", "planted-4711").env("AWS_EC2_METADATA_DISABLED", "true");
        run(command)
    }

    #[test]
    fn a_configured_warehouse_is_reached_by_both_ways() {
        for wire in [true, false] {
            let Some(folder) = environment(wire) else { return };
            as_somebody(folder.path(), "doctor", &[]).is(0, &["as sao_pedro", "write: allowed", "all is well"]);
            as_somebody(folder.path(), "restart-redshift", &["--plan-only"]).is(0, &["nothing to do"]);
            let id = "8e5f0a37-4b62-5c9d-a1e8-0d3b7f264c95";
            let asked =
                as_somebody(folder.path(), "dataset-loaded", &["policy/fraud-report-policy", "--transaction", id]);
            assert!(asked.out.contains("table fraud_report_policy (by Redshift)"), "{}{}", asked.out, asked.err);
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_what_to_do() {
        let Some(folder) = environment(true) else { return };
        let settings = std::fs::read_to_string(folder.path().join("ops.toml")).unwrap();
        let with = |from: &str, to: &str| {
            assert!(settings.contains(from));
            std::fs::write(folder.path().join("ops.toml"), settings.replace(from, to)).unwrap();
        };
        with("us-east-2", "ap-south-1");
        as_somebody(folder.path(), "restart-redshift", &["--plan-only"]).is(3, &["check the account and the region"]);
        with("us-east-2", "us east");
        as_somebody(folder.path(), "restart-redshift", &["--plan-only"]).is(2, &["is no region"]);
        with("password = { env = \"WORD\" }", "password = { env = \"OTHER\" }");
        as_somebody(folder.path(), "restart-redshift", &["--plan-only"]).is(3, &["OTHER"]);
        with("user = \"sao_pedro\"", "user = \"sandrews\"");
        let wrong = as_somebody(folder.path(), "restart-redshift", &["--plan-only"]);
        wrong.is(3, &["cannot see", "password authentication failed"]);
        assert!(!format!("{}{}", wrong.out, wrong.err).contains("planted-4711"));
    }
}
