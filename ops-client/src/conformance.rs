//! How a port's promises are put to the test: the same cases for every implementation, whether a fake in memory, a
//! sandbox server, a server by another hand or the real one.
//!
//! A client writes three things, and this module does the rest:
//!
//! - a `Stage`: a trait over [`Prepare`] with the port under test, and whatever else its cases must be able to do there;
//! - a scenario, which the stage plays before each case;
//! - its cases, as a list by [`cases!`](crate::cases), of functions that take a [`Scene`] and return an [`Outcome`].
//!
//! [`run_all`] runs every case that is possible on a stage, and names those that are not.

mod outcome;
mod report;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use async_trait::async_trait;
pub use outcome::{Failure, Outcome, check, parsed, refused, same, told};
pub use report::{Report, Verdict};

use crate::Result;
pub use crate::cases;

/// What a case needs to be possible on a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Needs {
    /// The scenario can be played there: its things are all there are.
    Prepare,
    /// Things may be changed there, and what became of them can be seen.
    Change,
    /// The system can be made to [fail](Fault).
    Fault,
    /// Something that only this system knows. The text goes on after «cannot».
    Other(&'static str),
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prepare => "prepare",
            Self::Change => "change",
            Self::Fault => "fault",
            Self::Other(what) => what,
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
    /// Every call does what it should, and its answer is lost. Only of use where something can be changed.
    LostAnswer,
}

/// What every stage does, whichever system is put on it.
#[async_trait]
pub trait Prepare: Send + Sync {
    /// What is played there.
    type Scenario: Send + Sync + 'static;
    /// What preparing tells: where the cases begin.
    type Start: fmt::Debug + Send + Sync + 'static;

    /// Its name, for the report.
    fn name(&self) -> &str;

    /// Whether this is possible here.
    fn can(&self, what: Needs) -> bool;

    /// Brings the stage to a known state before each case, without faults. Where it [can](Self::can) `Prepare`, it plays
    /// `scenario` from the start; elsewhere it finds a place to begin in what is there.
    ///
    /// # Errors
    /// Where that fails; the case then has failed.
    async fn prepare(&self, scenario: &Self::Scenario) -> Result<Self::Start>;
}

/// A stage that was prepared.
#[non_exhaustive]
pub struct Scene<'a, S: Prepare + ?Sized> {
    /// The stage.
    pub stage: &'a S,
    /// What is played there, where it can prepare.
    pub scenario: &'a S::Scenario,
    /// What preparing told.
    pub start: &'a S::Start,
}

impl<S: Prepare + ?Sized> Clone for Scene<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Prepare + ?Sized> Copy for Scene<'_, S> {}

impl<S: Prepare + ?Sized> fmt::Debug for Scene<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scene").field("stage", &self.stage.name()).field("start", &self.start).finish_non_exhaustive()
    }
}

/// A case that runs.
pub type Running<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// One thing that every implementation must do.
#[non_exhaustive]
pub struct Case<S: Prepare + ?Sized + 'static> {
    /// What it must do, in words.
    pub name: &'static str,
    /// What the stage must be able to do for it.
    pub needs: &'static [Needs],
    /// Tries it.
    pub run: for<'a> fn(Scene<'a, S>) -> Running<'a>,
}

impl<S: Prepare + ?Sized> Case<S> {
    /// A case; [`cases!`](crate::cases) makes many.
    pub const fn new(
        name: &'static str,
        needs: &'static [Needs],
        run: for<'a> fn(Scene<'a, S>) -> Running<'a>,
    ) -> Self {
        Self { name, needs, run }
    }

    async fn verdict(&self, stage: &S, scenario: &Result<S::Scenario>) -> Verdict {
        let missing: Vec<Needs> = self.needs.iter().copied().filter(|need| !stage.can(*need)).collect();
        if !missing.is_empty() {
            return Verdict::NotPossible(missing);
        }
        let scenario = match scenario {
            Ok(scenario) => scenario,
            Err(error) => return Verdict::Failed(error.to_string()),
        };
        let start = match stage.prepare(scenario).await {
            Ok(start) => start,
            Err(error) => return Verdict::Failed(format!("the stage could not be prepared: {error}")),
        };
        match (self.run)(Scene { stage, scenario, start: &start }).await {
            Ok(()) => Verdict::Passed,
            Err(why) => Verdict::Failed(why),
        }
    }
}

impl<S: Prepare + ?Sized> fmt::Debug for Case<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").field("name", &self.name).field("needs", &self.needs).finish_non_exhaustive()
    }
}

/// Runs every case, one after the other, each on a freshly prepared stage. Without a scenario, all that is possible fails.
pub async fn run_all<S: Prepare + ?Sized>(stage: &S, scenario: Result<S::Scenario>, cases: &[Case<S>]) -> Report {
    let mut outcomes = Vec::with_capacity(cases.len());
    for case in cases {
        outcomes.push((case.name, case.verdict(stage, &scenario).await));
    }
    Report { stage: stage.name().to_owned(), outcomes }
}

/// The list of all cases of a suite: for each, what it [needs](crate::conformance::Needs), what must hold, and
/// the function that tries it. Other needs than the usual ones are constants in scope.
///
/// ```
/// use ops_client::conformance::{Needs, Outcome, Prepare, Scene, cases, check};
///
/// const CLOCK: Needs = Needs::Other("turn the clock");
///
/// pub trait Stage: Prepare<Scenario = (), Start = u64> {
///     fn day(&self) -> u64;
/// }
///
/// cases! { pub CASES on dyn Stage:
///     "there is a day" => any_day;
///     #[needs(Prepare, CLOCK)] "it is the first day" => first_day;
/// }
///
/// async fn any_day(scene: Scene<'_, dyn Stage>) -> Outcome {
///     check(scene.stage.day() > 0, "days begin at 1")
/// }
///
/// async fn first_day(scene: Scene<'_, dyn Stage>) -> Outcome {
///     check(scene.stage.day() == *scene.start, "nobody has slept")
/// }
///
/// assert_eq!(CASES.len(), 2);
/// assert_eq!(CASES[1].needs, [Needs::Prepare, CLOCK]);
/// ```
#[macro_export]
macro_rules! cases {
    ($vis:vis $cases:ident on $stage:ty: $($(#[needs($($need:ident),+)])? $name:literal => $run:ident;)+) => {
        /// Every case.
        $vis const $cases: &[$crate::conformance::Case<$stage>] = {
            #[allow(unused_imports, reason = "a suite need not need anything")]
            use $crate::conformance::Needs::*;
            &[$($crate::conformance::Case::new($name, &[$($($need),+)?], |scene| ::std::boxed::Box::pin($run(scene))),)+]
        };
    };
}

#[cfg(test)]
mod tests;
