//! What was found, and who says so.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use metapod_model::{TransactionId, TransactionType};
use serde::{Deserialize, Serialize};

/// Who knows transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Source {
    /// The list of transactions.
    Sonar,
    /// The message that a run started.
    Slack,
    /// What was given to the run of the day.
    Airflow,
    /// The loader's log.
    Log,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sonar => "Sonar",
            Self::Slack => "Slack",
            Self::Airflow => "Airflow",
            Self::Log => "the loader's log",
        })
    }
}

/// That a source names a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Said {
    /// Which one.
    pub transaction: TransactionId,
    /// In what way, in a few words.
    pub how: String,
    /// Since when it says so.
    pub since: Option<Timestamp>,
}

impl Said {
    /// A source names this transaction in this way.
    pub fn new(transaction: TransactionId, how: impl Into<String>) -> Self {
        Self { transaction, how: how.into(), since: None }
    }

    /// Since when.
    #[must_use]
    pub fn since(mut self, at: Option<Timestamp>) -> Self {
        self.since = at;
        self
    }
}

/// What a source answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Outcome {
    /// The transactions that it names.
    pub said: Vec<Said>,
    /// What else is to be known of its answer.
    pub notes: Vec<String>,
}

impl Outcome {
    /// It names these.
    pub fn new(said: Vec<Said>) -> Self {
        Self { said, notes: Vec::new() }
    }

    /// And this is to be known.
    #[must_use]
    pub fn noting(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// A source that was asked, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Told {
    /// Who.
    pub source: Source,
    /// What it answered.
    pub outcome: Outcome,
    /// Why there is no answer.
    pub failed: Option<String>,
}

impl Told {
    /// What came of asking.
    pub fn new(source: Source, answer: Result<Outcome, String>) -> Self {
        match answer {
            Ok(outcome) => Self { source, outcome, failed: None },
            Err(why) => Self { source, outcome: Outcome::default(), failed: Some(why) },
        }
    }
}

/// A transaction that may be meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Candidate {
    /// Which one.
    pub transaction: TransactionId,
    /// Its kind, where Sonar knows it.
    pub kind: Option<TransactionType>,
    /// Its name, where Sonar knows one.
    pub name: Option<String>,
    /// Who says so.
    pub by: Vec<(Source, Said)>,
}

/// What it comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// Everybody who names one names this one.
    Agreed(TransactionId),
    /// Two sources name different ones.
    Disagreed,
    /// There are several, and nobody is wrong.
    Several,
    /// Nobody names one.
    Nothing,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Sought {
    /// Where, as the caller names it.
    pub environment: String,
    /// The target date.
    pub day: Date,
    /// Whether it was said as «today».
    pub today: bool,
    /// The kind that was asked for.
    pub kind: Option<TransactionType>,
    /// When it was looked.
    pub at: Timestamp,
    /// What it comes to.
    pub verdict: Verdict,
    /// The transactions that may be meant.
    pub candidates: Vec<Candidate>,
    /// Those that a source names, and that are of another kind than was asked for.
    pub beside: Vec<Candidate>,
    /// Who was asked.
    pub told: Vec<Told>,
}

impl Sought {
    /// The transaction, where there is no doubt.
    pub fn transaction(&self) -> Option<TransactionId> {
        match self.verdict {
            Verdict::Agreed(id) => Some(id),
            _ => None,
        }
    }
}
