//! The scenario that all stages play: a cluster that works, one that is paused, and two that something is done to.

use ops_client::{Effect, Error, ErrorKind, Result};
use serde::Deserialize;

use crate::ClusterId;

/// Clusters, by identifier.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Scenario {
    /// Its clusters, sorted by identifier.
    #[serde(rename = "clusters")]
    pub plays: Vec<Play>,
}

/// One cluster of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Play {
    /// Its identifier.
    pub id: ClusterId,
    /// The type of its nodes.
    pub node_type: String,
    /// How many nodes it has.
    pub nodes: u32,
    /// The database that was made with it.
    pub database: String,
    /// `paused`; it is available where nothing is said.
    #[serde(default)]
    pub status: Option<String>,
    /// The settings that change at its next reboot.
    #[serde(default)]
    pub pending: Vec<String>,
    /// The status of its one snapshot, where it has one.
    #[serde(default)]
    pub snapshot: Option<String>,
    /// The status of the change of its size, where there was one.
    #[serde(default)]
    pub resize: Option<String>,
}

impl Play {
    /// Whether it is available, and nothing is done to it.
    pub fn is_plain(&self) -> bool {
        self.status.is_none() && self.pending.is_empty() && self.snapshot.is_none() && self.resize.is_none()
    }

    /// Whether it is paused.
    pub fn is_paused(&self) -> bool {
        self.status.as_deref() == Some("paused")
    }
}

impl Scenario {
    /// The shipped file, as text: `conformance/scenario.json`.
    pub const JSON: &'static str = include_str!("../../../conformance/scenario.json");

    /// The shipped scenario.
    ///
    /// # Errors
    /// `Decode`, where the shipped file is broken.
    pub fn shipped() -> Result<Self> {
        serde_json::from_str(Self::JSON).map_err(|error| {
            Error::new("redshift.conformance", ErrorKind::Decode, Effect::None)
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
        assert!(scenario.plays.is_sorted_by(|a, b| a.id < b.id), "the ports list clusters by identifier");
        let has = |wanted: fn(&Play) -> bool| scenario.plays.iter().any(wanted);
        assert!(has(Play::is_plain) && has(Play::is_paused));
        assert!(has(|play| !play.pending.is_empty()) && has(|play| play.snapshot.as_deref() == Some("creating")));
        assert!(has(|play| play.resize.as_deref() == Some("IN_PROGRESS")));
    }
}
