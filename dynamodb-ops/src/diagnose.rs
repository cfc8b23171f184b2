//! What throttles, why, and what helps.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AccountLimits, Billing, Bounds, Cause, Place, Point, ScalingTarget, Table, Unit, Usage};

/// How much more than what was wanted is proposed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HeadRoom(f64);

impl HeadRoom {
    /// So many times what was wanted: between 1 and 10.
    pub fn new(times: f64) -> Self {
        Self(if times.is_finite() { times.clamp(1.0, 10.0) } else { 1.25 })
    }

    /// The units that are proposed where so many were wanted a second: rounded up to two digits.
    ///
    /// ```
    /// use dynamodb_ops::HeadRoom;
    ///
    /// let usual = HeadRoom::default();
    /// assert_eq!([usual.over(0.1), usual.over(24.0), usual.over(1_001.0)], [1, 30, 1_300]);
    /// ```
    pub fn over(self, wanted: f64) -> u64 {
        let wanted = (wanted.max(0.0) * self.0).ceil().clamp(1.0, 1e9);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between 1 and 1e9")]
        let units = wanted as u64;
        let step = 10_u64.pow(units.ilog10().saturating_sub(1));
        units.div_ceil(step) * step
    }
}

impl Default for HeadRoom {
    fn default() -> Self {
        Self(1.25)
    }
}

/// What helps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Remedy {
    /// More units.
    Raise {
        /// From so many.
        from: u64,
        /// To so many.
        to: u64,
    },
    /// A higher lower bound of what scales by itself, and the units at once: it follows too slowly.
    RaiseMinimum {
        /// The bounds.
        bounds: Bounds,
        /// The new lower one.
        min: u64,
        /// The units that are there.
        from: u64,
    },
    /// A higher upper bound of what scales by itself, and the units at once: it is at its end.
    RaiseMaximum {
        /// The bounds.
        bounds: Bounds,
        /// The new upper one.
        max: u64,
        /// The units that are there.
        from: u64,
    },
    /// No units: one partition has more asked of it than any partition serves. Its keys must be spread, or be asked for
    /// less often.
    SpreadKeys,
    /// No units: the table is paid by request, and has this limit a second, or else the account's.
    OnDemandLimit(Option<u64>),
    /// No units: the account, or the table, has as many as it may have. AWS raises that on request.
    AskAws {
        /// So many it may have.
        limit: u64,
    },
    /// No units: there are more than were wanted in any minute. Bursts within a minute are not seen.
    Enough,
}

/// What throttles.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// The table, or an index of it. An index that throttles holds up the table's writes, too.
    pub place: Place,
    /// Reads or writes.
    pub unit: Unit,
    /// How many requests were refused in the time that was looked at.
    pub refused: f64,
    /// Since when.
    pub since: Timestamp,
    /// The last minute with refused requests.
    pub last: Timestamp,
    /// Why most of them were. What a hot partition refuses is a finding of its own.
    pub cause: Cause,
    /// The most that was wanted in a minute, in units a second.
    pub wanted: f64,
    /// What helps.
    pub remedy: Remedy,
}

impl fmt::Display for Finding {
    /// One line: `writes of the table: 10800 requests refused since 09:01Z, because of too few units`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, unit, refused, since, cause, .. } = self;
        write!(f, "{unit}s of {place}: {refused:.0} requests refused since {since:.0}, because of {cause}")
    }
}

/// What throttles in a table, and what helps: only what throttles, and never fewer units than there are.
///
/// What is refused because of a hot partition is not helped by units: one partition serves 3000 reads or 1000 writes a
/// second.
pub fn diagnose(
    table: &Table,
    usages: &[Usage],
    scaling: &[ScalingTarget],
    limits: &AccountLimits,
    head_room: HeadRoom,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for usage in usages {
        for unit in Unit::BOTH {
            // What units help, and what they do not, are two findings: one must not hide the other.
            let (hot, others): (Vec<Cause>, Vec<Cause>) =
                Cause::ALL.into_iter().partition(|cause| *cause == Cause::KeyRange);
            for causes in [others, hot] {
                let Some(refused) = Refused::of(usage.points(unit), &causes) else { continue };
                let Refused { cause, all, since, last, wanted } = refused;
                let remedy = remedy(table, &usage.place, unit, cause, wanted, scaling, limits, head_room);
                let place = usage.place.clone();
                findings.push(Finding { place, unit, refused: all, since, last, cause, wanted, remedy });
            }
        }
    }
    findings
}

/// What was refused for some causes.
struct Refused {
    /// The one of them that most was refused for.
    cause: Cause,
    all: f64,
    since: Timestamp,
    last: Timestamp,
    /// The most that was wanted in a minute: what was consumed, and what was refused for these causes.
    wanted: f64,
}

impl Refused {
    fn of(points: &[Point], causes: &[Cause]) -> Option<Self> {
        let of = |point: &Point| causes.iter().map(|cause| point.throttled.of(*cause)).sum::<f64>();
        let mut minutes = points.iter().filter(|point| of(point) > 0.0);
        let first = minutes.next()?;
        let last = minutes.next_back().unwrap_or(first).at;
        let total = |cause: &Cause| points.iter().map(|point| point.throttled.of(*cause)).sum::<f64>();
        let cause = *causes.iter().max_by(|one, other| total(one).total_cmp(&total(other)))?;
        let wanted = points.iter().map(|point| point.consumed.unwrap_or_default() + of(point) / 60.0);
        let (all, since) = (points.iter().map(of).sum(), first.at);
        Some(Self { cause, all, since, last, wanted: wanted.fold(0.0, f64::max) })
    }
}

#[expect(clippy::too_many_arguments, reason = "all that the answer depends on, and nothing else")]
fn remedy(
    table: &Table,
    place: &Place,
    unit: Unit,
    cause: Cause,
    wanted: f64,
    scaling: &[ScalingTarget],
    limits: &AccountLimits,
    head_room: HeadRoom,
) -> Remedy {
    match (cause, table.billing) {
        (Cause::KeyRange, _) => return Remedy::SpreadKeys,
        (_, Billing::OnDemand { max_read, max_write }) => {
            return Remedy::OnDemandLimit(match unit {
                Unit::Read => max_read,
                Unit::Write => max_write,
            });
        }
        (Cause::AccountLimit, _) => return Remedy::AskAws { limit: limits.account.of(unit) },
        _ => {}
    }
    let from = table.place(place).map_or(0, |provision| provision.capacity.of(unit));
    let most = limits.table.of(unit);
    if from >= most {
        return Remedy::AskAws { limit: most };
    }
    let to = head_room.over(wanted).min(most);
    if to <= from {
        return Remedy::Enough;
    }
    // What somebody has stopped from scaling has no bounds that matter.
    let scales = scaling.iter().find(|target| target.place == *place && target.unit == unit && !target.suspended);
    match scales.map(|target| target.bounds) {
        None => Remedy::Raise { from, to },
        // It can follow, and did not: the lower bound is what a person may move.
        Some(bounds) if to <= bounds.max => Remedy::RaiseMinimum { bounds, min: to.max(bounds.min), from },
        Some(bounds) => Remedy::RaiseMaximum { bounds, max: to, from },
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;
    use crate::{Capacity, Window};

    fn now() -> Timestamp {
        "2026-11-26T10:00:00Z".parse().unwrap()
    }

    fn table(read: u64, write: u64) -> Table {
        Table::new("prod-s3-analytics-datomic".parse().unwrap(), Capacity::new(read, write))
    }

    /// Writes for an hour: so many units a second, and so many refused a minute.
    fn usage(consumed: f64, cause: Cause, refused: f64) -> Usage {
        let window = Window::before(now(), SignedDuration::from_hours(1));
        let mut usage = Usage::new(Place::Table, window);
        for minute in 1..=60 {
            let mut point = Point::new(now() - SignedDuration::from_mins(61 - minute));
            point.consumed = Some(consumed);
            point.throttled.add(cause, refused);
            usage.writes.push(point);
        }
        usage
    }

    fn of(table: &Table, usage: Usage, scaling: &[ScalingTarget]) -> Vec<Finding> {
        diagnose(table, &[usage], scaling, &AccountLimits::default(), HeadRoom::default())
    }

    #[test]
    fn only_what_throttles_is_raised_and_by_what_was_wanted() {
        let found = of(&table(50, 20), usage(21.0, Cause::Provisioned, 180.0), &[]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].unit, found[0].wanted), (Unit::Write, 24.0));
        assert_eq!(found[0].remedy, Remedy::Raise { from: 20, to: 30 });
        let told = "writes of the table: 10800 requests refused since 2026-11-26T09:00:00Z, because of too few units";
        assert_eq!(found[0].to_string(), told);
        assert!(of(&table(50, 20), usage(19.0, Cause::Provisioned, 0.0), &[]).is_empty());
    }

    #[test]
    fn a_hot_partition_is_not_helped_by_units() {
        let found = of(&table(50, 2_000), usage(900.0, Cause::KeyRange, 60.0), &[]);
        assert_eq!(found[0].remedy, Remedy::SpreadKeys);
    }

    #[test]
    fn a_hot_partition_does_not_hide_too_few_units() {
        let mut both = usage(21.0, Cause::KeyRange, 600.0);
        both.writes.iter_mut().for_each(|point| point.throttled.add(Cause::Provisioned, 180.0));
        let found = of(&table(50, 20), both, &[]);
        let remedies: Vec<&Remedy> = found.iter().map(|finding| &finding.remedy).collect();
        assert_eq!(remedies, [&Remedy::Raise { from: 20, to: 30 }, &Remedy::SpreadKeys]);
        assert_eq!((found[0].wanted, found[0].refused, found[1].refused), (24.0, 10_800.0, 36_000.0));
    }

    #[test]
    fn what_is_stopped_from_scaling_is_raised() {
        let mut stopped = ScalingTarget::new(Place::Table, Unit::Write, Bounds::new(5, 20));
        stopped.suspended = true;
        let found = of(&table(50, 20), usage(21.0, Cause::Provisioned, 180.0), &[stopped]);
        assert_eq!(found[0].remedy, Remedy::Raise { from: 20, to: 30 });
    }

    #[test]
    fn a_table_that_is_paid_by_request_names_its_limit() {
        let mut table = table(0, 0);
        table.billing = Billing::OnDemand { max_read: None, max_write: Some(500) };
        let found = of(&table, usage(500.0, Cause::OnDemandLimit, 60.0), &[]);
        assert_eq!(found[0].remedy, Remedy::OnDemandLimit(Some(500)));
    }

    #[test]
    fn what_scales_by_itself_gets_other_bounds() {
        let scaling = |min, max| [ScalingTarget::new(Place::Table, Unit::Write, Bounds::new(min, max))];
        let busy = || usage(100.0, Cause::Provisioned, 600.0);
        let found = of(&table(50, 100), busy(), &scaling(50, 400));
        assert_eq!(
            found[0].remedy,
            Remedy::RaiseMinimum { bounds: Bounds::new(50, 400), min: 140, from: 100 },
            "below its maximum"
        );
        let found = of(&table(50, 100), busy(), &scaling(50, 100));
        assert_eq!(found[0].remedy, Remedy::RaiseMaximum { bounds: Bounds::new(50, 100), max: 140, from: 100 });
    }

    #[test]
    fn where_there_is_enough_or_no_more_to_be_had_it_says_so() {
        let found = of(&table(50, 500), usage(21.0, Cause::Provisioned, 3.0), &[]);
        assert_eq!(found[0].remedy, Remedy::Enough, "a burst within a minute");
        let found = of(&table(50, 40_000), usage(40_000.0, Cause::Provisioned, 3.0), &[]);
        assert_eq!(found[0].remedy, Remedy::AskAws { limit: 40_000 });
    }

    proptest! {
        #[test]
        fn a_proposal_is_never_lower_than_what_is_there_nor_higher_than_allowed(
            units in 1..60_000_u64,
            consumed in 0.0..60_000.0_f64,
            refused in 0.0..1e6_f64,
            bounds in prop::option::of((1..500_u64, 500..50_000_u64)),
            cause in prop::sample::select(&Cause::ALL[..]),
        ) {
            let scaling: Vec<_> = bounds
                .map(|(min, max)| ScalingTarget::new(Place::Table, Unit::Write, Bounds::new(min, max)))
                .into_iter()
                .collect();
            for found in of(&table(5, units), usage(consumed, cause, refused), &scaling) {
                prop_assert_eq!(found.unit, Unit::Write);
                match found.remedy {
                    Remedy::Raise { from, to } => prop_assert!(from == units && to > from && to <= 40_000),
                    Remedy::RaiseMinimum { bounds, min, from } => {
                        prop_assert!(min > from && min >= bounds.min && min <= bounds.max);
                    }
                    Remedy::RaiseMaximum { bounds, max, from } => prop_assert!(max > from && max > bounds.max && max <= 40_000),
                    _ => {}
                }
            }
        }
    }
}
