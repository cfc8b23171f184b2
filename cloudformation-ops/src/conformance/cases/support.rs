//! What cases share: the scenario's stacks, orders, and waiting.

use std::collections::BTreeMap;
use std::time::Duration;

use ops_client::conformance::{Outcome, check, parsed, same, told};

use crate::conformance::{Play, Scene};
use crate::{
    Change, ChangeSet, ChangeSetName, ClientToken, Effect, Error, ErrorKind, EventId, Followed, ParameterValue, Stack,
    StackName,
};

/// Steps grow to this; all of them together end.
const LONGEST_STEP: Duration = Duration::from_secs(30);
const LONGEST_WAIT: Duration = Duration::from_secs(30 * 60);

/// A version that starts.
pub(super) const NEW: &str = "9e3c0de";

/// No stack has this name.
pub(super) fn unknown_stack() -> Outcome<StackName> {
    parsed("no-such-stack")
}

pub(super) fn set_name() -> Outcome<ChangeSetName> {
    parsed("conformance-1")
}

pub(super) fn other_set_name() -> Outcome<ChangeSetName> {
    parsed("conformance-2")
}

pub(super) fn token() -> Outcome<ClientToken> {
    parsed("conformance-token-1")
}

pub(super) fn other_token() -> Outcome<ClientToken> {
    parsed("conformance-token-2")
}

/// The stack that is changed: one of two shards.
pub(super) fn shard(scene: Scene<'_>) -> Outcome<&Play> {
    let mut shards = scene.scenario.plays.iter().filter(|play| play.name.as_str().ends_with("correnteza"));
    shards.next_back().ok_or_else(|| "the scenario has no shards".to_owned())
}

/// Parameters that bring this version to the idle side.
pub(super) fn to_idle(play: &Play, version: &str) -> [(String, String); 2] {
    let (idle, _) = play.idle_and_live();
    [(format!("{idle}Version"), version.to_owned()), (format!("{idle}Size"), "1".to_owned())]
}

/// A change of a stack, as it is now.
pub(super) async fn change(scene: Scene<'_>, play: &Play, set: &[(String, String)]) -> Outcome<Change> {
    let stack = scene.stage.reads().stack(&play.name).await.map_err(told)?;
    set.iter().try_fold(Change::of(&stack), |change, (key, value)| change.with(key, value.as_str())).map_err(told)
}

/// A change set of it, computed.
pub(super) async fn previewed(scene: Scene<'_>, play: &Play, set: &[(String, String)]) -> Outcome<ChangeSet> {
    previewed_as(scene, play, set, &set_name()?).await
}

async fn previewed_as(
    scene: Scene<'_>,
    play: &Play,
    set: &[(String, String)],
    name: &ChangeSetName,
) -> Outcome<ChangeSet> {
    let change = change(scene, play, set).await?;
    scene.stage.writes().create_change_set(&change, name).await.map_err(told)?;
    computed(scene, &play.name, name).await
}

pub(super) async fn computed(scene: Scene<'_>, stack: &StackName, name: &ChangeSetName) -> Outcome<ChangeSet> {
    let mut steps = Steps::default();
    loop {
        let set = scene.stage.reads().change_set(stack, name).await.map_err(told)?;
        if !set.status.is_in_progress() {
            return Ok(set);
        }
        let step = steps.next().ok_or_else(|| format!("{name} is never computed: {set:?}"))?;
        scene.stage.pass(step).await;
    }
}

/// Has the change executed; the last event before it.
pub(super) async fn executed(scene: Scene<'_>, play: &Play, set: &[(String, String)]) -> Outcome<Option<EventId>> {
    executed_as(scene, play, set, &set_name()?, &token()?).await
}

pub(super) async fn executed_as(
    scene: Scene<'_>,
    play: &Play,
    set: &[(String, String)],
    name: &ChangeSetName,
    order: &ClientToken,
) -> Outcome<Option<EventId>> {
    let set = previewed_as(scene, play, set, name).await?;
    check(set.is_available(), "the change set can be executed")?;
    let since = last_event(scene, &play.name).await?;
    scene.stage.writes().execute_change_set(&play.name, name, order).await.map_err(told)?;
    Ok(since)
}

pub(super) async fn last_event(scene: Scene<'_>, stack: &StackName) -> Outcome<Option<EventId>> {
    Ok(scene.stage.reads().events(stack, None).await.map_err(told)?.pop().map(|event| event.id))
}

/// The stack, once an order has ended, and what happened since an event.
pub(super) async fn ended(
    scene: Scene<'_>,
    stack: &StackName,
    since: Option<&EventId>,
    order: &ClientToken,
) -> Outcome<Followed> {
    let mut steps = Steps::default();
    loop {
        let found = scene.stage.look(stack).await.map_err(told)?;
        let events = scene.stage.reads().events(stack, since).await.map_err(told)?;
        let followed = Followed::new(found, events);
        if followed.has_ended(order) {
            return Ok(followed);
        }
        let step = steps.next().ok_or_else(|| format!("the order of {stack} never ends: {followed:?}"))?;
        scene.stage.pass(step).await;
    }
}

/// Looks at a stack behind the ports' back until it is as wanted.
pub(super) async fn until(
    scene: Scene<'_>,
    stack: &StackName,
    what: &str,
    wanted: impl Fn(&Stack) -> bool + Send,
) -> Outcome<Stack> {
    let mut steps = Steps::default();
    loop {
        let found = scene.stage.look(stack).await.map_err(told)?;
        if wanted(&found) {
            return Ok(found);
        }
        let step = steps.next().ok_or_else(|| format!("{stack} is never {what}: {found:?}"))?;
        scene.stage.pass(step).await;
    }
}

/// The parameters of a stack as they shall be: what was set, and all others as they were.
pub(super) fn with(before: &Stack, set: &[(String, String)]) -> BTreeMap<String, ParameterValue> {
    let mut wanted = before.parameters.clone();
    wanted.extend(set.iter().map(|(key, value)| (key.clone(), ParameterValue::Plain(value.clone()))));
    wanted
}

/// That nothing but time has gone by for a stack.
pub(super) fn unchanged(before: &Stack, after: &Stack) -> Outcome {
    same("the id", &before.id, &after.id)?;
    same("the parameters", &before.parameters, &after.parameters)?;
    same("the tags", &before.tags, &after.tags)
}

/// Times to wait between looks: short at first, half an hour in all.
#[derive(Default)]
pub(super) struct Steps {
    last: Option<Duration>,
    sum: Duration,
}

impl Iterator for Steps {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let step = self.last.map_or(Duration::from_millis(100), |last| (last * 5 / 4).min(LONGEST_STEP));
        self.last = Some(step);
        self.sum += step;
        (self.sum <= LONGEST_WAIT).then_some(step)
    }
}

/// That a call failed in this way.
pub(super) fn failed(what: &str, kind: ErrorKind, effect: Effect, error: &Error) -> Outcome {
    same(what, &(kind, effect), &(error.kind(), error.effect()))
}
