//! What may be wrong with a cluster, and what a new Mesos master mends.

use aurora_client::TaskStatus::{Lost, Pending, Running};
use aurora_client::{
    AuroraRead, AuroraWrite, Condition, Effect, ErrorKind, Instances, Leading, MesosRead, MesosWrite, SchedulerHealth,
    TaskFilter, diagnose,
};
use fleet_ops::FleetWrite;
use ops_sandbox::World;
use ops_sandbox::aurora::{JobSpec, Trouble};
use ops_sandbox::scenario::Stack;

use super::{job, pass, running, stack, statuses};

/// What a diagnosis sees: how many schedulers answer, lead, and are registered; whether a Mesos master answers, whether one
/// leads, and whether Aurora's framework is active and connected.
async fn seen(world: &World) -> (usize, usize, usize, bool, Option<(bool, bool)>) {
    let schedulers = world.aurora().schedulers().await.unwrap();
    let count = |what: fn(&aurora_client::SchedulerSeen) -> bool| schedulers.iter().filter(|one| what(one)).count();
    let mesos = world.mesos().look().await.ok();
    let framework = mesos.map(|mesos| {
        let own = mesos.frameworks.iter().find(|one| one.name == "Aurora").unwrap();
        (own.active, own.connected)
    });
    (
        count(|one| one.health.answers()),
        count(|one| one.leading == Leading::Yes),
        count(|one| one.registered == Some(true)),
        world.mesos().probe().await.is_ok(),
        framework,
    )
}

async fn replace_master(world: &World, stack: &Stack) {
    let master = world.group(&stack.mesos_master).unwrap().machines.remove(0);
    world.fleet().replace(&master.id).await.unwrap();
}

#[tokio::test]
async fn each_row_of_the_table_looks_as_it_should() {
    let there = Some((true, true));
    let gone = Some((false, false));
    let rows = [
        (Trouble::Healthy, (2, 1, 1, true, there), None),
        (Trouble::NoLeader, (2, 0, 0, true, gone), Some(ErrorKind::Unavailable)),
        (Trouble::NotRegistered, (2, 1, 0, true, gone), None),
        (Trouble::SchedulerDown, (0, 0, 0, true, gone), Some(ErrorKind::Connect)),
        (Trouble::UnreachableFromHere, (0, 0, 0, true, there), Some(ErrorKind::Connect)),
        (Trouble::Degraded, (1, 1, 1, true, there), None),
        (Trouble::SplitBrain, (2, 2, 2, true, there), None),
        (Trouble::MesosDown, (2, 1, 0, false, None), None),
        (Trouble::MesosWithoutLeader, (2, 1, 0, true, None), None),
    ];
    assert_eq!(rows.map(|(trouble, ..)| trouble), Trouble::ALL);
    let (world, _) = stack();
    for (trouble, expected, kind) in rows {
        world.aurora_trouble(trouble);
        assert_eq!(seen(&world).await, expected, "{trouble:?}");
        let read = world.aurora().probe().await;
        assert_eq!(read.err().map(|error| (error.kind(), error.effect())), kind.map(|kind| (kind, Effect::None)));
    }
    for (trouble, condition) in [
        (Trouble::Healthy, Condition::Healthy),
        (Trouble::NoLeader, Condition::NoLeader),
        (Trouble::NotRegistered, Condition::NotRegistered),
        (Trouble::SchedulerDown, Condition::SchedulerDown),
        (Trouble::UnreachableFromHere, Condition::UnreachableFromHere),
        (Trouble::Degraded, Condition::Degraded),
        (Trouble::SplitBrain, Condition::SplitBrain),
        (Trouble::MesosDown, Condition::MesosDown),
        (Trouble::MesosWithoutLeader, Condition::MesosDown),
    ] {
        world.aurora_trouble(trouble);
        let schedulers = world.aurora().schedulers().await.unwrap();
        let mesos = world.mesos().look().await.ok();
        assert_eq!(diagnose(&schedulers, mesos.as_ref(), "Aurora").condition, condition);
    }
    world.aurora_trouble(Trouble::UnreachableFromHere);
    let first = world.aurora().schedulers().await.unwrap().remove(0);
    assert!(matches!(first.health, SchedulerHealth::Unreachable(_)), "{first:?}");
    world.aurora_trouble(Trouble::Healthy);
    assert_eq!(seen(&world).await, (2, 1, 1, true, there));
}

#[tokio::test]
async fn a_new_master_brings_a_dead_scheduler_back_and_what_ran_goes_on() {
    let (world, stack) = stack();
    let key = running(&world, "itaipu-core", 1);
    world.aurora_trouble(Trouble::SchedulerDown);
    let error = world.aurora().kill(&key, &Instances::All, "").await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Connect, Effect::None));
    assert_eq!(statuses(&world, &key), [Running], "what runs is not touched");

    replace_master(&world, &stack).await;
    assert!(world.mesos().probe().await.is_err(), "the only master is gone");
    pass(&world, 5.0);
    assert_eq!(seen(&world).await, (2, 1, 1, true, Some((true, true))));
    let tasks = world.aurora().tasks(&TaskFilter::of_job(&key).active()).await.unwrap();
    assert_eq!(tasks[0].status, Running);
    let leader = world.mesos().look().await.unwrap().leader;
    let master = world.group(&stack.mesos_master).unwrap().machines.remove(0);
    assert_eq!(leader, format!("{}:5050", world.host_of(&master.id).unwrap()));
    assert_eq!(world.aurora().schedulers().await.unwrap()[0].uptime_s, Some(3), "its process is a new one");
}

#[tokio::test]
async fn a_scheduler_that_registers_anew_leaves_an_orphan() {
    let (world, stack) = stack();
    let key = running(&world, "itaipu-core", 2);
    world.leave_orphan(true);
    world.aurora_trouble(Trouble::SchedulerDown);
    replace_master(&world, &stack).await;
    pass(&world, 5.0);
    assert_eq!(statuses(&world, &key), [Lost, Running, Lost, Running]);
    let frameworks = world.mesos().look().await.unwrap().frameworks;
    let (orphans, own): (Vec<_>, Vec<_>) = frameworks.into_iter().partition(|one| !one.connected);
    assert_eq!((orphans.len(), orphans[0].tasks_running), (1, 2));
    assert_eq!((own.len(), own[0].tasks_running), (1, 2));

    world.mesos().teardown(&orphans[0].id).await.unwrap();
    world.mesos().teardown(&orphans[0].id).await.unwrap();
    assert_eq!(world.mesos().look().await.unwrap().frameworks.len(), 1);
    assert_eq!(statuses(&world, &key), [Lost, Running, Lost, Running]);
}

#[tokio::test]
async fn who_tears_down_the_wrong_framework_ends_everything() {
    let (world, _) = stack();
    let key = running(&world, "itaipu-core", 1);
    let own = world.mesos().look().await.unwrap().frameworks.remove(0);
    world.mesos().teardown(&own.id).await.unwrap();
    assert_eq!(statuses(&world, &key), [Lost, Pending]);
    assert_eq!(world.aurora().probe().await.unwrap_err().kind(), ErrorKind::Connect);
}

#[tokio::test]
async fn a_new_master_does_not_mend_what_it_is_not_the_cause_of() {
    for trouble in [Trouble::NoLeader, Trouble::SplitBrain, Trouble::UnreachableFromHere, Trouble::Degraded] {
        let (world, stack) = stack();
        world.aurora_trouble(trouble);
        let before = seen(&world).await;
        replace_master(&world, &stack).await;
        pass(&world, 5.0);
        assert_eq!(seen(&world).await, before, "{trouble:?}");
    }
}

#[tokio::test]
async fn nothing_finds_a_place_while_mesos_does_not_know_the_scheduler() {
    let (world, _) = stack();
    world.aurora_trouble(Trouble::NotRegistered);
    world.add_job(JobSpec::new(job("dagao"))).unwrap();
    pass(&world, 60.0);
    assert_eq!(statuses(&world, &job("dagao")), [Pending]);
    assert_eq!(world.aurora().pending_reasons(&job("dagao")).await.unwrap()[0].reason, "No matching hosts");
    world.aurora_trouble(Trouble::Healthy);
    pass(&world, 1.0);
    assert_eq!(statuses(&world, &job("dagao")), [Running]);
}
