//! Who may do what.

use ops_client::conformance::{Outcome, refused, same, told};

use super::support::{failed, running, tasks_of};
use crate::conformance::Scene;
use crate::{Effect, ErrorKind, InstanceSet, Instances, TaskFilter};

pub(super) async fn may_change(scene: Scene<'_>) -> Outcome {
    let ours = scene.stage.ports().reads.may_change().await.map_err(told)?;
    same("whether we may change", &Some(true), &ours)?;
    let theirs = scene.stage.stranger().reads.may_change().await.map_err(told)?;
    same("whether a stranger may", &Some(false), &theirs)
}

pub(super) async fn stranger(scene: Scene<'_>) -> Outcome {
    let (job, other) = (&scene.scenario.job, &scene.scenario.other);
    let before = running(scene, job, 1).await?;
    let stranger = scene.stage.stranger();
    // Nobody is asked who reads.
    same("what is read", &before, &stranger.reads.tasks(&TaskFilter::of_job(job)).await.map_err(told)?)?;
    let role = job.role();
    let quota = stranger.reads.quota(role).await.map_err(told)?;
    let instances = InstanceSet::new([0]).map_err(|error| error.to_string())?;
    let hosts = scene.start.get(..1).ok_or("the stage has no hosts")?;
    let new = scene.scenario.small(other, 1);
    let failures = [
        ("create", refused(stranger.writes.create(&new).await)),
        ("kill", refused(stranger.writes.kill(job, &Instances::All, "").await)),
        ("restart", refused(stranger.writes.restart(job, &instances).await)),
        ("hosts", refused(stranger.admin.hosts(hosts).await)),
        ("start maintenance", refused(stranger.admin.start_maintenance(hosts).await)),
        ("drain", refused(stranger.admin.drain(hosts).await)),
        ("end maintenance", refused(stranger.admin.end_maintenance(hosts).await)),
        ("set the quota", refused(stranger.admin.set_quota(role, scene.scenario.quota).await)),
        ("snapshot", refused(stranger.admin.snapshot().await)),
    ];
    for (what, error) in failures {
        let error = error.map_err(|why| format!("{what}: {why}"))?;
        failed(what, ErrorKind::Unauthenticated, Effect::None, &error)?;
    }
    same("the tasks", &before, &tasks_of(scene, job).await?)?;
    same("the other job", &0, &tasks_of(scene, other).await?.len())?;
    same("the quota", &quota, &scene.stage.ports().reads.quota(role).await.map_err(told)?)
}
