//! `find-transaction`: in the embedded sandbox, and against one whose clock stands still.

use jiff::Timestamp;
use ops_sandbox::World;
use ops_sandbox::metapod::TransactionSpec;

use crate::stage::{Came, Stage, command, run};

const NOON: &str = "2018-01-25T12:00:00Z";
const DAY: &str = "2018-01-25";

/// A night that is half a day old.
fn night() -> (Stage, ops_sandbox::scenario::Nightly) {
    let noon: Timestamp = NOON.parse().unwrap();
    let world = World::seeded(7).at(noon);
    let night = ops_sandbox::scenario::nightly(&world);
    assert_eq!(night.target_date.to_string(), DAY);
    (Stage::serving(world, night.transaction, None), night)
}

fn last_line(came: &Came) -> &str {
    came.out.lines().last().unwrap()
}

#[test]
fn the_embedded_sandbox_has_two_and_tells_them_apart() {
    let folder = tempfile::tempdir().unwrap();
    let several = run(command(folder.path(), "find-transaction", &[]));
    several.is(3, &["There are several", "--kind CUSTOM or DAILY", "Sonar: started", "Asked:"]);
    let daily = run(command(folder.path(), "find-transaction", &["--kind", "daily"]));
    daily.is(0, &["F ✓", "DAILY", "Of another kind", "CUSTOM"]);
    let id = last_line(&daily);
    assert_eq!(id.len(), 36);
    assert!(daily.out.contains(&format!("F ✓ {id}")), "{}", daily.out);
    #[cfg(feature = "slack")]
    daily.is(0, &["Slack: announced", "names 1 transaction"]);
    #[cfg(feature = "redshift")]
    daily.is(0, &["the loader's log: loaded, last line"]);
}

#[test]
fn quiet_prints_the_id_or_nothing() {
    let (stage, night) = night();
    let found = run(stage.program("find-transaction", &[DAY, "--kind", "DAILY", "--quiet"]));
    found.is(0, &[]);
    assert_eq!((found.out.trim_end(), found.err.as_str()), (night.transaction.to_string().as_str(), ""));
    for arguments in [&[DAY, "-q"][..], &["2018-01-01", "-q"], &[DAY, "-q", "--kind", "hotfix"]] {
        let none = run(stage.program("find-transaction", arguments));
        none.is(3, &[]);
        assert!(none.out.is_empty() && none.err.lines().count() == 1, "{}{}", none.out, none.err);
    }
    let json = run(stage.program("find-transaction", &[DAY, "--kind", "custom", "--json"]));
    let document: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(document["transaction"], night.custom.to_string());
    assert_eq!(document["sought"]["told"][0]["source"], "sonar");
}

#[test]
fn what_is_no_question_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let start = |arguments: &[&str]| run(command(folder.path(), "find-transaction", arguments));
    start(&["yesterday"]).is(2, &["is no day"]);
    start(&["--kind", "a b"]).is(2, &["a kind is a word"]);
    #[cfg(feature = "redshift")]
    start(&["--log", "missing"]).is(2, &["missing", "No such file"]);
    start(&["1999-01-01"]).is(3, &["N ✗ no source names one", "check the date", "none of that date"]);
}

#[cfg(feature = "slack")]
mod slack {
    use ops_sandbox::slack::{ChannelSpec, MessageSpec, TOKEN};

    use super::*;

    const OTHER: &str = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";

    fn configured(stage: &Stage, channel: &str) {
        let slack = format!(
            "[environments.test.slack]\nchannel = \"{channel}\"\naddress = \"{}\"\ntoken = {{ env = \"SLACK_TOKEN\" }}\n",
            stage.slack_url()
        );
        stage.write("ops.toml", &stage.configure("test", &slack));
    }

    fn ask(stage: &Stage, token: &str, more: &[&str]) -> Came {
        let flags = [&[DAY, "--env", "test"], more].concat();
        let mut command = command(stage.folder.path(), "find-transaction", &flags);
        command.env("SLACK_TOKEN", token).env("OPS_LOG", "trace");
        run(command)
    }

    #[test]
    fn a_configured_channel_says_so_too() {
        let (stage, night) = night();
        let channel = ops_sandbox::scenario::announcements(&stage.world, &night).unwrap();
        configured(&stage, channel.as_str());
        let found = ask(&stage, TOKEN, &["--kind", "daily"]);
        found.is(0, &["Sonar: started 2018-01-25T00:01:04Z (", "d ago)", "Slack: announced 2018-01-25T00:01:10Z ("]);
        assert_eq!(last_line(&found), night.transaction.to_string());
    }

    #[test]
    fn a_source_that_fails_is_a_line() {
        let (stage, night) = night();
        let channel = ops_sandbox::scenario::announcements(&stage.world, &night).unwrap();
        configured(&stage, channel.as_str());
        let found = ask(&stage, "xoxb-planted", &["--kind", "daily", "--verbose"]);
        found.is(0, &["Slack: no answer", "invalid_auth", "nobody else says so"]);
        assert!(!found.out.contains("planted") && !found.err.contains("planted"), "{}{}", found.out, found.err);
        assert_eq!(last_line(&found), night.transaction.to_string());
        ask(&stage, "", &["--kind", "daily"]).is(0, &["Slack: no answer", "the environment variable SLACK_TOKEN"]);
        stage.world.put_channel(ChannelSpec::new(channel).without_bot());
        ask(&stage, TOKEN, &["--kind", "daily"]).is(0, &["not_in_channel", "invite the bot"]);
        configured(&stage, "#general");
        ask(&stage, TOKEN, &["--kind", "daily"]).is(0, &["slack.channel: this is no channel's id"]);
    }

    #[test]
    fn sources_that_disagree_are_for_somebody_to_look_at() {
        let (stage, night) = night();
        let channel: slack_client::ChannelId = "C1234567890".parse().unwrap();
        let text = format!("planted words: Airflow started running a dagao, transaction {OTHER}");
        let message = MessageSpec::new("2018-01-25T00:00:09Z".parse().unwrap(), text).by_bot();
        stage.world.put_channel(ChannelSpec::new(channel.clone()).messages([message]));
        configured(&stage, channel.as_str());
        let both = ask(&stage, TOKEN, &["--kind", "daily", "--verbose"]);
        both.is(10, &["The sources disagree", &night.transaction.to_string(), OTHER, "Slack: announced"]);
        assert!(!both.out.contains("planted") && !both.err.contains("planted"), "{}{}", both.out, both.err);
        let quiet = ask(&stage, TOKEN, &["--kind", "daily", "--quiet"]);
        assert!(quiet.is(10, &["disagree"]).out.is_empty());
        // As soon as Sonar knows it as another day's, it is no candidate.
        let other = TransactionSpec::daily("2018-01-19".parse().unwrap()).with_id(OTHER.parse().unwrap());
        stage.world.add_transaction(other, []).unwrap();
        ask(&stage, TOKEN, &["--kind", "daily"]).is(0, &["which is of target date 2018-01-19 in Sonar"]);
    }
}

#[cfg(feature = "redshift")]
#[test]
fn a_loaders_log_is_asked_too() {
    const HUNG: &str = include_str!("../../../redshift-ops/tests/data/hung.log");
    let (stage, _) = night();
    stage.write("capivara.log", HUNG);
    let other = run(stage.program("find-transaction", &[DAY, "--kind", "daily", "--log", "capivara.log"]));
    other.is(0, &["the loader's log: names 0 transactions", "it is about target date"]);
    let day = other.out.split("it is about target date ").nth(1).unwrap()[..10].to_owned();
    let found = run(stage.program("find-transaction", &[&day, "--log", "capivara.log"]));
    found.is(0, &["the loader's log: loaded, last line", "of a kind that is not known", "nobody else says so"]);
    assert_eq!(last_line(&found), "556b5e98-60a1-5743-ad2e-da82d4798170");
    let mut command = stage.program("find-transaction", &[&day, "--log", "-", "--quiet"]);
    command.stdin(std::process::Stdio::piped());
    let piped = crate::stage::run_with_input(command, HUNG.as_bytes());
    assert_eq!(piped.out.trim_end(), "556b5e98-60a1-5743-ad2e-da82d4798170");
    stage.write("empty.log", "");
    run(stage.program("find-transaction", &[DAY, "--kind", "daily", "--log", "empty.log"]))
        .is(0, &["the loader's log: no answer", "it is empty"]);
}
