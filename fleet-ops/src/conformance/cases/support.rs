//! What cases share: the scenario's groups, and waiting.

use std::collections::BTreeSet;
use std::time::Duration;

use ops_client::conformance::{Outcome, same, told};

use crate::conformance::{Play, Scene};
use crate::{Effect, Error, ErrorKind, Group, InstanceId};

/// No group has this name, and no account has this machine.
pub(super) const UNKNOWN_GROUP: &str = "no-such-group";
pub(super) const UNKNOWN_MACHINE: &str = "i-00000000000000000";

/// Steps grow to this; all of them together end.
const LONGEST_STEP: Duration = Duration::from_secs(30);
const LONGEST_WAIT: Duration = Duration::from_secs(30 * 60);

/// A group of one that is in order.
pub(super) fn single(scene: Scene<'_>) -> Outcome<&Play> {
    play(scene, "of one machine", |play| play.size.desired == 1)
}

/// A group of three that can grow by two and shrink by two.
pub(super) fn several(scene: Scene<'_>) -> Outcome<&Play> {
    play(scene, "of three machines", |play| play.size.desired == 3 && play.size.min <= 1 && play.size.max >= 5)
}

fn play<'a>(scene: Scene<'a>, what: &str, wanted: impl Fn(&Play) -> bool) -> Outcome<&'a Play> {
    let found = scene.scenario.plays.iter().find(|play| play.suspended.is_empty() && wanted(play));
    found.ok_or_else(|| format!("the scenario has no group {what}"))
}

pub(super) fn ids(group: &Group) -> BTreeSet<InstanceId> {
    group.machines.iter().map(|machine| machine.id.clone()).collect()
}

/// How many machines of a group are in service.
pub(super) fn working(group: &Group) -> u32 {
    u32::try_from(group.in_service().count()).unwrap_or(u32::MAX)
}

/// The group, in rest: it has as many machines as it shall have, and all are in service.
pub(super) async fn rest(scene: Scene<'_>, group: &str) -> Outcome<Group> {
    until(scene, group, "in rest", Group::is_whole).await
}

/// Looks at a group behind the ports' back until it is as wanted.
pub(super) async fn until(
    scene: Scene<'_>,
    group: &str,
    what: &str,
    wanted: impl Fn(&Group) -> bool + Send,
) -> Outcome<Group> {
    let mut steps = Steps::default();
    loop {
        let found = scene.stage.look(group).await.map_err(told)?;
        if wanted(&found) {
            return Ok(found);
        }
        let Some(step) = steps.next() else { return Err(format!("{group} is never {what}: {found:?}")) };
        scene.stage.pass(step).await;
    }
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
