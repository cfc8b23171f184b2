//! One line, or one document.

use serde_json::Value;

use crate::stage::{Came, Stage, all, refs, run};

fn one_line(came: &Came) -> &str {
    assert_eq!(came.out.lines().count(), 1, "{}", came.out);
    assert!(came.err.is_empty(), "{}", came.err);
    came.out.trim_end()
}

fn with<'a>(flags: &'a [String], more: &'a str) -> Vec<&'a str> {
    let mut flags = refs(flags);
    flags.push(more);
    flags
}

#[test]
fn quiet_is_one_line() {
    let stage = Stage::bulk(12);
    let refused = run(stage.recipe("retract-datasets", &with(&all(3), "--quiet")));
    assert!(one_line(refused.is(3, &[])).starts_with("refused, nothing was changed"));
    let planned = run(stage.recipe("retract-datasets", &["--all-committed", "--plan-only", "--quiet"]));
    assert!(one_line(planned.is(0, &[])).starts_with("planned 12 changes"));
    let by_hand = run(stage.recipe("retract-datasets", &["--all-committed", "--by-hand", "--quiet"]));
    assert!(one_line(by_hand.is(0, &[])).contains("12 steps by hand"));
    let done = run(stage.recipe("retract-datasets", &with(&all(12), "--quiet")));
    assert!(one_line(done.is(0, &[])).starts_with("[done] sandbox"));
    assert!(one_line(&stage.runs(&["list", "--quiet"])).starts_with("1 run "));
    assert!(one_line(&stage.runs(&["due", "--quiet"])).contains("nothing is owed"));
    for program in ["doctor", "triage"] {
        one_line(&run(stage.program(program, &["--quiet"])));
    }
    one_line(&run(stage.recipe("triage-failure", &["--quiet"])));
}

fn document(came: &Came) -> Value {
    let document: Value = serde_json::from_str(&came.out).unwrap_or_else(|error| panic!("{error}: {}", came.out));
    assert_eq!(document["exit"], came.code, "{document}");
    assert!(document["text"].is_string());
    document
}

#[test]
fn json_is_one_document() {
    let stage = Stage::bulk(12);
    let planned = document(&run(stage.recipe("retract-datasets", &["--all-committed", "--plan-only", "--json"])));
    assert_eq!(planned["plan"]["changes"], 12);
    assert_eq!(planned["actions"].as_array().unwrap().len(), 12);
    assert_eq!(planned["actions"][0]["danger"], "disruptive");
    let refused = document(&run(stage.recipe("retract-datasets", &["--all-committed", "--json"])));
    assert_eq!(refused["exit"], 3);
    let done = document(&run(stage.recipe("retract-datasets", &with(&all(12), "--json"))));
    assert_eq!((&done["report"]["outcome"], &done["report"]["changed"]), (&"done".into(), &12.into()));
    let runs = document(&stage.runs(&["list", "--json"]));
    assert_eq!((&runs["runs"][0]["state"], &runs["runs"][0]["operator"]), (&"done".into(), &"ana".into()));
    for program in ["doctor", "triage"] {
        document(&run(stage.program(program, &["--json"])));
    }
    let triage = document(&run(stage.recipe("triage-failure", &["--json"])));
    assert_eq!(triage["triage"]["total"], 12);
}
