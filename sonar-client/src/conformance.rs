//! What any implementation of [`SonarRead`] must do: a fake in memory, a sandbox server, a server by
//! another hand, the real one.
//!
//! An implementation is put on a [`Stage`], which says what can be done there. [`run_all`] runs every case that is
//! possible on it, and names those that are not.

mod cases;
mod scenario;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use async_trait::async_trait;
use jiff::Timestamp;

pub use cases::CASES;
pub use scenario::{Play, Scenario};

use crate::{DatasetFormat, DatasetId, Result, S3Path, SonarRead, TransactionId};

/// What a case needs to be possible on a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Needs {
    /// The scenario can be played there: its transactions are all there are.
    Prepare,
    /// A dataset can be changed there behind the port's back.
    Change,
    /// The system can be made to fail.
    Fault,
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prepare => "prepare",
            Self::Change => "change",
            Self::Fault => "fault",
        })
    }
}

/// A change that happens behind the port's back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The dataset's commit is taken back.
    Retract(DatasetId),
    /// The dataset is committed.
    Commit {
        /// The dataset.
        dataset: DatasetId,
        /// Where its files lie.
        path: S3Path,
        /// Their format.
        format: DatasetFormat,
        /// When. A stage that has a clock of its own may use that.
        at: Timestamp,
    },
}

/// A way to fail. It stays until it is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// Every answer is a 503, or what becomes of one.
    Unavailable,
    /// The credential has expired: every answer is a 401.
    ExpiredToken,
    /// Every answer is a page of HTML with status 200, as a proxy's login page is.
    Html,
}

/// Where an implementation is put to the test.
#[async_trait]
pub trait Stage: Send + Sync {
    /// Its name, for the report.
    fn name(&self) -> &str;

    /// Whether this is possible here.
    fn can(&self, what: Needs) -> bool;

    /// The port under test.
    fn sonar(&self) -> &dyn SonarRead;

    /// Brings the stage to a known state before each case, and tells which transaction to look at. Where it
    /// [can](Self::can) `Prepare`, it plays `scenario` from the start, without faults, and the transaction is the
    /// scenario's first. Elsewhere it is any one that has committed datasets and others.
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn prepare(&self, scenario: &Scenario) -> Result<TransactionId>;

    /// Changes a dataset behind the port's back. Only called where the stage can `Change`.
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn change(&self, change: Change) -> Result<()>;

    /// Makes the system fail from now on. Only called where the stage can `Fault`.
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn fault(&self, fault: Fault) -> Result<()>;
}

/// Why a case failed.
pub type Failure = String;

/// What a case returns.
pub type Running<'a> = Pin<Box<dyn Future<Output = std::result::Result<(), Failure>> + Send + 'a>>;

/// One thing that every implementation must do.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Case {
    /// What it must do, in words.
    pub name: &'static str,
    /// What the stage must be able to do for it.
    pub needs: &'static [Needs],
    /// Tries it.
    pub run: for<'a> fn(Scene<'a>) -> Running<'a>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").field("name", &self.name).field("needs", &self.needs).finish_non_exhaustive()
    }
}

/// A stage that was prepared.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Scene<'a> {
    /// The stage.
    pub stage: &'a dyn Stage,
    /// What is played there, where it can prepare.
    pub scenario: &'a Scenario,
    /// The transaction to look at.
    pub transaction: TransactionId,
}

impl fmt::Debug for Scene<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scene").field("stage", &self.stage.name()).field("transaction", &self.transaction).finish()
    }
}

/// How a case went on a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it must.
    Passed,
    /// The stage cannot do what the case needs.
    NotPossible(Vec<Needs>),
    /// Not as it must.
    Failed(Failure),
}

/// How all cases went on a stage.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The stage's name.
    pub stage: String,
    /// Each case's name, and how it went.
    pub outcomes: Vec<(&'static str, Verdict)>,
}

impl Report {
    /// The names of the cases that went as they must.
    pub fn passed(&self) -> Vec<&'static str> {
        self.named(|verdict| *verdict == Verdict::Passed)
    }

    /// The names of the cases that are not possible on the stage.
    pub fn not_possible(&self) -> Vec<&'static str> {
        self.named(|verdict| matches!(verdict, Verdict::NotPossible(_)))
    }

    /// The names of the cases that failed.
    pub fn failed(&self) -> Vec<&'static str> {
        self.named(|verdict| matches!(verdict, Verdict::Failed(_)))
    }

    fn named(&self, wanted: impl Fn(&Verdict) -> bool) -> Vec<&'static str> {
        self.outcomes.iter().filter(|(_, verdict)| wanted(verdict)).map(|(name, _)| *name).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (passed, not_possible, failed) = (self.passed().len(), self.not_possible().len(), self.failed().len());
        writeln!(f, "{}: {passed} passed, {not_possible} not possible, {failed} failed", self.stage)?;
        for (name, verdict) in &self.outcomes {
            match verdict {
                Verdict::Passed => writeln!(f, "  passed        {name}")?,
                Verdict::NotPossible(needs) => {
                    let needs: Vec<String> = needs.iter().map(Needs::to_string).collect();
                    writeln!(f, "  not possible  {name} (cannot {})", needs.join(", "))?;
                }
                Verdict::Failed(why) => writeln!(f, "  FAILED        {name}: {why}")?,
            }
        }
        Ok(())
    }
}

/// Runs every case, one after the other, each on a freshly prepared stage.
pub async fn run_all(stage: &dyn Stage) -> Report {
    let mut outcomes = Vec::with_capacity(CASES.len());
    let scenario = Scenario::shipped();
    for case in CASES {
        let missing: Vec<Needs> = case.needs.iter().copied().filter(|need| !stage.can(*need)).collect();
        let verdict = match (&scenario, missing.is_empty()) {
            (_, false) => Verdict::NotPossible(missing),
            (Err(error), _) => Verdict::Failed(error.to_string()),
            (Ok(scenario), _) => match stage.prepare(scenario).await {
                Err(error) => Verdict::Failed(format!("the stage could not be prepared: {error}")),
                Ok(transaction) => match (case.run)(Scene { stage, scenario, transaction }).await {
                    Ok(()) => Verdict::Passed,
                    Err(why) => Verdict::Failed(why),
                },
            },
        };
        outcomes.push((case.name, verdict));
    }
    Report { stage: stage.name().to_owned(), outcomes }
}
