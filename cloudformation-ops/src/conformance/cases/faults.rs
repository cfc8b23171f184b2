//! Failures of the system, with their kind and what they may have done.

use ops_client::conformance::{Fault, Outcome, refused, same, told};

use super::support::{NEW, change, failed, previewed, set_name, shard, to_idle, token, until, with};
use crate::conformance::Scene;
use crate::{DriftCheckId, Effect, ErrorKind, Family, Stack, StackStatus};

pub(super) async fn unavailable(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::Unavailable, ErrorKind::Unavailable, Effect::Possible).await
}

pub(super) async fn expired(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::ExpiredToken, ErrorKind::Unauthenticated, Effect::None).await
}

pub(super) async fn html(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::Html, ErrorKind::Decode, Effect::Possible).await
}

/// Every method fails with this kind, and every order with this effect.
async fn failing(scene: Scene<'_>, fault: Fault, kind: ErrorKind, effect: Effect) -> Outcome {
    let play = shard(scene)?;
    let wish = change(scene, play, &to_idle(play, NEW)).await?;
    scene.stage.fault(fault).await.map_err(told)?;
    let (reads, writes, name) = (scene.stage.reads(), scene.stage.writes(), &play.name);
    let (set, token) = (set_name()?, token()?);
    let failures = [
        ("probe", refused(reads.probe().await), Effect::None),
        ("stacks", refused(reads.stacks(&Family::of_environment("prod")).await), Effect::None),
        ("stack", refused(reads.stack(name).await), Effect::None),
        ("events", refused(reads.events(name, None).await), Effect::None),
        ("change set", refused(reads.change_set(name, &set).await), Effect::None),
        ("change sets", refused(reads.change_sets(name).await), Effect::None),
        ("start a check", refused(reads.start_drift_check(name).await), Effect::None),
        ("check", refused(reads.drift_check(name, &DriftCheckId::new("none")).await), Effect::None),
        ("create", refused(writes.create_change_set(&wish, &set).await), effect),
        ("execute", refused(writes.execute_change_set(name, &set, &token).await), effect),
        ("delete", refused(writes.delete_change_set(name, &set).await), effect),
        ("cancel", refused(writes.cancel_update(name, &token).await), effect),
        ("continue", refused(writes.continue_rollback(name, &[], &token).await), effect),
        ("roll back", refused(writes.roll_back(name, &token).await), effect),
    ];
    for (what, error, effect) in failures {
        let error = error.map_err(|why| format!("{what}: {why}"))?;
        failed(what, kind, effect, &error)?;
    }
    Ok(())
}

pub(super) async fn lost_answer(scene: Scene<'_>) -> Outcome {
    let play = shard(scene)?;
    let before = scene.stage.look(&play.name).await.map_err(told)?;
    let set = previewed(scene, play, &to_idle(play, NEW)).await?;
    scene.stage.fault(Fault::LostAnswer).await.map_err(told)?;
    let error = refused(scene.stage.writes().execute_change_set(&play.name, &set.name, &token()?).await)?;
    same("the effect", &Effect::Possible, &error.effect())?;
    // It is looked for behind the ports' back: they fail.
    let done = |stack: &Stack| stack.status == StackStatus::UpdateComplete;
    let after = until(scene, &play.name, "updated", done).await?;
    same("the parameters", &with(&before, &to_idle(play, NEW)), &after.parameters)
}
