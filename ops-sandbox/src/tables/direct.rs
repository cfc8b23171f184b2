//! What a test does to tables behind everybody's back: no fault hits it, nothing is logged.

use std::time::Duration;

use dynamodb_ops::{Capacity, CapacityChange, Place, Table, TableName, Unit};
use ops_client::Result;

use super::port::TablesPort;
use super::{Demand, TableSpec};
use crate::World;
use crate::agenda::later;

/// Tables: what is put there, and what others do there.
impl World {
    /// The tables' ports.
    pub fn tables(&self) -> TablesPort {
        TablesPort::new(self.clone())
    }

    /// Puts a table there, of which the same was asked in the last hour.
    pub fn put_table_of_dynamodb(&self, spec: TableSpec) {
        let mut state = self.state();
        let now = state.now();
        state.tables.put(spec, now);
    }

    /// A table as it is now; `None` where there is none of this name.
    pub fn table_of_dynamodb(&self, name: &TableName) -> Option<Table> {
        let mut state = self.state();
        let now = state.now();
        state.tables.held(name, now).ok().map(|held| held.table.clone())
    }

    /// How long a change of units takes from now on: 10 s at first.
    pub fn tables_take(&self, time: Duration) {
        self.state().tables.takes = time;
    }

    /// How long after its end a minute of a table is known: another minute at first.
    pub fn minutes_are_known_after(&self, time: Duration) {
        self.state().tables.lag = time;
    }

    /// From now on so much is asked of a table or an index.
    ///
    /// # Errors
    /// `NotFound` for an unknown table.
    pub fn set_demand(&self, name: &TableName, place: &Place, unit: Unit, demand: Demand) -> Result<()> {
        let mut state = self.state();
        let now = state.now();
        let held = state.tables.held(name, now).map_err(|refusal| refusal.directly())?;
        held.ask(place, unit, demand, now);
        Ok(())
    }

    /// Somebody else begins to change units; it takes as long as any change.
    ///
    /// # Errors
    /// As the port says.
    pub fn colleague_sets_capacity(&self, name: &TableName, place: &Place, to: Capacity) -> Result<()> {
        let mut state = self.state();
        let now = state.now();
        let until = later(now, state.tables.takes);
        let held = state.tables.held(name, now).map_err(|refusal| refusal.directly())?;
        let seen = held.table.place(place).map_or(to, |there| there.capacity);
        let change = CapacityChange::new(place.clone(), seen, to);
        held.begin(&change, until, to.lowers(seen), now);
        Ok(())
    }
}
