//! Every guard of a rollback, and what it does, in the sandbox.

use std::sync::Arc;

use cloudformation_ops::{StackStatus, StacksRead};
use jiff::Timestamp;
use ops_plan::{Ask, Host, Outcome, Plan, Registry, Target, Verdict};
use ops_recipes::services::rollback_service::{Start, Wanted};
use ops_recipes::services::{Colour, RollBackService, ServiceReads, ServiceWrites};
use ops_sandbox::stacks::StackSpec;
use ops_sandbox::{Fault, Operation, World};
use version_probe::AddressTemplate;

use crate::desk::{Desk, blocks};
use crate::stage::{texts, verdict, word};

const BAD: &str = "b4dc0de";
const GOOD: &str = "6c957ed";

/// A world with builds, and these stacks.
fn world(stacks: impl IntoIterator<Item = StackSpec>) -> World {
    let world = World::seeded(1).at(Timestamp::now());
    ops_sandbox::gocd::builds(&world).unwrap();
    for stack in stacks {
        world.put_stack(stack);
    }
    world
}

fn stack(name: &str) -> StackSpec {
    StackSpec::new(name.parse().unwrap())
}

fn metapod() -> StackSpec {
    stack("prod-global-k-metapod").blue(2, BAD).green(0, "1a2b3c4")
}

fn addresses() -> AddressTemplate {
    "https://{environment}-{prototype}-{suffix}-{service}.example.com".parse().unwrap()
}

fn reads(world: &World) -> ServiceReads {
    ServiceReads::new(Arc::new(world.stacks()))
        .with_builds(Arc::new(world.gocd()))
        .with_versions(Arc::new(world.versions()), addresses())
}

fn registry(world: &World, reads: ServiceReads) -> Registry {
    Registry::new().with::<RollBackService>(reads, ServiceWrites::new(Arc::new(world.stacks())))
}

fn to(service: &str, commit: &str) -> RollBackService {
    RollBackService::new(service, Wanted::Commit(commit.parse().unwrap())).unless_running([format!(
        "{service}-to-prod"
    )
    .parse()
    .unwrap()])
}

async fn plan_with(world: &World, reads: ServiceReads, question: &RollBackService) -> Plan {
    let ask = Ask::new(question, Target::new("prod"), world.now()).unwrap();
    registry(world, reads).plan(ask).await.unwrap()
}

async fn plan(world: &World, question: &RollBackService) -> Plan {
    plan_with(world, reads(world), question).await
}

#[tokio::test]
async fn a_plan_is_worth_reading() {
    let world = world([metapod()]);
    let plan = plan(&world, &to("metapod", GOOD)).await;
    assert!(blocks(&plan).is_empty(), "{:?}", plan.head().findings);
    assert!(plan.head().findings.iter().all(|finding| finding.verdict == Verdict::Pass), "{:?}", plan.head().findings);
    assert!(plan.head().title.contains("metapod in all shards · back to 6c957ed · side by side, no downtime"));
    let notes = plan.head().notes.join("\n");
    assert!(notes.contains("prod-global-k-metapod: live: blue 2 × b4dc0de; idle: green 0 × 1a2b3c4"), "{notes}");
    assert!(notes.contains("What goes back with it, the newest first:") && notes.contains(BAD), "{notes}");
    assert_eq!(
        texts(&plan),
        [
            "prod-global-k-metapod: GreenVersion 1a2b3c4 → 6c957ed, GreenSize 0 → 2; until all answers are healthy and 6c957ed is among them",
            "prod-global-k-metapod: BlueSize 2 → 0; until only 6c957ed answers, and well",
        ]
    );
}

#[tokio::test]
async fn side_by_side_and_back_again() {
    let world = world([metapod()]);
    let registry = registry(&world, reads(&world));
    let desk = Desk::new();
    let report = desk.apply_while_time_passes(&world, &registry, plan(&world, &to("metapod", GOOD)).await).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    let now = world.stacks().stack(&"prod-global-k-metapod".parse().unwrap()).await.unwrap();
    let is = |key: &str| now.parameter(key).unwrap().to_owned();
    assert_eq!(["BlueSize", "BlueVersion", "GreenSize", "GreenVersion"].map(is), ["0", BAD, "2", GOOD]);
    // It is so already: nothing to do.
    let again = plan(&world, &to("metapod", GOOD)).await;
    assert_eq!((texts(&again).len(), verdict(&again, "version")), (0, Some(Verdict::Pass)));

    let done = desk.runner.runs().list().unwrap().remove(0).unwrap();
    let undo = desk.runner.plan_undo(&registry, &done.dir).await.unwrap();
    assert_eq!(texts(&undo).len(), 2, "{:?}", texts(&undo));
    let report = desk.apply_while_time_passes(&world, &registry, undo).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    let now = world.stacks().stack(&"prod-global-k-metapod".parse().unwrap()).await.unwrap();
    let is = |key: &str| now.parameter(key).unwrap().to_owned();
    assert_eq!(["BlueSize", "BlueVersion", "GreenSize", "GreenVersion"].map(is), ["2", BAD, "0", "1a2b3c4"]);
}

#[tokio::test]
async fn the_last_good_version_is_found() {
    let world = world([metapod()]);
    let plan = plan(&world, &RollBackService::new("metapod", Wanted::LastGood)).await;
    assert!(texts(&plan)[0].contains(&format!("→ {GOOD}")), "{:?}", texts(&plan));
    let unknown = metapod().blue(2, "none");
    let plan = self::plan(&self::world([unknown]), &RollBackService::new("metapod", Wanted::LastGood)).await;
    assert!(blocks(&plan)[0].contains("is no commit"), "{:?}", blocks(&plan));
}

#[tokio::test]
async fn an_unknown_service_and_an_unknown_shard_are_refused() {
    let world = world([metapod()]);
    let refused = blocks(&plan(&world, &to("metapood", GOOD)).await);
    assert_eq!(refused, ["no stack is called prod-…-…-metapood"]);
    let refused = blocks(&plan(&world, &to("metapod", GOOD).in_shards(["s7"])).await);
    assert_eq!(refused, ["metapod does not run in s7"]);
}

#[tokio::test]
async fn a_commit_that_is_ambiguous_or_was_never_built_is_refused() {
    let world = world([metapod()]);
    let refused = plan(&world, &to("metapod", "1a2b3c4")).await;
    assert!(blocks(&refused)[0].contains("1a2b3c4"), "{:?}", refused.head().findings);
    assert!(texts(&refused).is_empty());
    let refused = plan(&world, &to("metapod", "0000000")).await;
    assert_eq!((blocks(&refused).len(), texts(&refused).len()), (1, 0), "{:?}", refused.head().findings);
    assert!("123456".parse::<gocd_client::ShaPrefix>().is_err(), "six digits are too few");
}

#[tokio::test]
async fn both_sides_live_is_half_done_or_refused() {
    let half = stack("prod-global-k-metapod").blue(2, BAD).green(2, GOOD);
    let half = plan(&world([half]), &to("metapod", GOOD)).await;
    assert_eq!(texts(&half), ["prod-global-k-metapod: BlueSize 2 → 0; until only 6c957ed answers, and well"]);
    assert_eq!(verdict(&half, "both-live"), Some(Verdict::Warn));
    let neither = stack("prod-global-k-metapod").blue(2, BAD).green(2, "1a2b3c4");
    let neither = plan(&world([neither]), &to("metapod", GOOD)).await;
    assert!(blocks(&neither)[0].contains("both sides are live, and neither has 6c957ed"), "{:?}", blocks(&neither));
}

#[tokio::test]
async fn neither_side_live_is_asked_about_with_side_and_size() {
    let down = || stack("prod-global-k-metapod").blue(0, BAD).green(0, "1a2b3c4");
    let refused = plan(&world([down()]), &to("metapod", GOOD)).await;
    assert!(blocks(&refused)[0].contains("neither side has instances"), "{:?}", blocks(&refused));
    let world = world([down()]);
    let asked = plan(&world, &to("metapod", GOOD).starting(Start::new(Colour::Green, 3))).await;
    assert_eq!(word(&asked.head().findings, "both-zero").unwrap().verdict, Verdict::Ask);
    let registry = registry(&world, reads(&world));
    let report = Desk::new().apply_while_time_passes(&world, &registry, asked).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
}

#[tokio::test]
async fn a_deploy_that_runs_is_asked_about() {
    let world = world([metapod()]);
    world.begin_build(&"metapod-to-prod".parse().unwrap()).unwrap();
    let asked = plan(&world, &to("metapod", GOOD)).await;
    let deploy = word(&asked.head().findings, "to-prod").unwrap();
    assert!(
        deploy.verdict == Verdict::Ask && deploy.text.contains("a deploy runs: metapod-to-prod"),
        "{}",
        deploy.text
    );
    let unconfigured = RollBackService::new("metapod", Wanted::Commit(GOOD.parse().unwrap()));
    assert_eq!(verdict(&plan(&world, &unconfigured).await, "to-prod"), Some(Verdict::Ask));
}

#[tokio::test]
async fn another_suffix_that_is_spun_is_asked_about_and_two_live_ones_are_both_meant() {
    let spun = stack("prod-global-x-sonar").blue(2, BAD).green(0, GOOD).status(StackStatus::UpdateInProgress);
    let asked = plan(&world([metapod(), spun]), &to("metapod", GOOD)).await;
    assert_eq!(word(&asked.head().findings, "spin").unwrap().verdict, Verdict::Ask);
    let second = stack("prod-global-x-metapod").blue(0, GOOD).green(2, BAD);
    let both = plan(&world([metapod(), second]), &to("metapod", GOOD)).await;
    assert_eq!((texts(&both).len(), verdict(&both, "spin")), (3 + 1, Some(Verdict::Pass)), "{:?}", texts(&both));
}

#[tokio::test]
async fn a_stack_that_is_changed_now_is_refused() {
    for (status, words) in [
        (StackStatus::UpdateInProgress, "UPDATE_IN_PROGRESS"),
        (StackStatus::UpdateRollbackFailed, "UPDATE_ROLLBACK_FAILED"),
    ] {
        let refused = plan(&world([metapod().status(status)]), &to("metapod", GOOD)).await;
        assert!(blocks(&refused)[0].contains(words), "{:?}", blocks(&refused));
        assert!(texts(&refused).is_empty());
    }
}

#[tokio::test]
async fn of_a_service_with_one_instance_only_two_are_never_up() {
    let one = || stack("prod-s0-k-correnteza").blue(1, BAD).green(0, "1a2b3c4");
    let refused = plan(&world([one()]), &to("correnteza", GOOD).single()).await;
    assert!(blocks(&refused)[0].contains("only one instance of correnteza may be there"), "{:?}", blocks(&refused));
    let world = world([one()]);
    let fast = plan(&world, &to("correnteza", GOOD).single().fast()).await;
    assert_eq!(
        texts(&fast),
        ["prod-s0-k-correnteza: BlueVersion b4dc0de → 6c957ed; until only 6c957ed answers, and well"]
    );
    let registry = registry(&world, reads(&world));
    let report = Desk::new().apply_while_time_passes(&world, &registry, fast).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
}

#[tokio::test]
async fn parameters_that_are_not_there_are_named() {
    let other = metapod().without_parameter("GreenSize");
    let refused = plan(&world([other]), &to("metapod", GOOD)).await;
    assert!(
        blocks(&refused)[0].contains("there is no parameter GreenSize or GreenInstances"),
        "{:?}",
        blocks(&refused)
    );
}

#[tokio::test]
async fn what_cannot_be_seen_is_asked_about() {
    let world = world([metapod()]);
    let alone = ServiceReads::new(Arc::new(world.stacks()));
    let asked = plan_with(&world, alone, &to("metapod", GOOD)).await;
    let asks: Vec<&str> = asked
        .head()
        .findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Ask)
        .map(|finding| &*finding.guard)
        .collect();
    assert_eq!(asks, ["to-prod", "no-evidence", "no-evidence"]);
    assert_eq!(texts(&asked).len(), 2, "a person may know better");
    world.faults().sometimes(1.0, Operation::GocdHistory, Fault::Status(503));
    let asked = plan(&world, &to("metapod", GOOD)).await;
    assert_eq!(word(&asked.head().findings, "unreachable").unwrap().verdict, Verdict::Ask);
    let refused = plan(&world, &RollBackService::new("metapod", Wanted::LastGood)).await;
    assert!(blocks(&refused)[0].contains("which version was the last good one is not known"), "{:?}", blocks(&refused));
}

#[tokio::test]
async fn what_the_stack_takes_back_has_failed_and_says_why() {
    let world = world([metapod()]);
    let reads = ServiceReads::new(Arc::new(world.stacks())).with_versions(Arc::new(world.versions()), addresses());
    let plan = plan_with(&world, reads.clone(), &to("metapod", "deadbee")).await;
    let report = Desk::new().apply_while_time_passes(&world, &registry(&world, reads), plan).await;
    assert_eq!((report.outcome, report.changed), (Outcome::Stopped, 0), "{}", report.text());
    assert!(report.text().contains("rolled itself back: GreenGroup"), "{}", report.text());
}

#[tokio::test]
async fn a_colleague_who_was_faster_stops_it() {
    let world = world([metapod()]);
    let plan = plan(&world, &to("metapod", GOOD)).await;
    world.colleague_updates(&"prod-global-k-metapod".parse().unwrap(), "Alarm", "off").unwrap();
    let registry = registry(&world, reads(&world));
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!((report.outcome, report.changed), (Outcome::Stopped, 0), "{}", report.text());
    assert!(report.text().contains("another parameter was changed"), "{}", report.text());
}
