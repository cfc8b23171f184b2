//! The programs about the DAG run, in the embedded sandbox: a night whose model failed, and a second run that goes on.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::stage::{Came, Stage, binary, command, run, run_with_input};

const RECIPES: [&str; 5] = ["unblock-downstream", "hold-machines", "release-machines", "stop-run", "clear-and-rerun"];

fn here() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// The folder of the only run.
fn run_folder(folder: &Path) -> PathBuf {
    let runs = std::fs::read_dir(folder.join("runs")).unwrap().flatten().map(|entry| entry.path());
    runs.into_iter().find(|path| path.join("run.json").is_file()).unwrap()
}

fn json(came: &Came) -> serde_json::Value {
    serde_json::from_str(&came.out).unwrap_or_else(|error| panic!("{error}: {}{}", came.out, came.err))
}

#[test]
fn a_run_is_drawn_and_what_failed_is_found() {
    let folder = here();
    let came = run(command(folder.path(), "dag-run", &["--svg", "run.svg"]));
    came.is(
        10,
        &[
            "dagao · target date ",
            "execution date ",
            "15 tasks: U ↑ upstream_failed 4, F ✗ failed 1, S ✓ success 10",
            "│ F ✗ fx-model",
            "drawn: run.svg",
            "5 of 15 tasks failed",
        ],
    );
    let svg = std::fs::read_to_string(folder.path().join("run.svg")).unwrap();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n") && svg.contains("databricks_load-models"));
    let document = json(&run(command(folder.path(), "dag-run", &["--json"])));
    assert_eq!((&document["exit"], &document["run"]["state"]), (&10.into(), &"failed".into()));
    let tasks = document["tasks"].as_array().unwrap();
    assert_eq!(tasks.iter().filter(|task| task["state"] == "upstream_failed").count(), 4);
    assert!(!folder.path().join("runs").exists());
}

#[test]
fn a_run_is_named_by_its_day_or_its_id() {
    let folder = here();
    let known = json(&run(command(folder.path(), "dag-run", &["--json"])));
    let (id, day) = (known["run"]["run"].as_str().unwrap(), known["run"]["target_date"].as_str().unwrap());
    for which in [["--run", id], ["--target-date", day]] {
        let came = run(command(folder.path(), "dag-run", &["--dag", "dagao", which[0], which[1], "--quiet"]));
        came.is(10, &[id, day]);
    }
    run(command(folder.path(), "dag-run", &["--run", id, "--target-date", day])).is(2, &["cannot be used with"]);
    let gone = run(command(folder.path(), "unblock-downstream", &["--target-date", "1999-01-01"]));
    gone.is(3, &["no run of target date 1999-01-01 (execution date 1998-12-31)", "--run scheduled__"]);
    run(command(folder.path(), "dag-run", &["--target-date", "soon"])).is(2, &["«today» (in UTC)"]);
    assert_eq!(run(command(folder.path(), "dag-run", &["--dag", "nightly"])).code, 3);
}

#[test]
fn plans_are_drawn_and_change_nothing() {
    let folder = here();
    for (program, says) in [
        ("unblock-downstream", "F ✗ → S ✓ fx-model marked success"),
        ("unblock-downstream", "U ↑ → N · databricks_load-models cleared by Airflow"),
        ("hold-machines", "S ✓ downscale-fx-model all_done · stays green: it does not run"),
        ("release-machines", "S ✓ → N · downscale-policy-model"),
        ("stop-run", "R ▶ → F ✗ itaipu-policy-model"),
        ("clear-and-rerun", "S ✓ → N · downscale-fx-model"),
    ] {
        let came = run(command(folder.path(), program, &["--plan-only", "--svg", "before.svg"]));
        came.is(0, &[says, "drawn: before.svg", "nothing was changed"]);
        assert!(folder.path().join("before.svg").is_file());
    }
    for program in RECIPES {
        run(command(folder.path(), program, &["--by-hand"])).is(0, &["Airflow › DAG dagao › run "]);
        // Nobody can be asked here.
        run(command(folder.path(), program, &[])).is(3, &["nothing was changed", "--yes"]);
    }
    assert!(!folder.path().join("runs").exists());
}

#[test]
fn a_run_keeps_its_pictures() {
    for (program, outcome, came_of_it) in [
        ("unblock-downstream", "[done, 1 still owed]", "F ✗ → S ✓ fx-model"),
        ("hold-machines", "[done, 1 still owed]", "downscale-fx-model"),
        ("release-machines", "[done]", "S ✓ → N · downscale-policy-model"),
        ("clear-and-rerun", "[done]", "fx-model"),
    ] {
        let folder = here();
        run(command(folder.path(), program, &["--yes"])).is(0, &[outcome, came_of_it, "before-after.svg", "after.svg"]);
        let kept = run_folder(folder.path());
        for file in ["before-after.svg", "after.svg"] {
            let svg = std::fs::read_to_string(kept.join(file)).unwrap();
            assert!(svg.contains("dagao") && svg.ends_with("</svg>\n"), "{program}: {file}");
        }
    }
    let folder = here();
    let document = json(&run(command(folder.path(), "unblock-downstream", &["--yes", "--json"])));
    assert_eq!(document["exit"], 0);
    assert!(document["pictures"]["after"].as_str().unwrap().ends_with("after.svg"), "{document}");
    // What is owed stays owed; a sandbox that is gone cannot be asked.
    run(command(folder.path(), "runs", &["due"])).is(10, &["keep fx-model out of the next run", "not looked at"]);
}

#[test]
fn what_must_be_said_is_asked_for() {
    let folder = here();
    // Where the jobs can be seen they are killed; otherwise somebody must look.
    let wants = if cfg!(feature = "aurora") { "--irreversible kill/manual__" } else { "--accept no-evidence=REASON" };
    run(command(folder.path(), "stop-run", &["--yes"])).is(3, &[wants]);
    run(command(folder.path(), "unblock-downstream", &["--task", "fx-modell", "--yes"]))
        .is(3, &["has no task fx-modell"]);
    run(command(folder.path(), "clear-and-rerun", &["--task", "a/b"])).is(2, &["would change the path"]);
    assert!(!folder.path().join("runs").exists());
}

#[test]
fn only_what_needs_airflow_misses_it() {
    let stage = Stage::bulk(3);
    for program in RECIPES.iter().chain(&["dag-run"]) {
        run(stage.program(program, &[])).is(2, &["no address of Airflow", "airflow_url", "--airflow-url"]);
    }
    let config = "[environments.air]\nairflow_url = \"http://127.0.0.1:9\"\n";
    stage.write("ops.toml", config);
    let with = |program: &str| run(command(stage.folder.path(), program, &["--env", "air"]));
    with("retract-datasets").is(2, &["no address of Sonar", "--sonar-url"]);
    stage.untouched();
    // A login that leads nowhere is named, not asked for twice.
    let login = "airflow_login = { user = \"ana\", password = { env = \"NOT_THERE\" } }\n";
    stage.write("ops.toml", &format!("{config}{login}"));
    with("dag-run").is(3, &["the environment variable NOT_THERE: it is not set"]);
}

#[test]
fn a_narrow_terminal_is_enough() {
    for (colours, wants) in [(true, true), (false, false)] {
        let folder = here();
        let line = format!("stty rows 40 cols 50 -echo; '{}' --plan-only", binary("unblock-downstream"));
        let mut script = Command::new("script");
        script.args(["-qec", &line, "/dev/null"]).current_dir(folder.path()).env_clear();
        script.env("PATH", "/usr/local/bin:/usr/bin:/bin").env("TERM", "xterm").env("SHELL", "/bin/sh");
        script.env("HOME", folder.path()).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        if !colours {
            script.env("NO_COLOR", "1");
        }
        let came = run_with_input(script, b"");
        assert_eq!(came.code, 0, "{}", came.out);
        assert_eq!(came.out.contains("\u{1b}[38;5;208mF ✗"), wants, "{}", came.out);
        let mut plain = came.out.replace('\r', "");
        for code in ["\u{1b}[38;5;208m", "\u{1b}[38;5;33m", "\u{1b}[1m", "\u{1b}[0m"] {
            plain = plain.replace(code, "");
        }
        let tree: Vec<&str> = plain.lines().skip_while(|line| !line.starts_with("15 tasks")).collect();
        assert!(tree.iter().any(|line| line.contains("F ✗ → S ✓ fx-model  marked success")), "{plain}");
        let wide: Vec<&&str> = tree.iter().filter(|line| line.chars().count() > 50).collect();
        assert!(wide.is_empty(), "{wide:#?}");
    }
}

#[test]
fn help_teaches() {
    let folder = here();
    for program in RECIPES.iter().chain(&["dag-run"]) {
        let came = run(command(folder.path(), program, &["--help"]));
        came.is(0, &["When:", "Examples:", "--target-date", "Exit codes:", program]);
    }
}
