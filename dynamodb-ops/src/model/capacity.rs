//! Capacity units: how many reads and writes a second are paid for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Reads of up to 4 KB a second.
    Read,
    /// Writes of up to 1 KB a second.
    Write,
}

impl Unit {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Read, Self::Write];

    /// How many units a second one partition serves, however many the table has.
    pub fn of_a_partition(self) -> u64 {
        match self {
            Self::Read => 3_000,
            Self::Write => 1_000,
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Read => "read",
            Self::Write => "write",
        })
    }
}

/// Read and write units a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Capacity {
    /// Reads.
    pub read: u64,
    /// Writes.
    pub write: u64,
}

impl Capacity {
    /// So many of both.
    pub fn new(read: u64, write: u64) -> Self {
        Self { read, write }
    }

    /// One of both.
    pub fn of(self, unit: Unit) -> u64 {
        match unit {
            Unit::Read => self.read,
            Unit::Write => self.write,
        }
    }

    /// The same with another number of one.
    #[must_use]
    pub fn with(mut self, unit: Unit, units: u64) -> Self {
        match unit {
            Unit::Read => self.read = units,
            Unit::Write => self.write = units,
        }
        self
    }

    /// Whether one of both is less than there: such a change is a decrease, also where the other one grows.
    pub fn lowers(self, from: Self) -> bool {
        self.read < from.read || self.write < from.write
    }
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} read, {} write", self.read, self.write)
    }
}

/// What has capacity of its own: the table, or a global index of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The table.
    Table,
    /// The index of this name.
    Index(String),
}

impl Place {
    /// The index's name.
    pub fn index(&self) -> Option<&str> {
        match self {
            Self::Table => None,
            Self::Index(name) => Some(name),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table => f.write_str("the table"),
            Self::Index(name) => write!(f, "the index {name}"),
        }
    }
}

/// A change of capacity: what was seen before, and what is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CapacityChange {
    /// Of what.
    pub place: Place,
    /// As it was seen.
    pub seen: Capacity,
    /// As it is wanted.
    pub to: Capacity,
}

impl CapacityChange {
    /// From what was seen to what is wanted.
    pub fn new(place: Place, seen: Capacity, to: Capacity) -> Self {
        Self { place, seen, to }
    }
}
