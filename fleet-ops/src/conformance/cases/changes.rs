//! Replacing machines, and changing how many there are.

use ops_client::conformance::{Outcome, check, refused, same, told};

use super::support::{UNKNOWN_GROUP, UNKNOWN_MACHINE, failed, ids, rest, several, single, until, working};
use crate::conformance::{Play, Scene};
use crate::{Effect, ErrorKind, Group, InstanceId, RefreshRequest, Size};

pub(super) async fn replace(scene: Scene<'_>) -> Outcome {
    let play = several(scene)?;
    let mut others = Vec::new();
    for other in scene.scenario.plays.iter().filter(|other| other.name != play.name) {
        others.push(scene.stage.look(&other.name).await.map_err(told)?);
    }
    replaced(scene, play).await?;
    for before in others {
        same("another group", &before, &scene.stage.look(&before.name).await.map_err(told)?)?;
    }
    Ok(())
}

pub(super) async fn replace_single(scene: Scene<'_>) -> Outcome {
    replaced(scene, single(scene)?).await
}

/// Replaces a machine of a group, and sees it through.
async fn replaced(scene: Scene<'_>, play: &Play) -> Outcome {
    let before = scene.stage.look(&play.name).await.map_err(told)?;
    let victim = before.in_service().next().ok_or("the group is empty")?.id.clone();
    scene.stage.writes().replace(&victim).await.map_err(told)?;
    // By the ports: what has just been accepted is seen there.
    let meanwhile = scene.stage.reads().group(&play.name).await.map_err(told)?;
    let works = meanwhile.machine(&victim).is_some_and(|machine| machine.in_service());
    check(!works, "the old machine works no longer")?;
    same("those in service", &(play.size.desired - 1), &working(&meanwhile))?;
    until(scene, &play.name, "without the old one", |group| group.machine(&victim).is_none()).await?;
    let after = rest(scene, &play.name).await?;
    same("the size", &before.size, &after.size)?;
    check(after.machine(&victim).is_none(), "the old machine is gone")?;
    let stayed = ids(&before).intersection(&ids(&after)).count();
    same("the machines that stayed", &(before.machines.len() - 1), &stayed)
}

pub(super) async fn replace_unknown(scene: Scene<'_>) -> Outcome {
    let error = refused(scene.stage.writes().replace(&InstanceId::new(UNKNOWN_MACHINE)).await)?;
    failed("the failure", ErrorKind::NotFound, Effect::None, &error)?;
    for play in &scene.scenario.plays {
        let group = scene.stage.look(&play.name).await.map_err(told)?;
        same("those in service", &play.size.desired, &working(&group))?;
    }
    Ok(())
}

pub(super) async fn grow(scene: Scene<'_>) -> Outcome {
    let (before, after) = resized(scene, several(scene)?.size.desired + 2).await?;
    check(ids(&after).is_superset(&ids(&before)), "those that were there stay")
}

pub(super) async fn shrink(scene: Scene<'_>) -> Outcome {
    let (before, after) = resized(scene, several(scene)?.size.desired - 2).await?;
    check(ids(&before).is_superset(&ids(&after)), "those that stay were there")
}

async fn resized(scene: Scene<'_>, desired: u32) -> Outcome<(Group, Group)> {
    let play = several(scene)?;
    let before = scene.stage.look(&play.name).await.map_err(told)?;
    let size = Size { desired, ..play.size };
    scene.stage.writes().set_size(&play.name, size).await.map_err(told)?;
    same("the size", &size, &scene.stage.reads().group(&play.name).await.map_err(told)?.size)?;
    let after = rest(scene, &play.name).await?;
    same("the machines", &desired, &working(&after))?;
    Ok((before, after))
}

pub(super) async fn same_size(scene: Scene<'_>) -> Outcome {
    let (_, after) = resized(scene, several(scene)?.size.desired + 1).await?;
    scene.stage.writes().set_size(&after.name, after.size).await.map_err(told)?;
    same("the group", &after, &rest(scene, &after.name).await?)
}

pub(super) async fn limits(scene: Scene<'_>) -> Outcome {
    let play = several(scene)?;
    let before = ids(&scene.stage.look(&play.name).await.map_err(told)?);
    let size = Size::new(play.size.desired, play.size.desired, play.size.max + 1);
    scene.stage.writes().set_size(&play.name, size).await.map_err(told)?;
    let after = rest(scene, &play.name).await?;
    same("the size", &size, &after.size)?;
    same("its machines", &before, &ids(&after))
}

pub(super) async fn contradiction(scene: Scene<'_>) -> Outcome {
    let play = several(scene)?;
    let before = scene.stage.look(&play.name).await.map_err(told)?;
    let Size { min, desired, max } = play.size;
    for size in [Size::new(min, max + 1, max), Size::new(desired, desired - 1, max), Size::new(max, max, min)] {
        let error = refused(scene.stage.writes().set_size(&play.name, size).await)?;
        failed(&format!("a size of {size}"), ErrorKind::Invalid, Effect::None, &error)?;
    }
    same("the group", &before, &scene.stage.look(&play.name).await.map_err(told)?)
}

pub(super) async fn change_unknown(scene: Scene<'_>) -> Outcome {
    let writes = scene.stage.writes();
    let failures = [
        ("a size", refused(writes.set_size(UNKNOWN_GROUP, Size::new(0, 1, 2)).await)?),
        ("a refresh", refused(writes.start_refresh(UNKNOWN_GROUP, &RefreshRequest::new(50, 0)).await)?),
        ("a cancel", refused(writes.cancel_refresh(UNKNOWN_GROUP).await)?),
    ];
    failures.iter().try_for_each(|(what, error)| failed(what, ErrorKind::NotFound, Effect::None, error))
}
