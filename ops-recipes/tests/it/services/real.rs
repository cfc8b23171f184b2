//! A rollback on real stacks, with real instances behind real balancers.

use std::path::PathBuf;

use cloudformation_ops::{StackEvent, StackStatus, StacksRead};
use ops_plan::{Ask, Host, Outcome, RunState, Runner, Runs, Target, Verdict};
use ops_recipes::services::RollBackService;
use ops_recipes::services::rollback_service::Wanted;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::peer::{BAD, GOOD, Peer, propose};
use crate::death::{Records, Said, errand, killed, say};
use crate::desk::{Desk, approved, blocks};
use crate::stage::word;

pub(crate) const S0: &str = "prod-s0-k-correnteza";
pub(crate) const S1: &str = "prod-s1-k-correnteza";
const METAPOD: &str = "prod-global-k-metapod";
/// It never gets healthy.
const DEAD: &str = "deadbee";

pub(crate) fn stack(name: &str, blue: (u32, &str), green: (u32, &str)) -> Value {
    json!({
        "name": name,
        "service": name.rsplit('-').next(),
        "blue": { "size": blue.0, "version": blue.1 },
        "green": { "size": green.0, "version": green.1 },
        "token": "s3cr3t",
        // Somebody changed it from its default once.
        "parameters": { "Alarm": "off" },
        "tags": { "team": "platform" },
    })
}

pub(crate) fn to(service: &str, commit: &str) -> RollBackService {
    RollBackService::new(service, Wanted::Commit(commit.parse().unwrap())).unless_running([format!(
        "{service}-to-prod"
    )
    .parse()
    .unwrap()])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_shards_one_after_the_other_and_not_one_failed_answer() {
    let Some(peer) = Peer::there_is("ap-east-1").await else { return };
    peer.play(json!([stack(S0, (2, BAD), (0, "1a2b3c4")), stack(S1, (0, "1a2b3c4"), (2, BAD))])).await;
    let customers = [peer.customer(S0).await, peer.customer(S1).await];
    let plan = peer.plan(&to("correnteza", GOOD)).await;
    assert!(blocks(&plan).is_empty(), "{:?}", plan.head().findings);
    let steps: Vec<String> = plan.cards().map(|card| card.text).collect();
    assert_eq!(steps.len(), 4, "{steps:?}");
    assert!(steps[0].starts_with(&format!("{S0}: GreenVersion 1a2b3c4 → {GOOD}, GreenSize 0 → 2")), "{steps:?}");
    let desk = Desk::new();
    let report = desk.apply(&peer.registry(), plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    for (name, customer) in [S0, S1].into_iter().zip(customers) {
        let answers = customer.answers().await;
        let failed: Vec<_> = answers.iter().filter(|answer| !answer.healthy).collect();
        assert!(failed.is_empty() && answers.len() > 20, "{name}: {} of {}: {failed:?}", failed.len(), answers.len());
        assert!(answers.last().unwrap().version.as_deref() == Some(GOOD));
        let service = peer.service(name).await;
        assert_eq!(service.failed, 0, "{name}");
        assert!(service.instances.iter().all(|instance| instance.version == GOOD), "{:?}", service.instances);
        let stack = peer.stack(name).await;
        assert_eq!(stack.parameter("Alarm"), Some("off"), "what is not listed would fall back to its default");
        assert_eq!(stack.tags.get("team").map(String::as_str), Some("platform"));
    }
    // And back again: the way back is as clean.
    let customer = peer.customer(S0).await;
    let done = desk.runner.runs().list().unwrap().remove(0).unwrap();
    let undo = desk.runner.plan_undo(&peer.registry(), &done.dir).await.unwrap();
    let report = desk.apply(&peer.registry(), undo).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert!(customer.answers().await.iter().all(|answer| answer.healthy));
    assert_eq!(
        peer.service(S0).await.instances.iter().map(|one| (&*one.side, &*one.version)).collect::<Vec<_>>(),
        [("blue", BAD), ("blue", BAD)]
    );
}

#[tokio::test]
async fn a_version_that_does_not_start_rolls_back_and_the_live_side_is_not_touched() {
    let Some(peer) = Peer::there_is("ap-northeast-1").await else { return };
    peer.play(json!([stack(METAPOD, (2, BAD), (0, GOOD))])).await;
    let customer = peer.customer(METAPOD).await;
    let registry = peer.registry_by_hand();
    let plan = propose(&registry, &to("metapod", DEAD)).await;
    assert_eq!(word(&plan.head().findings, "no-evidence").unwrap().verdict, Verdict::Ask);
    let report = Desk::new().apply(&registry, plan).await;
    assert_eq!(report.outcome, Outcome::Stopped, "{}", report.text());
    assert!(report.text().contains("GreenService"), "the first failed resource: {}", report.text());
    assert!(customer.answers().await.iter().all(|answer| answer.healthy && answer.version.as_deref() == Some(BAD)));
    let stack = peer.stack(METAPOD).await;
    assert_eq!(stack.status, StackStatus::UpdateRollbackComplete);
    assert_eq!((stack.parameter("GreenSize"), stack.parameter("GreenVersion")), (Some("0"), Some(GOOD)));
}

#[tokio::test]
async fn a_colleagues_update_after_the_plan_stops_it_and_nothing_is_lost() {
    let Some(peer) = Peer::there_is("ap-northeast-2").await else { return };
    peer.play(json!([stack(METAPOD, (2, BAD), (0, GOOD))])).await;
    let plan = approved(peer.plan(&to("metapod", GOOD)).await);
    peer.colleague_sets(METAPOD, "Alarm", "on").await;
    let report = Desk::new().runner.start(&peer.registry(), plan).await.unwrap();
    assert_eq!((report.outcome, report.changed), (Outcome::Stopped, 0), "{}", report.text());
    assert!(report.text().contains("another parameter was changed"), "{}", report.text());
    let stack = peer.stack(METAPOD).await;
    assert_eq!((stack.parameter("Alarm"), stack.parameter("GreenSize")), (Some("on"), Some("0")));
}

/// Between our change set and its execution: the set is obsolete, AWS refuses it, and it is deleted.
#[tokio::test]
async fn a_colleagues_update_between_change_set_and_execution_makes_it_obsolete() {
    let Some(peer) = Peer::there_is("ap-northeast-3").await else { return };
    peer.play(json!([stack(METAPOD, (2, BAD), (0, GOOD))])).await;
    let plan = peer.plan(&to("metapod", GOOD)).await;
    let report = Desk::new().apply(&peer.registry_beside_a_colleague(METAPOD), plan).await;
    assert_eq!((report.outcome, report.changed), (Outcome::Stopped, 0), "{}", report.text());
    let stack = peer.stack(METAPOD).await;
    assert_eq!((stack.parameter("Alarm"), stack.parameter("GreenSize")), (Some("on"), Some("0")));
    let sets = peer.stacks.change_sets(&stack.name).await.unwrap();
    let ours: Vec<_> = sets.iter().filter(|set| set.name.as_str() != "colleague").collect();
    assert!(ours.is_empty(), "what is not executed is deleted: {ours:?}");
}

#[tokio::test]
async fn a_stack_that_is_changed_or_failed_at_this_moment_is_refused() {
    let Some(peer) = Peer::there_is("ap-southeast-1").await else { return };
    let mut busy = stack(METAPOD, (2, BAD), (0, GOOD));
    busy["status"] = "updating".into();
    peer.play(json!([busy])).await;
    let refused = blocks(&peer.plan(&to("metapod", GOOD)).await);
    assert!(refused[0].contains("UPDATE_IN_PROGRESS"), "{refused:?}");
    let mut failed = stack(METAPOD, (2, BAD), (0, GOOD));
    failed["status"] = "broken rollback".into();
    peer.play(json!([failed])).await;
    let refused = blocks(&peer.plan(&to("metapod", GOOD)).await);
    assert!(refused[0].contains("UPDATE_ROLLBACK_FAILED"), "{refused:?}");
}

#[tokio::test]
async fn in_place_is_faster_and_has_a_gap() {
    let Some(peer) = Peer::there_is("ap-southeast-2").await else { return };
    peer.play(json!([stack(METAPOD, (1, BAD), (0, "1a2b3c4"))])).await;
    let customer = peer.customer(METAPOD).await;
    let plan = peer.plan(&to("metapod", GOOD).fast()).await;
    assert_eq!(word(&plan.head().findings, "downtime").unwrap().verdict, Verdict::Warn);
    let report = Desk::new().apply(&peer.registry(), plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    let answers = customer.answers().await;
    assert!(answers.iter().any(|answer| !answer.healthy), "the plan foretold a gap");
    let instances = peer.service(METAPOD).await.instances;
    assert!(instances.iter().all(|one| one.side == "blue" && one.version == GOOD && one.state == "in service"));
}

/// What a child does: it rolls back, and stands still when the record of this number is about to be written.
#[derive(Serialize, Deserialize)]
struct Errand {
    folder: PathBuf,
    record: usize,
}

const KILLED_IN: &str = "sa-east-1";

/// A process is killed (SIGKILL) at every record of its journal, and the run is taken up again: each side changes once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_record_and_taken_up_again() {
    let Some(peer) = Peer::there_is(KILLED_IN).await else { return };
    let folder = tempfile::tempdir().unwrap();
    for record in 1..60 {
        peer.play(json!([stack(METAPOD, (1, BAD), (0, "1a2b3c4"))])).await;
        let customer = peer.customer(METAPOD).await;
        let errand = Errand { folder: folder.path().join(record.to_string()), record };
        let said = tokio::task::block_in_place(|| killed(&errand, "services::real::child"));
        if said == Said::Halted {
            taken_up(&peer, &errand).await;
        }
        let answers = customer.answers().await;
        let failed: Vec<_> = answers.iter().filter(|answer| !answer.healthy).collect();
        assert!(failed.is_empty(), "killed at {record}: {failed:?}");
        let instances = peer.service(METAPOD).await.instances;
        assert!(instances.iter().all(|one| one.version == GOOD), "killed at {record}: {instances:?}");
        let stack = peer.stack(METAPOD).await;
        assert_eq!((stack.parameter("BlueSize"), stack.parameter("GreenSize")), (Some("0"), Some("1")));
        let events = peer.stacks.events(&stack.name, None).await.unwrap();
        let begun = |event: &&StackEvent| event.is_about_the_stack() && event.status.as_str() == "UPDATE_IN_PROGRESS";
        assert_eq!(events.iter().filter(begun).count(), 2, "killed at {record}: one update up, and one down");
        if said != Said::Halted {
            assert_eq!(said, Said::Ended(Outcome::Done));
            assert!(record > 8, "every record is met");
            return;
        }
    }
    panic!("it never ends by itself");
}

async fn taken_up(peer: &Peer, errand: &Errand) {
    let (registry, record) = (peer.registry(), errand.record);
    let runner = Runner::new(Runs::at(&errand.folder), "bo");
    let left = runner.runs().list().unwrap().remove(0).unwrap();
    let report = match left.state {
        RunState::Planned => runner.run(&registry, &left.dir, approved(left.dir.plan(&registry).unwrap())).await,
        RunState::Interrupted => runner.resume(&registry, &left.dir, false).await,
        state => panic!("killed at {record}, and it left a run that is {state}"),
    };
    let report = report.unwrap_or_else(|error| panic!("killed at {record}: {error}"));
    assert_eq!(report.outcome, Outcome::Done, "killed at {record}: {}", report.text());
}

#[test]
fn child() {
    let Some(Errand { folder, record }) = errand() else { return };
    // One thread: where it stands still, all of it does.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let report = runtime.block_on(async {
        let peer = Peer::there_is(KILLED_IN).await.unwrap();
        let plan = peer.plan(&to("metapod", GOOD).asking(4)).await;
        let runner = Runner::new(Runs::at(folder), "ana").watched_by(Records::new(record));
        runner.start(&peer.registry(), approved(plan)).await.unwrap()
    });
    say(&Said::Ended(report.outcome));
}

#[tokio::test]
async fn an_expired_credential_and_a_wrong_region_say_so() {
    let Some(peer) = Peer::there_is("ap-southeast-3").await else { return };
    peer.play(json!([])).await;
    let refused = blocks(&peer.plan(&to("metapod", GOOD)).await);
    assert_eq!(refused, ["no stack is called prod-…-…-metapod"], "there is nothing in this region");
    peer.fault("expired").await;
    let ask = Ask::new(&to("metapod", GOOD), Target::new("prod"), jiff::Timestamp::now()).unwrap();
    let error = peer.registry().plan(ask).await.unwrap_err();
    let error = std::error::Error::source(&error).unwrap().to_string();
    assert!(error.contains("Unauthenticated") && !error.contains("planted"), "{error}");
    peer.play(json!([])).await;
}
