//! The scenario that all stages play: tables, some of which throttle.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use ops_client::{Effect, Error, ErrorKind, Result};
use serde::Deserialize;

use crate::{Billing, Bounds, Capacity, Cause, Place, Provision, ScalingTarget, Table, TableName, Unit};

/// Tables.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Scenario {
    /// Its tables, sorted by name.
    #[serde(rename = "tables")]
    pub plays: Vec<Play>,
}

/// A table that works, and what was asked of it in the last hour: the same in each of the sixty minutes that have
/// ended.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Play {
    /// Its name.
    pub name: TableName,
    /// `provisioned`, or `on-demand`.
    #[serde(default)]
    pub billing: Paid,
    /// Read units; not for a table that is paid by request.
    #[serde(default)]
    pub read: u64,
    /// Write units.
    #[serde(default)]
    pub write: u64,
    /// The most reads a second of a table that is paid by request.
    pub max_read: Option<u64>,
    /// The most writes a second.
    pub max_write: Option<u64>,
    /// Its indexes, sorted by name.
    #[serde(default)]
    pub indexes: Vec<Index>,
    /// What scales by itself.
    #[serde(default)]
    pub scaling: Vec<Scales>,
    /// How often it was lowered on this UTC day.
    #[serde(default)]
    pub decreases_today: u64,
    /// When it was lowered last: so many seconds ago.
    pub last_decrease: Option<i64>,
    /// What was asked of it and of its indexes.
    #[serde(default)]
    pub demand: Vec<Demand>,
}

/// How a table is paid for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Paid {
    /// By units.
    #[default]
    Provisioned,
    /// By request.
    OnDemand,
}

/// An index with units of its own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Read units.
    pub read: u64,
    /// Write units.
    pub write: u64,
    /// How often it was lowered on this UTC day.
    #[serde(default)]
    pub decreases_today: u64,
    /// When it was lowered last: so many seconds ago.
    pub last_decrease: Option<i64>,
}

/// The bounds within which something scales.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Scales {
    /// Reads or writes.
    pub unit: Unit,
    /// At least.
    pub min: u64,
    /// At most.
    pub max: u64,
    /// Of an index; otherwise of the table.
    pub index: Option<String>,
}

/// What was asked for in each minute.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Demand {
    /// Of an index; otherwise of the table.
    pub index: Option<String>,
    /// Reads.
    #[serde(default)]
    pub read: Minute,
    /// Writes.
    #[serde(default)]
    pub write: Minute,
}

/// A minute of one unit.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Minute {
    /// Units that were consumed in it.
    pub consumed: f64,
    /// Requests that were refused in it, by cause: `provisioned`, `key-range`, `account`, `on-demand`.
    #[serde(default)]
    pub throttled: BTreeMap<String, f64>,
}

fn place(index: Option<&String>) -> Place {
    index.map_or(Place::Table, |index| Place::Index(index.clone()))
}

impl Play {
    /// The table as it must be told at a time; its ARN, its size and when it was made are the stage's.
    pub fn table(&self, now: Timestamp) -> Table {
        let provision = |place, capacity, decreases, last: Option<i64>| {
            let mut provision = Provision::new(place, capacity);
            provision.decreases_today = decreases;
            provision.last_decrease = last.and_then(|ago| now.checked_sub(SignedDuration::from_secs(ago)).ok());
            provision
        };
        let mut table = Table::new(self.name.clone(), Capacity::new(self.read, self.write));
        if self.billing == Paid::OnDemand {
            table.billing = Billing::OnDemand { max_read: self.max_read, max_write: self.max_write };
        }
        let whole = (Place::Table, Capacity::new(self.read, self.write));
        table.places = vec![provision(whole.0, whole.1, self.decreases_today, self.last_decrease)];
        for index in &self.indexes {
            let (place, capacity) = (Place::Index(index.name.clone()), Capacity::new(index.read, index.write));
            table.places.push(provision(place, capacity, index.decreases_today, index.last_decrease));
        }
        table
    }

    /// What scales by itself.
    pub fn targets(&self) -> Vec<ScalingTarget> {
        let target = |scales: &Scales| {
            ScalingTarget::new(place(scales.index.as_ref()), scales.unit, Bounds::new(scales.min, scales.max))
        };
        self.scaling.iter().map(target).collect()
    }
}

impl Demand {
    /// Of what.
    pub fn place(&self) -> Place {
        place(self.index.as_ref())
    }

    /// The minute of a unit.
    pub fn minute(&self, unit: Unit) -> &Minute {
        match unit {
            Unit::Read => &self.read,
            Unit::Write => &self.write,
        }
    }
}

impl Minute {
    /// How many were refused for a cause.
    pub fn refused(&self, cause: Cause) -> f64 {
        let word = match cause {
            Cause::Provisioned => "provisioned",
            Cause::KeyRange => "key-range",
            Cause::AccountLimit => "account",
            Cause::OnDemandLimit => "on-demand",
            Cause::Unnamed => return 0.0,
        };
        self.throttled.get(word).copied().unwrap_or_default()
    }
}

impl Scenario {
    /// The shipped file, as text: `conformance/scenario.json`.
    pub const JSON: &'static str = include_str!("../../conformance/scenario.json");

    /// The shipped scenario.
    ///
    /// # Errors
    /// `Decode`, where the shipped file is broken.
    pub fn shipped() -> Result<Self> {
        serde_json::from_str(Self::JSON).map_err(|error| {
            Error::new("dynamodb.conformance", ErrorKind::Decode, Effect::None)
                .with_message("the scenario cannot be read")
                .with_source(error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_scenario_has_what_the_cases_need() {
        let plays = Scenario::shipped().unwrap().plays;
        assert!(plays.is_sorted_by(|a, b| a.name < b.name), "the ports list tables by name");
        let causes = |play: &Play, cause| {
            play.demand.iter().any(|demand| Unit::BOTH.into_iter().any(|unit| demand.minute(unit).refused(cause) > 0.0))
        };
        assert!(plays.iter().any(|play| causes(play, Cause::Provisioned) && play.indexes.is_empty()));
        assert!(plays.iter().any(|play| causes(play, Cause::Provisioned) && !play.indexes.is_empty()));
        assert!(plays.iter().any(|play| causes(play, Cause::KeyRange)));
        assert!(plays.iter().any(|play| play.decreases_today >= 4 && play.last_decrease < Some(3_600)));
        assert!(plays.iter().any(|play| play.billing == Paid::OnDemand));
        assert!(plays.iter().any(|play| play.scaling.iter().any(|scales| scales.index.is_none())));
        assert!(plays.iter().any(|play| play.scaling.iter().any(|scales| scales.index.is_some())));
    }
}
