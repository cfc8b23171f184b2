//! What must be said before anything is changed.

use crate::stage::{Stage, all, refs, run};

#[test]
fn what_is_missing_is_named_with_its_flag() {
    let stage = Stage::bulk(60);
    run(stage.recipe("retract-datasets", &["--all-committed", "--yes"]))
        .is(3, &["--accept live-writer=REASON", "--accept share=REASON", "--expect 60", "nothing was changed"]);
    run(stage.recipe("retract-datasets", &["--yes"])).is(2, &["say which datasets"]);
    stage.untouched();
    assert!(stage.run_folders().is_empty());
}

#[test]
fn a_wrong_number_changes_nothing() {
    let stage = Stage::bulk(12);
    run(stage.recipe("retract-datasets", &refs(&all(11)))).is(3, &["11 expected, 12 planned"]);
    stage.untouched();
}

#[test]
fn with_every_answer_it_runs() {
    let stage = Stage::bulk(60);
    run(stage.recipe("retract-datasets", &refs(&all(60)))).is(0, &["[done] sandbox", "60 of 60 done", "undo:"]);
    stage.retracted_once();
    run(stage.recipe("retract-datasets", &refs(&all(60)))).is(0, &["nothing to do"]);
    stage.retracted_once();
}

#[test]
fn a_range_is_an_answer() {
    let stage = Stage::bulk(12);
    let mut flags = all(0);
    *flags.last_mut().unwrap() = "10..20".into();
    run(stage.recipe("retract-datasets", &refs(&flags))).is(0, &["12 of 12 done"]);
}

#[test]
fn production_is_typed_back() {
    let stage = Stage::bulk(3);
    let config = stage.write("ops.toml", &stage.configure("live", "production = true"));
    let transaction = stage.transaction.to_string();
    let run_with = |more: &[&str]| {
        let mut flags = vec!["--env", "live", "--config", &config, "--transaction", &transaction];
        let given = all(3);
        flags.extend(refs(&given));
        flags.extend(more);
        run(crate::stage::command(stage.folder.path(), "retract-datasets", &flags))
    };
    run_with(&[]).is(3, &["this is production", "type the environment back: live"]);
    run_with(&["--confirm-env", "staging"]).is(3, &["this is production"]);
    stage.untouched();
    run_with(&["--confirm-env", "live"]).is(0, &["[done] live (production)"]);
    stage.retracted_once();
}

#[test]
fn none_of_several_environments_is_a_default() {
    let stage = Stage::bulk(3);
    let config = format!("{}{}", stage.configure("staging", ""), stage.configure("live", "production = true"));
    stage.write("ops.toml", &config);
    for program in ["retract-datasets", "triage", "doctor", "triage-failure"] {
        run(crate::stage::command(stage.folder.path(), program, &[]))
            .is(3, &["say which environment is meant", "--env live (production)", "--env staging"]);
    }
    run(crate::stage::command(stage.folder.path(), "doctor", &["--env", "stagign"]))
        .is(3, &["no environment «stagign»"]);
    stage.untouched();
}

#[test]
fn a_configuration_that_is_wrong_is_named_with_its_line() {
    let stage = Stage::bulk(3);
    stage.write("ops.toml", "[environments.live]\nsonar = \"https://sonar.example.com\"\n");
    run(crate::stage::command(stage.folder.path(), "doctor", &["--env", "live"]))
        .is(2, &["ops.toml, line 2: unknown field `sonar`", "ops.sample.toml"]);
}
