//! Failures, with their kind and what they may have done.

use ops_client::conformance::{Fault, Outcome, check, refused, same, told};

use super::support::{lately, paused, plain, until};
use crate::conformance::cluster::Scene;
use crate::conformance::support::failed;
use crate::{Cluster, Effect, ErrorKind};

pub(super) async fn unavailable(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::Unavailable, ErrorKind::Unavailable, Effect::Possible).await
}

pub(super) async fn expired(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::ExpiredToken, ErrorKind::Unauthenticated, Effect::None).await
}

pub(super) async fn html(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::Html, ErrorKind::Decode, Effect::Possible).await
}

/// Every method fails with this kind, and every change with this effect.
async fn failing(scene: Scene<'_>, fault: Fault, kind: ErrorKind, effect: Effect) -> Outcome {
    let (id, away) = (&plain(scene)?.id, &paused(scene)?.id);
    let from = lately(scene);
    scene.stage.fault(fault).await.map_err(told)?;
    let (reads, writes) = (scene.stage.reads(), scene.stage.writes());
    let failures = [
        ("probe", refused(reads.probe().await), Effect::None),
        ("clusters", refused(reads.clusters().await), Effect::None),
        ("cluster", refused(reads.cluster(id).await), Effect::None),
        ("events", refused(reads.events(id, from).await), Effect::None),
        ("snapshots", refused(reads.snapshots_in_progress(id).await), Effect::None),
        ("resize", refused(reads.resize(id).await), Effect::None),
        ("reboot", refused(writes.reboot(id).await), effect),
        ("pause", refused(writes.pause(id).await), effect),
        ("resume", refused(writes.resume(away).await), effect),
    ];
    for (name, error, effect) in failures {
        let error = error.map_err(|why| format!("{name}: {why}"))?;
        failed(name, kind, effect, &error)?;
    }
    Ok(())
}

pub(super) async fn lost_answer(scene: Scene<'_>) -> Outcome {
    let (id, away) = (&plain(scene)?.id, &paused(scene)?.id);
    scene.stage.fault(Fault::LostAnswer).await.map_err(told)?;
    let writes = scene.stage.writes();
    for error in [refused(writes.reboot(id).await)?, refused(writes.resume(away).await)?] {
        same("the effect", &Effect::Possible, &error.effect())?;
    }
    check(!scene.stage.look(id).await.map_err(told)?.is_available(), "it reboots all the same")?;
    until(scene, id, "available again", Cluster::is_available).await?;
    until(scene, away, "back", Cluster::is_available).await.map(drop)
}
