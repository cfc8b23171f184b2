//! What people do: create, kill, restart, drain; and who may.

use aurora_client::TaskStatus::{Draining, Killed, Killing, Pending, Restarting, Running};
use aurora_client::{
    AuroraAdmin, AuroraRead, AuroraWrite, Effect, ErrorKind, HostMode, InstanceSet, Instances, NewJob, Process,
    Resources, TaskFilter,
};
use ops_sandbox::aurora::About;
use ops_sandbox::{Fault, Operation, System};

use super::{history, job, pass, running, stack, statuses};

fn new(name: &str) -> NewJob {
    NewJob::new(job(name), Resources::new(1.0, 128, 128), vec![Process::new("main", "true")])
}

#[tokio::test]
async fn a_job_is_created_once() {
    let (world, _) = stack();
    let aurora = world.aurora();
    aurora.check(&new("dagao")).await.unwrap();
    aurora.create(&new("dagao")).await.unwrap();
    let error = aurora.create(&new("dagao")).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Rejected, Effect::None));
    assert!(error.to_string().contains("already exists"), "{error}");
    let mut none = new("none");
    none.instances = 0;
    assert_eq!(aurora.check(&none).await.unwrap_err().kind(), ErrorKind::Rejected);
    let count = world.count(Operation::AuroraCreate, About::Job(&job("dagao")).subject());
    assert_eq!((count.calls, count.effects), (2, 1));
    pass(&world, 10.0);
    aurora.create(&new("dagao")).await.unwrap();
    world.update_job(&job("dagao"), true);
    let error = aurora.kill(&job("dagao"), &Instances::All, "").await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::None));
}

#[tokio::test]
async fn a_kill_takes_a_moment_and_only_whom_it_names() {
    let (world, _) = stack();
    let key = running(&world, "itaipu-core", 3);
    let aurora = world.aurora();
    let one = InstanceSet::new([1]).unwrap();
    aurora.kill(&key, &Instances::Only(one), "stop_run 17").await.unwrap();
    assert_eq!(statuses(&world, &key), [Running, Killing, Running]);
    assert!(world.aurora_tasks(&key)[1].events.last().unwrap().message.as_ref().unwrap().contains("stop_run 17"));
    pass(&world, 1.0);
    assert_eq!(statuses(&world, &key), [Running, Killed, Running]);
    aurora.kill(&key, &Instances::All, "").await.unwrap();
    aurora.kill(&key, &Instances::All, "").await.unwrap();
    pass(&world, 1.0);
    assert_eq!(statuses(&world, &key), [Killed; 3]);
    aurora.kill(&key, &Instances::All, "").await.unwrap();
    let count = world.count(Operation::AuroraKill, About::Job(&key).subject());
    assert_eq!((count.calls, count.effects), (4, 2));
}

#[tokio::test]
async fn what_never_had_a_place_is_forgotten_when_it_is_killed() {
    let (world, _) = stack();
    let mut wide = new("wide");
    wide.resources.cpus = 100.0;
    world.aurora().create(&wide).await.unwrap();
    pass(&world, 1.0);
    assert_eq!(statuses(&world, &wide.key), [Pending]);
    world.aurora().kill(&wide.key, &Instances::All, "").await.unwrap();
    assert_eq!(statuses(&world, &wide.key), []);
}

#[tokio::test]
async fn a_restart_puts_others_in_their_place_all_or_none() {
    let (world, _) = stack();
    let key = running(&world, "itaipu-core", 2);
    let aurora = world.aurora();
    let error = aurora.restart(&key, &InstanceSet::new([0, 7]).unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), statuses(&world, &key)), (ErrorKind::Rejected, vec![Running, Running]));
    aurora.restart(&key, &InstanceSet::new([0]).unwrap()).await.unwrap();
    assert_eq!(statuses(&world, &key), [Restarting, Running]);
    pass(&world, 2.0);
    let tasks = world.aurora_tasks(&key);
    assert_eq!(statuses(&world, &key), [Killed, Running, Running]);
    assert_eq!((tasks[1].ancestor.as_ref(), tasks[1].instance), (Some(&tasks[0].id), 0));
    assert!(history(&tasks[0]).ends_with(&[Restarting, Killed]));
}

#[tokio::test]
async fn a_drained_host_is_empty_and_stays_so() {
    let (world, _) = stack();
    let key = running(&world, "itaipu-core", 2);
    let aurora = world.aurora();
    let host = world.aurora_tasks(&key)[0].host.clone().unwrap();
    let asked = [host.clone(), "nobody".to_owned()];
    let told = aurora.drain(&asked).await.unwrap();
    assert_eq!(told.iter().map(|one| one.mode).collect::<Vec<_>>(), [Some(HostMode::Draining), None]);
    assert_eq!(statuses(&world, &key), [Draining, Draining]);
    pass(&world, 3.0);
    assert_eq!(aurora.hosts(&asked).await.unwrap()[0].mode, Some(HostMode::Drained));
    let active = aurora.tasks(&TaskFilter::of_job(&key).active()).await.unwrap();
    assert!(active.iter().all(|task| task.status == Running && task.host.as_ref() != Some(&host)));
    assert_eq!(aurora.end_maintenance(&asked[..1]).await.unwrap()[0].mode, Some(HostMode::None));
    let count = world.count(Operation::DrainHosts, About::Host(&host).subject());
    assert_eq!((count.calls, count.effects), (1, 1));
}

#[tokio::test]
async fn a_wrong_password_reads_everything_and_changes_nothing() {
    let (world, _) = stack();
    let key = running(&world, "itaipu-core", 1);
    let (stranger, viewer) = (world.aurora().as_stranger(), world.aurora().as_viewer());
    let operator = world.aurora().as_operator();
    assert_eq!(stranger.tasks(&TaskFilter::of_job(&key)).await.unwrap().len(), 1);
    assert_eq!(stranger.may_change().await.unwrap(), Some(false));
    assert_eq!(operator.may_change().await.unwrap(), Some(true));
    let kind = |outcome: aurora_client::Result<()>| outcome.unwrap_err().kind();
    assert_eq!(kind(stranger.kill(&key, &Instances::All, "").await), ErrorKind::Unauthenticated);
    assert_eq!(kind(viewer.kill(&key, &Instances::All, "").await), ErrorKind::Forbidden);
    assert_eq!(kind(operator.snapshot().await), ErrorKind::Forbidden);
    let count = world.count(Operation::AuroraKill, About::Job(&key).subject());
    assert_eq!((count.calls, count.refused, count.effects), (2, 2, 0));
    operator.kill(&key, &Instances::All, "").await.unwrap();
    world.secure_aurora(false);
    assert_eq!(stranger.may_change().await.unwrap(), None);
    stranger.create(&new("dagao")).await.unwrap();
}

#[tokio::test]
async fn a_filter_that_says_nothing_is_refused() {
    let (world, _) = stack();
    let error = world.aurora().tasks(&TaskFilter::default().active()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Invalid, Effect::None));
}

#[tokio::test]
async fn calls_go_wrong_on_demand() {
    let (world, _) = stack();
    let key = running(&world, "itaipu-core", 1);
    let aurora = world.aurora();
    world.faults().next(1, Operation::AuroraKill, Fault::Status(503));
    let error = aurora.kill(&key, &Instances::All, "").await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unavailable, Effect::Possible));
    assert_eq!(statuses(&world, &key), [Running]);
    world.faults().next(1, System::Aurora, Fault::DropAfterEffect);
    let error = aurora.kill(&key, &Instances::All, "").await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unavailable, Effect::Possible));
    assert_eq!(statuses(&world, &key), [Killing]);
    let count = world.count(Operation::AuroraKill, About::Job(&key).subject());
    assert_eq!((count.calls, count.effects), (2, 1));
    world.faults().next(1, System::Aurora, Fault::ExpiredToken);
    aurora.tasks(&TaskFilter::of_job(&key)).await.unwrap();
}
