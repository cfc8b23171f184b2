//! `create-job`, `kill-job`, `restart-job`.

use std::time::Duration;

use aurora_client::{AuroraWrite, InstanceSet, Instances, TaskStatus};
use ops_plan::{Outcome, Registry, Verdict};
use ops_recipes::aurora::CreateJob;
use ops_recipes::aurora::jobs::{KillJob, Order, RestartJob, Until};
use ops_sandbox::aurora::{JobOrder, JobSpec};
use ops_sandbox::{Fault, Operation, World};

use super::{Desk, active, aurora_reads, aurora_writes, blocks, key, pass, propose, running, stack};
use crate::stage::{texts, verdict, word};

const DAGAO: &str = r#"
key = "jobs/prod/dagao"
resources = { cpus = 1.0, ram-mb = 1024, disk-mb = 512 }
labels = { metapod_transaction = "{{profile.metapod_transaction}}" }

[[processes]]
name = "dagao"
cmdline = "run dagao --transaction {{profile.metapod_transaction}}"
"#;

fn registry(world: &World) -> Registry {
    Registry::new()
        .with::<CreateJob>(aurora_reads(world), aurora_writes(world))
        .with::<KillJob>(aurora_reads(world), aurora_writes(world))
        .with::<RestartJob>(aurora_reads(world), aurora_writes(world))
}

fn order() -> Order {
    Order::new("dagao.toml", DAGAO).bind("profile.metapod_transaction", "f7832a01-001b-56f7-a4fe-b3a417f8f654")
}

#[tokio::test]
async fn a_job_is_created_and_awaited_to_its_end() {
    let (world, _) = stack();
    world.order_job(&key("jobs/prod/dagao"), JobOrder::takes(Duration::from_secs(30)));
    let registry = registry(&world);
    let plan = propose(&registry, &CreateJob::new(order(), Until::Finished)).await;
    assert_eq!(texts(&plan), ["create jobs/prod/dagao, 1 instance", "wait until jobs/prod/dagao has ended well"]);
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    let tasks = world.aurora_tasks(&key("jobs/prod/dagao"));
    assert_eq!(tasks.iter().map(|task| task.status).collect::<Vec<_>>(), [TaskStatus::Finished]);
    assert_eq!(tasks[0].config.label("metapod_transaction"), Some("f7832a01-001b-56f7-a4fe-b3a417f8f654"));
}

#[tokio::test]
async fn a_job_that_fails_says_so() {
    let (world, _) = stack();
    world.order_job(&key("jobs/prod/dagao"), JobOrder::takes(Duration::from_secs(5)).fails());
    let registry = registry(&world);
    let plan = propose(&registry, &CreateJob::new(order(), Until::Finished)).await;
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_ne!(report.outcome, Outcome::Done);
    assert!(report.text().contains("FAILED"), "{}", report.text());
}

#[tokio::test]
async fn a_job_that_may_fail_twice_is_given_up_only_then() {
    let (world, _) = stack();
    world.order_job(&key("jobs/prod/dagao"), JobOrder::takes(Duration::from_secs(5)).fails());
    let registry = registry(&world);
    let twice = {
        let mut twice = order();
        twice.template = format!("max-failures = 2\n{DAGAO}");
        twice
    };
    let plan = propose(&registry, &CreateJob::new(twice, Until::Finished)).await;
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_ne!(report.outcome, Outcome::Done);
    assert_eq!(world.aurora_tasks(&key("jobs/prod/dagao")).len(), 2, "{}", report.text());
}

#[tokio::test]
async fn a_lost_reply_never_makes_a_second_job() {
    let (world, _) = stack();
    world.order_job(&key("jobs/prod/dagao"), JobOrder::takes(Duration::from_secs(600)));
    let registry = registry(&world);
    let plan = propose(&registry, &CreateJob::new(order(), Until::Running)).await;
    world.faults().sometimes(1.0, Operation::AuroraCreate, Fault::DropAfterEffect);
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!(world.aurora_tasks(&key("jobs/prod/dagao")).len(), 1);
}

#[tokio::test]
async fn what_is_wrong_with_an_order_stops_it_before_anything_is_sent() {
    let (world, _) = stack();
    let registry = registry(&world);
    for (order, says) in [
        (Order::new("dagao.toml", DAGAO), "dagao.toml, line 4: {{profile.metapod_transaction}} is not bound"),
        (order().bind("MODE", "x"), "MODE is bound, but nothing asks for it"),
        (Order::new("dagao.toml", "key = 1"), "dagao.toml, line 1"),
    ] {
        let block = blocks(&propose(&registry, &CreateJob::new(order, Until::Running)).await);
        assert!(block[0].contains(says), "{block:?}");
    }
    world.add_job(JobSpec::new(key("jobs/prod/dagao")).service()).unwrap();
    pass(&world, 10);
    let block = blocks(&propose(&registry, &CreateJob::new(order(), Until::Running)).await);
    assert!(block[0].contains("jobs/prod/dagao is alive: instance 0"), "{block:?}");
}

/// A service of four instances that runs.
fn service() -> World {
    let (world, _) = stack();
    world.add_job(JobSpec::new(key("jobs/prod/serve")).service().instances(4)).unwrap();
    pass(&world, 30);
    assert_eq!(running(&world, "jobs/prod/serve"), 4);
    world
}

#[tokio::test]
async fn exactly_the_named_instances_are_killed() {
    let world = service();
    let registry = registry(&world);
    let two = Instances::Only(InstanceSet::new([1, 3]).unwrap());
    let plan = propose(&registry, &KillJob::new(key("jobs/prod/serve"), two)).await;
    assert_eq!(texts(&plan), ["kill 2 tasks of jobs/prod/serve: instances 1,3"]);
    assert_eq!(verdict(&plan, "service"), Some(Verdict::Warn));
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!(active(&world, "jobs/prod/serve").iter().map(|task| task.instance).collect::<Vec<_>>(), [0, 2]);
    let all = propose(&registry, &KillJob::new(key("jobs/prod/serve"), Instances::All)).await;
    let report = Desk::new().apply_while_time_passes(&world, &registry, all).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert!(active(&world, "jobs/prod/serve").is_empty());
    let none = propose(&registry, &KillJob::new(key("jobs/prod/serve"), Instances::All)).await;
    assert!(none.is_empty());
}

#[tokio::test]
async fn what_took_the_place_of_a_captured_task_lives_on() {
    let world = service();
    let registry = registry(&world);
    let plan = propose(&registry, &KillJob::new(key("jobs/prod/serve"), Instances::All)).await;
    // Somebody restarts two instances before the plan is approved.
    world.aurora().restart(&key("jobs/prod/serve"), &InstanceSet::new([0, 1]).unwrap()).await.unwrap();
    pass(&world, 30);
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(active(&world, "jobs/prod/serve").iter().map(|task| task.instance).collect::<Vec<_>>(), [0, 1]);
    assert!(report.text().contains("newer tasks of the job are active"), "{}", report.text());
}

#[tokio::test]
async fn a_restart_goes_batch_by_batch() {
    let world = service();
    let before: Vec<_> = active(&world, "jobs/prod/serve").into_iter().map(|task| task.id).collect();
    let registry = registry(&world);
    let ask = RestartJob::new(key("jobs/prod/serve"), Instances::All).with_batch(2).watching(5);
    let plan = propose(&registry, &ask).await;
    assert_eq!(texts(&plan), ["restart jobs/prod/serve: instances 0-1", "restart jobs/prod/serve: instances 2-3"]);
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    let after = active(&world, "jobs/prod/serve");
    assert!(after.iter().all(|task| !before.contains(&task.id)));
    let ancestors: Vec<_> = after.iter().filter_map(|task| task.ancestor.clone()).collect();
    assert_eq!(ancestors, before);
}

#[tokio::test]
async fn a_restart_stops_where_an_instance_does_not_stay_up() {
    let world = service();
    let before: Vec<_> = active(&world, "jobs/prod/serve").into_iter().map(|task| task.id).collect();
    let registry = registry(&world);
    let plan = propose(&registry, &RestartJob::new(key("jobs/prod/serve"), Instances::All).watching(60)).await;
    // The first new task dies, whenever it is seen to run.
    let dying = {
        let (world, old) = (world.clone(), before[0].clone());
        tokio::spawn(async move {
            loop {
                let next =
                    active(&world, "jobs/prod/serve").into_iter().find(|task| task.ancestor.as_ref() == Some(&old));
                if let Some(next) = next.filter(|task| task.status == TaskStatus::Running) {
                    return world.end_aurora_task(&next.id, false);
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
    };
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    dying.await.unwrap().unwrap();
    assert_ne!(report.outcome, Outcome::Done);
    assert!(report.text().contains("did not stay up: instance 0"), "{}", report.text());
    let left: Vec<_> = active(&world, "jobs/prod/serve").into_iter().map(|task| task.id).collect();
    assert!(before.iter().skip(1).all(|id| left.contains(id)), "the others were left alone: {}", report.text());
}

#[tokio::test]
async fn who_may_not_change_is_told_before_the_approval() {
    let world = service();
    let reads = aurora_reads(&world).with_writer(std::sync::Arc::new(world.aurora().as_stranger()));
    let registry = Registry::new().with::<KillJob>(reads, aurora_writes(&world));
    let plan = propose(&registry, &KillJob::new(key("jobs/prod/serve"), Instances::All)).await;
    assert_eq!(word(&plan.head().findings, "right").unwrap().verdict, Verdict::Block);
}
