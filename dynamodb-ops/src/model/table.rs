//! Tables, and what has capacity of its own in them.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Capacity, Place, TableName};

/// Where a table or an index is in its life.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TableStatus {
    /// It works.
    Active,
    /// It is made.
    Creating,
    /// Something of it is changed; it works meanwhile.
    Updating,
    /// It is taken away.
    Deleting,
    /// A word that this version does not know.
    Other(String),
}

impl TableStatus {
    /// What the service's word means.
    pub fn told(word: &str) -> Self {
        match word {
            "ACTIVE" => Self::Active,
            "CREATING" => Self::Creating,
            "UPDATING" => Self::Updating,
            "DELETING" => Self::Deleting,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for TableStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Active => "ACTIVE",
            Self::Creating => "CREATING",
            Self::Updating => "UPDATING",
            Self::Deleting => "DELETING",
            Self::Other(word) => word,
        })
    }
}

/// How a table is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Billing {
    /// By units a second, used or not.
    Provisioned,
    /// By request; at most so many units a second, where that is set.
    OnDemand {
        /// Reads.
        max_read: Option<u64>,
        /// Writes.
        max_write: Option<u64>,
    },
}

/// The capacity of a table or of an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Provision {
    /// Of what.
    pub place: Place,
    /// Where it is in its life.
    pub status: TableStatus,
    /// Its units; none at all where it is paid by request.
    pub capacity: Capacity,
    /// When it was raised last.
    pub last_increase: Option<Timestamp>,
    /// When it was lowered last.
    pub last_decrease: Option<Timestamp>,
    /// How often it was lowered on this UTC day.
    pub decreases_today: u64,
}

impl Provision {
    /// One that works and was never changed.
    pub fn new(place: Place, capacity: Capacity) -> Self {
        Self {
            place,
            status: TableStatus::Active,
            capacity,
            last_increase: None,
            last_decrease: None,
            decreases_today: 0,
        }
    }
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Table {
    /// Its name.
    pub name: TableName,
    /// What AWS knows it by everywhere.
    pub arn: String,
    /// Where it is in its life.
    pub status: TableStatus,
    /// How it is paid for.
    pub billing: Billing,
    /// What has capacity of its own: the table first, then its global indexes by name.
    pub places: Vec<Provision>,
    /// How many items it has, as counted within the last hours.
    pub items: u64,
    /// How large it is, likewise.
    pub bytes: u64,
    /// When it was made.
    pub created: Option<Timestamp>,
}

impl Table {
    /// A table that is paid by units.
    pub fn new(name: TableName, capacity: Capacity) -> Self {
        Self {
            name,
            arn: String::new(),
            status: TableStatus::Active,
            billing: Billing::Provisioned,
            places: vec![Provision::new(Place::Table, capacity)],
            items: 0,
            bytes: 0,
            created: None,
        }
    }

    /// The capacity of the table or of one of its indexes.
    pub fn place(&self, place: &Place) -> Option<&Provision> {
        self.places.iter().find(|provision| provision.place == *place)
    }

    /// Whether it and all its indexes can be changed now.
    pub fn is_active(&self) -> bool {
        self.status == TableStatus::Active
            && self.places.iter().all(|provision| provision.status == TableStatus::Active)
    }
}
