use std::fmt;

/// The name of an environment (`prod`, `staging` …): a required argument of every client, printed in every plan.
///
/// ```
/// let prod = ops_client::Environment::new("prod");
/// assert_eq!(prod.to_string(), "prod");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Environment(String);

impl Environment {
    /// Names an environment as the platform's own configuration names it.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
