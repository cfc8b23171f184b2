#![doc = include_str!("../README.md")]

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
mod host;
mod obligation;
mod plan;
mod recipe;
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
pub use host::{Ask, BoxFuture, Host, Job, Registry};
pub use obligation::{Obligation, Remedy};
pub use plan::Plan;
pub use recipe::Recipe;
pub use target::{Target, TargetKind};
pub use walk::{Change, Failure, INTENTS, Next, Past, Walk};
