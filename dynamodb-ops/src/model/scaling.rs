//! What scales by itself, and how far anything may grow.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Capacity, Place, Unit};

/// Between how many units something scales by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Bounds {
    /// Never fewer.
    pub min: u64,
    /// Never more.
    pub max: u64,
}

impl Bounds {
    /// Between these.
    pub fn new(min: u64, max: u64) -> Self {
        Self { min, max }
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.min, self.max)
    }
}

/// What Application Auto Scaling does with the units of a table or of an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ScalingTarget {
    /// Of what.
    pub place: Place,
    /// Of which unit.
    pub unit: Unit,
    /// Between how many.
    pub bounds: Bounds,
    /// Whether somebody has stopped it from raising.
    pub suspended: bool,
}

impl ScalingTarget {
    /// One that works.
    pub fn new(place: Place, unit: Unit, bounds: Bounds) -> Self {
        Self { place, unit, bounds, suspended: false }
    }
}

/// A change of the bounds: what was seen before, and what is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ScalingChange {
    /// Of what.
    pub place: Place,
    /// Of which unit.
    pub unit: Unit,
    /// As they were seen.
    pub seen: Bounds,
    /// As they are wanted.
    pub to: Bounds,
}

impl ScalingChange {
    /// From what was seen to what is wanted.
    pub fn new(place: Place, unit: Unit, seen: Bounds, to: Bounds) -> Self {
        Self { place, unit, seen, to }
    }
}

/// How much an account may have in a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AccountLimits {
    /// All its tables together.
    pub account: Capacity,
    /// One table or index.
    pub table: Capacity,
}

impl AccountLimits {
    /// These.
    pub fn new(account: Capacity, table: Capacity) -> Self {
        Self { account, table }
    }
}

impl Default for AccountLimits {
    /// As AWS begins with: 80,000 units of each, 40,000 for a table.
    fn default() -> Self {
        Self::new(Capacity::new(80_000, 80_000), Capacity::new(40_000, 40_000))
    }
}
