#![cfg_attr(feature = "local", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "local"),
    doc = "An engine for operations; its guide is in the README, whose example needs the feature `local`."
)]

mod action;
mod approval;
mod deck;
mod digest;
mod draft;
mod error;
mod event;
mod facts;
mod finding;
mod head;
mod history;
mod host;
mod journal;
#[cfg(feature = "local")]
mod local;
mod obligation;
mod part;
mod plan;
mod recipe;
mod report;
mod target;
mod walk;

pub use action::{Action, Card, Danger, Observed, Repeat};
pub use approval::{Accepted, Approval, Approved, Expect, Limits};
pub use digest::Digest;
pub use draft::Draft;
pub use error::{Error, Problem, Refusal, Result};
pub use event::{Entry, Event, Outcome, Stop, Word};
pub use facts::Facts;
pub use finding::{Finding, Verdict};
pub use head::{BLOCK, Head, Phase, Subject};
pub use history::History;
pub use host::{Ask, BoxFuture, Host, Job, Registry};
pub use journal::{Journal, MemoryJournal};
#[cfg(feature = "local")]
pub use local::{
    Debts, Due, FileJournal, Follower, Progress, RunDir, RunInfo, RunState, Runner, Runs, Summary, Watcher,
};
pub use obligation::{Obligation, Remedy};
pub use part::Part;
pub use plan::Plan;
pub use recipe::Recipe;
pub use report::{Account, Report};
pub use target::{Target, TargetKind};
pub use walk::{Change, FAILURES, Failure, INTENTS, Next, Past, Walk};
