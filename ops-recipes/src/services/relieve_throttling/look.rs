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

/// Whether a whole minute after the change is known: what is not there is not known yet.
pub(super) async fn known(reads: &TableReads, known: &Known) -> Result<Observed> {
    let (usage, from) = after(reads, known).await?;
    Ok(match usage.newest() {
        Some(at) if at >= from => Observed::Done,
        Some(at) => {
            Observed::Going(format!("{}: known until {}, the change was at {}", known.table, utc(at), utc(from)))
        }
        None => Observed::Going(format!("{}: nothing is known yet of the time after {}", known.table, utc(from))),
    })
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

/// Whether the throttles have ended, by what is known of the time after. What a hot partition refuses was said not to be helped.
pub(super) async fn proof(reads: &TableReads, waited: &Known) -> Result<Finding> {
    const GUARD: &str = "throttles";
    let (usage, from) = after(reads, waited).await?;
    let minutes = |unit| usage.points(unit).iter().filter(|point| point.at >= from);
    let refused: f64 = waited
        .units
        .iter()
        .flat_map(|unit| minutes(*unit))
        .map(|point| point.throttled.all() - point.throttled.of(Cause::KeyRange))
        .sum();
    let (table, place) = (&waited.table, &waited.place);
    Ok(match usage.newest().filter(|at| *at >= from) {
        None => Finding::warn(GUARD, format!("{table}: nothing is known yet of the time after {}", utc(from))),
        Some(at) if refused > 0.0 => {
            let text =
                format!("{table}: {refused:.0} requests of {place} were refused after the change, until {}", utc(at));
            Finding::block(GUARD, text).with_advice("look again in some minutes, and ask for a new plan")
        }
        Some(at) => Finding::pass(GUARD, format!("{table}: none refused since the change, known until {}", utc(at))),
    })
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
