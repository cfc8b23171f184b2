//! The tables that there are: their units over time, and what becomes of what is asked.

use std::collections::BTreeMap;
use std::time::Duration;

use dynamodb_ops::{
    AccountLimits, Billing, Capacity, CapacityChange, Cause, Decreases, Place, ScalingChange, ScalingTarget, Table,
    TableName, TableStatus, Unit, Usage, Window,
};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Demand;
use super::spec::{BEFORE, TableSpec};
use crate::agenda::later;
use crate::refusal::Refusal;

const MINUTE: i64 = 60;

/// All tables.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(super) all: BTreeMap<TableName, Held>,
    /// How long a change of units takes.
    pub(super) takes: Duration,
    /// How long after its end a minute is known.
    pub(super) lag: Duration,
    pub(super) limits: AccountLimits,
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            all: BTreeMap::new(),
            takes: Duration::from_secs(10),
            lag: Duration::from_secs(60),
            limits: AccountLimits::default(),
        }
    }
}

/// A table, its past, and what is to come.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) table: Table,
    pub(super) scaling: Vec<ScalingTarget>,
    /// From when on each has these units.
    units: BTreeMap<Place, Vec<(Timestamp, Capacity)>>,
    /// From when on so much is asked.
    demand: BTreeMap<(Place, Unit), Vec<(Timestamp, Demand)>>,
    changing: Option<Changing>,
}

#[derive(Debug)]
struct Changing {
    place: Place,
    to: Capacity,
    until: Timestamp,
}

impl Held {
    fn new(spec: TableSpec, now: Timestamp) -> Self {
        let ago = |minutes: u32| minute(now).checked_sub(SignedDuration::from_mins(minutes.into())).unwrap_or(now);
        let longest = spec.demand.values().flatten().map(|(minutes, _)| *minutes).fold(BEFORE, u32::max);
        let since = ago(longest);
        let mut table = spec.table;
        table.created = table.created.or(since.checked_sub(SignedDuration::from_hours(1_000)).ok());
        let units = table.places.iter().map(|there| (there.place.clone(), vec![(since, there.capacity)])).collect();
        let asked =
            |list: Vec<(u32, Demand)>| list.into_iter().map(|(minutes, demand)| (ago(minutes), demand)).collect();
        let demand = spec.demand.into_iter().map(|(of, list)| (of, asked(list))).collect();
        Self { table, scaling: spec.scaling, units, demand, changing: None }
    }

    /// What has ended by now, has ended.
    fn settle(&mut self, now: Timestamp) {
        for there in &mut self.table.places {
            // Yesterday's are not counted today.
            if there.last_decrease.is_some_and(|last| day(last) != day(now)) {
                there.decreases_today = 0;
            }
        }
        let Some(Changing { place, to, until }) = self.changing.take_if(|changing| changing.until <= now) else {
            return;
        };
        self.table.status = TableStatus::Active;
        for there in &mut self.table.places {
            there.status = TableStatus::Active;
            if there.place == place {
                there.capacity = to;
            }
        }
        self.units.entry(place).or_default().push((until, to));
    }

    pub(super) fn ask(&mut self, place: &Place, unit: Unit, demand: Demand, from: Timestamp) {
        self.demand.entry((place.clone(), unit)).or_default().push((from, demand));
    }

    fn units_at(&self, place: &Place, at: Timestamp) -> Option<Capacity> {
        self.units.get(place)?.iter().rev().find(|(from, _)| *from <= at).map(|(_, units)| *units)
    }

    /// What became of a minute of one unit; nothing where nothing was asked.
    fn point(&self, place: &Place, unit: Unit, at: Timestamp) -> Option<dynamodb_ops::Point> {
        let demand = self.demand.get(&(place.clone(), unit))?.iter().rev().find(|(from, _)| *from <= at);
        let (units, short) = match self.table.billing {
            Billing::OnDemand { max_read, max_write } => {
                (if unit == Unit::Read { max_read } else { max_write }, Cause::OnDemandLimit)
            }
            _ => (self.units_at(place, at).map(|units| units.of(unit)), Cause::Provisioned),
        };
        let point = demand?.1.minute(at, unit, units, short);
        (point.consumed.is_some() || point.throttled.all() > 0.0).then_some(point)
    }
}

impl Tables {
    pub(super) fn put(&mut self, spec: TableSpec, now: Timestamp) {
        self.all.insert(spec.table.name.clone(), Held::new(spec, now));
    }

    /// Units of a place that is there.
    pub(super) fn capacity(&mut self, name: &TableName, place: &Place, now: Timestamp) -> Result<Capacity, Refusal> {
        let found = self.held(name, now)?.table.place(place).map(|there| there.capacity);
        found.ok_or_else(|| no_index(name, place))
    }

    pub(super) fn held(&mut self, name: &TableName, now: Timestamp) -> Result<&mut Held, Refusal> {
        let held = self.all.get_mut(name);
        let held = held.ok_or_else(|| Refusal::NotFound(format!("there is no table {name}")))?;
        held.settle(now);
        Ok(held)
    }

    /// What is known by now of a place.
    pub(super) fn usage(&mut self, name: &TableName, place: &Place, window: &Window, now: Timestamp) -> Usage {
        let mut usage = Usage::new(place.clone(), *window);
        let known = now.checked_sub(SignedDuration::try_from(self.lag).unwrap_or_default()).unwrap_or(now);
        let Ok(held) = self.held(name, now) else { return usage };
        let mut at = minute(window.from);
        if at < window.from {
            at = after(at);
        }
        // A day of minutes at most, whatever is asked for.
        for _ in 0..24 * 60 {
            if at >= window.to || after(at) > known {
                break;
            }
            for unit in Unit::BOTH {
                usage.points_mut(unit).extend(held.point(place, unit, at));
            }
            let fifth = at.as_second() % (5 * MINUTE) == 0;
            if let Some(units) =
                held.units_at(place, at).filter(|_| fifth && held.table.billing == Billing::Provisioned)
            {
                usage.provisioned_reads.push((at, units.read as f64));
                usage.provisioned_writes.push((at, units.write as f64));
            }
            at = after(at);
        }
        usage
    }

    pub(super) fn set_capacity(
        &mut self,
        name: &TableName,
        change: &CapacityChange,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let most = self.limits.table;
        for unit in Unit::BOTH {
            if change.to.of(unit) == 0 || change.to.of(unit) > most.of(unit) {
                let words = format!("{} {unit} units are not between 1 and {}", change.to.of(unit), most.of(unit));
                return Err(Refusal::Invalid(words));
            }
        }
        let (until, limits, all) = (later(now, self.takes), self.limits, self.provisioned());
        let held = self.held(name, now)?;
        if held.table.billing != Billing::Provisioned {
            return Err(Refusal::Invalid(format!("{name} is paid by request: it has no units to set")));
        }
        let there = held.table.place(&change.place).cloned().ok_or_else(|| no_index(name, &change.place))?;
        if there.capacity != change.seen {
            return Err(Refusal::Conflict(format!("{} of {name} has {}", change.place, there.capacity)));
        }
        if held.changing.is_some() {
            let words = format!("ResourceInUseException: {name} is UPDATING; it takes one change at a time");
            return Err(Refusal::Conflict(words));
        }
        if there.capacity == change.to {
            return Err(Refusal::Invalid(format!("{} of {name} has {} already", change.place, change.to)));
        }
        let lowers = change.to.lowers(change.seen);
        let left = Decreases::of(&there, now);
        if lowers && !left.allowed(now) {
            let words = format!(
                "LimitExceededException: {} of {name} may be lowered again from {:.0} on",
                change.place, left.next
            );
            return Err(Refusal::Throttled(words));
        }
        for unit in Unit::BOTH {
            let (was, to, most) = (there.capacity.of(unit), change.to.of(unit), limits.account.of(unit));
            if to > was && all.of(unit) - was + to > most {
                let words = format!(
                    "LimitExceededException: Subscriber limit exceeded: the account may have {most} {unit} units in all"
                );
                return Err(Refusal::Rejected(words));
            }
        }
        held.begin(change, until, lowers, now);
        Ok(())
    }

    /// All units that are paid for.
    fn provisioned(&self) -> Capacity {
        let places = self.all.values().flat_map(|held| &held.table.places);
        places.fold(Capacity::new(0, 0), |sum, there| {
            Capacity::new(sum.read + there.capacity.read, sum.write + there.capacity.write)
        })
    }

    /// How long a place may not be lowered from now on.
    pub(super) fn rest(&mut self, name: &TableName, place: &Place, now: Timestamp) -> Option<Duration> {
        let next = Decreases::of(self.held(name, now).ok()?.table.place(place)?, now).next;
        Duration::try_from(next.duration_since(now)).ok()
    }

    pub(super) fn set_scaling(
        &mut self,
        name: &TableName,
        change: &ScalingChange,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let most = self.limits.account.of(change.unit);
        if change.to.min == 0 || change.to.min > change.to.max || change.to.max > most {
            return Err(Refusal::Invalid(format!("{} is no range of units", change.to)));
        }
        let held = self.held(name, now)?;
        let target = held.scaling.iter_mut().find(|target| target.place == change.place && target.unit == change.unit);
        let missing = || Refusal::NotFound(format!("{}s of {} of {name} do not scale", change.unit, change.place));
        let target = target.ok_or_else(missing)?;
        if target.bounds != change.seen {
            return Err(Refusal::Conflict(format!("{}s of {name} scale between {}", change.unit, target.bounds)));
        }
        target.bounds = change.to;
        Ok(())
    }
}

impl Held {
    fn begin(&mut self, change: &CapacityChange, until: Timestamp, lowers: bool, now: Timestamp) {
        let CapacityChange { place, to, .. } = change.clone();
        self.table.status = TableStatus::Updating;
        for there in self.table.places.iter_mut().filter(|there| there.place == Place::Table || there.place == place) {
            // The table is changed with its index.
            there.status = TableStatus::Updating;
        }
        if let Some(there) = self.table.places.iter_mut().find(|there| there.place == place) {
            if lowers {
                there.last_decrease = Some(now);
                there.decreases_today += 1;
            } else {
                there.last_increase = Some(now);
            }
        }
        self.changing = Some(Changing { place, to, until });
    }
}

fn no_index(name: &TableName, place: &Place) -> Refusal {
    Refusal::NotFound(format!("{name} has no such index: {place}"))
}

/// The beginning of a minute.
fn minute(at: Timestamp) -> Timestamp {
    let seconds = at.as_second();
    Timestamp::from_second(seconds - seconds.rem_euclid(MINUTE)).unwrap_or(at)
}

fn after(minute: Timestamp) -> Timestamp {
    minute.checked_add(SignedDuration::from_mins(1)).unwrap_or(Timestamp::MAX)
}

fn day(at: Timestamp) -> jiff::civil::Date {
    at.to_zoned(TimeZone::UTC).date()
}
