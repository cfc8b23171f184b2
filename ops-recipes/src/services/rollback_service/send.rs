//! How an update is sent: as a change set that was read before it is executed.

use std::time::Duration;

use cloudformation_ops::{
    Change, ChangeSet, ChangeSetName, ClientToken, Execution, ParameterValue, Stack, StacksReadExt,
};
use ops_client::{Effect, Error, ErrorKind, Result};

use super::step::UpdateService;
use crate::services::ServiceWrites;

const OP: &str = "services.update";
/// How long a change set may take until it can be read.
const READ_WITHIN: Duration = Duration::from_secs(5 * 60);

/// Makes the change set, compares it with what was approved, and executes that very one. It is deleted where it is not executed.
pub(super) async fn send(writes: &ServiceWrites, update: &UpdateService) -> Result<()> {
    let unfit = |error: cloudformation_ops::BadName| Error::invalid(OP, error.to_string());
    let name: ChangeSetName = update.token.parse().map_err(unfit)?;
    let token: ClientToken = update.token.parse().map_err(unfit)?;
    // Until the execution the stack is not touched, whatever fails.
    let prepared = prepare(writes, update, &name).await.map_err(|error| error.with_effect(Effect::None));
    let sent = match prepared {
        Ok(()) => writes.stacks.execute_change_set(&update.stack, &name, &token).await.map_err(|error| {
            // An executed change set takes the others of its stack with it.
            if error.is_not_found() && error.effect() == Effect::None { stale(update) } else { error }
        }),
        Err(error) => Err(error),
    };
    if let Err(error) = &sent
        && error.effect() == Effect::None
        && !error.is_retryable()
    {
        // What cannot be deleted does no harm: it is never executed.
        let _ = writes.stacks.delete_change_set(&update.stack, &name).await;
    }
    sent
}

async fn prepare(writes: &ServiceWrites, update: &UpdateService, name: &ChangeSetName) -> Result<()> {
    let stack = writes.look.stack(&update.stack).await?;
    let mut change = Change::of(&stack).described(&update.what);
    for parameter in &update.changes {
        change = change.with(&parameter.key, &parameter.to)?;
    }
    match writes.stacks.create_change_set(&change, name).await {
        Ok(()) => {}
        // An earlier try of this very update made it.
        Err(error) if error.kind() == ErrorKind::Conflict && there(writes, update, name).await => {}
        Err(error) => return Err(error),
    }
    let set = writes.look.wait_for_change_set(&update.stack, name, READ_WITHIN).await?;
    judge(&set, &stack, update)
}

async fn there(writes: &ServiceWrites, update: &UpdateService, name: &ChangeSetName) -> bool {
    writes.look.change_set(&update.stack, name).await.is_ok()
}

/// Whether the change set does what was approved, and nothing else.
fn judge(set: &ChangeSet, stack: &Stack, update: &UpdateService) -> Result<()> {
    if set.execution == Execution::Obsolete {
        return Err(stale(update));
    }
    if set.execution != Execution::Available {
        let reason = set.reason.as_deref().unwrap_or("it gives no reason");
        let refused = Error::new(OP, ErrorKind::Rejected, Effect::None);
        return Err(refused.with_message(format!("the change set is {} ({}): {reason}", set.status, set.execution)));
    }
    let mut amiss = Vec::new();
    for parameter in &update.changes {
        if set.parameters.get(&parameter.key) != Some(&ParameterValue::Plain(parameter.to.clone())) {
            amiss.push(format!("{} would not be {}", parameter.key, parameter.to));
        }
    }
    for (key, value) in &stack.parameters {
        let changes = update.changes.iter().any(|parameter| parameter.key == *key);
        let same = match (value, set.parameters.get(key)) {
            (ParameterValue::Plain(is), Some(ParameterValue::Plain(becomes))) => is == becomes,
            (_, there) => there.is_some(),
        };
        if !changes && !same {
            amiss.push(format!("{key} would change, too"));
        }
    }
    if amiss.is_empty() {
        return Ok(());
    }
    let other = Error::new(OP, ErrorKind::Conflict, Effect::None);
    let other = other.with_message(format!("the change set is not what was approved: {}", amiss.join("; ")));
    Err(other.with_remedy("plan anew"))
}

fn stale(update: &UpdateService) -> Error {
    let stale = Error::new(OP, ErrorKind::Conflict, Effect::None);
    let stale = stale.with_message(format!("{}: somebody else updated the stack meanwhile", update.stack));
    stale.with_remedy("plan anew: the stack is not as it was")
}
