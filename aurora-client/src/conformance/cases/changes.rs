//! What is changed: jobs that are created, killed and restarted.

use ops_client::conformance::{Outcome, check, refused, same, told};

use super::support::{all, failed, running, tasks_of, until};
use crate::TaskStatus::{Finished, Killed, Running};
use crate::conformance::{Fate, Scene};
use crate::{Effect, ErrorKind, InstanceSet, Instances, NewJob, Resources, Task};

fn set(instances: &[u32]) -> Outcome<InstanceSet> {
    InstanceSet::new(instances.iter().copied()).map_err(|error| error.to_string())
}

pub(super) async fn kill_one(scene: Scene<'_>) -> Outcome {
    let job = &scene.scenario.job;
    running(scene, job, 3).await?;
    let writes = scene.stage.ports().writes;
    writes.kill(job, &Instances::Only(set(&[1])?), "conformance").await.map_err(told)?;
    let ended = |tasks: &[Task]| tasks.iter().any(|task| task.instance == 1 && task.status == Killed);
    let tasks = until(scene, job, "without instance 1", ended).await?;
    let left: Vec<u32> = tasks.iter().filter(|task| task.status == Running).map(|task| task.instance).collect();
    same("the instances that run", &vec![0, 2], &left)?;
    let victim = tasks.iter().find(|task| task.instance == 1).ok_or("instance 1 is not known any more")?;
    let said =
        victim.events.iter().filter_map(|event| event.message.as_deref()).any(|text| text.contains("conformance"));
    check(said, "its events say why it was killed")
}

pub(super) async fn kill_all(scene: Scene<'_>) -> Outcome {
    let (job, other) = (&scene.scenario.job, &scene.scenario.other);
    running(scene, job, 3).await?;
    let beside = running(scene, other, 1).await?;
    scene.stage.ports().writes.kill(job, &Instances::All, "").await.map_err(told)?;
    let tasks = until(scene, job, "killed", |tasks| all(tasks, Killed)).await?;
    same("how many tasks", &3, &tasks.len())?;
    same("the other job", &beside, &tasks_of(scene, other).await?)
}

pub(super) async fn kill_nothing(scene: Scene<'_>) -> Outcome {
    let job = &scene.scenario.job;
    let writes = scene.stage.ports().writes;
    writes.kill(job, &Instances::All, "").await.map_err(told)?;
    writes.kill(job, &Instances::Only(set(&[7])?), "").await.map_err(told)
}

pub(super) async fn restart(scene: Scene<'_>) -> Outcome {
    let job = &scene.scenario.job;
    let before = running(scene, job, 2).await?;
    let [old, kept] = &before[..] else { return Err("there are not two tasks".to_owned()) };
    scene.stage.ports().writes.restart(job, &set(&[0])?).await.map_err(told)?;
    let succeeded =
        |tasks: &[Task]| tasks.iter().any(|task| task.status == Running && task.id != old.id && task.instance == 0);
    let tasks = until(scene, job, "restarted", succeeded).await?;
    let next = tasks.iter().find(|task| task.status == Running && task.instance == 0).ok_or("nobody runs")?;
    same("its ancestor", &Some(&old.id), &next.ancestor.as_ref())?;
    same("the nonce", &old.config.label(NewJob::NONCE), &next.config.label(NewJob::NONCE))?;
    check(tasks.iter().any(|task| task == kept), "the other instance is as it was")?;
    let before = tasks.iter().find(|task| task.id == old.id).ok_or("the old task is not known any more")?;
    check(before.status.is_terminal(), "the old task has ended")
}

pub(super) async fn restart_missing(scene: Scene<'_>) -> Outcome {
    let job = &scene.scenario.job;
    let before = running(scene, job, 1).await?;
    let error = refused(scene.stage.ports().writes.restart(job, &set(&[0, 1])?).await)?;
    failed("a restart of what is not there", ErrorKind::Rejected, Effect::None, &error)?;
    same("the tasks", &before, &tasks_of(scene, job).await?)
}

pub(super) async fn create_twice(scene: Scene<'_>) -> Outcome {
    let job = &scene.scenario.job;
    let before = running(scene, job, 1).await?;
    let error = refused(scene.stage.ports().writes.create(&scene.scenario.small(job, 2)).await)?;
    failed("a second creation", ErrorKind::Rejected, Effect::None, &error)?;
    check(error.words().is_some_and(|words| !words.is_empty()), "it says why")?;
    same("the tasks", &before, &tasks_of(scene, job).await?)
}

pub(super) async fn create_again(scene: Scene<'_>) -> Outcome {
    let job = &scene.scenario.job;
    scene.stage.order(job, Fate::Finishes).await.map_err(told)?;
    let writes = scene.stage.ports().writes;
    writes.create(&scene.scenario.small(job, 1)).await.map_err(told)?;
    until(scene, job, "finished", |tasks| all(tasks, Finished)).await?;
    let again = scene.scenario.small(job, 1);
    writes.create(&again).await.map_err(told)?;
    let tasks = tasks_of(scene, job).await?;
    let last = tasks.last().ok_or("there is no task")?;
    same("how many tasks", &2, &tasks.len())?;
    same("the last one's nonce", &Some(again.nonce.as_str()), &last.config.label(NewJob::NONCE))?;
    same("its ancestor", &None, &last.ancestor)
}

pub(super) async fn check_good(scene: Scene<'_>) -> Outcome {
    let job = &scene.scenario.job;
    scene.stage.ports().reads.check(&scene.scenario.small(job, 2)).await.map_err(told)?;
    same("how many tasks", &0, &tasks_of(scene, job).await?.len())
}

/// Jobs that no scheduler takes.
fn bad(scene: Scene<'_>) -> [(&'static str, NewJob); 4] {
    let good = scene.scenario.small(&scene.scenario.job, 1);
    let with = |resources| NewJob { resources, ..good.clone() };
    let Resources { cpus, ram_mb, disk_mb } = scene.scenario.small;
    [
        ("no processor", with(Resources::new(0.0, ram_mb, disk_mb))),
        ("no memory", with(Resources::new(cpus, 0, disk_mb))),
        ("no disk", with(Resources::new(cpus, ram_mb, 0))),
        ("no instance", NewJob { instances: 0, ..good.clone() }),
    ]
}

pub(super) async fn check_bad(scene: Scene<'_>) -> Outcome {
    for (what, job) in bad(scene) {
        let error = refused(scene.stage.ports().reads.check(&job).await).map_err(|why| format!("{what}: {why}"))?;
        failed(what, ErrorKind::Rejected, Effect::None, &error)?;
        check(error.words().is_some_and(|words| !words.is_empty()), "it says why")?;
    }
    Ok(())
}

pub(super) async fn create_bad(scene: Scene<'_>) -> Outcome {
    for (what, job) in bad(scene) {
        let error = refused(scene.stage.ports().writes.create(&job).await).map_err(|why| format!("{what}: {why}"))?;
        failed(what, ErrorKind::Rejected, Effect::None, &error)?;
    }
    same("how many tasks", &0, &tasks_of(scene, &scene.scenario.job).await?.len())
}

pub(super) async fn quota(scene: Scene<'_>) -> Outcome {
    let role = scene.scenario.job.role();
    let ports = scene.stage.ports();
    for _ in 0..2 {
        ports.admin.set_quota(role, scene.scenario.quota).await.map_err(told)?;
        same("the quota", &scene.scenario.quota, &ports.reads.quota(role).await.map_err(told)?.quota)?;
    }
    Ok(())
}
