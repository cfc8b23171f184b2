//! The ports: what a program may ask of stacks, and what it may change there.

use async_trait::async_trait;
use ops_client::{Probe, Result};

use crate::{
    Change, ChangeSet, ChangeSetName, ChangeSetSummary, ClientToken, DriftCheck, DriftCheckId, EventId, Family, Stack,
    StackEvent, StackName,
};

/// Reading stacks. Nothing here changes anything of them.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait StacksRead: Send + Sync {
    /// That the service answers.
    ///
    /// # Errors
    /// Every [`ErrorKind`](ops_client::ErrorKind) of a read; the effect is always `None`.
    async fn probe(&self) -> Result<Probe>;

    /// The stacks of a family, by name. Those that were deleted are left out.
    ///
    /// # Errors
    /// As [`StacksRead::probe`].
    async fn stacks(&self, family: &Family) -> Result<Vec<Stack>>;

    /// One stack.
    ///
    /// # Errors
    /// `NotFound` where there is none, or no longer; otherwise as [`StacksRead::probe`].
    async fn stack(&self, name: &StackName) -> Result<Stack>;

    /// What happened to a stack after an event, the oldest first; all that is known where that event no longer is.
    /// Without an event, the last hundred: where to begin, and enough to tell why the last order failed.
    ///
    /// # Errors
    /// `NotFound` where there is no such stack, `Rejected` where more happened since than is read at once (ten thousand
    /// events); otherwise as [`StacksRead::probe`].
    async fn events<'a>(&self, stack: &StackName, after: Option<&'a EventId>) -> Result<Vec<StackEvent>>;

    /// A change set, and what it would do.
    ///
    /// # Errors
    /// `NotFound` where there is none, or no such stack; otherwise as [`StacksRead::probe`].
    async fn change_set(&self, stack: &StackName, name: &ChangeSetName) -> Result<ChangeSet>;

    /// The change sets of a stack, by name. Those that were executed need not be among them.
    ///
    /// # Errors
    /// `NotFound` where there is no such stack; otherwise as [`StacksRead::probe`].
    async fn change_sets(&self, stack: &StackName) -> Result<Vec<ChangeSetSummary>>;

    /// Begins to compare a stack's resources with its template. It is a read: no resource changes, but AWS keeps what
    /// it found as the stack's [`drift`](Stack::drift).
    ///
    /// # Errors
    /// `NotFound` where there is no such stack, `Conflict` where it is compared already, or in a state in which it
    /// cannot be; otherwise as [`StacksRead::probe`].
    async fn start_drift_check(&self, stack: &StackName) -> Result<DriftCheckId>;

    /// What such a comparison has found. The details are those of the stack's last comparison: where a later one goes
    /// on, of that.
    ///
    /// # Errors
    /// `NotFound` where there is no such comparison; otherwise as [`StacksRead::probe`].
    async fn drift_check(&self, stack: &StackName, id: &DriftCheckId) -> Result<DriftCheck>;
}

/// Changing stacks, by change sets only. A program that only previews never holds this.
///
/// An order that is marked with a [`ClientToken`] is the same order however often it is sent with it, so it is sent
/// again after a passing failure; the other ones are sent again only where they certainly had no effect, unless it says
/// that they are safe to repeat. The effect of a failure says what may have happened; then look at the stack.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait StacksWrite: Send + Sync {
    /// Has it computed what a change would do. Nothing of the stack changes; the set is there until it is executed or
    /// deleted.
    ///
    /// # Errors
    /// `NotFound` where there is no such stack, `Conflict` where it is in a state that takes no update or has a change
    /// set of that name, `Invalid` where AWS does not take the values; otherwise every kind. That the change changes
    /// nothing is no error here: [the set says so](ChangeSet::is_empty_change).
    async fn create_change_set(&self, change: &Change, name: &ChangeSetName) -> Result<()>;

    /// Executes a change set: the stack begins to change.
    ///
    /// # Errors
    /// `Conflict` where the set is not available: the stack has changed since (`OBSOLETE`), it is being computed, or
    /// was executed. `NotFound` where there is no such set, or no longer: what was executed may delete the other ones.
    /// Otherwise every kind.
    async fn execute_change_set(&self, stack: &StackName, name: &ChangeSetName, token: &ClientToken) -> Result<()>;

    /// Deletes a change set. Safe to repeat: one that is not there is deleted.
    ///
    /// # Errors
    /// `NotFound` where there is no such stack, `Conflict` where it is being executed; otherwise every kind.
    async fn delete_change_set(&self, stack: &StackName, name: &ChangeSetName) -> Result<()>;

    /// Cancels an update that is in progress: the stack goes back to where it was.
    ///
    /// # Errors
    /// `NotFound` where there is no such stack, `Conflict` where no update of it is in progress; otherwise every kind.
    async fn cancel_update(&self, stack: &StackName, token: &ClientToken) -> Result<()>;

    /// Goes on with a rollback that failed (`UPDATE_ROLLBACK_FAILED`). What is skipped, by name in the template, counts
    /// as brought back without being so: it must have failed in this rollback.
    ///
    /// # Errors
    /// `NotFound` where there is no such stack, `Conflict` where no rollback of it has failed, `Invalid` where a
    /// resource cannot be skipped; otherwise every kind.
    async fn continue_rollback(&self, stack: &StackName, skip: &[String], token: &ClientToken) -> Result<()>;

    /// Takes an update back that failed and was left so (`UPDATE_FAILED`).
    ///
    /// # Errors
    /// `NotFound` where there is no such stack, `Conflict` where no failed update of it was left; otherwise every kind.
    async fn roll_back(&self, stack: &StackName, token: &ClientToken) -> Result<()>;
}
