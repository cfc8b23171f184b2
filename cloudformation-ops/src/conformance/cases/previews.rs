//! What a change would do.

use ops_client::conformance::{Outcome, check, refused, same, told};

use super::support::{
    NEW, change, computed, failed, previewed, set_name, shard, to_idle, token, unchanged, unknown_stack, with,
};
use crate::conformance::Scene;
use crate::{Change, ChangeAction, ChangeSetStatus, Effect, ErrorKind, Execution, ParameterValue, Stack};

pub(super) async fn preview(scene: Scene<'_>) -> Outcome {
    let play = shard(scene)?;
    let before = scene.stage.look(&play.name).await.map_err(told)?;
    let set_values = to_idle(play, NEW);
    let wish = change(scene, play, &set_values).await?.described("a preview");
    scene.stage.writes().create_change_set(&wish, &set_name()?).await.map_err(told)?;
    let set = computed(scene, &play.name, &set_name()?).await?;
    same("the set", &(&set_name()?, &play.name), &(&set.name, &set.stack))?;
    same(
        "its status",
        &(ChangeSetStatus::CreateComplete, Execution::Available),
        &(set.status.clone(), set.execution.clone()),
    )?;
    check(set.is_available() && !set.is_empty_change(), "it can be executed")?;
    same("what it is for", &Some("a preview"), &set.description.as_deref())?;
    for (key, value) in with(&before, &set_values) {
        if value != ParameterValue::Hidden {
            same(&key, &value.plain(), &set.parameter(&key))?;
        }
    }
    check(!set.changes.is_empty(), "resources change")?;
    check(set.changes.iter().all(|change| change.action == ChangeAction::Modify), "resources are modified only")?;
    let caused =
        set.changes.iter().flat_map(|change| &change.properties).any(|property| {
            property.cause.as_ref().is_some_and(|cause| set_values.iter().any(|(key, _)| key == cause))
        });
    check(caused, "a property changes because of what is set")?;
    let listed = scene.stage.reads().change_sets(&play.name).await.map_err(told)?;
    same("the sets of the stack", &vec![&set.id], &listed.iter().map(|listed| &listed.id).collect())?;
    let after = scene.stage.look(&play.name).await.map_err(told)?;
    same("the status", &before.status, &after.status)?;
    unchanged(&before, &after)
}

pub(super) async fn hidden_in_set(scene: Scene<'_>) -> Outcome {
    let play = shard(scene)?;
    let set = previewed(scene, play, &to_idle(play, NEW)).await?;
    same("the token", &Some(&ParameterValue::Hidden), &set.parameters.get("ApiToken"))?;
    check(!format!("{set:?}").contains(&play.token), "the token is nowhere")
}

pub(super) async fn nothing_new(scene: Scene<'_>) -> Outcome {
    let play = shard(scene)?;
    let before = scene.stage.look(&play.name).await.map_err(told)?;
    let same_again = [("Service".to_owned(), play.service.clone())];
    check(change(scene, play, &same_again).await?.is_empty(), "the change is empty")?;
    let set = previewed(scene, play, &same_again).await?;
    check(set.is_empty_change() && !set.is_available(), "the set says that it changes nothing")?;
    same("its changes", &vec![], &set.changes)?;
    let error = refused(scene.stage.writes().execute_change_set(&play.name, &set.name, &token()?).await)?;
    failed("to execute it", ErrorKind::Conflict, Effect::None, &error)?;
    same("the stack", &before, &scene.stage.look(&play.name).await.map_err(told)?)
}

pub(super) async fn name_taken(scene: Scene<'_>) -> Outcome {
    let play = shard(scene)?;
    let first = previewed(scene, play, &to_idle(play, NEW)).await?;
    let other = change(scene, play, &to_idle(play, "another")).await?;
    let error = refused(scene.stage.writes().create_change_set(&other, &first.name).await)?;
    failed("the same name", ErrorKind::Conflict, Effect::None, &error)?;
    same("the set", &first, &scene.stage.reads().change_set(&play.name, &first.name).await.map_err(told)?)
}

pub(super) async fn deleted(scene: Scene<'_>) -> Outcome {
    let play = shard(scene)?;
    let before = scene.stage.look(&play.name).await.map_err(told)?;
    let set = previewed(scene, play, &to_idle(play, NEW)).await?;
    for _ in 0..2 {
        scene.stage.writes().delete_change_set(&play.name, &set.name).await.map_err(told)?;
        let mut steps = super::support::Steps::default();
        while !scene.stage.reads().change_sets(&play.name).await.map_err(told)?.is_empty() {
            scene.stage.pass(steps.next().ok_or("the set never goes")?).await;
        }
    }
    let error = refused(scene.stage.writes().execute_change_set(&play.name, &set.name, &token()?).await)?;
    failed("to execute it", ErrorKind::NotFound, Effect::None, &error)?;
    unchanged(&before, &scene.stage.look(&play.name).await.map_err(told)?)
}

pub(super) async fn refused_value(scene: Scene<'_>) -> Outcome {
    let play = shard(scene)?;
    let before = scene.stage.look(&play.name).await.map_err(told)?;
    for (key, value) in [("BlueSize", "21"), ("Alarm", "perhaps")] {
        let wish = change(scene, play, &[(key.to_owned(), value.to_owned())]).await?;
        match scene.stage.writes().create_change_set(&wish, &set_name()?).await {
            Err(error) => failed(key, ErrorKind::Invalid, Effect::None, &error)?,
            // Or the set tells it.
            Ok(()) => {
                let set = computed(scene, &play.name, &set_name()?).await?;
                same(key, &ChangeSetStatus::Failed, &set.status)?;
                check(!set.is_empty_change(), "it is not for want of changes")?;
                scene.stage.writes().delete_change_set(&play.name, &set.name).await.map_err(told)?;
            }
        }
    }
    same("the stack", &before, &scene.stage.look(&play.name).await.map_err(told)?)
}

pub(super) async fn change_unknown(scene: Scene<'_>) -> Outcome {
    let like = scene.stage.reads().stack(&shard(scene)?.name).await.map_err(told)?;
    let (name, set, token, writes) = (unknown_stack()?, set_name()?, token()?, scene.stage.writes());
    let mut stack = Stack::new("none", name.clone(), like.status, like.created);
    stack.parameters = like.parameters;
    let wish = Change::of(&stack).with("BlueSize", "3").map_err(told)?;
    let failures = [
        ("a change set", refused(writes.create_change_set(&wish, &set).await)?),
        ("to execute", refused(writes.execute_change_set(&name, &set, &token).await)?),
        ("to delete", refused(writes.delete_change_set(&name, &set).await)?),
        ("to cancel", refused(writes.cancel_update(&name, &token).await)?),
        ("to continue", refused(writes.continue_rollback(&name, &[], &token).await)?),
        ("to roll back", refused(writes.roll_back(&name, &token).await)?),
    ];
    failures.iter().try_for_each(|(what, error)| failed(what, ErrorKind::NotFound, Effect::None, error))
}
