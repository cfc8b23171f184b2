//! The scenario that all stages play: who there is, and which tables.

use ops_client::{Effect, Error, ErrorKind, Result};
use serde::Deserialize;

/// Users and tables.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Scenario {
    /// The database.
    pub database: String,
    /// The users. Everybody may read every table.
    pub users: Vec<User>,
    /// The tables, as `schema.name`. `meta.loads` is there, too.
    pub tables: Vec<String>,
}

/// A user of the warehouse.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct User {
    /// The name.
    pub name: String,
    /// Whether everything is allowed.
    #[serde(default)]
    pub superuser: bool,
    /// `sys:monitor`, `sys:operator`.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The schemas that belong to this user.
    #[serde(default)]
    pub owns: Vec<String>,
}

impl Scenario {
    /// The shipped file, as text: `conformance/warehouse.json`.
    pub const JSON: &'static str = include_str!("../../../conformance/warehouse.json");

    /// The shipped scenario.
    ///
    /// # Errors
    /// `Decode`, where the shipped file is broken.
    pub fn shipped() -> Result<Self> {
        serde_json::from_str(Self::JSON).map_err(|error| {
            Error::new("warehouse.conformance", ErrorKind::Decode, Effect::None)
                .with_message("the scenario cannot be read")
                .with_source(error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::warehouse::Who;

    #[test]
    fn the_shipped_scenario_has_what_the_cases_need() {
        let scenario = Scenario::shipped().unwrap();
        let user = |name: &str| scenario.users.iter().find(|user| user.name == name).unwrap();
        let of = |who: Who| (user(who.user()).superuser, user(who.user()).roles.concat());
        assert_eq!(of(Who::Superuser), (true, String::new()));
        assert_eq!(of(Who::Operator), (false, "sys:operator".to_owned()));
        assert_eq!(of(Who::Monitor), (false, "sys:monitor".to_owned()));
        assert_eq!(of(Who::Reader), (false, String::new()));
        assert!(user("rdsdb").superuser && !user("metabase").superuser);
        assert!(user("loader").owns.iter().any(|schema| schema == "fact"));
        assert!(scenario.tables.iter().any(|table| table.starts_with("fact.")));
        assert!(scenario.tables.iter().any(|table| table.starts_with("dimension.")));
    }
}
