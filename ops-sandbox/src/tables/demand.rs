//! What is asked of a table, and what becomes of it.

use dynamodb_ops::{Cause, Point, Unit};
use jiff::Timestamp;

/// What is asked of a table or of an index, of one unit.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Demand {
    /// So many units a second are wanted, so many of them of one partition. What the capacity covers is served, the rest refused.
    Wanted {
        /// All of them.
        a_second: f64,
        /// Those of one partition.
        hot: f64,
    },
    /// So many units a second were served, and so many requests a minute refused, whatever the capacity.
    Told {
        /// Served units a second.
        consumed: f64,
        /// Refused requests a minute.
        refused: Vec<(Cause, f64)>,
    },
}

impl Demand {
    /// So many units a second, of all partitions alike.
    pub fn wanted(a_second: f64) -> Self {
        Self::Wanted { a_second, hot: 0.0 }
    }

    /// So many units a second, and so many of them of one partition.
    pub fn hot(a_second: f64, hot: f64) -> Self {
        Self::Wanted { a_second, hot: hot.min(a_second) }
    }

    /// So many units a second were served, and these requests a minute refused, whatever the capacity.
    pub fn told(consumed: f64, refused: Vec<(Cause, f64)>) -> Self {
        Self::Told { consumed, refused }
    }

    /// What becomes of it in a minute, with so many units a second; without a number there is no end to them.
    pub(super) fn minute(&self, at: Timestamp, unit: Unit, units: Option<u64>, short: Cause) -> Point {
        let mut point = Point::new(at);
        match self {
            Self::Told { consumed, refused } => {
                point.consumed = Some(*consumed).filter(|consumed| *consumed > 0.0);
                for (cause, requests) in refused {
                    point.throttled.add(*cause, *requests);
                }
            }
            Self::Wanted { a_second, hot } => {
                let served_hot = hot.min(unit.of_a_partition() as f64);
                let asked = (a_second - hot).max(0.0) + served_hot;
                let served = units.map_or(asked, |units| asked.min(units as f64));
                point.consumed = Some(served).filter(|served| *served > 0.0);
                // One request a unit: what is refused is counted in requests.
                point.throttled.add(Cause::KeyRange, ((hot - served_hot) * 60.0).round());
                point.throttled.add(short, ((asked - served) * 60.0).round());
            }
        }
        point
    }
}
