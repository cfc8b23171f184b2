//! A stack that is followed.

use crate::{ClientToken, Stack, StackEvent, first_failure};

/// A stack, as it was seen last, and what happened to it since it is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Followed {
    /// The stack.
    pub stack: Stack,
    /// What happened to it, the oldest first.
    pub events: Vec<StackEvent>,
}

impl Followed {
    /// A stack, and what happened to it.
    pub fn new(stack: Stack, events: Vec<StackEvent>) -> Self {
        Self { stack, events }
    }

    /// Whether an order has ended, well or not: it was seen to begin, what it led to was seen to end, also where
    /// somebody cancelled it, and nothing goes on. That nothing goes on is not enough: an order may take a while to
    /// begin.
    pub fn has_ended(&self, token: &ClientToken) -> bool {
        let mut since = self.events.iter().skip_while(|event| !event.is_of(token));
        !self.stack.status.is_in_progress()
            && since.any(|event| event.is_about_the_stack() && !event.status.is_in_progress())
    }

    /// Why the last order failed, if it did.
    pub fn first_failure(&self) -> Option<&StackEvent> {
        first_failure(&self.events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EventId, ResourceStatus, StackStatus};

    fn event(token: &str, logical_id: &str, status: &str) -> StackEvent {
        let (id, at) = (EventId::new(format!("{token}{logical_id}{status}")), "2018-01-17T00:00:00Z".parse().unwrap());
        let kind = if logical_id == "shop" { "AWS::CloudFormation::Stack" } else { "AWS::IAM::Role" };
        let name = "shop".parse().unwrap();
        let mut event = StackEvent::new(id, at, name, logical_id, kind, ResourceStatus::new(status));
        event.token = Some(token.to_owned());
        event
    }

    fn followed(status: StackStatus, events: &[StackEvent]) -> Followed {
        let created = "2018-01-17T00:00:00Z".parse().unwrap();
        Followed::new(Stack::new("id", "shop".parse().unwrap(), status, created), events.to_vec())
    }

    #[test]
    fn an_order_has_ended_when_it_began_and_nothing_goes_on() {
        let ours: ClientToken = "ours".parse().unwrap();
        let before = event("theirs", "shop", "UPDATE_COMPLETE");
        let began = event("ours", "shop", "UPDATE_IN_PROGRESS");
        let resource = event("ours", "Role", "UPDATE_COMPLETE");
        let done = event("ours", "shop", "UPDATE_COMPLETE");
        use StackStatus::{UpdateComplete, UpdateInProgress, UpdateRollbackComplete};
        let ended = |status, events: &[&StackEvent]| {
            let events: Vec<StackEvent> = events.iter().copied().cloned().collect();
            followed(status, &events).has_ended(&ours)
        };
        assert!(!ended(UpdateComplete, &[&before]), "it has not begun");
        assert!(!ended(UpdateComplete, &[&before, &began, &resource]), "the stack was looked at before it began");
        assert!(!ended(UpdateInProgress, &[&began, &resource, &done]), "the stack was looked at before it ended");
        assert!(ended(UpdateComplete, &[&before, &began, &resource, &done]));
        let cancelled = event("theirs", "shop", "UPDATE_ROLLBACK_COMPLETE");
        assert!(ended(UpdateRollbackComplete, &[&began, &cancelled]), "somebody cancelled it");
    }
}
