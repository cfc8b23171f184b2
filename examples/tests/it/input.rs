//! Ids as people have them, and what is no id.

use std::fmt::Write as _;

use crate::stage::{Stage, run, run_with_input};

const ANSWERS: [&str; 5] = ["--yes", "--accept", "live-writer=looked", "--accept", "share=meant"];

fn flags<'a>(ids: &'a str, expect: &'a str) -> Vec<&'a str> {
    let mut flags = vec!["--ids", ids, "--expect", expect];
    flags.extend(ANSWERS);
    flags
}

fn graphiql(stage: &Stage) -> String {
    let datasets: Vec<_> = stage.ids().iter().map(|id| serde_json::json!({ "id": id })).collect();
    serde_json::json!({ "data": { "transaction": { "datasets": datasets } } }).to_string()
}

#[test]
fn as_graphiql_prints_them() {
    let stage = Stage::bulk(8);
    stage.write("result.json", &graphiql(&stage));
    run(stage.recipe("retract-datasets", &flags("result.json", "8"))).is(0, &["8 of 8 done", "ids from result.json"]);
    stage.retracted_once();
}

#[test]
fn as_a_list_and_on_standard_input() {
    let stage = Stage::bulk(8);
    let ids = stage.ids();
    let list = |ids: &[metapod_client::DatasetId]| {
        ids.iter().fold(String::from("# by hand\n\n"), |mut text, id| {
            let _ = writeln!(text, "{id}  # seen");
            text
        })
    };
    stage.write("ids.txt", &list(&ids[..3]));
    run(stage.recipe("retract-datasets", &flags("ids.txt", "3"))).is(0, &["3 of 3 done"]);
    assert_eq!(stage.committed(), 5);
    let rest = list(&ids[3..]);
    run_with_input(stage.recipe("retract-datasets", &flags("-", "5")), rest.as_bytes()).is(0, &["5 of 5 done"]);
    stage.retracted_once();
}

#[test]
fn what_is_no_list_changes_nothing() {
    let stage = Stage::bulk(3);
    let id = stage.ids()[0];
    let foreign = "59d180d4-e41a-4a30-ab34-bac476b95761";
    for (text, code, says) in [
        (String::new(), 3, "empty"),
        ("dataset/fx-model\n".into(), 3, "line 1: «dataset/fx-model» is a dataset's name"),
        (format!("{id}\n{id}\n"), 3, "line 2"),
        (format!("{id}/../x\n"), 3, "line 1"),
        (format!("{id}%2f\n"), 3, "line 1"),
        ("<html><body>Sign in</body></html>".into(), 3, "HTML"),
        (graphiql(&stage)[..40].to_owned(), 3, "cut off"),
        ("{\"data\":{\"transaction\":null}}".into(), 3, "ids.txt"),
        ("{\"errors\":[{\"message\":\"no\"}],\"data\":null}".into(), 3, "ids.txt"),
        (format!("{foreign}\n"), 3, "nothing was changed"),
        (format!("{id}\n").repeat(200_001), 3, "line 2"),
    ] {
        stage.write("ids.txt", &text);
        let came = run(stage.recipe("retract-datasets", &flags("ids.txt", "1")));
        came.is(code, &[says]);
    }
    run(stage.recipe("retract-datasets", &flags("no-such-file", "1"))).is(3, &["no-such-file"]);
    run(stage.recipe("retract-datasets", &["--ids", "ids.txt", "--all-committed"])).is(2, &["cannot be used with"]);
    run(stage.recipe("retract-datasets", &["--name", "not a name at all\u{7}"])).is(2, &["--name"]);
    run(stage.recipe("retract-datasets", &["--transaction", "tonight"])).is(2, &["--transaction"]);
    stage.untouched();
}

#[test]
fn an_unknown_transaction_is_refused() {
    let stage = Stage::bulk(3);
    let flags = ["--transaction", "f7832a01-001b-56f7-a4fe-b3a417f8f654", "--all-committed", "--yes"];
    run(stage.program("retract-datasets", &flags)).is(3, &["knows no transaction f7832a01"]);
}
