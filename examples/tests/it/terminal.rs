//! What a person at a terminal is asked. `script` (of every Linux) plays the terminal.

use std::process::Command;

use crate::stage::{Came, Stage, binary, command, run_with_input};

/// Starts a program at a terminal of 60 columns, and types this.
fn typed(stage: &Stage, program: &str, arguments: &[&str], lines: &str) -> Came {
    typed_to(program, arguments, &command(stage.folder.path(), program, &[]), lines)
}

/// The same, for a program with this folder and these variables.
pub(crate) fn typed_to(program: &str, arguments: &[&str], base: &Command, lines: &str) -> Came {
    let words: Vec<String> = arguments.iter().map(|word| format!("'{word}'")).collect();
    let line = format!("stty rows 40 cols 60 -echo; '{}' {}", binary(program), words.join(" "));
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).current_dir(base.get_current_dir().unwrap());
    script.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("TERM", "xterm").env("SHELL", "/bin/sh");
    script.envs(base.get_envs().filter_map(|(name, value)| Some((name, value?))));
    script.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut came = run_with_input(script, lines.as_bytes());
    came.out = came.out.replace('\r', "");
    came
}

fn retract(stage: &Stage, more: &[&str], lines: &str) -> Came {
    let (sonar, metapod, transaction) = (stage.sonar_url(), stage.metapod_url(), stage.transaction.to_string());
    let mut arguments = vec!["--env", "prod", "--sonar-url", &sonar, "--metapod-url", &metapod];
    arguments.extend(["--transaction", &transaction, "--all-committed"]);
    arguments.extend(more);
    typed(stage, "retract-datasets", &arguments, lines)
}

#[test]
fn every_question_is_asked_and_answered() {
    let stage = Stage::bulk(12);
    let came = retract(&stage, &[], "the jobs have ended\nall of it is bad\n12\nprod\n");
    came.is(
        0,
        &["Nothing was changed yet", "Why is it right?", "Type the number:", "This is production", "[done] prod"],
    );
    stage.retracted_once();
    stage.runs(&["show", "retract-datasets"]).is(0, &["live-writer: the jobs have ended", "share: all of it is bad"]);
    let plain = came.out.split("Nothing was changed yet").next().unwrap();
    assert!(plain.contains("\u{1b}[38;5;208m"), "a terminal shows colours: {plain:?}");
    let wide = |line: &&str| line.chars().count() > 80 && !line.contains("curl") && !line.contains("# look:");
    assert_eq!(plain.lines().find(wide), None);
}

#[test]
fn an_answer_that_is_wrong_or_missing_changes_nothing() {
    let stage = Stage::bulk(12);
    for (lines, code, says) in [
        ("\n", 3, "not approved, nothing was changed"),
        ("ended\nbad\n11\nprod\n", 3, "11 expected, 12 planned"),
        ("ended\nbad\nmany\n", 3, "not approved"),
        ("ended\nbad\n12\nstaging\n", 3, "this is production"),
    ] {
        retract(&stage, &[], lines).is(code, &[says]);
    }
    stage.untouched();
    // What to do by hand lies there, although nobody approved it.
    assert!(stage.run_folders().iter().all(|folder| folder.join("by-hand.md").is_file()));
    stage.runs(&["list"]).is(0, &["planned"]);
}

#[test]
fn what_was_answered_by_a_flag_is_not_asked() {
    let stage = Stage::bulk(12);
    let flags = ["--accept", "live-writer=looked", "--accept", "share=meant", "--expect", "12"];
    let came = retract(&stage, &flags, "prod\n");
    came.is(0, &["This is production", "[done] prod"]);
    assert!(!came.out.contains("Why is it right?"), "{}", came.out);
}

#[test]
fn what_cannot_be_taken_back_is_typed_back() {
    let stage = Stage::nightly();
    let sandbox = |lines: &str| typed(&stage, "retract-attribute", &[], lines);
    sandbox("no\n").is(3, &["This cannot be taken back", "not approved"]);
}
