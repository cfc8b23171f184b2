//! Capacity that is changed, and who comes in between.

use ops_client::conformance::{Outcome, check, refused, same, told};

use super::support::{
    capacity, failed, look, lowered_often, on_demand, set, settled, throttled, unknown_table, until, with_index,
};
use crate::conformance::Scene;
use crate::{Capacity, CapacityChange, Effect, ErrorKind, Place, Unit};

pub(super) async fn raise(scene: Scene<'_>) -> Outcome {
    let play = throttled(scene)?;
    let mut others = Vec::new();
    for other in scene.scenario.plays.iter().filter(|other| other.name != play.name) {
        others.push(look(scene, other).await?);
    }
    let before = look(scene, play).await?;
    let to = capacity(&before, &Place::Table)?.with(Unit::Write, play.write * 2);
    set(scene, &before, &Place::Table, to).await?;
    let after = settled(scene, &play.name, &Place::Table, to).await?;
    let raised = after.place(&Place::Table).ok_or("it has no units")?;
    same("how often it was lowered", &0, &raised.decreases_today)?;
    check(raised.last_increase.is_some(), "it is told when it was raised")?;
    same("the table by the port", &after, &scene.stage.reads().table(&play.name).await.map_err(told)?)?;
    for other in others {
        same("another table", &other, &scene.stage.look(&other.name).await.map_err(told)?)?;
    }
    Ok(())
}

pub(super) async fn raise_index(scene: Scene<'_>) -> Outcome {
    let (play, place) = with_index(scene)?;
    let before = look(scene, play).await?;
    let was = capacity(&before, &place)?;
    let to = was.with(Unit::Write, was.write * 2);
    set(scene, &before, &place, to).await?;
    let after = settled(scene, &play.name, &place, to).await?;
    same("the table's units", &before.place(&Place::Table), &after.place(&Place::Table))
}

pub(super) async fn lower(scene: Scene<'_>) -> Outcome {
    let play = throttled(scene)?;
    let before = look(scene, play).await?;
    let mixed = Capacity::new(play.read / 2, play.write * 2);
    set(scene, &before, &Place::Table, mixed).await?;
    let after = settled(scene, &play.name, &Place::Table, mixed).await?;
    let lowered = after.place(&Place::Table).ok_or("it has no units")?;
    same("how often it was lowered", &1, &lowered.decreases_today)?;
    check(lowered.last_decrease.is_some(), "it is told when it was lowered")?;

    let (play, place) = with_index(scene)?;
    let before = look(scene, play).await?;
    let was = before.place(&place).ok_or("it has no index")?;
    let to = was.capacity.with(Unit::Read, was.capacity.read / 2);
    set(scene, &before, &place, to).await?;
    let after = settled(scene, &play.name, &place, to).await?;
    let counts =
        [after.place(&place), after.place(&Place::Table)].map(|found| found.map(|found| found.decreases_today));
    same("how often they were lowered", &[Some(was.decreases_today + 1), Some(play.decreases_today)], &counts)
}

pub(super) async fn lowered_too_often(scene: Scene<'_>) -> Outcome {
    let play = lowered_often(scene)?;
    let before = look(scene, play).await?;
    let was = capacity(&before, &Place::Table)?;
    for to in [was.with(Unit::Read, was.read / 2), Capacity::new(was.read * 2, was.write / 2)] {
        let change = CapacityChange::new(Place::Table, was, to);
        let error = refused(scene.stage.writes().set_capacity(&play.name, &change).await)?;
        failed("a lower one", ErrorKind::RateLimited, Effect::None, &error)?;
        check(error.message().is_some(), "it is told when it may be lowered")?;
    }
    same("the table", &before, &look(scene, play).await?)?;
    let to = was.with(Unit::Write, was.write + 50);
    set(scene, &before, &Place::Table, to).await?;
    settled(scene, &play.name, &Place::Table, to).await.map(drop)
}

pub(super) async fn busy(scene: Scene<'_>) -> Outcome {
    let play = throttled(scene)?;
    let before = look(scene, play).await?;
    let was = capacity(&before, &Place::Table)?;
    let to = was.with(Unit::Write, was.write * 2);
    set(scene, &before, &Place::Table, to).await?;
    let another = CapacityChange::new(Place::Table, was, was.with(Unit::Write, was.write * 3));
    let error = refused(scene.stage.writes().set_capacity(&play.name, &another).await)?;
    failed("another change", ErrorKind::Conflict, Effect::None, &error)?;
    settled(scene, &play.name, &Place::Table, to).await?;
    // What was seen before it is old now.
    let error = refused(scene.stage.writes().set_capacity(&play.name, &another).await)?;
    failed("the same change later", ErrorKind::Conflict, Effect::None, &error)?;
    same("the units", &to, &capacity(&look(scene, play).await?, &Place::Table)?)
}

pub(super) async fn faster(scene: Scene<'_>) -> Outcome {
    let play = throttled(scene)?;
    let (index_play, index) = with_index(scene)?;
    for (play, place) in [(play, Place::Table), (index_play, index)] {
        let seen = capacity(&scene.stage.reads().table(&play.name).await.map_err(told)?, &place)?;
        let theirs = seen.with(Unit::Read, seen.read + 30);
        scene.stage.update(&play.name, &place, theirs).await.map_err(told)?;
        let ours = CapacityChange::new(place.clone(), seen, seen.with(Unit::Write, seen.write * 2));
        // While their change goes on, and afterwards.
        let error = refused(scene.stage.writes().set_capacity(&play.name, &ours).await)?;
        failed("our change", ErrorKind::Conflict, Effect::None, &error)?;
        let after = settled(scene, &play.name, &place, theirs).await?;
        let error = refused(scene.stage.writes().set_capacity(&play.name, &ours).await)?;
        failed("our change", ErrorKind::Conflict, Effect::None, &error)?;
        let tells = error.message().is_some_and(|message| message.contains(&theirs.to_string()));
        check(tells, &format!("it is told what is there: {error}"))?;
        same("the table", &after, &look(scene, play).await?)?;
    }
    Ok(())
}

pub(super) async fn bad_units(scene: Scene<'_>) -> Outcome {
    let play = throttled(scene)?;
    let before = look(scene, play).await?;
    let was = capacity(&before, &Place::Table)?;
    let limits = scene.stage.reads().limits().await.map_err(told)?;
    let write = |units| CapacityChange::new(Place::Table, was, was.with(Unit::Write, units));
    for (what, change) in [("the same", write(was.write)), ("none", write(0)), ("no number", write(u64::MAX))] {
        let error = refused(scene.stage.writes().set_capacity(&play.name, &change).await)?;
        failed(what, ErrorKind::Invalid, Effect::None, &error)?;
    }
    let error = refused(scene.stage.writes().set_capacity(&play.name, &write(limits.table.write + 1)).await)?;
    let no_more = matches!(error.kind(), ErrorKind::Rejected | ErrorKind::Invalid);
    check(no_more && error.effect() == Effect::None, &format!("more than there may be is refused: {error}"))?;
    same("the table", &before, &look(scene, play).await?)
}

pub(super) async fn no_units(scene: Scene<'_>) -> Outcome {
    let play = on_demand(scene)?;
    let before = look(scene, play).await?;
    let change = CapacityChange::new(Place::Table, capacity(&before, &Place::Table)?, Capacity::new(10, 10));
    let error = refused(scene.stage.writes().set_capacity(&play.name, &change).await)?;
    failed("the failure", ErrorKind::Invalid, Effect::None, &error)?;
    same("the table", &before, &until(scene, &play.name, "at rest", |_| true).await?)
}

pub(super) async fn change_unknown(scene: Scene<'_>) -> Outcome {
    let play = throttled(scene)?;
    let seen = Capacity::new(play.read, play.write);
    let change = |place| CapacityChange::new(place, seen, seen.with(Unit::Write, play.write * 2));
    let writes = scene.stage.writes();
    let error = refused(writes.set_capacity(&unknown_table()?, &change(Place::Table)).await)?;
    failed("an unknown table", ErrorKind::NotFound, Effect::None, &error)?;
    let index = Place::Index("no-such-index".to_owned());
    let error = refused(writes.set_capacity(&play.name, &change(index)).await)?;
    failed("an unknown index", ErrorKind::NotFound, Effect::None, &error)
}
