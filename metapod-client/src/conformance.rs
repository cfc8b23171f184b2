//! What any implementation of [`MetapodRead`] and [`MetapodWrite`] must do: a fake in memory, a sandbox server, the real one.
//!
//! An implementation is put on a [`Stage`], which says what can be done there. [`run_all`] runs every case that is possible
//! on it, and names those that are not.

mod cases;
mod scenario;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use async_trait::async_trait;

pub use cases::CASES;
pub use scenario::{Committed, Part, Play, Scenario};

use crate::{
    DatasetAction, DatasetFormat, DatasetId, DatasetName, IndexedAttributeId, MetapodRead, MetapodWrite, Result,
    S3Path, Schema, TransactionId,
};

/// What a case needs to be possible on a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Needs {
    /// The scenario can be played there.
    Prepare,
    /// Things may be changed there through the ports, and what became of them can be seen.
    Change,
    /// The ids of indexed attributes can be seen there. No query tells them.
    Indexed,
    /// The system can be made to fail.
    Fault,
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prepare => "prepare",
            Self::Change => "change",
            Self::Indexed => "show indexed attributes",
            Self::Fault => "fault",
        })
    }
}

/// A way to fail. It stays until the stage is prepared anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// Every call is answered with 503, or what becomes of one; nothing happens.
    Unavailable,
    /// The credential has expired: every call is answered with 401; nothing happens.
    ExpiredToken,
    /// Every call is answered with a page of HTML and status 200, as a proxy's login page is; nothing happens.
    Html,
    /// Every call does what it should, and its answer is lost.
    LostAnswer,
}

/// A dataset as it is seen behind the ports' back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shown {
    /// Its id.
    pub id: DatasetId,
    /// Its name.
    pub name: DatasetName,
    /// Whether it is committed.
    pub committed: bool,
    /// Where its files lie.
    pub path: Option<S3Path>,
    /// Their format.
    pub format: Option<DatasetFormat>,
    /// Its columns.
    pub schema: Option<Schema>,
    /// What was done on its commit.
    pub actions: Vec<DatasetAction>,
    /// Its indexed attributes, where the stage can show them.
    pub indexed: Vec<IndexedAttributeId>,
}

impl Shown {
    /// An uncommitted dataset; fill in what is known of a committed one.
    pub fn new(id: DatasetId, name: DatasetName) -> Self {
        Self {
            id,
            name,
            committed: false,
            path: None,
            format: None,
            schema: None,
            actions: Vec::new(),
            indexed: Vec::new(),
        }
    }
}

/// Where an implementation is put to the test.
#[async_trait]
pub trait Stage: Send + Sync {
    /// Its name, for the report.
    fn name(&self) -> &str;

    /// Whether this is possible here.
    fn can(&self, what: Needs) -> bool;

    /// The port for reading that is tested.
    fn reads(&self) -> &dyn MetapodRead;

    /// The port for changing that is tested. Only used where the stage can `Change` or `Fault`.
    fn writes(&self) -> &dyn MetapodWrite;

    /// Brings the stage to a known state before each case, and tells the ids of its transactions. Where it
    /// [can](Self::can) `Prepare`, it plays `scenario` from the start, without faults: the ids are those of its
    /// transactions, in their order. Elsewhere any one that exists will do.
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn prepare(&self, scenario: &Scenario) -> Result<Vec<TransactionId>>;

    /// All datasets of a transaction, seen behind the ports' back: no fault applies. Only called where the stage can
    /// `Change`.
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn look(&self, transaction: TransactionId) -> Result<Vec<Shown>>;

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
    /// The transactions that are there.
    pub transactions: &'a [TransactionId],
}

impl fmt::Debug for Scene<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scene").field("stage", &self.stage.name()).field("transactions", &self.transactions).finish()
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
    for case in CASES {
        outcomes.push((case.name, run(case, stage).await));
    }
    Report { stage: stage.name().to_owned(), outcomes }
}

async fn run(case: &Case, stage: &dyn Stage) -> Verdict {
    let missing: Vec<Needs> = case.needs.iter().copied().filter(|need| !stage.can(*need)).collect();
    if !missing.is_empty() {
        return Verdict::NotPossible(missing);
    }
    let scenario = match Scenario::shipped() {
        Ok(scenario) => scenario,
        Err(error) => return Verdict::Failed(error.to_string()),
    };
    let transactions = match stage.prepare(&scenario).await {
        Ok(transactions) => transactions,
        Err(error) => return Verdict::Failed(format!("the stage could not be prepared: {error}")),
    };
    let scene = Scene { stage, scenario: &scenario, transactions: &transactions };
    match (case.run)(scene).await {
        Ok(()) => Verdict::Passed,
        Err(why) => Verdict::Failed(why),
    }
}
