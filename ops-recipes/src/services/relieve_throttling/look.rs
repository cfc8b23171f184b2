//! What is seen of bounds, units, and the time after them.

use dynamodb_ops::{CapacityChange, Cause, ScalingChange, Table, TableStatus, Usage, Window};
use jiff::{SignedDuration, Timestamp};
use ops_client::Result;
use ops_plan::{Finding, Observed};

use super::step::{Known, Owed, SetBounds, SetUnits};
use crate::services::TableReads;
use crate::words::utc;

/// How far beyond the change data is asked for: as far as it is told at once.
const BEYOND: SignedDuration = SignedDuration::from_hours(24);
/// How long a change may go on refusing before it was not enough: the service tells when it was asked for, not when it served.
const TAKES_EFFECT: SignedDuration = SignedDuration::from_mins(5);
/// Since when a raise may be the one that is meant.
const LATELY: SignedDuration = SignedDuration::from_hours(12);

pub(super) async fn bounds(reads: &TableReads, set: &SetBounds) -> Result<Observed> {
    let ScalingChange { place, unit, seen, to, .. } = &set.change;
    let targets = reads.tables.scaling(&set.table).await?;
    let target = targets.iter().find(|target| target.place == *place && target.unit == *unit);
    Ok(match target.map(|target| target.bounds) {
        Some(bounds) if bounds == *to => Observed::Done,
        Some(bounds) if bounds == *seen => Observed::Pending,
        Some(bounds) => Observed::Drifted(format!("{unit}s scale between {bounds}")),
        None => Observed::Drifted(format!("{unit}s do not scale by themselves any more")),
    })
}

pub(super) async fn units(reads: &TableReads, set: &SetUnits) -> Result<Observed> {
    let table = reads.tables.table(&set.table).await?;
    let CapacityChange { place, seen, to, .. } = &set.change;
    let Some(there) = table.place(place) else { return Ok(Observed::Drifted(format!("{place} is gone"))) };
    // While it changes, the old units are told; a table and its indexes change one after the other.
    if !table.is_active() {
        return Ok(Observed::Going(format!("{} is {}", table.name, busy(&table))));
    }
    Ok(match there.capacity {
        now if now == *to => Observed::Done,
        now if now == *seen => Observed::Pending,
        now => Observed::Drifted(format!("{place} has {now}")),
    })
}

/// What a table that is changed is.
pub(super) fn busy(table: &Table) -> String {
    match table.places.iter().find(|place| place.status != TableStatus::Active) {
        Some(place) if table.status == TableStatus::Active => format!("{} ({})", place.status, place.place),
        _ => table.status.to_string(),
    }
}

/// Whether it is known what came of the change: a minute in which nothing was refused, or many in which something was.
pub(super) async fn known(reads: &TableReads, known: &Known) -> Result<Observed> {
    let (usage, from) = after(reads, known).await?;
    let Some(newest) = usage.newest() else {
        return Ok(Observed::Going(format!("{}: nothing is known yet of the time after {}", known.table, utc(from))));
    };
    if newest < from {
        let text = format!("{}: known until {}, the change was at {}", known.table, utc(newest), utc(from));
        return Ok(Observed::Going(text));
    }
    let refused = refused(&usage, known, newest);
    if refused == 0.0 || newest.duration_since(from) >= TAKES_EFFECT {
        return Ok(Observed::Done);
    }
    Ok(Observed::Going(format!("{}: {refused:.0} were still refused in the minute from {}", known.table, utc(newest))))
}

/// How many requests were refused in a minute for want of units. What a hot partition refuses was said not to be helped.
fn refused(usage: &Usage, known: &Known, minute: Timestamp) -> f64 {
    let points = known.units.iter().flat_map(|unit| usage.points(*unit)).filter(|point| point.at == minute);
    points.map(|point| point.throttled.all() - point.throttled.of(Cause::KeyRange)).sum()
}

/// What is known of a place, and since when its units are as they are.
async fn after(reads: &TableReads, known: &Known) -> Result<(Usage, Timestamp)> {
    let table = reads.tables.table(&known.table).await?;
    // By the service's own clock, where it tells when: ours may be off. What was raised long ago is no change of ours.
    let lately = |raised: &Timestamp| known.since.duration_since(*raised) < LATELY;
    let raised = table.place(&known.place).and_then(|place| place.last_increase).filter(lately);
    let from = raised.unwrap_or(known.since);
    let window = Window { from, to: from.checked_add(BEYOND).unwrap_or(from) };
    Ok((reads.tables.usage(&known.table, &known.place, &window).await?, from))
}

/// Whether the throttles have ended: by the newest minute that is known, for a change takes its time.
pub(super) async fn proof(reads: &TableReads, waited: &Known) -> Result<Finding> {
    const GUARD: &str = "throttles";
    let (usage, from) = after(reads, waited).await?;
    let (table, place) = (&waited.table, &waited.place);
    let Some(newest) = usage.newest().filter(|at| *at >= from) else {
        return Ok(Finding::warn(GUARD, format!("{table}: nothing is known yet of the time after {}", utc(from))));
    };
    let refused = refused(&usage, waited, newest);
    if refused > 0.0 {
        let text =
            format!("{table}: {refused:.0} requests of {place} were still refused in the minute from {}", utc(newest));
        return Ok(Finding::block(GUARD, text).with_advice("look again in some minutes, and ask for a new plan"));
    }
    Ok(Finding::pass(GUARD, format!("{table}: none refused any more, known until {}", utc(newest))))
}

/// Whether something is still raised.
pub(super) async fn still_raised(reads: &TableReads, owed: &Owed) -> Result<bool> {
    Ok(match owed {
        Owed::Units(name, place, before) => match reads.tables.table(name).await {
            Err(error) if error.is_not_found() => false,
            table => table?.place(place).is_some_and(|there| before.lowers(there.capacity)),
        },
        Owed::Bounds(name, place, unit, min, max) => {
            let targets = reads.tables.scaling(name).await?;
            let same = targets.into_iter().find(|target| target.place == *place && target.unit == *unit);
            same.is_some_and(|target| target.bounds.min > *min || target.bounds.max > *max)
        }
    })
}
