//! Refreshes: the service goes round a group by itself.

use ops_client::conformance::{Outcome, check, refused, same, told};

use super::support::{Steps, failed, ids, rest, several};
use crate::conformance::Scene;
use crate::{Effect, ErrorKind, Refresh, RefreshRequest, RefreshState};

/// Two of three must stay in service: one at a time.
fn gentle() -> RefreshRequest {
    RefreshRequest::new(60, 0)
}

pub(super) async fn refresh(scene: Scene<'_>) -> Outcome {
    let group = &several(scene)?.name;
    let before = scene.stage.look(group).await.map_err(told)?;
    let id = scene.stage.writes().start_refresh(group, &gentle()).await.map_err(told)?;
    let begun = newest(scene).await?;
    same("its id", &id, &begun.id)?;
    check(!begun.state.is_final(), "it goes on")?;
    let ended = ended(scene).await?;
    same("what became of it", &(RefreshState::Successful, 100), &(ended.state, ended.percent))?;
    check(ended.began.is_some(), "it tells when it began")?;
    let after = rest(scene, group).await?;
    same("the size", &before.size, &after.size)?;
    check(ids(&before).is_disjoint(&ids(&after)), "every machine is another one")
}

pub(super) async fn refresh_twice(scene: Scene<'_>) -> Outcome {
    let group = &several(scene)?.name;
    let id = scene.stage.writes().start_refresh(group, &gentle()).await.map_err(told)?;
    let error = refused(scene.stage.writes().start_refresh(group, &gentle()).await)?;
    failed("the failure", ErrorKind::Conflict, Effect::None, &error)?;
    same("what came of the first", &(id, RefreshState::Successful), &key(ended(scene).await?))?;
    // After it, another one may begin; the newest comes first.
    let second = scene.stage.writes().start_refresh(group, &gentle()).await.map_err(told)?;
    let all = scene.stage.reads().refreshes(group).await.map_err(told)?;
    same("the newest", &Some(second), &all.first().map(|refresh| refresh.id.clone()))?;
    same("how many there were", &2, &all.len())
}

pub(super) async fn cancel(scene: Scene<'_>) -> Outcome {
    let group = &several(scene)?.name;
    let before = scene.stage.look(group).await.map_err(told)?;
    let id = scene.stage.writes().start_refresh(group, &gentle()).await.map_err(told)?;
    scene.stage.writes().cancel_refresh(group).await.map_err(told)?;
    same("what became of it", &(id, RefreshState::Cancelled), &key(ended(scene).await?))?;
    let after = rest(scene, group).await?;
    check(!ids(&before).is_disjoint(&ids(&after)), "some machines stay")
}

pub(super) async fn cancel_nothing(scene: Scene<'_>) -> Outcome {
    let error = refused(scene.stage.writes().cancel_refresh(&several(scene)?.name).await)?;
    failed("the failure", ErrorKind::NotFound, Effect::None, &error)
}

fn key(refresh: Refresh) -> (String, RefreshState) {
    (refresh.id, refresh.state)
}

async fn newest(scene: Scene<'_>) -> Outcome<Refresh> {
    let all = scene.stage.reads().refreshes(&several(scene)?.name).await.map_err(told)?;
    all.into_iter().next().ok_or_else(|| "it tells of no refresh".to_owned())
}

/// The newest refresh, when it has ended.
async fn ended(scene: Scene<'_>) -> Outcome<Refresh> {
    let mut steps = Steps::default();
    loop {
        let found = newest(scene).await?;
        if found.state.is_final() {
            return Ok(found);
        }
        let Some(step) = steps.next() else { return Err(format!("it never ends: {found:?}")) };
        scene.stage.pass(step).await;
    }
}
