//! The scenario that all stages play: three services' stacks, two of them shards of one service.

use std::collections::BTreeMap;

use ops_client::{Effect, Error, ErrorKind, Result};
use serde::Deserialize;

use crate::{ParameterValue, StackName};

/// Stacks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Scenario {
    /// Its stacks, sorted by name.
    #[serde(rename = "stacks")]
    pub plays: Vec<Play>,
}

/// A service's stack, as it is once it was created (`CREATE_COMPLETE`). It was given the parameters `Service`,
/// `BlueSize`, `BlueVersion`, `GreenSize`, `GreenVersion`, a hidden `ApiToken`, and `Alarm`, whose default is `on`;
/// sizes are numbers up to 20. It may have further ones, which have their defaults.
///
/// A version with `broken` in it does not start: its update fails after a while, and the stack goes back. One with
/// `stuck` in it fails likewise, and cannot be taken back either, until what failed is skipped.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Play {
    /// Its name.
    pub name: StackName,
    /// Its service.
    pub service: String,
    /// One side.
    pub blue: Side,
    /// The other side.
    pub green: Side,
    /// The hidden parameter `ApiToken`.
    pub token: String,
    /// Other parameters.
    pub parameters: BTreeMap<String, String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// A side of a service.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Side {
    /// How many instances it has.
    pub size: u32,
    /// What they run.
    pub version: String,
}

impl Play {
    /// The parameters that it was given, as they are shown.
    pub fn shown(&self) -> BTreeMap<String, ParameterValue> {
        let plain = |key: &str, value: &dyn ToString| (key.to_owned(), ParameterValue::Plain(value.to_string()));
        let mut shown = BTreeMap::from([
            plain("Service", &self.service),
            plain("BlueSize", &self.blue.size),
            plain("BlueVersion", &self.blue.version),
            plain("GreenSize", &self.green.size),
            plain("GreenVersion", &self.green.version),
            ("ApiToken".to_owned(), ParameterValue::Hidden),
        ]);
        shown.extend(self.parameters.iter().map(|(key, value)| plain(key, value)));
        shown
    }

    /// What the parameters of the side begin with that has no instances, and of the one that has some.
    pub fn idle_and_live(&self) -> (&'static str, &'static str) {
        if self.blue.size == 0 { ("Blue", "Green") } else { ("Green", "Blue") }
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
            Error::new("cloudformation.conformance", ErrorKind::Decode, Effect::None)
                .with_message("the scenario cannot be read")
                .with_source(error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Family;

    #[test]
    fn the_shipped_scenario_has_what_the_cases_need() {
        let scenario = Scenario::shipped().unwrap();
        assert!(scenario.plays.is_sorted_by(|a, b| a.name < b.name), "the ports list stacks by name");
        for play in &scenario.plays {
            assert!((play.blue.size == 0) != (play.green.size == 0), "one side is idle: {play:?}");
            assert_eq!(play.parameters["Alarm"], "off", "somebody changed what has a default");
            assert!(!play.tags.is_empty());
        }
        let shards = Family::new("prod", "correnteza");
        assert_eq!(scenario.plays.iter().filter(|play| shards.matches(&play.name)).count(), 2, "two shards");
        let live: Vec<_> = scenario.plays.iter().map(|play| play.idle_and_live().1).collect();
        assert_eq!(live, ["Blue", "Green", "Blue"]);
    }
}
