//! `restart-redshift`: where nobody can be ended the cluster restarts, once, and not at any time.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ops_plan::{Ask, Host, Outcome, Target, Verdict};
use ops_recipes::redshift::RestartRedshift;
use ops_sandbox::redshift::{About, ClusterSpec, Intruder};
use ops_sandbox::scenario::{self, HungLoad, LoadTrouble};
use ops_sandbox::{Fault, Operation, World};
use redshift_ops::{ClusterId, ClusterStatus, ClusterWrite, Resize, Snapshot};

use super::{
    Desk, advice, ask, asks, blindly, blocks, found, load, pass, propose, registry, shown, small, steps, without_sql,
};
use crate::stage;

const REBOOT: [&str; 2] = ["reboot", "available"];

/// A load that is blocked by one who is protected.
fn protected() -> (World, HungLoad, RestartRedshift) {
    let (world, load) = load(LoadTrouble::ProtectedReader);
    let recipe = ask(&world).protecting([&*load.protected]);
    (world, load, recipe)
}

#[tokio::test]
async fn a_plan_is_worth_reading() {
    let world = World::seeded(1).at(stage::now());
    let load = scenario::hung_load_with(&world, LoadTrouble::ProtectedReader, None).unwrap();
    let recipe =
        ask(&world).protecting([load.protected]).restarted_by("the task «capivara» of the job jobs/prod/capivara");
    insta::assert_snapshot!(shown(&propose(&world, &registry(&world, "sao_pedro"), &recipe).await));
}

#[tokio::test]
async fn whoever_cannot_be_ended_makes_it_a_reboot_and_it_says_why() {
    let (world, _, recipe) = protected();
    let plan = propose(&world, &registry(&world, "sao_pedro"), &recipe).await;
    assert_eq!((steps(&plan), asks(&plan)), (REBOOT.map(str::to_owned).to_vec(), vec![]));
    let why = found(&plan, "blockers");
    assert!(why.verdict == Verdict::Warn && why.text.contains("finance is protected"), "{why}");

    // No right to it.
    let (world, _) = load(LoadTrouble::Reader);
    let plan = propose(&world, &registry(&world, "monitor"), &ask(&world)).await;
    assert_eq!((steps(&plan), asks(&plan)), (REBOOT.map(str::to_owned).to_vec(), vec![]));
    let why = found(&plan, "blockers");
    assert!(why.text.contains("monitor has no right to end sessions of sandrews"), "{why}");

    // Another load.
    let (world, _) = load(LoadTrouble::OtherLoader);
    let plan = propose(&world, &registry(&world, "sao_pedro"), &ask(&world)).await;
    assert_eq!((steps(&plan), asks(&plan)), (REBOOT.map(str::to_owned).to_vec(), vec!["other-loads"]));
    let why = found(&plan, "blockers");
    assert!(why.text.contains("it is another session of the loader"), "{why}");
}

#[tokio::test]
async fn one_that_hangs_and_waits_for_nobody_is_asked_about() {
    let (world, load) = load(LoadTrouble::NobodyBlocks);
    let registry = registry(&world, "sao_pedro");
    let plan = propose(&world, &registry, &ask(&world)).await;
    assert_eq!((steps(&plan), asks(&plan)), (REBOOT.map(str::to_owned).to_vec(), vec!["no-evidence"]));
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    pass(&world, 900);
    assert_eq!((world.reboots(&load.cluster), world.is_loaded(load.loader)), (1, true));
}

#[tokio::test]
async fn a_reboot_can_be_asked_for_though_the_reader_could_be_ended() {
    let (world, _) = load(LoadTrouble::Reader);
    let plan = propose(&world, &registry(&world, "sao_pedro"), &ask(&world).rebooting()).await;
    assert_eq!((steps(&plan), asks(&plan)), (REBOOT.map(str::to_owned).to_vec(), vec![]));
    assert!(found(&plan, "blockers").text.contains("a reboot was asked for"));
}

#[tokio::test]
async fn it_is_done_once_and_the_loader_is_owed_until_it_works_again() {
    const LATE: Duration = Duration::from_secs(24 * 3_600);
    let (world, loader) =
        small(600, |load| load.intruder(Intruder::reads("finance", "fact.bills")).starts_again_after(LATE));
    let (registry, cluster) = (registry(&world, "sao_pedro"), ClusterId::new("cantareira-k-redshift"));
    let recipe = ask(&world).protecting(["finance"]).restarted_by("the job jobs/prod/capivara");
    let plan = propose(&world, &registry, &recipe).await;
    // The loader, who blocks it, and who asks.
    assert!(plan.cards().next().unwrap().text.ends_with("and end its 3 sessions"));
    let desk = Desk::new();
    let report = desk.apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!((world.reboots(&cluster), world.all_terminations()), (1, 0));
    assert!(world.cluster(&cluster).unwrap().is_available());
    assert!(report.text().contains("the loader has not connected again yet"), "{}", report.text());
    assert_eq!(report.debts.len(), 1);
    assert_eq!(report.debts[0].id, format!("loader/{cluster}"));
    assert!(report.debts[0].what.contains("the job jobs/prod/capivara"), "{}", report.debts[0].what);
    assert_eq!(desk.due(&registry).await.len(), 1, "the cluster is there, the loader is not");
    world.advance(LATE);
    assert_eq!(world.loader_starts(loader), 2);
    assert!(desk.due(&registry).await.is_empty(), "it works again: nothing is owed");
    pass(&world, 600);
    assert!(world.is_loaded(loader));
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_looking() {
    for fault in [Fault::DropAfterEffect, Fault::HalfBody, Fault::StatusAfterEffect(504)] {
        let (world, load, recipe) = protected();
        let registry = registry(&world, "sao_pedro");
        let plan = propose(&world, &registry, &recipe).await;
        world.faults().next(1, Operation::RebootCluster, fault);
        let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
        assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
        assert_eq!((world.faults().fired(), world.reboots(&load.cluster)), (1, 1), "{fault:?}");
    }
}

#[tokio::test]
async fn somebody_elses_reboot_is_enough() {
    // Whether it goes on still, or is over.
    for over in [false, true] {
        let (world, load, recipe) = protected();
        let registry = registry(&world, "sao_pedro");
        let plan = propose(&world, &registry, &recipe).await;
        world.redshift_cluster().reboot(&load.cluster).await.unwrap();
        if over {
            pass(&world, 30);
            assert!(world.cluster(&load.cluster).unwrap().is_available());
        }
        let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
        assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
        let asked = world.count(Operation::RebootCluster, About::Cluster(&load.cluster).subject());
        assert_eq!((asked.calls, asked.effects), (1, 1), "ours is skipped: {}", report.text());
    }
}

#[tokio::test]
async fn an_earlier_reboot_is_not_taken_for_ours() {
    let world = World::seeded(1).at(Timestamp::now() - SignedDuration::from_mins(2));
    let load = scenario::hung_load(&world).unwrap();
    world.redshift_cluster().reboot(&load.cluster).await.unwrap();
    pass(&world, 120);
    let registry = registry(&world, "sao_pedro");
    let plan = propose(&world, &registry, &blindly().rebooting()).await;
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!(world.reboots(&load.cluster), 2);
}

/// The events bear the service's time: ours may be hours off, and there is one reboot all the same.
#[tokio::test]
async fn a_clock_that_is_hours_ahead_makes_no_second_reboot() {
    let world = World::seeded(1).at(Timestamp::now() - SignedDuration::from_hours(3));
    let load = scenario::hung_load(&world).unwrap();
    let registry = registry(&world, "sao_pedro");
    let ask = Ask::new(&blindly().rebooting(), Target::sandbox(), Timestamp::now()).unwrap();
    let plan = registry.plan(ask).await.unwrap();
    // Ours is asked for, and over before anybody looks.
    world.redshift_cluster().reboot(&load.cluster).await.unwrap();
    pass(&world, 120);
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!(world.reboots(&load.cluster), 1);
}

#[tokio::test]
async fn without_the_events_there_is_no_reboot() {
    let (world, _, recipe) = protected();
    world.faults().next(1, Operation::RedshiftEvents, Fault::Status(503));
    let ask = Ask::new(&recipe, Target::sandbox(), world.now()).unwrap();
    let error = registry(&world, "sao_pedro").plan(ask).await.unwrap_err();
    assert!(format!("{error:?}").contains("redshift.events"), "{error:?}");
}

#[tokio::test]
async fn it_waits_for_a_snapshot_and_for_a_resize() {
    let (world, load, recipe) = protected();
    let registry = registry(&world, "sao_pedro");
    let cluster = || ClusterSpec::new(load.cluster.as_str()).serves();
    let mut snapshot = Snapshot::new("nightly", "creating");
    (snapshot.written_mib, snapshot.total_mib) = (10, 400);
    world.put_cluster(cluster().snapshot(snapshot));
    let plan = propose(&world, &registry, &recipe).await;
    assert_eq!(blocks(&plan), ["a snapshot is being made: nightly (10 of 400 MiB)"]);
    world.put_cluster(cluster().resize(Resize::new("IN_PROGRESS")));
    let plan = propose(&world, &registry, &recipe).await;
    assert_eq!(blocks(&plan), ["a resize goes on (IN_PROGRESS)"]);
    world.put_cluster(cluster().snapshot(Snapshot::new("old", "available")).resize(Resize::new("SUCCEEDED")));
    let plan = propose(&world, &registry, &recipe).await;
    assert!(blocks(&plan).is_empty() && found(&plan, "at-rest").verdict == Verdict::Pass);
    world.put_cluster(cluster().pending("wlm_json_configuration"));
    let plan = propose(&world, &registry, &recipe).await;
    let pending = found(&plan, "pending");
    assert!(pending.verdict == Verdict::Warn && pending.text.contains("wlm_json_configuration"), "{pending}");
}

#[tokio::test]
async fn whether_one_is_made_is_asked_where_it_cannot_be_seen() {
    let (world, _, recipe) = protected();
    world.faults().next(1, Operation::RedshiftSnapshots, Fault::Status(503));
    let plan = propose(&world, &registry(&world, "sao_pedro"), &recipe).await;
    assert_eq!(asks(&plan), ["at-rest"]);
}

#[tokio::test]
async fn a_cluster_that_is_not_available_is_not_rebooted() {
    for (status, says, advises) in [
        (ClusterStatus::Rebooting, "is rebooting (Unavailable)", "restarts already"),
        (ClusterStatus::Paused, "is paused (Paused)", "resumed, not rebooted"),
        (ClusterStatus::Resizing, "is resizing (Modifying)", "only when the cluster is available"),
    ] {
        let (world, load, recipe) = protected();
        world.set_cluster(&load.cluster, status).unwrap();
        let plan = propose(&world, &registry(&world, "sao_pedro"), &recipe).await;
        assert_eq!(blocks(&plan), [format!("{} {says}", load.cluster)]);
        assert!(advice(found(&plan, "status")).contains(advises));
    }
}

#[tokio::test]
async fn a_young_hang_may_go_on_by_itself() {
    let (world, _) = small(180, |load| load.intruder(Intruder::reads("finance", "fact.bills")));
    let registry = registry(&world, "sao_pedro");
    let recipe = blindly().protecting(["finance"]);
    let plan = propose(&world, &registry, &recipe).await;
    // A moment after its two tables were loaded it drops.
    let since = world.now() - SignedDuration::from_secs(160) + SignedDuration::from_millis(136);
    assert!(blocks(&plan)[0].starts_with(&format!("it hangs only since {since:.0}")), "{:?}", blocks(&plan));
    let from = since + SignedDuration::from_mins(5);
    assert_eq!(advice(found(&plan, "age")), format!("a reboot is planned from {from:.0} on"));
    pass(&world, 141);
    let plan = propose(&world, &registry, &recipe).await;
    assert!(blocks(&plan).is_empty(), "{:?}", blocks(&plan));
}

#[tokio::test]
async fn a_swap_that_is_half_committed_is_asked_about() {
    let (world, _, recipe) = protected();
    world.lose_schema("dimension");
    let plan = propose(&world, &registry(&world, "sao_pedro"), &recipe).await;
    assert_eq!(asks(&plan), ["half-swapped"]);
    assert!(found(&plan, "half-swapped").text.contains("missing already: dimension"));
}

#[tokio::test]
async fn without_sql_the_service_is_believed_and_the_loader_stays_owed() {
    let (world, load) = load(LoadTrouble::Reader);
    let registry = without_sql(&world);
    let plan = propose(&world, &registry, &ask(&world)).await;
    assert!(plan.cards().next().unwrap().text.ends_with("and end all sessions"));
    let desk = Desk::new();
    let report = desk.apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!(world.reboots(&load.cluster), 1);
    pass(&world, 120);
    assert_eq!(desk.due(&registry).await.len(), 1, "nobody sees whether it works");
}

#[tokio::test]
async fn who_may_not_be_ended_after_all_stays_and_the_next_plan_can_be_a_reboot() {
    let (world, _) = small(600, |load| load.intruder(Intruder::reads("sao_pedro", "fact.bills")));
    let registry = registry(&world, "operator");
    // Who is a superuser is not told to an operator.
    let plan = propose(&world, &registry, &ask(&world)).await;
    assert!(found(&plan, "right").text.contains("but not those of superusers"));
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Stopped, "{}", report.text());
    assert!(report.text().contains("must be a superuser"), "{}", report.text());
    assert_eq!((world.all_terminations(), world.reboots(&ClusterId::new("cantareira-k-redshift"))), (0, 0));
    let plan = propose(&world, &registry, &ask(&world).rebooting()).await;
    assert_eq!((steps(&plan), blocks(&plan)), (REBOOT.map(str::to_owned).to_vec(), vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_reboot_that_did_not_begin_is_asked_for_again() {
    let (world, load, recipe) = protected();
    let registry = registry(&world, "sao_pedro");
    let plan = propose(&world, &registry, &recipe).await;
    world.faults().next(1, Operation::RebootCluster, Fault::DropBeforeEffect);
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    let asked = world.count(Operation::RebootCluster, About::Cluster(&load.cluster).subject());
    assert_eq!((asked.calls, asked.effects), (2, 1));
}
