//! Hosts and their maintenance.

use std::time::Duration;

use ops_client::conformance::{Outcome, check, same, told};

use super::support::{running, until};
use crate::conformance::Scene;
use crate::{HostMode, HostStatus, Task, TaskStatus};

/// The mode of one host.
async fn mode(scene: Scene<'_>, host: &str) -> Outcome<Option<HostMode>> {
    let told_of = scene.stage.ports().admin.hosts(&[host.to_owned()]).await.map_err(told)?;
    let [status] = &told_of[..] else { return Err(format!("{} hosts were told, not one", told_of.len())) };
    same("the host", &host, &status.host.as_str())?;
    Ok(status.mode)
}

fn host(scene: Scene<'_>) -> Outcome<&str> {
    scene.start.first().map(String::as_str).ok_or_else(|| "the stage has no hosts".to_owned())
}

pub(super) async fn unknown_host(scene: Scene<'_>) -> Outcome {
    let (known, unknown) = (host(scene)?.to_owned(), scene.scenario.nowhere.clone());
    let found = scene.stage.ports().admin.hosts(&[unknown.clone(), known.clone()]).await.map_err(told)?;
    let wanted = vec![HostStatus::new(unknown, None), HostStatus::new(known, Some(HostMode::None))];
    same("the hosts, in the order asked for", &wanted, &found)
}

pub(super) async fn drain(scene: Scene<'_>) -> Outcome {
    let job = &scene.scenario.job;
    let before = running(scene, job, 1).await?;
    let Some(Task { id, host: Some(host), .. }) = before.first() else { return Err("nothing runs".to_owned()) };
    scene.stage.ports().admin.drain(std::slice::from_ref(host)).await.map_err(told)?;
    let moved = |tasks: &[Task]| tasks.iter().any(|task| task.id != *id && task.status == TaskStatus::Running);
    let tasks = until(scene, job, "running elsewhere", moved).await?;
    let next = tasks.iter().find(|task| task.status == TaskStatus::Running).ok_or("nobody runs")?;
    same("its ancestor", &Some(id), &next.ancestor.as_ref())?;
    check(next.host.is_some() && next.host.as_ref() != Some(host), "it runs on another host")?;
    for _ in 0..60 {
        match mode(scene, host).await? {
            Some(HostMode::Draining) => scene.stage.pass(Duration::from_secs(1)).await,
            mode => return same("the mode of the host", &Some(HostMode::Drained), &mode),
        }
    }
    Err("the host is draining for ever".to_owned())
}

pub(super) async fn maintenance(scene: Scene<'_>) -> Outcome {
    let host = host(scene)?;
    let (admin, hosts) = (scene.stage.ports().admin, [host.to_owned()]);
    for _ in 0..2 {
        admin.start_maintenance(&hosts).await.map_err(told)?;
        same("the mode", &Some(HostMode::Scheduled), &mode(scene, host).await?)?;
    }
    for _ in 0..2 {
        admin.end_maintenance(&hosts).await.map_err(told)?;
        same("the mode", &Some(HostMode::None), &mode(scene, host).await?)?;
    }
    Ok(())
}
