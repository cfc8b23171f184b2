use std::future::Future;

use ops_client::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::{Action, Draft, Finding, Obligation, Observed};

/// A documented procedure. The value itself is the question: which transaction, which names, which limits. It is plain
/// data and is kept in the run.
///
/// A recipe plans, looks, performs one action, and verifies. When, how often and in which order is the engine's business.
pub trait Recipe: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The runbook's heading, kebab-case.
    const ID: &'static str;
    /// Raised when old plans and journals no longer mean the same.
    const VERSION: u32;
    /// What it reads from.
    type Reads: Send + Sync + 'static;
    /// What it writes to. A program that only previews never makes one.
    type Writes: Send + Sync + 'static;
    /// What it does.
    type Action: Action;

    /// Reads the world and fills the draft. Changes nothing.
    fn plan(
        &self,
        reads: &Self::Reads,
        draft: Draft<Self::Action>,
    ) -> impl Future<Output = Result<Draft<Self::Action>>> + Send;

    /// Looks at some actions, together: as many answers as actions, in the same order.
    fn observe(
        &self,
        reads: &Self::Reads,
        actions: &[&Self::Action],
    ) -> impl Future<Output = Result<Vec<Observed>>> + Send;

    /// Performs one action. `Ok` says that the call was accepted; that it worked is seen by `observe`.
    fn perform(&self, writes: &Self::Writes, action: &Self::Action) -> impl Future<Output = Result<()>> + Send;

    /// Proves the effect of the whole, by another way of looking where there is one. A `Block` means: not as wanted.
    fn verify(&self, reads: &Self::Reads, done: &[&Self::Action]) -> impl Future<Output = Result<Vec<Finding>>> + Send;

    /// The action that takes this one back, where there is one. `before` is what the plan kept under the action's key.
    fn undo(&self, action: &Self::Action, before: Option<&RawValue>) -> Option<Self::Action> {
        let _ = (action, before);
        None
    }

    /// Looks at an undo plan before it is shown, and adds what must be known about it.
    fn review_undo(
        &self,
        reads: &Self::Reads,
        draft: Draft<Self::Action>,
    ) -> impl Future<Output = Result<Draft<Self::Action>>> + Send {
        let _ = reads;
        async { Ok(draft) }
    }

    /// What this action leaves behind.
    fn obligation(&self, action: &Self::Action) -> Option<Obligation> {
        let _ = action;
        None
    }

    /// Whether an obligation that this recipe left is still open in the world.
    fn still_owed(&self, reads: &Self::Reads, obligation: &Obligation) -> impl Future<Output = Result<bool>> + Send {
        let _ = (reads, obligation);
        async { Ok(true) }
    }
}
