//! What a table was asked for, by the minute.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Place, Unit};

/// Why requests were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Cause {
    /// More than the units of the table or index: more units help.
    Provisioned,
    /// More than one partition serves, however many units there are: a hot key. More units do not help.
    KeyRange,
    /// More than the account may have.
    AccountLimit,
    /// More than the limit that was set for a table that is paid by request.
    OnDemandLimit,
    /// The service does not say.
    Unnamed,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Provisioned, Self::KeyRange, Self::AccountLimit, Self::OnDemandLimit, Self::Unnamed];
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Provisioned => "too few units",
            Self::KeyRange => "a hot partition",
            Self::AccountLimit => "the account's limit",
            Self::OnDemandLimit => "the limit of a table that is paid by request",
            Self::Unnamed => "a cause that is not told",
        })
    }
}

/// Refused requests, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Throttled([f64; 5]);

impl Throttled {
    /// So many for one cause.
    pub fn of(&self, cause: Cause) -> f64 {
        self.0[cause as usize]
    }

    /// Counts more of them.
    pub fn add(&mut self, cause: Cause, requests: f64) {
        self.0[cause as usize] += requests;
    }

    /// For all causes.
    pub fn all(&self) -> f64 {
        self.0.iter().sum()
    }
}

/// A minute.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Point {
    /// Its beginning.
    pub at: Timestamp,
    /// Consumed units a second; nothing where CloudWatch told none.
    pub consumed: Option<f64>,
    /// Refused requests of this minute. Where CloudWatch told none, there were none.
    pub throttled: Throttled,
}

impl Point {
    /// A minute of which nothing is known yet.
    pub fn new(at: Timestamp) -> Self {
        Self { at, consumed: None, throttled: Throttled::default() }
    }

    /// What was wanted, in units a second: what was consumed, and at least one unit for each request that was refused.
    pub fn wanted(&self) -> f64 {
        self.consumed.unwrap_or_default() + self.throttled.all() / 60.0
    }
}

/// Of which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
}

impl Window {
    /// So long before a time; a day at most, for CloudWatch gives minutes of a day in one answer.
    pub fn before(to: Timestamp, length: SignedDuration) -> Self {
        let length = length.clamp(SignedDuration::from_mins(1), SignedDuration::from_hours(24));
        Self { from: to.checked_sub(length).unwrap_or(Timestamp::MIN), to }
    }
}

/// What a table, or an index of it, was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Usage {
    /// What.
    pub place: Place,
    /// When.
    pub window: Window,
    /// Reads by the minute, the oldest first: minutes of which anything is known.
    pub reads: Vec<Point>,
    /// Writes, likewise.
    pub writes: Vec<Point>,
    /// The units that were there, as CloudWatch saw them, every five minutes: reads.
    pub provisioned_reads: Vec<(Timestamp, f64)>,
    /// The same of writes.
    pub provisioned_writes: Vec<(Timestamp, f64)>,
}

impl Usage {
    /// Nothing known.
    pub fn new(place: Place, window: Window) -> Self {
        Self {
            place,
            window,
            reads: Vec::new(),
            writes: Vec::new(),
            provisioned_reads: Vec::new(),
            provisioned_writes: Vec::new(),
        }
    }

    /// The minutes of a unit.
    pub fn points(&self, unit: Unit) -> &[Point] {
        match unit {
            Unit::Read => &self.reads,
            Unit::Write => &self.writes,
        }
    }

    /// The same, to be changed: they stay in the order of their times.
    pub fn points_mut(&mut self, unit: Unit) -> &mut Vec<Point> {
        match unit {
            Unit::Read => &mut self.reads,
            Unit::Write => &mut self.writes,
        }
    }

    /// The units that were there.
    pub fn provisioned(&self, unit: Unit) -> &[(Timestamp, f64)] {
        match unit {
            Unit::Read => &self.provisioned_reads,
            Unit::Write => &self.provisioned_writes,
        }
    }

    /// All requests of a unit that were refused, by cause.
    pub fn throttled(&self, unit: Unit) -> Throttled {
        let mut all = Throttled::default();
        for point in self.points(unit) {
            for cause in Cause::ALL {
                all.add(cause, point.throttled.of(cause));
            }
        }
        all
    }

    /// The first minute in which requests of a unit were refused, and the last one.
    pub fn throttling(&self, unit: Unit) -> Option<(Timestamp, Timestamp)> {
        let mut refused = self.points(unit).iter().filter(|point| point.throttled.all() > 0.0).map(|point| point.at);
        let first = refused.next()?;
        Some((first, refused.next_back().unwrap_or(first)))
    }

    /// The most that a minute consumed, in units a second.
    pub fn peak(&self, unit: Unit) -> Option<f64> {
        self.points(unit).iter().filter_map(|point| point.consumed).reduce(f64::max)
    }

    /// The newest minute of which anything is known, of either unit: what is after it, is not known yet.
    pub fn newest(&self) -> Option<Timestamp> {
        Unit::BOTH.into_iter().filter_map(|unit| self.points(unit).last()).map(|point| point.at).max()
    }
}
