//! What a test does to tables behind everybody's back: no fault hits it, nothing is logged.

use std::time::Duration;

use dynamodb_ops::{AccountLimits, Capacity, CapacityChange, Place, Table, TableName, Unit};
use ops_client::Result;

use super::port::TablesPort;
use super::{Demand, TableSpec, Tables};
use crate::World;
use crate::refusal::Refusal;

/// Tables: what is put there, and what others do there.
impl World {
    /// The tables' ports.
    pub fn tables(&self) -> TablesPort {
        TablesPort::new(self.clone())
    }

    /// Puts a table there, with its past.
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
    /// `NotFound` for an unknown table or index.
    pub fn set_demand(&self, name: &TableName, place: &Place, unit: Unit, demand: Demand) -> Result<()> {
        let mut state = self.state();
        let now = state.now();
        state.tables.capacity(name, place, now).map_err(|refusal| refusal.directly())?;
        let held = state.tables.held(name, now).map_err(|refusal| refusal.directly())?;
        held.ask(place, unit, demand, now);
        Ok(())
    }

    /// How much the account, and a table of it, may have from now on: as AWS begins with, at first.
    pub fn set_account_limits(&self, limits: AccountLimits) {
        self.state().tables.limits = limits;
    }

    /// Somebody else begins to change units, whatever they are; it takes as long as any change.
    ///
    /// # Errors
    /// As the port says.
    pub fn colleague_sets_capacity(&self, name: &TableName, place: &Place, to: Capacity) -> Result<()> {
        let mut state = self.state();
        let now = state.now();
        let set = |tables: &mut Tables| {
            let seen = tables.capacity(name, place, now)?;
            tables.set_capacity(name, &CapacityChange::new(place.clone(), seen, to), now)
        };
        set(&mut state.tables).map_err(|refusal: Refusal| refusal.directly())
    }
}
