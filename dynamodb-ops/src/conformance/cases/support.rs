//! What cases share: the scenario's tables, times, and waiting.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ops_client::conformance::{Outcome, parsed, same, told};

use crate::conformance::{Paid, Play, Scene};
use crate::{Capacity, CapacityChange, Effect, Error, ErrorKind, Place, Table, TableName, Window};

/// Steps grow to this; all of them together end.
const LONGEST_STEP: Duration = Duration::from_secs(30);
const LONGEST_WAIT: Duration = Duration::from_secs(30 * 60);

/// No table has this name.
pub(super) fn unknown_table() -> Outcome<TableName> {
    parsed("no-such-table")
}

fn first<'a>(scene: Scene<'a>, what: &str, is: impl Fn(&Play) -> bool) -> Outcome<&'a Play> {
    scene.scenario.plays.iter().find(|play| is(play)).ok_or_else(|| format!("the scenario has no {what}"))
}

/// One that throttles because it has too few units, without indexes.
pub(super) fn throttled(scene: Scene<'_>) -> Outcome<&Play> {
    let too_few = |play: &Play| play.demand.iter().any(|demand| demand.write.throttled.contains_key("provisioned"));
    first(scene, "table that throttles", |play| play.indexes.is_empty() && too_few(play))
}

pub(super) fn with_index(scene: Scene<'_>) -> Outcome<(&Play, Place)> {
    let play = first(scene, "table with an index", |play| !play.indexes.is_empty())?;
    let index = play.indexes.first().ok_or("the table has no index")?;
    Ok((play, Place::Index(index.name.clone())))
}

pub(super) fn lowered_often(scene: Scene<'_>) -> Outcome<&Play> {
    first(scene, "table that was lowered often", |play| play.decreases_today >= 4)
}

pub(super) fn on_demand(scene: Scene<'_>) -> Outcome<&Play> {
    first(scene, "table that is paid by request", |play| play.billing == Paid::OnDemand)
}

/// One whose table scales by itself.
pub(super) fn scaled(scene: Scene<'_>) -> Outcome<&Play> {
    first(scene, "table that scales", |play| play.scaling.iter().any(|scales| scales.index.is_none()))
}

/// So many whole minutes up to the present one.
pub(super) fn last_minutes(scene: Scene<'_>, minutes: i64) -> Outcome<Window> {
    let to = Timestamp::from_second(scene.stage.now().as_second().div_euclid(60) * 60);
    let to = to.map_err(|error| error.to_string())?;
    Ok(Window::before(to, SignedDuration::from_mins(minutes)))
}

pub(super) async fn look(scene: Scene<'_>, play: &Play) -> Outcome<Table> {
    scene.stage.look(&play.name).await.map_err(told)
}

pub(super) fn capacity(table: &Table, place: &Place) -> Outcome<Capacity> {
    let found = table.place(place).ok_or_else(|| format!("{} has no {place}", table.name))?;
    Ok(found.capacity)
}

/// Sets these units, as they were seen.
pub(super) async fn set(scene: Scene<'_>, table: &Table, place: &Place, to: Capacity) -> Outcome {
    let change = CapacityChange::new(place.clone(), capacity(table, place)?, to);
    scene.stage.writes().set_capacity(&table.name, &change).await.map_err(told)
}

/// Looks at a table behind the ports' back until it works and is as wanted.
pub(super) async fn until(
    scene: Scene<'_>,
    table: &TableName,
    what: &str,
    wanted: impl Fn(&Table) -> bool + Send,
) -> Outcome<Table> {
    let mut steps = Steps::default();
    loop {
        let found = scene.stage.look(table).await.map_err(told)?;
        if found.is_active() && wanted(&found) {
            return Ok(found);
        }
        let step = steps.next().ok_or_else(|| format!("{table} is never {what}: {found:?}"))?;
        scene.stage.pass(step).await;
    }
}

/// Once these units are there.
pub(super) async fn settled(scene: Scene<'_>, table: &TableName, place: &Place, to: Capacity) -> Outcome<Table> {
    let there = |table: &Table| table.place(place).is_some_and(|found| found.capacity == to);
    until(scene, table, &format!("changed to {to}"), there).await
}

/// Times to wait between looks: short at first, half an hour in all.
#[derive(Default)]
struct Steps {
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
