//! A stack, as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{DriftStatus, StackName, StackStatus};

/// What AWS shows instead of a value that its template hides.
const MASK: &str = "****";

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ParameterValue {
    /// A value.
    Plain(String),
    /// A value that the template hides (`NoEcho`): AWS does not show it, and it is never sent back.
    Hidden,
}

impl ParameterValue {
    /// The value, where it is shown.
    pub fn plain(&self) -> Option<&str> {
        match self {
            Self::Plain(value) => Some(value),
            Self::Hidden => None,
        }
    }
}

impl From<&str> for ParameterValue {
    /// As AWS writes it: four stars or more, and nothing else, stand for a hidden value.
    fn from(value: &str) -> Self {
        let hidden = value.len() >= MASK.len() && value.bytes().all(|b| b == b'*');
        if hidden { Self::Hidden } else { Self::Plain(value.to_owned()) }
    }
}

impl fmt::Display for ParameterValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.plain().unwrap_or(MASK))
    }
}

/// A stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Stack {
    /// Its id: another one where it was deleted and created anew.
    pub id: String,
    /// Its name.
    pub name: StackName,
    /// Where it is.
    pub status: StackStatus,
    /// Why it is there, in AWS's words.
    pub reason: Option<String>,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last updated, also in vain; nothing where it never was.
    pub updated: Option<Timestamp>,
    /// Its parameters, all of them.
    pub parameters: BTreeMap<String, ParameterValue>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// What it was allowed to do when it was last changed (`CAPABILITY_IAM`, …).
    pub capabilities: BTreeSet<String>,
    /// Whether it is as its template says, as far as somebody has checked.
    pub drift: DriftStatus,
    /// The id of the stack that it is a part of.
    pub parent: Option<String>,
}

impl Stack {
    /// A stack without parameters and tags.
    pub fn new(id: impl Into<String>, name: StackName, status: StackStatus, created: Timestamp) -> Self {
        Self {
            id: id.into(),
            name,
            status,
            reason: None,
            created,
            updated: None,
            parameters: BTreeMap::new(),
            tags: BTreeMap::new(),
            capabilities: BTreeSet::new(),
            drift: DriftStatus::NotChecked,
            parent: None,
        }
    }

    /// The value of a parameter, where the stack has it and it is shown.
    pub fn parameter(&self, key: &str) -> Option<&str> {
        self.parameters.get(key)?.plain()
    }
}
