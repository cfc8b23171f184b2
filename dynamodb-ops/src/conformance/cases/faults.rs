//! Failures of the system, with their kind and what they may have done.

use ops_client::conformance::{Fault, Outcome, check, refused, same, told};

use super::support::{capacity, last_minutes, look, scaled, throttled};
use crate::conformance::Scene;
use crate::{Bounds, CapacityChange, Effect, Error, ErrorKind, Place, ScalingChange, Unit};

pub(super) async fn unavailable(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::Unavailable, ErrorKind::Unavailable, &[Effect::None, Effect::Possible]).await
}

pub(super) async fn expired(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::ExpiredToken, ErrorKind::Unauthenticated, &[Effect::None]).await
}

pub(super) async fn html(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::Html, ErrorKind::Decode, &[Effect::None, Effect::Possible]).await
}

/// Every method fails with this kind, and every change with one of these effects: where what is read before it fails,
/// none.
async fn failing(scene: Scene<'_>, fault: Fault, kind: ErrorKind, effects: &[Effect]) -> Outcome {
    let (play, scales) = (throttled(scene)?, scaled(scene)?);
    let target = scales.targets().into_iter().next().ok_or("it does not scale")?;
    let window = last_minutes(scene, 60)?;
    scene.stage.fault(fault).await.map_err(told)?;
    let (reads, writes, name) = (scene.stage.reads(), scene.stage.writes(), &play.name);
    let seen = crate::Capacity::new(play.read, play.write);
    let raise = CapacityChange::new(Place::Table, seen, seen.with(Unit::Write, play.write * 2));
    let bounds = Bounds::new(target.bounds.min, target.bounds.max * 2);
    let bounds = ScalingChange::new(target.place.clone(), target.unit, target.bounds, bounds);
    let failures: [(&str, Outcome<Error>, &[Effect]); 8] = [
        ("probe", refused(reads.probe().await), &[Effect::None]),
        ("table", refused(reads.table(name).await), &[Effect::None]),
        ("tables", refused(reads.tables("prod-").await), &[Effect::None]),
        ("limits", refused(reads.limits().await), &[Effect::None]),
        ("usage", refused(reads.usage(name, &Place::Table, &window).await), &[Effect::None]),
        ("scaling", refused(reads.scaling(name).await), &[Effect::None]),
        ("set the capacity", refused(writes.set_capacity(name, &raise).await), effects),
        ("set the bounds", refused(writes.set_scaling(&scales.name, &bounds).await), effects),
    ];
    for (what, error, effects) in failures {
        let error = error.map_err(|why| format!("{what}: {why}"))?;
        same(what, &kind, &error.kind())?;
        check(effects.contains(&error.effect()), &format!("{what}: the effect is one of {effects:?}: {error}"))?;
    }
    Ok(())
}

pub(super) async fn lost_answer(scene: Scene<'_>) -> Outcome {
    let play = throttled(scene)?;
    let before = look(scene, play).await?;
    let seen = capacity(&before, &Place::Table)?;
    scene.stage.fault(Fault::LostAnswer).await.map_err(told)?;
    let raise = CapacityChange::new(Place::Table, seen, seen.with(Unit::Write, seen.write * 2));
    let error = refused(scene.stage.writes().set_capacity(&play.name, &raise).await)?;
    match error.effect() {
        // What is read before it got no answer either: nothing was sent.
        Effect::None => same("the table", &before, &look(scene, play).await?),
        effect => same("the effect", &Effect::Possible, &effect),
    }
}
