//! How it went.

use std::fmt;

use super::{Failure, Needs};

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
