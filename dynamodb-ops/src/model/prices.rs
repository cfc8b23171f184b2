//! What capacity costs, roughly: by the public price list, without discounts, free units and reserved ones.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Capacity;

/// The hours of a month, as AWS counts.
const MONTH: f64 = 730.0;

/// The price of a unit for an hour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Prices {
    /// Of a read unit.
    pub read_hour: f64,
    /// Of a write unit.
    pub write_hour: f64,
    /// In this currency.
    pub currency: String,
}

impl Prices {
    /// These.
    pub fn new(read_hour: f64, write_hour: f64, currency: impl Into<String>) -> Self {
        Self { read_hour, write_hour, currency: currency.into() }
    }

    /// Those of the public list, where they are known here: they may have changed, and a contract may say something
    /// else.
    pub fn of_region(region: &str) -> Option<Self> {
        match region {
            "us-east-1" => Some(Self::new(0.000_13, 0.000_65, "USD")),
            "sa-east-1" => Some(Self::new(0.000_195, 0.000_975, "USD")),
            _ => None,
        }
    }

    /// What a change of capacity costs more, or saves.
    ///
    /// ```
    /// use dynamodb_ops::{Capacity, Prices};
    ///
    /// let prices = Prices::of_region("us-east-1").unwrap();
    /// let cost = prices.of_change(Capacity::new(50, 20), Capacity::new(50, 120));
    /// assert_eq!(cost.to_string(), "+0.065 USD an hour, +47.45 USD a month");
    /// ```
    pub fn of_change(&self, from: Capacity, to: Capacity) -> Cost {
        let more = |from: u64, to: u64| to as f64 - from as f64;
        let hour = more(from.read, to.read) * self.read_hour + more(from.write, to.write) * self.write_hour;
        Cost { hour, currency: self.currency.clone() }
    }
}

/// What something costs more, or saves.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Cost {
    /// For an hour.
    pub hour: f64,
    /// In this currency.
    pub currency: String,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, currency) = (self.hour, &self.currency);
        write!(f, "{hour:+.3} {currency} an hour, {:+.2} {currency} a month", hour * MONTH)
    }
}
