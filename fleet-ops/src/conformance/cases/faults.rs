//! Failures, with their kind and what they may have done.

use ops_client::conformance::{Fault, Outcome, refused, same, told};

use super::support::{failed, rest, several, single, until};
use crate::conformance::Scene;
use crate::{Effect, ErrorKind, GroupFilter, RefreshRequest, Size};

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
    let play = several(scene)?;
    let before = scene.stage.reads().group(&play.name).await.map_err(told)?;
    let machine = before.machines.first().ok_or("the group is empty")?.id.clone();
    scene.stage.fault(fault).await.map_err(told)?;
    let (reads, writes) = (scene.stage.reads(), scene.stage.writes());
    let failures = [
        ("probe", refused(reads.probe().await), Effect::None),
        ("groups", refused(reads.groups(&GroupFilter::all()).await), Effect::None),
        ("group", refused(reads.group(&play.name).await), Effect::None),
        ("refreshes", refused(reads.refreshes(&play.name).await), Effect::None),
        ("replace", refused(writes.replace(&machine).await), effect),
        ("set the size", refused(writes.set_size(&play.name, play.size).await), effect),
        ("start", refused(writes.start_refresh(&play.name, &RefreshRequest::new(60, 0)).await), effect),
        ("cancel", refused(writes.cancel_refresh(&play.name).await), effect),
    ];
    for (name, error, effect) in failures {
        let error = error.map_err(|why| format!("{name}: {why}"))?;
        failed(name, kind, effect, &error)?;
    }
    Ok(())
}

pub(super) async fn lost_answer(scene: Scene<'_>) -> Outcome {
    let (one, other) = (single(scene)?, several(scene)?);
    let before = scene.stage.reads().group(&one.name).await.map_err(told)?;
    let victim = before.machines.first().ok_or("the group is empty")?.id.clone();
    scene.stage.fault(Fault::LostAnswer).await.map_err(told)?;
    let writes = scene.stage.writes();
    let size = Size { desired: other.size.desired + 1, ..other.size };
    let lost = [refused(writes.replace(&victim).await)?, refused(writes.set_size(&other.name, size).await)?];
    for error in lost {
        same("the effect", &Effect::Possible, &error.effect())?;
    }
    until(scene, &one.name, "without the machine that was replaced", |group| group.machine(&victim).is_none()).await?;
    rest(scene, &one.name).await?;
    same("the size, set all the same", &size, &scene.stage.look(&other.name).await.map_err(told)?.size)
}
