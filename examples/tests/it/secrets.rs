//! A token that was planted is found nowhere.

use crate::stage::{Came, Stage, all, refs, run};

const PLANTED: &str = "planted-token-5d1f";

#[track_caller]
fn nowhere(stage: &Stage, came: &Came) {
    assert!(!came.out.contains("planted") && !came.err.contains("planted"), "{}{}", came.out, came.err);
    let mut open = vec![stage.path("runs")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if let Ok(bytes) = std::fs::read(&path) {
            assert!(!String::from_utf8_lossy(&bytes).contains("planted"), "{}", path.display());
        }
    }
}

#[test]
fn a_token_by_every_reference_works_and_is_kept_nowhere() {
    for by in ["--token-env", "--token-file", "--token-command"] {
        let stage = Stage::guarded(12, PLANTED);
        stage.write("token", &format!("{PLANTED}\n"));
        let value = match by {
            "--token-env" => "PLATFORM_TOKEN",
            "--token-file" => "token",
            _ => "cat token",
        };
        let mut flags = vec![by, value, "--verbose"];
        let answers = all(12);
        flags.extend(refs(&answers));
        let mut command = stage.recipe("retract-datasets", &flags);
        command.env("PLATFORM_TOKEN", PLANTED).env("OPS_LOG", "trace");
        let came = run(command);
        nowhere(&stage, came.is(0, &["12 of 12 done"]));
        let context = std::fs::read_to_string(stage.run_folders()[0].join("run.json")).unwrap();
        assert!(context.contains(value.split(' ').next_back().unwrap()), "the reference is kept: {context}");
    }
}

#[test]
fn a_wrong_token_is_refused_and_not_repeated() {
    let stage = Stage::guarded(3, "another");
    let mut command = stage.recipe("retract-datasets", &["--all-committed", "--token-env", "T"]);
    command.env("T", PLANTED);
    nowhere(&stage, run(command).is(3, &["401"]));
    let missing = run(stage.recipe("retract-datasets", &["--all-committed", "--token-env", "NOT_SET"]));
    missing.is(3, &["the environment variable NOT_SET", "not set"]);
    stage.untouched();
}

#[test]
fn a_token_that_expires_in_the_run_is_read_again() {
    let stage = Stage::guarded(60, "first-planted");
    stage.write("token", "first-planted");
    stage.slow(30);
    let mut flags = vec!["--token-file", "token"];
    let answers = all(60);
    flags.extend(refs(&answers));
    let child = stage.recipe("retract-datasets", &flags).spawn().unwrap();
    crate::stage::until("some are retracted", || stage.committed() < 50);
    stage.write("token", "second-planted");
    stage.rotate_token("second-planted");
    let came = crate::stage::came(child);
    nowhere(&stage, came.is(0, &["60 of 60 done"]));
    stage.retracted_once();
}

#[test]
fn looking_needs_no_right_to_change() {
    let stage = Stage::guarded(12, PLANTED);
    let more = "token = { env = \"READ\" }\nwrite_token = { env = \"WRITE\" }";
    stage.write("ops.toml", &stage.configure("guarded", more));
    let transaction = stage.transaction.to_string();
    let program = |more: &[&str], write: Option<&str>| {
        let mut flags = vec!["--env", "guarded", "--transaction", &transaction, "--all-committed"];
        flags.extend(more);
        let mut command = crate::stage::command(stage.folder.path(), "retract-datasets", &flags);
        command.env("READ", PLANTED);
        if let Some(write) = write {
            command.env("WRITE", write);
        }
        run(command)
    };
    for look in [["--plan-only"], ["--by-hand"]] {
        program(&look, None).is(0, &[]);
    }
    let answers = all(12);
    program(&refs(&answers[1..]), None).is(3, &["the environment variable WRITE"]);
    stage.untouched();
    nowhere(&stage, program(&refs(&answers[1..]), Some(PLANTED)).is(0, &["12 of 12 done"]));
}

#[test]
fn those_who_are_told_learn_how_it_goes() {
    let stage = Stage::bulk(3);
    let more = "notify = { command = [\"sh\", \"-c\", \"cat >> news; echo >> news\"], webhook = { env = \"HOOK\" } }";
    stage.write("ops.toml", &stage.configure("told", more));
    let transaction = stage.transaction.to_string();
    let answers = all(3);
    let mut flags = vec!["--env", "told", "--transaction", &transaction, "--verbose"];
    flags.extend(refs(&answers));
    let mut command = crate::stage::command(stage.folder.path(), "retract-datasets", &flags);
    // Nobody listens there: that must neither stop the run nor be quoted.
    command.env("HOOK", "http://127.0.0.1:9/planted-hook").env("OPS_LOG", "warn");
    nowhere(&stage, run(command).is(0, &["3 of 3 done", "a notification failed"]));
    let news = std::fs::read_to_string(stage.path("news")).unwrap();
    let events: Vec<serde_json::Value> = news.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let words: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(words, ["approved", "done"]);
    assert_eq!((&events[1]["operator"], &events[1]["environment"]), (&"ana".into(), &"told".into()));
}
