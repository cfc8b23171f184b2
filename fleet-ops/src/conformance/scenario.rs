//! The scenario that all stages play: two environments' machines for jobs, and a group without tags.

use std::collections::BTreeMap;

use ops_client::{Effect, Error, ErrorKind, Result};
use serde::Deserialize;

use crate::{GroupFilter, Size};

/// Groups of machines, by name. The ids of machines are the stage's own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Scenario {
    /// Its groups, sorted by name.
    #[serde(rename = "groups")]
    pub plays: Vec<Play>,
}

/// One group of a scenario. It has as many machines as it shall have; they work, are healthy and not protected. It was never
/// refreshed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Play {
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// How many machines it may and shall have.
    pub size: Size,
    /// What the service does not do for it.
    #[serde(default)]
    pub suspended: Vec<String>,
}

impl Play {
    /// Whether the filter takes it.
    pub fn is_meant(&self, filter: &GroupFilter) -> bool {
        filter.tags.iter().all(|(name, value)| self.tags.get(name) == Some(value))
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
            Error::new("fleet.conformance", ErrorKind::Decode, Effect::None)
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
        assert!(scenario.plays.is_sorted_by(|a, b| a.name < b.name), "the ports list groups by name");
        assert!(scenario.plays.iter().all(|play| play.size.contradiction().is_none()));
        let single = scenario.plays.iter().filter(|play| play.suspended.is_empty() && play.size.desired == 1);
        assert!(single.count() >= 1, "a group of one");
        let several = |play: &&Play| play.suspended.is_empty() && play.size.min <= 1 && play.size.desired == 3;
        assert!(
            scenario.plays.iter().filter(several).any(|play| play.size.max > 4),
            "a group that can grow and shrink"
        );
        assert!(scenario.plays.iter().any(|play| play.size.desired == 0), "an empty group");
    }
}
