//! Updates that fail, and what becomes of the stack.

use ops_client::conformance::{Outcome, check, refused, same, told};

use super::support::{ended, executed, failed, last_event, other_token, shard, to_idle, token, unchanged};
use crate::conformance::Scene;
use crate::{Effect, ErrorKind, Followed, StackEvent, StackStatus};

pub(super) async fn broken(scene: Scene<'_>) -> Outcome {
    let play = shard(scene)?;
    let before = scene.stage.look(&play.name).await.map_err(told)?;
    let since = executed(scene, play, &to_idle(play, "broken1")).await?;
    let followed = ended(scene, &play.name, since.as_ref(), &token()?).await?;
    same("the status", &StackStatus::UpdateRollbackComplete, &followed.stack.status)?;
    check(followed.stack.status.rolled_back(), "it has rolled back")?;
    unchanged(&before, &followed.stack)?;
    told_first(&followed)
}

/// The first failure is a resource's, with its reason, and it came before the stack gave up.
fn told_first(followed: &Followed) -> Outcome {
    let first = followed.first_failure().ok_or("no failure is told")?;
    check(first.status.is_failed() && !first.is_about_the_stack(), &format!("a resource failed first: {first:?}"))?;
    check(first.reason.is_some(), "it says why")?;
    let at = |wanted: &dyn Fn(&StackEvent) -> bool| followed.events.iter().position(wanted);
    let gave_up = at(&|event| event.is_about_the_stack() && event.status.as_str() == "UPDATE_ROLLBACK_IN_PROGRESS");
    check(at(&|event| event.id == first.id) < gave_up, "it failed before the stack gave up")
}

pub(super) async fn stuck(scene: Scene<'_>) -> Outcome {
    let play = shard(scene)?;
    let (writes, name) = (scene.stage.writes(), &play.name);
    let since = executed(scene, play, &to_idle(play, "stuck1")).await?;
    let followed = ended(scene, name, since.as_ref(), &token()?).await?;
    same("the status", &StackStatus::UpdateRollbackFailed, &followed.stack.status)?;
    check(followed.stack.status.remedy().is_some(), "a person must do something first")?;
    told_first(&followed)?;
    let failed_back = failed_back(&followed);
    check(!failed_back.is_empty(), "it is told what cannot be brought back")?;

    let since = last_event(scene, name).await?;
    writes.continue_rollback(name, &failed_back, &other_token()?).await.map_err(told)?;
    let followed = ended(scene, name, since.as_ref(), &other_token()?).await?;
    same("the status", &StackStatus::UpdateRollbackComplete, &followed.stack.status)?;
    check(followed.stack.status.takes_an_update(), "it takes an update again")
}

/// What could not be taken back.
fn failed_back(followed: &Followed) -> Vec<String> {
    let began =
        |event: &StackEvent| event.is_about_the_stack() && event.status.as_str() == "UPDATE_ROLLBACK_IN_PROGRESS";
    let since = followed.events.iter().skip_while(|event| !began(event));
    let failed = since.filter(|event| !event.is_about_the_stack() && event.status.is_failed());
    let mut names: Vec<String> = failed.map(|event| event.logical_id.clone()).collect();
    names.sort();
    names.dedup();
    names
}

pub(super) async fn skip_unknown(scene: Scene<'_>) -> Outcome {
    let play = shard(scene)?;
    let since = executed(scene, play, &to_idle(play, "stuck1")).await?;
    ended(scene, &play.name, since.as_ref(), &token()?).await?;
    let skip = ["NoSuchResource".to_owned()];
    let error = refused(scene.stage.writes().continue_rollback(&play.name, &skip, &other_token()?).await)?;
    failed("the failure", ErrorKind::Invalid, Effect::None, &error)?;
    let stack = scene.stage.look(&play.name).await.map_err(told)?;
    same("the status", &StackStatus::UpdateRollbackFailed, &stack.status)
}
