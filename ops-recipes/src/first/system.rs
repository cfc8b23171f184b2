use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use ops_client::Result;

/// A system that is looked at first. Each client of ours has one; others may write theirs. Nothing here changes anything.
#[async_trait]
pub trait System: Send + Sync {
    /// Its name.
    fn name(&self) -> &str;

    /// Where it is reached.
    fn address(&self) -> &str;

    /// Whether it can be worked with from here.
    ///
    /// # Errors
    /// When it does not answer at all.
    async fn check_up(&self) -> Result<Checkup>;

    /// What is wrong there at `now`; an empty list says that all is well.
    ///
    /// # Errors
    /// When it cannot be looked at.
    async fn signs(&self, now: Timestamp) -> Result<Vec<Sign>>;
}

/// Whether something is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// It is.
    Yes,
    /// It is not; says why, and what to do.
    No(String),
    /// It cannot be known without doing it; says why.
    Unknown(String),
    /// Nobody ever needs it.
    NotNeeded,
}

/// How a system answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checkup {
    /// The version that it says it runs.
    pub version: Option<String>,
    /// Who it takes us for, where that is known.
    pub who: Option<String>,
    /// May we read?
    pub read: Access,
    /// May we write?
    pub write: Access,
    /// When the credential expires, where that is known.
    pub expires: Option<Timestamp>,
    /// How far our clock is ahead of its clock, where it tells the time.
    pub clock_ahead: Option<SignedDuration>,
}

impl Checkup {
    /// How a system answers.
    pub fn new(read: Access, write: Access) -> Self {
        Self { version: None, who: None, read, write, expires: None, clock_ahead: None }
    }
}

/// How bad a sign is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something is broken, or cannot be reached.
    Broken,
    /// Something does not go on.
    Stuck,
    /// Something is unusual.
    Odd,
}

impl Severity {
    /// A letter and a sign, for screens without colours.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Broken => "B ✗",
            Self::Stuck => "S !",
            Self::Odd => "O ·",
        }
    }
}

/// Something that is wrong, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sign {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, with its evidence, in one line.
    pub what: String,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
    /// The next command, ids filled in.
    pub next: Option<String>,
}

impl Sign {
    /// Something that is wrong.
    pub fn new(severity: Severity, what: impl Into<String>) -> Self {
        Self { severity, what: what.into(), since: None, next: None }
    }

    /// With since when.
    #[must_use]
    pub fn since(mut self, at: Timestamp) -> Self {
        self.since = Some(at);
        self
    }

    /// With the next command.
    #[must_use]
    pub fn next(mut self, command: impl Into<String>) -> Self {
        self.next = Some(command.into());
        self
    }
}
