//! Failures, with their kind and what they may have done.

use ops_client::conformance::{Fault, Outcome, check, refused, same, told};

use super::support::running;
use crate::conformance::Scene;
use crate::{Effect, ErrorKind, InstanceSet, Instances, NewJob, TaskFilter, TaskStatus};

pub(super) async fn unavailable(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::Unavailable, ErrorKind::Unavailable).await
}

pub(super) async fn html(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::Html, ErrorKind::Decode).await
}

/// Every method fails with this kind. What a change says of its effect is up to what is known there, but it has not taken
/// place for certain.
async fn failing(scene: Scene<'_>, fault: Fault, kind: ErrorKind) -> Outcome {
    let job = &scene.scenario.job;
    let new = scene.scenario.small(job, 1);
    let instances = InstanceSet::new([0]).map_err(|error| error.to_string())?;
    scene.stage.fault(fault).await.map_err(told)?;
    let ports = scene.stage.ports();
    let reads = [
        ("probe", refused(ports.reads.probe().await)),
        ("tasks", refused(ports.reads.tasks(&TaskFilter::of_job(job)).await)),
        ("reasons", refused(ports.reads.pending_reasons(job).await)),
        ("jobs", refused(ports.reads.jobs(None).await)),
        ("check", refused(ports.reads.check(&new).await)),
        ("quota", refused(ports.reads.quota(job.role()).await)),
        ("whether one may change", refused(ports.reads.may_change().await)),
        ("hosts", refused(ports.admin.hosts(scene.start).await)),
    ];
    for (what, error) in reads {
        let error = error.map_err(|why| format!("{what}: {why}"))?;
        super::support::failed(what, kind, Effect::None, &error)?;
    }
    let writes = [
        ("create", refused(ports.writes.create(&new).await)),
        ("kill", refused(ports.writes.kill(job, &Instances::All, "").await)),
        ("restart", refused(ports.writes.restart(job, &instances).await)),
        ("drain", refused(ports.admin.drain(scene.start).await)),
        ("set the quota", refused(ports.admin.set_quota(job.role(), scene.scenario.quota).await)),
    ];
    for (what, error) in writes {
        let error = error.map_err(|why| format!("{what}: {why}"))?;
        same(&format!("the failure of {what}"), &kind, &error.kind())?;
        check(error.effect() != Effect::Certain, "nothing has happened for certain")?;
    }
    Ok(())
}

pub(super) async fn lost_create(scene: Scene<'_>) -> Outcome {
    let job = &scene.scenario.job;
    let new = scene.scenario.small(job, 1);
    scene.stage.fault(Fault::LostAnswer).await.map_err(told)?;
    let error = refused(scene.stage.ports().writes.create(&new).await)?;
    same("the effect", &Effect::Possible, &error.effect())?;
    let tasks = scene.stage.look(job).await.map_err(told)?;
    let [task] = &tasks[..] else { return Err(format!("there are {} tasks, not one", tasks.len())) };
    same("its nonce", &Some(new.nonce.as_str()), &task.config.label(NewJob::NONCE))
}

pub(super) async fn lost_kill(scene: Scene<'_>) -> Outcome {
    let job = &scene.scenario.job;
    let before = running(scene, job, 2).await?;
    scene.stage.fault(Fault::LostAnswer).await.map_err(told)?;
    let error = refused(scene.stage.ports().writes.kill(job, &Instances::All, "").await)?;
    same("the effect", &Effect::Possible, &error.effect())?;
    let after = scene.stage.look(job).await.map_err(told)?;
    let ids = |tasks: &[crate::Task]| tasks.iter().map(|task| task.id.clone()).collect::<Vec<_>>();
    same("the tasks", &ids(&before), &ids(&after))?;
    let ends = |task: &crate::Task| task.status == TaskStatus::Killing || task.status.is_terminal();
    check(after.iter().all(ends), "each was told to end")
}
