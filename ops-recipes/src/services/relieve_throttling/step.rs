//! The steps: bounds and units are raised, and data is awaited that shows it.

use std::fmt;
use std::time::Duration;

use dynamodb_ops::{Capacity, CapacityChange, Place, ScalingChange, TableName, Unit};
use jiff::Timestamp;
use ops_client::Result;
use ops_plan::{Action, Danger, Obligation, Repeat};
use serde::{Deserialize, Serialize};

use crate::services::TableWrites;
use crate::words::names;

/// How long a table may be changed: seconds as a rule, minutes when it gets more partitions.
const CHANGED_WITHIN: Duration = Duration::from_secs(30 * 60);
/// Until a data point of a whole minute after the change is there.
const KNOWN_WITHIN: Duration = Duration::from_secs(15 * 60);

/// A step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TableStep {
    /// The bounds within which units scale by themselves.
    Bounds(SetBounds),
    /// The units.
    Units(SetUnits),
    /// Waits until something is known of the time after the change.
    Known(Known),
}

/// The bounds within which units scale by themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SetBounds {
    /// The table.
    pub table: TableName,
    /// From what to what.
    pub change: ScalingChange,
}

/// The units of a table or of an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SetUnits {
    /// The table.
    pub table: TableName,
    /// From what to what.
    pub change: CapacityChange,
}

/// Waits until something is known of the time after the change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Known {
    /// The table.
    pub table: TableName,
    /// Of what.
    pub place: Place,
    /// The units that throttled.
    pub units: Vec<Unit>,
    /// When it was planned: what is older is not meant.
    pub since: Timestamp,
}

impl TableStep {
    pub(super) async fn perform(&self, writes: &TableWrites) -> Result<()> {
        match self {
            Self::Bounds(SetBounds { table, change }) => writes.tables.set_scaling(table, change).await,
            Self::Units(SetUnits { table, change }) => writes.tables.set_capacity(table, change).await,
            Self::Known(_) => Ok(()),
        }
    }

    pub(super) fn undone(&self) -> Option<Self> {
        match self {
            Self::Bounds(SetBounds { table, change }) => {
                let change = ScalingChange::new(change.place.clone(), change.unit, change.to, change.seen);
                Some(Self::Bounds(SetBounds { table: table.clone(), change }))
            }
            Self::Units(SetUnits { table, change }) => {
                let change = CapacityChange::new(change.place.clone(), change.to, change.seen);
                Some(Self::Units(SetUnits { table: table.clone(), change }))
            }
            Self::Known(_) => None,
        }
    }

    /// What was raised costs until it is lowered.
    pub(super) fn obligation(&self) -> Option<Obligation> {
        match self {
            Self::Units(SetUnits { table, change: CapacityChange { place, seen, to, .. } }) if !to.lowers(*seen) => {
                let id = format!("capacity/{table}/{}/{}/{}", called(place), seen.read, seen.write);
                let what = format!("lower {} of {table} again to {seen} (it has {to}): undo this run", of(place));
                Some(Obligation::new(id, what))
            }
            Self::Bounds(SetBounds { table, change: ScalingChange { place, unit, seen, to, .. } })
                if to.min > seen.min || to.max > seen.max =>
            {
                let id = format!("bounds/{table}/{}/{unit}/{}/{}", called(place), seen.min, seen.max);
                let what = format!("let {unit}s of {table} scale between {seen} again (now {to}): undo this run");
                Some(Obligation::new(id, what))
            }
            _ => None,
        }
    }
}

/// What an obligation of this recipe says: which table, which place, and its units or bounds before.
pub(super) enum Owed {
    Units(TableName, Place, Capacity),
    Bounds(TableName, Place, Unit, u64, u64),
}

impl Owed {
    pub(super) fn of(id: &str) -> Option<Self> {
        let parts: Vec<&str> = id.split('/').collect();
        let place = |word: &str| if word == TABLE { Place::Table } else { Place::Index(word.to_owned()) };
        match *parts.as_slice() {
            ["capacity", table, at, read, write] => {
                let before = Capacity::new(read.parse().ok()?, write.parse().ok()?);
                Some(Self::Units(table.parse().ok()?, place(at), before))
            }
            ["bounds", table, at, unit, min, max] => {
                let unit = Unit::BOTH.into_iter().find(|one| one.to_string() == unit)?;
                Some(Self::Bounds(table.parse().ok()?, place(at), unit, min.parse().ok()?, max.parse().ok()?))
            }
            _ => None,
        }
    }
}

/// No index is called so: their names have three letters at least.
const TABLE: &str = "-";

fn called(place: &Place) -> &str {
    place.index().unwrap_or(TABLE)
}

fn of(place: &Place) -> String {
    match place {
        Place::Table => "the capacity".to_owned(),
        Place::Index(name) => format!("the capacity of the index {name}"),
    }
}

impl Action for TableStep {
    fn key(&self) -> String {
        match self {
            Self::Bounds(SetBounds { table, change }) => {
                format!("bounds/{table}/{}/{}", called(&change.place), change.unit)
            }
            Self::Units(SetUnits { table, change }) => format!("units/{table}/{}", called(&change.place)),
            Self::Known(known) => format!("known/{}/{}", known.table, called(&known.place)),
        }
    }

    fn danger(&self) -> Danger {
        match self {
            Self::Bounds(_) | Self::Units(_) => Danger::Reversible,
            Self::Known(_) => Danger::Nothing,
        }
    }

    fn repeat(&self) -> Repeat {
        // The units are compared with what was seen right before they are sent: the same order twice changes nothing.
        Repeat::Safe
    }

    fn settle(&self) -> Duration {
        match self {
            Self::Bounds(_) | Self::Units(_) => CHANGED_WITHIN,
            Self::Known(_) => KNOWN_WITHIN,
        }
    }

    fn by_hand(&self) -> String {
        match self {
            Self::Bounds(SetBounds { table, change: ScalingChange { place, unit, to, .. } }) => {
                let (kind, resource) = match place {
                    Place::Table => ("table", format!("table/{table}")),
                    Place::Index(name) => ("index", format!("table/{table}/index/{name}")),
                };
                let unit = if *unit == Unit::Read { "ReadCapacityUnits" } else { "WriteCapacityUnits" };
                format!(
                    "aws application-autoscaling register-scalable-target --service-namespace dynamodb --resource-id {resource} \\\n  \
                       --scalable-dimension dynamodb:{kind}:{unit} --min-capacity {} --max-capacity {}",
                    to.min, to.max
                )
            }
            Self::Units(SetUnits { table, change: CapacityChange { place, seen, to, .. } }) => {
                let units = format!("ReadCapacityUnits={},WriteCapacityUnits={}", to.read, to.write);
                let what = match place {
                    Place::Table => format!("--provisioned-throughput {units}"),
                    Place::Index(name) => format!(
                        "--global-secondary-index-updates '[{{\"Update\":{{\"IndexName\":\"{name}\",\"ProvisionedThroughput\":\
                         {{\"ReadCapacityUnits\":{},\"WriteCapacityUnits\":{}}}}}}}]'",
                        to.read, to.write
                    ),
                };
                format!(
                    "aws dynamodb describe-table --table-name {table}   # only if it still has {seen}\n\
                     aws dynamodb update-table --table-name {table} {what}\n\
                     aws dynamodb wait table-exists --table-name {table}"
                )
            }
            Self::Known(known) => format!(
                "# for {}:\n\
                 aws cloudwatch get-metric-statistics --namespace AWS/DynamoDB --metric-name … \\\n  \
                   --dimensions Name=TableName,Value={} --period 60 --statistics Sum --start-time {:.0} --end-time …   # no data is «not known yet»",
                names(known.units.iter().map(|unit| if *unit == Unit::Read {
                    "ReadThrottleEvents"
                } else {
                    "WriteThrottleEvents"
                })),
                known.table,
                known.since
            ),
        }
    }
}

impl fmt::Display for TableStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |place: &Place| match place {
            Place::Table => String::new(),
            Place::Index(name) => format!(", index {name}"),
        };
        match self {
            Self::Bounds(SetBounds { table, change }) => {
                write!(
                    f,
                    "{table}{}: {}s scale between {}, not {}",
                    place(&change.place),
                    change.unit,
                    change.to,
                    change.seen
                )
            }
            Self::Units(SetUnits { table, change }) => {
                write!(f, "{table}{}: {} → {}", place(&change.place), change.seen, change.to)
            }
            Self::Known(known) => write!(f, "{}{}: wait for data of the time after", known.table, place(&known.place)),
        }
    }
}
