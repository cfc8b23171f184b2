//! Rebooting, pausing, coming back.

use ops_client::conformance::{Outcome, check, refused, same, told};

use super::support::{lately, paused, plain, restarts, unknown_id, until};
use crate::conformance::cluster::Scene;
use crate::conformance::support::failed;
use crate::{Cluster, ClusterEvent, ClusterId, ClusterStatus, Effect, ErrorKind};

pub(super) async fn reboot(scene: Scene<'_>) -> Outcome {
    let id = &plain(scene)?.id;
    let mut others = Vec::new();
    for other in scene.scenario.plays.iter().filter(|other| other.id != *id) {
        others.push(scene.stage.look(&other.id).await.map_err(told)?);
    }
    let before = scene.stage.look(id).await.map_err(told)?;
    scene.stage.writes().reboot(id).await.map_err(told)?;
    // By the ports: what has just been accepted is seen there.
    let meanwhile = scene.stage.reads().cluster(id).await.map_err(told)?;
    check(!meanwhile.is_available(), "it is not available meanwhile")?;
    let after = until(scene, id, "available again", Cluster::is_available).await?;
    same("the cluster", &before, &after)?;
    for before in others {
        same("another cluster", &before, &scene.stage.look(&before.id).await.map_err(told)?)?;
    }
    Ok(())
}

pub(super) async fn reboot_events(scene: Scene<'_>) -> Outcome {
    let id = &plain(scene)?.id;
    let before = restarts(scene, id).await?;
    let first = rebooted(scene, id).await?;
    // One restart is told once, or as its beginning and its end.
    let new = first.len().saturating_sub(before.len());
    check((1..=2).contains(&new), "one restart is told of")?;
    check(before.first().is_none_or(|old| first.first().is_some_and(|new| new.at > old.at)), "it is newer")?;
    let events = scene.stage.reads().events(id, lately(scene)).await.map_err(told)?;
    check(events.is_sorted_by(|a, b| a.at >= b.at), "the newest event comes first")?;
    let second = rebooted(scene, id).await?;
    same("the restarts, after another one", &(first.len() + new), &second.len())
}

/// The restarts that are told of after one more.
async fn rebooted(scene: Scene<'_>, id: &ClusterId) -> Outcome<Vec<ClusterEvent>> {
    scene.stage.writes().reboot(id).await.map_err(told)?;
    until(scene, id, "available again", Cluster::is_available).await?;
    restarts(scene, id).await
}

pub(super) async fn reboot_twice(scene: Scene<'_>) -> Outcome {
    let (writes, id) = (scene.stage.writes(), &plain(scene)?.id);
    let before = restarts(scene, id).await?.len();
    writes.reboot(id).await.map_err(told)?;
    let failures =
        [("a second reboot", refused(writes.reboot(id).await)?), ("a pause", refused(writes.pause(id).await)?)];
    failures.iter().try_for_each(|(what, error)| failed(what, ErrorKind::Conflict, Effect::None, error))?;
    until(scene, id, "available again", Cluster::is_available).await?;
    check(restarts(scene, id).await?.len() <= before + 2, "it was restarted once")
}

pub(super) async fn pause_and_resume(scene: Scene<'_>) -> Outcome {
    let (writes, id) = (scene.stage.writes(), &plain(scene)?.id);
    let before = scene.stage.look(id).await.map_err(told)?;
    writes.pause(id).await.map_err(told)?;
    check(!scene.stage.reads().cluster(id).await.map_err(told)?.is_available(), "it is not available")?;
    until(scene, id, "paused", |cluster| cluster.status == ClusterStatus::Paused).await?;
    writes.resume(id).await.map_err(told)?;
    check(!scene.stage.reads().cluster(id).await.map_err(told)?.is_available(), "it is not available yet")?;
    let after = until(scene, id, "available again", Cluster::is_available).await?;
    same("the cluster", &before, &after)
}

pub(super) async fn reboot_paused(scene: Scene<'_>) -> Outcome {
    let (writes, id) = (scene.stage.writes(), &paused(scene)?.id);
    let failures = [("a reboot", refused(writes.reboot(id).await)?), ("a pause", refused(writes.pause(id).await)?)];
    failures.iter().try_for_each(|(what, error)| failed(what, ErrorKind::Conflict, Effect::None, error))?;
    same("its status", &ClusterStatus::Paused, &scene.stage.look(id).await.map_err(told)?.status)
}

pub(super) async fn resume_available(scene: Scene<'_>) -> Outcome {
    let id = &plain(scene)?.id;
    let error = refused(scene.stage.writes().resume(id).await)?;
    failed("the failure", ErrorKind::Conflict, Effect::None, &error)?;
    check(scene.stage.look(id).await.map_err(told)?.is_available(), "it still works")
}

pub(super) async fn change_unknown(scene: Scene<'_>) -> Outcome {
    let (writes, id) = (scene.stage.writes(), unknown_id());
    let failures = [
        ("a reboot", refused(writes.reboot(&id).await)?),
        ("a pause", refused(writes.pause(&id).await)?),
        ("a resume", refused(writes.resume(&id).await)?),
    ];
    failures.iter().try_for_each(|(what, error)| failed(what, ErrorKind::NotFound, Effect::None, error))
}
