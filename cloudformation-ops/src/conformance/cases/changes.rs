//! Updates, and who comes in between.

use ops_client::conformance::{Outcome, check, refused, same, told};

use super::support::{
    NEW, change, ended, executed, executed_as, failed, last_event, other_set_name, other_token, previewed, set_name,
    shard, to_idle, token, unchanged, until, with,
};
use crate::conformance::Scene;
use crate::{Effect, Error, ErrorKind, Execution, Family, Followed, ParameterValue, Stack, StackStatus};

/// The stack before, and the update of it that brought a new version to its idle side.
async fn updated(scene: Scene<'_>) -> Outcome<(Stack, Followed)> {
    let play = shard(scene)?;
    let before = scene.stage.look(&play.name).await.map_err(told)?;
    let since = executed(scene, play, &to_idle(play, NEW)).await?;
    let followed = ended(scene, &play.name, since.as_ref(), &token()?).await?;
    same("the status", &StackStatus::UpdateComplete, &followed.stack.status)?;
    Ok((before, followed))
}

pub(super) async fn update(scene: Scene<'_>) -> Outcome {
    let play = shard(scene)?;
    let others = Family::of_environment("prod");
    let all = scene.stage.reads().stacks(&others).await.map_err(told)?;
    let (before, followed) = updated(scene).await?;
    same("the parameters", &with(&before, &to_idle(play, NEW)), &followed.stack.parameters)?;
    same("the id", &before.id, &followed.stack.id)?;
    check(followed.stack.updated.is_some_and(|at| at >= before.created), "it is told when it was updated")?;
    check(followed.first_failure().is_none(), "nothing failed")?;
    same("the stack by the port", &followed.stack, &scene.stage.reads().stack(&play.name).await.map_err(told)?)?;
    for other in all.iter().filter(|other| other.name != play.name) {
        same("another stack", other, &scene.stage.look(&other.name).await.map_err(told)?)?;
    }
    Ok(())
}

pub(super) async fn exchanged(scene: Scene<'_>) -> Outcome {
    let play = shard(scene)?;
    let (before, _) = updated(scene).await?;
    let down = [(format!("{}Size", play.idle_and_live().1), "0".to_owned())];
    let (name, order) = (other_set_name()?, other_token()?);
    let since = executed_as(scene, play, &down, &name, &order).await?;
    let followed = ended(scene, &play.name, since.as_ref(), &order).await?;
    same("the status", &StackStatus::UpdateComplete, &followed.stack.status)?;
    let both: Vec<_> = to_idle(play, NEW).into_iter().chain(down).collect();
    same("the parameters", &with(&before, &both), &followed.stack.parameters)?;
    check(followed.events.iter().all(|event| event.is_of(&order)), "only what is new is told")
}

pub(super) async fn default_kept(scene: Scene<'_>) -> Outcome {
    let (before, followed) = updated(scene).await?;
    same("what it was set to once", &Some("off"), &before.parameter("Alarm"))?;
    same("what it is", &Some("off"), &followed.stack.parameter("Alarm"))
}

pub(super) async fn tags_kept(scene: Scene<'_>) -> Outcome {
    let (before, followed) = updated(scene).await?;
    same("the tags", &before.tags, &followed.stack.tags)?;
    same("the token", &Some(&ParameterValue::Hidden), &followed.stack.parameters.get("ApiToken"))
}

pub(super) async fn news(scene: Scene<'_>) -> Outcome {
    let (_, followed) = updated(scene).await?;
    let (events, order) = (&followed.events, token()?);
    check(events.iter().all(|event| event.is_of(&order)), "they bear the token of the order")?;
    let own: Vec<_> = events.iter().filter(|event| event.is_about_the_stack()).collect();
    let words: Vec<_> = own.iter().map(|event| event.status.as_str()).collect();
    same("how it began", &Some(&"UPDATE_IN_PROGRESS"), &words.first())?;
    same("how it ended", &Some(&"UPDATE_COMPLETE"), &words.last())?;
    check(events.iter().any(|event| !event.is_about_the_stack()), "resources changed")?;
    check(events.is_sorted_by(|a, b| a.at <= b.at), "the oldest comes first")
}

pub(super) async fn once(scene: Scene<'_>) -> Outcome {
    let (_, followed) = updated(scene).await?;
    let name = &shard(scene)?.name;
    let error = refused(scene.stage.writes().execute_change_set(name, &set_name()?, &other_token()?).await)?;
    not_available(&error)?;
    same("the stack", &followed.stack, &scene.stage.look(name).await.map_err(told)?)
}

/// A set that can no longer be executed may be gone.
fn not_available(error: &Error) -> Outcome {
    check(matches!(error.kind(), ErrorKind::Conflict | ErrorKind::NotFound), &format!("it is refused: {error}"))?;
    same("the effect", &Effect::None, &error.effect())
}

pub(super) async fn obsolete(scene: Scene<'_>) -> Outcome {
    let play = shard(scene)?;
    let before = scene.stage.look(&play.name).await.map_err(told)?;
    let set = previewed(scene, play, &to_idle(play, NEW)).await?;
    scene.stage.update(&play.name, "Alarm", "on").await.map_err(told)?;
    let theirs = [("Alarm".to_owned(), "on".to_owned())];
    let wanted = with(&before, &theirs);
    let done = |stack: &Stack| !stack.status.is_in_progress() && stack.parameters == wanted;
    let after = until(scene, &play.name, "as the colleague wants it", done).await?;
    match scene.stage.reads().change_set(&play.name, &set.name).await {
        Ok(set) => same("our set", &Execution::Obsolete, &set.execution)?,
        Err(error) => failed("our set", ErrorKind::NotFound, Effect::None, &error)?,
    }
    not_available(&refused(scene.stage.writes().execute_change_set(&play.name, &set.name, &token()?).await)?)?;
    same("the stack", &after, &scene.stage.look(&play.name).await.map_err(told)?)
}

pub(super) async fn busy(scene: Scene<'_>) -> Outcome {
    let play = shard(scene)?;
    let (writes, name, other) = (scene.stage.writes(), &play.name, other_token()?);
    let before = scene.stage.look(name).await.map_err(told)?;
    scene.stage.hold(name).await.map_err(told)?;
    let since = executed(scene, play, &to_idle(play, NEW)).await?;
    until(scene, name, "in progress", |stack| stack.status == StackStatus::UpdateInProgress).await?;
    let second = other_set_name()?;
    let wish = change(scene, play, &to_idle(play, "another")).await?;
    // Some let a set be made, as long as it cannot be executed.
    let error = match writes.create_change_set(&wish, &second).await {
        Err(error) => error,
        Ok(()) => refused(writes.execute_change_set(name, &second, &other).await)?,
    };
    failed("another update", ErrorKind::Conflict, Effect::None, &error)?;
    let failures = [
        ("to continue", refused(writes.continue_rollback(name, &[], &other).await)?),
        ("to roll back", refused(writes.roll_back(name, &other).await)?),
    ];
    failures.iter().try_for_each(|(what, error)| failed(what, ErrorKind::Conflict, Effect::None, error))?;
    scene.stage.release(name).await.map_err(told)?;
    let followed = ended(scene, name, since.as_ref(), &token()?).await?;
    same("the status", &StackStatus::UpdateComplete, &followed.stack.status)?;
    same("the parameters", &with(&before, &to_idle(play, NEW)), &followed.stack.parameters)
}

pub(super) async fn cancel(scene: Scene<'_>) -> Outcome {
    let play = shard(scene)?;
    let before = scene.stage.look(&play.name).await.map_err(told)?;
    scene.stage.hold(&play.name).await.map_err(told)?;
    let since = executed(scene, play, &to_idle(play, NEW)).await?;
    until(scene, &play.name, "in progress", |stack| stack.status == StackStatus::UpdateInProgress).await?;
    scene.stage.writes().cancel_update(&play.name, &other_token()?).await.map_err(told)?;
    scene.stage.release(&play.name).await.map_err(told)?;
    let followed = ended(scene, &play.name, since.as_ref(), &token()?).await?;
    same("the status", &StackStatus::UpdateRollbackComplete, &followed.stack.status)?;
    check(followed.stack.status.takes_an_update(), "it takes an update again")?;
    unchanged(&before, &followed.stack)
}

pub(super) async fn nothing_to_undo(scene: Scene<'_>) -> Outcome {
    let (writes, name, token) = (scene.stage.writes(), &shard(scene)?.name, token()?);
    let before = scene.stage.look(name).await.map_err(told)?;
    let last = last_event(scene, name).await?;
    let failures = [
        ("to cancel", refused(writes.cancel_update(name, &token).await)?),
        ("to continue", refused(writes.continue_rollback(name, &[], &token).await)?),
        ("to roll back", refused(writes.roll_back(name, &token).await)?),
    ];
    failures.iter().try_for_each(|(what, error)| failed(what, ErrorKind::Conflict, Effect::None, error))?;
    same("the stack", &before, &scene.stage.look(name).await.map_err(told)?)?;
    same("the last event", &last, &last_event(scene, name).await?)
}
