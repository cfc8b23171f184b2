use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a plan wants to act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Target {
    /// The environment's name, as the configuration has it.
    pub environment: String,
    /// How careful approval has to be there.
    pub kind: TargetKind,
}

/// How careful approval has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetKind {
    /// The embedded sandbox: count and share need no answer.
    Sandbox,
    /// Any real environment.
    Ordinary,
    /// Production: its name is typed back.
    Production,
}

impl Target {
    /// A real environment.
    pub fn new(environment: impl Into<String>) -> Self {
        Self { environment: environment.into(), kind: TargetKind::Ordinary }
    }

    /// Production under this name.
    pub fn production(environment: impl Into<String>) -> Self {
        Self { environment: environment.into(), kind: TargetKind::Production }
    }

    /// A plan's title with where it acts before it, unless the recipe says so itself.
    pub(crate) fn titled(&self, title: &str) -> String {
        if title.starts_with(&self.to_string()) { title.to_owned() } else { format!("{self}: {title}") }
    }

    /// The embedded sandbox.
    pub fn sandbox() -> Self {
        Self { environment: "sandbox".into(), kind: TargetKind::Sandbox }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.environment)?;
        if self.kind == TargetKind::Production {
            f.write_str(" (production)")?;
        }
        Ok(())
    }
}
