//! Checks for drift.

use cloudformation_ops::{DriftCheck, DriftCheckId, DriftCheckStatus, DriftStatus, StackName, StackStatus};
use jiff::Timestamp;
use uuid::Uuid;

use super::state::{Due, Stacks};
use crate::agenda::later;
use crate::refusal::Refusal;

/// A check of a stack.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub(crate) stack: StackName,
    pub(crate) shown: DriftCheck,
    pub(crate) began: Timestamp,
}

impl Stacks {
    /// A stack is compared with its template. The id of that.
    pub(crate) fn start_check(&mut self, name: &StackName, now: Timestamp) -> Result<DriftCheckId, Refusal> {
        use StackStatus::{CreateComplete, UpdateComplete, UpdateRollbackComplete, UpdateRollbackFailed};
        let status = &self.held(name)?.stack.status;
        let on = |check: &Check| check.stack == *name && check.shown.status == DriftCheckStatus::InProgress;
        if ![CreateComplete, UpdateComplete, UpdateRollbackComplete, UpdateRollbackFailed].contains(status) {
            let words = format!(
                "ValidationError: Drift detection cannot be performed on stack [{name}] in current stack status {status}"
            );
            return Err(Refusal::Conflict(words));
        }
        if self.checks.values().any(on) {
            let words = format!("ValidationError: Drift detection is already in progress for stack {name}");
            return Err(Refusal::Conflict(words));
        }
        let number = self.checks.len();
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("drift/{name}/{number}").as_bytes());
        let id = DriftCheckId::new(id.to_string());
        let shown = DriftCheck::new(DriftCheckStatus::InProgress);
        self.checks.insert(id.clone(), Check { stack: name.clone(), shown, began: now });
        self.agenda.write(later(now, self.quickly()), Due::Checked(id.clone()));
        Ok(id)
    }

    pub(super) fn checked(&mut self, id: &DriftCheckId) {
        let Some(check) = self.checks.get_mut(id) else { return };
        let Some(held) = self.all.get_mut(&check.stack) else { return };
        held.found = held.drifted.values().cloned().collect();
        check.shown.resources.clone_from(&held.found);
        check.shown.status = DriftCheckStatus::Complete;
        let drift = if held.drifted.is_empty() { DriftStatus::InSync } else { DriftStatus::Drifted };
        (check.shown.drift, held.stack.drift) = (drift.clone(), drift);
    }

    pub(crate) fn check(&self, id: &DriftCheckId) -> Result<&Check, Refusal> {
        let words = || format!("ValidationError: Drift detection with id {id} does not exist");
        self.checks.get(id).ok_or_else(|| Refusal::NotFound(words()))
    }
}
