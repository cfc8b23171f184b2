//! The scenario that all stages play: a nightly run in the middle, a run of one's own, and a night too old to be copied.

use jiff::Timestamp;
use jiff::civil::Date;
use ops_client::{Effect, Error, ErrorKind, Result};
use serde::Deserialize;

use crate::{CommitFormat, DatasetAction, DatasetName, S3Path, Schema, TransactionType};

/// Transactions with their datasets, by name: ids are the stage's own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Scenario {
    /// What time it is when the play begins.
    pub now: Timestamp,
    /// Its transactions, in this order: the one to change, another one, one that is too old to be copied.
    #[serde(rename = "transactions")]
    pub plays: Vec<Play>,
}

/// One transaction of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct Play {
    /// Its name.
    pub name: Option<String>,
    /// Its type.
    #[serde(rename = "type")]
    pub transaction_type: TransactionType,
    /// When it was started.
    pub started_at: Timestamp,
    /// The day on which it runs.
    pub target_date: Option<Date>,
    /// The day that its data speaks about.
    pub reference_date: Option<Date>,
    /// Its datasets.
    pub datasets: Vec<Part>,
}

/// One dataset of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Part {
    /// Its name.
    pub name: DatasetName,
    /// What was committed of it, if anything.
    pub commit: Option<Committed>,
}

/// What was committed of a dataset. The ids of attributes and partitions are the stage's own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Committed {
    /// Where its files lie.
    pub path: S3Path,
    /// Their format.
    pub format: CommitFormat,
    /// How many there are.
    pub partitions: usize,
    /// What is done on the commit.
    pub actions: Vec<DatasetAction>,
    /// Its columns.
    pub schema: Schema,
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
            Error::new("metapod.conformance", ErrorKind::Decode, Effect::None)
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
        let scenario = Scenario::shipped().unwrap();
        let [nightly, _, old] = &scenario.plays[..] else { panic!("three transactions") };
        assert!(nightly.datasets.iter().any(|part| part.commit.is_some()));
        assert!(nightly.datasets.iter().filter(|part| part.commit.is_none()).count() >= 2);
        assert!(scenario.now.duration_since(old.started_at).as_hours() >= 7 * 24);
    }
}
