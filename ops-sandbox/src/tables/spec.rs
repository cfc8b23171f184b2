//! What tables there are to be.

use std::collections::BTreeMap;

use dynamodb_ops::{Billing, Bounds, Capacity, Place, Provision, ScalingTarget, Table, TableName, Unit};
use jiff::Timestamp;

use super::Demand;

/// So many minutes of the past are remembered of a table that is put there, and more where more is said of it.
pub(super) const BEFORE: u32 = 60;

/// A table that is put there, and what is asked of it.
#[derive(Clone, Debug)]
pub struct TableSpec {
    pub(super) table: Table,
    pub(super) scaling: Vec<ScalingTarget>,
    /// Since so many minutes ago.
    pub(super) demand: BTreeMap<(Place, Unit), Vec<(u32, Demand)>>,
}

impl TableSpec {
    /// A table with one unit of each, of which nobody asks anything.
    pub fn new(name: TableName) -> Self {
        let mut table = Table::new(name, Capacity::new(1, 1));
        table.arn = format!("arn:aws:dynamodb:us-east-1:123456789012:table/{}", table.name);
        (table.items, table.bytes) = (1_000, 1 << 20);
        Self { table, scaling: Vec::new(), demand: BTreeMap::new() }
    }

    /// With these units.
    #[must_use]
    pub fn units(mut self, read: u64, write: u64) -> Self {
        self.table.places[0].capacity = Capacity::new(read, write);
        self
    }

    /// Paid by request, with these limits.
    #[must_use]
    pub fn on_demand(mut self, max_read: Option<u64>, max_write: Option<u64>) -> Self {
        self.table.billing = Billing::OnDemand { max_read, max_write };
        self.table.places[0].capacity = Capacity::new(0, 0);
        self
    }

    /// With an index that has units of its own.
    #[must_use]
    pub fn index(mut self, name: impl Into<String>, read: u64, write: u64) -> Self {
        let index = Provision::new(Place::Index(name.into()), Capacity::new(read, write));
        self.table.places.push(index);
        self.table.places[1..].sort_by(|one, other| one.place.cmp(&other.place));
        self
    }

    /// Whose units scale by themselves between these.
    #[must_use]
    pub fn scales(mut self, place: Place, unit: Unit, min: u64, max: u64) -> Self {
        self.scaling.push(ScalingTarget::new(place, unit, Bounds::new(min, max)));
        self.scaling.sort_by(|one, other| (&one.place, one.unit).cmp(&(&other.place, other.unit)));
        self
    }

    /// Of which so much is asked, for an hour now.
    #[must_use]
    pub fn asked(mut self, place: Place, unit: Unit, demand: Demand) -> Self {
        self.demand.insert((place, unit), vec![(BEFORE, demand)]);
        self
    }

    /// Of which so much is asked since so many minutes ago, and what was said before until then.
    #[must_use]
    pub fn asked_since(mut self, place: Place, unit: Unit, minutes: u32, demand: Demand) -> Self {
        let asked = self.demand.entry((place, unit)).or_default();
        asked.push((minutes, demand));
        asked.sort_by_key(|(minutes, _)| std::cmp::Reverse(*minutes));
        self
    }

    /// That was lowered so often today, the last time then.
    #[must_use]
    pub fn lowered(mut self, place: &Place, times: u64, last: Option<Timestamp>) -> Self {
        for there in self.table.places.iter_mut().filter(|there| there.place == *place) {
            (there.decreases_today, there.last_decrease) = (times, last);
        }
        self
    }
}
