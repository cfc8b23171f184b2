//! The small part of a plan: all that must be known to show and approve it.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Danger, Digest, Finding, Target};

/// How many actions one digest covers: a block can be checked, moved and run alone.
pub const BLOCK: usize = 250;

/// What a plan is about, who made it from what, and the digests of its actions.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Head {
    /// The version of this format.
    pub format: u32,
    /// The recipe's id.
    pub recipe: String,
    /// The recipe's version.
    pub version: u32,
    /// The question that was asked, as it was asked.
    pub question: Box<RawValue>,
    /// Where.
    pub target: Target,
    /// What the systems said of themselves and of the caller when the plan was made.
    pub identity: Vec<String>,
    /// What the plan does, in one line.
    pub title: String,
    /// All that it changes: these are locked while it runs.
    pub subjects: Vec<Subject>,
    /// Of how many objects the actions were chosen.
    pub population: Option<u64>,
    /// Whether the objects were named one by one.
    pub one_by_one: bool,
    /// When it was made.
    pub made_at: Timestamp,
    /// What the guards say.
    pub findings: Vec<Finding>,
    /// Its parts, in order.
    pub phases: Vec<Phase>,
    /// What else to know before approving.
    pub notes: Vec<String>,
    /// What the runbook says to do afterwards.
    pub later: Vec<String>,
    /// The obligations that it settles.
    pub settles: Vec<String>,
    /// The run that it undoes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// The digest of the facts that were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<Digest>,
    /// The digest of each block of actions.
    pub blocks: Vec<Digest>,
}

/// Something that a plan changes: one run at a time may hold it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Subject {
    /// Its kind: `transaction`, `dag-run`, `stack` …
    pub kind: String,
    /// Its id.
    pub id: String,
}

impl Subject {
    /// A subject of this kind.
    pub fn new(kind: impl Into<String>, id: impl fmt::Display) -> Self {
        Self { kind: kind.into(), id: id.to_string() }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)
    }
}

/// A part of a plan; its actions run side by side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Phase {
    /// Its name.
    pub name: String,
    /// How many actions run at once at most.
    pub width: usize,
    /// How many of its actions do nothing (waits).
    pub waits: usize,
    /// How many can be taken back.
    pub reversible: usize,
    /// How many are noticed by others.
    pub disruptive: usize,
    /// How many cannot be taken back.
    pub irreversible: usize,
}

impl Phase {
    pub(crate) fn new(name: String, width: usize, dangers: impl Iterator<Item = Danger>) -> Self {
        let mut phase = Self { name, width, waits: 0, reversible: 0, disruptive: 0, irreversible: 0 };
        for danger in dangers {
            match danger {
                Danger::Nothing => phase.waits += 1,
                Danger::Reversible => phase.reversible += 1,
                Danger::Disruptive => phase.disruptive += 1,
                Danger::Irreversible => phase.irreversible += 1,
            }
        }
        phase
    }

    /// How many actions it has, waits included. Saturates: a file may claim anything.
    pub fn len(&self) -> usize {
        self.waits.saturating_add(self.changes())
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it begins with one change alone, then two, four …
    pub fn is_ramped(&self) -> bool {
        crate::walk::is_ramped(self.changes())
    }

    /// How many of its actions change something.
    pub fn changes(&self) -> usize {
        self.reversible.saturating_add(self.disruptive).saturating_add(self.irreversible)
    }
}

impl Head {
    /// How many actions change something.
    pub fn changes(&self) -> usize {
        self.phases.iter().map(Phase::changes).fold(0, usize::saturating_add)
    }

    /// How many actions there are, waits included.
    pub fn len(&self) -> usize {
        self.phases.iter().map(Phase::len).fold(0, usize::saturating_add)
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes() == 0
    }

    /// The plan's digest: it covers this head, and through it every action and fact.
    ///
    /// # Errors
    /// When the head cannot be written as JSON.
    pub fn digest(&self) -> Result<Digest, crate::Error> {
        let mut hasher = crate::digest::Hasher::default();
        serde_json::to_writer(&mut hasher, self).map_err(crate::Error::unwritable)?;
        Ok(hasher.finish())
    }
}
