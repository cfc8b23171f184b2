//! What happens by itself.

use std::time::Duration;

use aurora_client::TaskStatus::{Assigned, Failed, Finished, Killed, Lost, Pending, Running, Starting};
use aurora_client::{AuroraRead, MesosRead, NewJob, Resources, TaskFilter};
use fleet_ops::{FleetRead, FleetWrite};
use ops_sandbox::aurora::{JobOrder, JobSpec};

use super::{history, job, pass, running, stack, statuses};

#[tokio::test]
async fn a_task_finds_a_place_runs_and_finishes() {
    let (world, stack) = stack();
    let key = job("itaipu-core");
    world.add_job(JobSpec::new(key.clone()).label("target_date", "2026-11-25")).unwrap();
    assert_eq!(statuses(&world, &key), [Pending]);
    pass(&world, 10.0);
    let task = world.aurora().tasks(&TaskFilter::of_job(&key)).await.unwrap().remove(0);
    assert_eq!(history(&task), [Pending, Assigned, Starting, Running, Finished]);
    assert!(task.id.as_str().starts_with("jobs-prod-itaipu-core-0-"), "{}", task.id);
    assert_eq!(task.ended().unwrap().duration_since(task.began().unwrap()).as_millis(), 1300);
    let group = world.fleet().group(&stack.on_demand).await.unwrap();
    let hosts: Vec<_> = group.machines.iter().filter_map(|machine| world.host_of(&machine.id)).collect();
    assert!(hosts.contains(task.host.as_ref().unwrap()), "it runs on a machine of the fleet");
    assert_eq!(task.config.label("target_date"), Some("2026-11-25"));
    assert_eq!(task.config.mentions("./run itaipu-core"), Some(true));
    assert!(task.config.label(NewJob::NONCE).is_some());
    let brief = world.aurora().tasks(&TaskFilter::of_job(&key).brief()).await.unwrap().remove(0);
    assert_eq!((brief.config.executor_data, brief.id), (None, task.id));
}

#[tokio::test]
async fn what_fails_is_tried_again_as_often_as_it_may() {
    let (world, _) = stack();
    let key = job("model");
    let order = JobOrder::takes(Duration::from_secs(2)).fails();
    world.add_job(JobSpec::new(key.clone()).max_failures(2).order(order)).unwrap();
    pass(&world, 30.0);
    let tasks = world.aurora_tasks(&key);
    let seen: Vec<_> = tasks.iter().map(|task| (task.status, task.failures)).collect();
    assert_eq!(seen, [(Failed, 1), (Failed, 2)]);
    assert_eq!(tasks[1].ancestor.as_ref(), Some(&tasks[0].id));
    let summary = world.aurora().jobs(Some("jobs".into())).await.unwrap().remove(0);
    assert_eq!((summary.active, summary.failed, summary.pending), (0, 2, 0));
}

#[tokio::test]
async fn without_room_a_task_waits_and_says_why() {
    let (world, stack) = stack();
    let big = JobSpec::new(job("big")).instances(4).resources(Resources::new(10.0, 1024, 1024));
    world.add_job(big.order(JobOrder::takes(Duration::from_secs(600)))).unwrap();
    let odd = JobSpec::new(job("odd")).slave_type("spot");
    world.add_job(odd).unwrap();
    pass(&world, 1.0);
    let aurora = world.aurora();
    assert_eq!(statuses(&world, &job("big")), [Running, Running, Running, Pending]);
    let reasons = aurora.pending_reasons(&job("big")).await.unwrap();
    assert_eq!(reasons.iter().map(|one| one.reason.as_str()).collect::<Vec<_>>(), ["Insufficient: CPU"]);
    let reasons = aurora.pending_reasons(&job("odd")).await.unwrap();
    assert_eq!(reasons[0].reason, "Constraint not satisfied: slave_type");

    // One machine more, and there is room.
    let group = world.group(&stack.on_demand).unwrap();
    let size = fleet_ops::Size::new(group.size.min, 4, group.size.max);
    world.fleet().set_size(&stack.on_demand, size).await.unwrap();
    pass(&world, 3.0);
    assert_eq!(statuses(&world, &job("big")), [Running; 4]);
    assert_eq!(statuses(&world, &job("odd")), [Pending]);
    let seen = world.mesos().look().await.unwrap();
    assert_eq!(seen.agents.iter().map(|agent| agent.tasks_running).collect::<Vec<_>>(), [1; 4]);
    assert_eq!(seen.frameworks[0].tasks_running, 4);
}

#[tokio::test]
async fn a_machine_that_goes_takes_its_tasks_along_and_others_take_their_place() {
    let (world, stack) = stack();
    let key = running(&world, "itaipu-core", 2);
    let machine = world
        .group(&stack.on_demand)
        .unwrap()
        .machines
        .into_iter()
        .find(|machine| world.host_of(&machine.id) == world.aurora_tasks(&key)[0].host);
    world.lose_machine(&machine.unwrap().id).unwrap();
    pass(&world, 5.0);
    let tasks = world.aurora_tasks(&key);
    let seen: Vec<_> = tasks.iter().map(|task| (task.instance, task.status)).collect();
    assert_eq!(seen, [(0, Lost), (0, Running), (1, Lost), (1, Running)]);
    assert_eq!(tasks[1].ancestor.as_ref(), Some(&tasks[0].id));
}

#[tokio::test]
async fn a_scale_job_changes_how_many_machines_there_are() {
    let (world, stack) = stack();
    let scale = JobSpec::new(job("scale")).cmdline("N_NODES=5 MODE=on-demand ./scale");
    world.add_job(scale).unwrap();
    pass(&world, 1.0);
    assert_eq!(world.group(&stack.on_demand).unwrap().size.desired, 3, "only its end counts");
    pass(&world, 5.0);
    assert_eq!(world.group(&stack.on_demand).unwrap().in_service().count(), 5);
    world.add_job(JobSpec::new(job("scale")).label("N_NODES", "1")).unwrap();
    pass(&world, 5.0);
    assert_eq!(world.group(&stack.on_demand).unwrap().machines.len(), 1);
}

#[tokio::test]
async fn a_service_runs_until_it_is_told_to_end() {
    let (world, _) = stack();
    let key = job("capivara-clj");
    world.add_job(JobSpec::new(key.clone()).service()).unwrap();
    pass(&world, 100_000.0);
    assert_eq!(statuses(&world, &key), [Running]);
    world.kill_job(&key);
    pass(&world, 1.0);
    assert_eq!(statuses(&world, &key), [Killed]);
}
