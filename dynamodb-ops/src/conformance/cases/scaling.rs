//! What scales by itself.

use ops_client::conformance::{Outcome, check, refused, same, told};

use super::support::{failed, look, on_demand, scaled, throttled, unknown_table, with_index};
use crate::conformance::{Play, Scene};
use crate::{Bounds, Effect, ErrorKind, Place, ScalingChange, ScalingTarget, Unit};

pub(super) async fn targets(scene: Scene<'_>) -> Outcome {
    for play in &scene.scenario.plays {
        same(play.name.as_str(), &play.targets(), &found(scene, play).await?)?;
    }
    Ok(())
}

async fn found(scene: Scene<'_>, play: &Play) -> Outcome<Vec<ScalingTarget>> {
    scene.stage.reads().scaling(&play.name).await.map_err(told)
}

/// The table's first target.
fn first(play: &Play) -> Outcome<ScalingTarget> {
    play.targets().into_iter().next().ok_or_else(|| format!("{} does not scale", play.name))
}

fn change(target: &ScalingTarget, to: Bounds) -> ScalingChange {
    ScalingChange::new(target.place.clone(), target.unit, target.bounds, to)
}

/// Sets the first target's bounds, and nothing else.
async fn moved(scene: Scene<'_>, play: &Play) -> Outcome {
    let before = look(scene, play).await?;
    let target = first(play)?;
    let to = Bounds::new(target.bounds.min + 20, target.bounds.max * 2);
    scene.stage.writes().set_scaling(&play.name, &change(&target, to)).await.map_err(told)?;
    let mut wanted = play.targets();
    if let Some(first) = wanted.first_mut() {
        first.bounds = to;
    }
    same("what scales", &wanted, &found(scene, play).await?)?;
    let after = look(scene, play).await?;
    let units = |table: &crate::Table| table.places.iter().map(|found| found.capacity).collect::<Vec<_>>();
    same("the units", &units(&before), &units(&after))
}

pub(super) async fn bounds(scene: Scene<'_>) -> Outcome {
    moved(scene, scaled(scene)?).await
}

pub(super) async fn bounds_of_an_index(scene: Scene<'_>) -> Outcome {
    let (play, place) = with_index(scene)?;
    same("of what", &place, &first(play)?.place)?;
    moved(scene, play).await
}

pub(super) async fn bounds_not_as_seen(scene: Scene<'_>) -> Outcome {
    let play = scaled(scene)?;
    let target = first(play)?;
    let mut stale = change(&target, Bounds::new(target.bounds.min, target.bounds.max * 2));
    for seen in [Bounds::new(1, target.bounds.max), Bounds::new(target.bounds.min, target.bounds.max + 1)] {
        stale.seen = seen;
        let error = refused(scene.stage.writes().set_scaling(&play.name, &stale).await)?;
        failed("the failure", ErrorKind::Conflict, Effect::None, &error)?;
        let tells = error.message().is_some_and(|message| message.contains(&target.bounds.to_string()));
        check(tells, &format!("it is told what is there: {error}"))?;
    }
    same("what scales", &play.targets(), &found(scene, play).await?)
}

pub(super) async fn bad_bounds(scene: Scene<'_>) -> Outcome {
    let play = scaled(scene)?;
    let target = first(play)?;
    for bad in [Bounds::new(51, 50), Bounds::new(0, 50), Bounds::new(1, u64::MAX)] {
        let error = refused(scene.stage.writes().set_scaling(&play.name, &change(&target, bad)).await)?;
        failed(&bad.to_string(), ErrorKind::Invalid, Effect::None, &error)?;
    }
    same("what scales", &play.targets(), &found(scene, play).await?)
}

pub(super) async fn scales_not(scene: Scene<'_>) -> Outcome {
    let some = Bounds::new(1, 10);
    let change = |place| ScalingChange::new(place, Unit::Read, some, Bounds::new(1, 20));
    let names = [&scaled(scene)?.name, &throttled(scene)?.name, &on_demand(scene)?.name, &unknown_table()?];
    for name in names {
        let error = refused(scene.stage.writes().set_scaling(name, &change(Place::Table)).await)?;
        failed(name.as_str(), ErrorKind::NotFound, Effect::None, &error)?;
    }
    let index = Place::Index("no-such-index".to_owned());
    let error = refused(scene.stage.writes().set_scaling(names[1], &change(index)).await)?;
    failed("an unknown index", ErrorKind::NotFound, Effect::None, &error)
}
