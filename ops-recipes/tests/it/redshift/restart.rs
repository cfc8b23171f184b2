//! `restart-redshift`: who blocks the loader is found, and only they are ended.

use ops_plan::{Outcome, Target, Verdict};
use ops_recipes::redshift::RestartRedshift;
use ops_sandbox::redshift::{ClusterSpec, Intruder};
use ops_sandbox::scenario::{self, LoadTrouble};
use ops_sandbox::{Fault, Operation, World};
use redshift_ops::LockMode;

use super::{
    Desk, advice, ask, asks, blindly, blocks, found, load, log, pass, propose, registry, shown, small, steps,
    without_sql,
};
use crate::stage;

#[tokio::test]
async fn a_plan_is_worth_reading() {
    let world = World::seeded(1).at(stage::now());
    scenario::hung_load(&world).unwrap();
    let plan = propose(&world, &registry(&world, "sao_pedro"), &ask(&world)).await;
    insta::assert_snapshot!(shown(&plan));
}

#[tokio::test]
async fn only_the_reader_is_ended_and_the_loader_commits() {
    let (world, load) = load(LoadTrouble::Reader);
    let registry = registry(&world, "sao_pedro");
    let reader = load.reader.unwrap();
    let others: Vec<_> = world.sessions().into_iter().filter(|one| one.key != reader && one.user != "loader").collect();
    let plan = propose(&world, &registry, &ask(&world)).await;
    assert_eq!((steps(&plan), asks(&plan)), (vec!["terminate".to_owned(), "swap".to_owned()], vec![]));
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert!(world.is_loaded(load.loader));
    assert_eq!((world.terminations(&reader), world.all_terminations(), world.reboots(&load.cluster)), (1, 1, 0));
    assert!(others.iter().all(|other| world.sessions().contains(other)), "who blocks nobody lives on");
    let loads = report.findings.iter().find(|finding| finding.guard == "loads").unwrap();
    assert_eq!(loads.verdict, Verdict::Pass);
    assert!(loads.text.contains(&format!("24 loads of {}", load.transaction)), "{}", loads.text);
    assert!(report.later.iter().any(|later| later.contains("root cure")), "{:?}", report.later);
}

#[tokio::test]
async fn an_operator_may_end_the_reader_too() {
    let (world, load) = load(LoadTrouble::Reader);
    let registry = registry(&world, "operator");
    let plan = propose(&world, &registry, &blindly().of_transaction(load.transaction.to_string())).await;
    assert_eq!(steps(&plan), ["terminate", "swap"]);
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert!(world.is_loaded(load.loader));
}

#[tokio::test]
async fn without_a_log_and_a_transaction_the_loads_are_not_looked_for_and_that_is_said() {
    let (world, load) = load(LoadTrouble::Reader);
    let registry = registry(&world, "sao_pedro");
    let plan = propose(&world, &registry, &blindly()).await;
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert!(world.is_loaded(load.loader));
    let loads = report.findings.iter().find(|finding| finding.guard == "loads").unwrap();
    assert_eq!(loads.verdict, Verdict::Warn);
    assert!(advice(loads).contains("dataset-loaded"), "{loads}");
}

#[tokio::test]
async fn who_blocks_the_second_schema_is_a_new_plan_and_no_reboot() {
    let (world, load) = load(LoadTrouble::SecondBlocker);
    let registry = registry(&world, "sao_pedro");
    let (first, second) = (load.reader.unwrap(), load.second.unwrap());
    let plan = propose(&world, &registry, &ask(&world)).await;
    assert_eq!(steps(&plan), ["terminate", "swap"], "the second one is not seen yet");
    let desk = Desk::new();
    let report = desk.apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Stopped, "{}", report.text());
    let drifted = format!("blocked anew, by {second} of metabase: a new plan is needed");
    assert!(report.text().contains(&drifted), "{}", report.text());
    assert_eq!((world.terminations(&first), world.terminations(&second), world.reboots(&load.cluster)), (1, 0, 0));

    // By our own clock: the world's went on faster.
    let next = registry.propose(&ask(&world), Target::new("staging")).await.unwrap();
    assert_eq!(steps(&next), ["terminate", "swap"]);
    assert!(next.cards().next().unwrap().text.contains(&second.to_string()));
    let report = desk.apply_while_time_passes(&world, &registry, next).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert!(world.is_loaded(load.loader));
    assert_eq!((world.all_terminations(), world.reboots(&load.cluster)), (2, 0));
}

#[tokio::test]
async fn a_process_that_serves_another_session_by_now_is_left_alone() {
    let (world, load) = load(LoadTrouble::Reader);
    let registry = registry(&world, "sao_pedro");
    let reader = load.reader.unwrap();
    let plan = propose(&world, &registry, &ask(&world)).await;
    let other = world.reuse_pid(&reader, "metabase");
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Stopped, "{}", report.text());
    assert!(report.text().contains("serves another session by now, of metabase"), "{}", report.text());
    assert_eq!(world.all_terminations(), 0);
    assert!(world.sessions().iter().any(|session| session.key == other));
}

#[tokio::test]
async fn a_reader_that_has_gone_by_itself_is_not_ended() {
    let (world, load) = load(LoadTrouble::Reader);
    let registry = registry(&world, "sao_pedro");
    let plan = propose(&world, &registry, &ask(&world)).await;
    world.end_transaction(&load.reader.unwrap());
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!(world.all_terminations(), 0);
    assert!(world.is_loaded(load.loader));
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_looking() {
    for fault in [Fault::DropAfterEffect, Fault::HalfBody] {
        let (world, load) = load(LoadTrouble::Reader);
        let registry = registry(&world, "sao_pedro");
        let plan = propose(&world, &registry, &ask(&world)).await;
        world.faults().next(1, Operation::TerminateSession, fault);
        let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
        assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
        assert_eq!((world.faults().fired(), world.terminations(&load.reader.unwrap())), (1, 1));
    }
}

#[tokio::test]
async fn a_loader_that_works_and_one_that_waits_for_nobody_need_nothing() {
    for (trouble, user) in [(LoadTrouble::Healthy, "sao_pedro"), (LoadTrouble::NobodyBlocks, "monitor")] {
        let (world, _) = load(trouble);
        let recipe = if trouble == LoadTrouble::Healthy { ask(&world) } else { blindly() };
        let plan = propose(&world, &registry(&world, user), &recipe).await;
        assert!(plan.is_empty(), "{trouble:?}: {:?}", steps(&plan));
        let blockers = found(&plan, "blockers");
        assert_eq!(blockers.verdict, Verdict::Pass);
        assert!(blockers.text.contains("nothing to do"), "{blockers}");
        assert!(blocks(&plan).is_empty() && asks(&plan).is_empty());
    }
}

#[tokio::test]
async fn one_cluster_must_be_meant() {
    let (world, load) = load(LoadTrouble::Reader);
    let registry = registry(&world, "sao_pedro");
    for name in ["cantareira-z", "", " "] {
        let plan = propose(&world, &registry, &RestartRedshift::new(name)).await;
        assert!(plan.is_empty() && blocks(&plan)[0].contains("no cluster is called"), "{:?}", blocks(&plan));
        let there = advice(found(&plan, "cluster"));
        assert!(there.contains(load.cluster.as_str()) && there.contains(load.paused.as_str()), "{there}");
    }
    world.put_cluster(ClusterSpec::new("cantareira-k"));
    world.put_cluster(ClusterSpec::new("cantareira-k-old"));
    let plan = propose(&world, &registry, &RestartRedshift::new("cantareira-k-")).await;
    assert!(plan.is_empty() && blocks(&plan)[0].contains("is not one cluster"), "{:?}", blocks(&plan));
    let there = advice(found(&plan, "cluster"));
    assert!(there.contains("cantareira-k-old") && there.contains(load.cluster.as_str()), "{there}");
    assert!(!there.contains(load.paused.as_str()), "only those that may be meant: {there}");
    // The whole name is meant, though others begin so.
    let plan = propose(&world, &registry, &RestartRedshift::new("cantareira-k")).await;
    assert!(blocks(&plan).is_empty() && plan.head().subjects[0].id == "cantareira-k");

    world.clear();
    let plan = propose(&world, &registry, &RestartRedshift::new("cantareira-k")).await;
    assert!(advice(found(&plan, "cluster")).contains("the account and the region"));
}

#[tokio::test]
async fn a_log_of_another_transaction_is_refused() {
    let (world, load) = load(LoadTrouble::Reader);
    let registry = registry(&world, "sao_pedro");
    let plan = propose(&world, &registry, &ask(&world).of_transaction(load.yesterday.to_string())).await;
    let wanted = format!("the log is about transaction {}, asked was {}", load.transaction, load.yesterday);
    assert_eq!(blocks(&plan), [wanted]);
    let plan = propose(&world, &registry, &ask(&world).of_transaction(load.transaction.to_string())).await;
    assert!(blocks(&plan).is_empty(), "{:?}", blocks(&plan));
}

#[tokio::test]
async fn an_old_log_is_history_and_decides_nothing() {
    let (world, _) = load(LoadTrouble::NobodyBlocks);
    let old = blindly().with_log(log(&world));
    pass(&world, 180);
    let plan = propose(&world, &registry(&world, "sao_pedro"), &old).await;
    let said = found(&plan, "log");
    assert!(said.verdict == Verdict::Warn && said.text.contains("history"), "{said}");
    assert!(plan.is_empty(), "{:?}", steps(&plan));
    let plan = propose(&world, &registry(&world, "sandrews"), &old).await;
    assert!(plan.is_empty() && blocks(&plan)[0].contains("cannot see"), "{:?}", blocks(&plan));
    // What is seen of the locks holds, whatever an old log says.
    let (world, _) = load(LoadTrouble::Reader);
    let old = blindly().with_log(log(&world));
    pass(&world, 180);
    let plan = propose(&world, &registry(&world, "sao_pedro"), &old).await;
    assert_eq!((found(&plan, "log").verdict, steps(&plan).len()), (Verdict::Warn, 2));
}

#[tokio::test]
async fn who_cannot_see_never_says_that_nobody_blocks() {
    let (world, _) = load(LoadTrouble::Reader);
    for registry in [registry(&world, "sandrews"), registry(&world, "loader"), without_sql(&world)] {
        let plan = propose(&world, &registry, &blindly()).await;
        assert!(plan.is_empty() && blocks(&plan)[0].starts_with("cannot see: "), "{:?}", plan.head().findings);
        let advice = advice(found(&plan, "blockers"));
        assert!(advice.contains("sys:monitor") && advice.contains("log"), "{advice}");
        // With the log of a loader that hangs, a reboot can be asked for.
        let plan = propose(&world, &registry, &ask(&world)).await;
        assert_eq!(
            (steps(&plan), asks(&plan)),
            (vec!["reboot".to_owned(), "available".to_owned()], vec!["no-evidence"])
        );
        assert_eq!(found(&plan, "age").verdict, Verdict::Pass);
    }
}

#[tokio::test]
async fn all_who_block_it_are_ended_and_nobody_who_waits_behind_it() {
    let reads = |user| Intruder::reads(user, "fact.bills");
    let (world, loader) = small(600, |load| load.intruder(reads("sandrews")).intruder(reads("finance")));
    let registry = registry(&world, "sao_pedro");
    let behind = world.hold_table("metabase", "fact.bills").unwrap();
    let plan = propose(&world, &registry, &ask(&world)).await;
    assert_eq!(steps(&plan), ["terminate", "terminate", "swap"]);
    assert!(plan.cards().all(|card| !card.text.contains("metabase")));
    let text = shown(&plan);
    assert!(text.contains("2 sessions block the loader") && text.contains("2 sessions wait because of it"), "{text}");
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!((world.all_terminations(), world.terminations(&behind)), (2, 0));
    assert!(world.is_loaded(loader));
}

#[tokio::test]
async fn a_circle_is_left_to_the_warehouse() {
    let (world, _) = small(25, |load| load.intruder(Intruder::reads("metabase", "dimension.customer")));
    // It has what the loader drops next, and wants what the loader has dropped.
    let metabase = world.sessions().into_iter().find(|session| session.user == "metabase").unwrap().key;
    world.lock_table(&metabase, "fact.bills", LockMode::AccessShare, "select count(*) from fact.bills").unwrap();
    pass(&world, 30);
    let plan = propose(&world, &registry(&world, "sao_pedro"), &blindly()).await;
    assert!(plan.is_empty() && blocks(&plan)[0].contains(&format!("{}", metabase.pid)), "{:?}", blocks(&plan));
    assert!(advice(found(&plan, "blockers")).contains("ends one of them by itself"));
}
