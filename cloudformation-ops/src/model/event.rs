//! What happened to a stack and its resources.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ClientToken, EventId, StackName};

/// The type of a stack's own entry, and of stacks within stacks.
const STACK: &str = "AWS::CloudFormation::Stack";

/// Where a resource is, in AWS's word: what is done with it (`CREATE`, `UPDATE`, `DELETE`, …) and how that goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResourceStatus(String);

impl ResourceStatus {
    /// A word as AWS wrote it.
    pub fn new(word: impl Into<String>) -> Self {
        Self(word.into())
    }

    /// AWS's word.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it failed.
    pub fn is_failed(&self) -> bool {
        self.0.ends_with("_FAILED")
    }

    /// Whether it goes on.
    pub fn is_in_progress(&self) -> bool {
        self.0.ends_with("_IN_PROGRESS")
    }
}

impl fmt::Display for ResourceStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Something that happened to a resource of a stack, or to the stack itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StackEvent {
    /// Its id.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// The stack.
    pub stack: StackName,
    /// The resource's name in the template; the stack's own name where it is about the stack.
    pub logical_id: String,
    /// The resource's own name, where it has one yet.
    pub physical_id: Option<String>,
    /// The resource's type.
    pub resource_type: String,
    /// Where it is.
    pub status: ResourceStatus,
    /// Why, in AWS's words.
    pub reason: Option<String>,
    /// What the order was marked with that this came of.
    pub token: Option<String>,
}

impl StackEvent {
    /// An event of a resource.
    pub fn new(
        id: EventId,
        at: Timestamp,
        stack: StackName,
        logical_id: impl Into<String>,
        resource_type: impl Into<String>,
        status: ResourceStatus,
    ) -> Self {
        let (logical_id, resource_type) = (logical_id.into(), resource_type.into());
        Self { id, at, stack, logical_id, physical_id: None, resource_type, status, reason: None, token: None }
    }

    /// Whether it is about the stack itself.
    pub fn is_about_the_stack(&self) -> bool {
        self.resource_type == STACK && self.logical_id == self.stack.as_str()
    }

    /// Whether it came of the order that was marked so.
    pub fn is_of(&self, token: &ClientToken) -> bool {
        self.token.as_deref() == Some(token.as_str())
    }

    /// Whether a new order to the stack begins here.
    fn begins(&self) -> bool {
        let beginnings = ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "IMPORT_IN_PROGRESS", "DELETE_IN_PROGRESS"];
        self.is_about_the_stack() && beginnings.contains(&self.status.as_str())
    }

    /// Whether the resource was only stopped because another one had failed.
    fn is_cancelled(&self) -> bool {
        let reason = self.reason.as_deref().unwrap_or_default().to_ascii_lowercase();
        reason.starts_with("resource ") && (reason.contains(" cancelled") || reason.contains(" canceled"))
    }

    /// Whether it tells that the order to the stack has failed.
    fn gives_up(&self) -> bool {
        let back = ["ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "IMPORT_ROLLBACK_IN_PROGRESS"];
        self.is_about_the_stack() && (self.status.is_failed() || back.contains(&self.status.as_str()))
    }
}

/// Why the last order to a stack failed: the first of its resources that did. `events` are a stack's, the oldest first.
///
/// What failed because of it is passed over: resources that were cancelled, what could not be taken back afterwards,
/// and the stack's own entry, which repeats it. The stack's own entry is told where there is nothing else: it says who
/// cancelled an update.
///
/// ```
/// use cloudformation_ops::{StackEvent, first_failure};
///
/// fn why(events: &[StackEvent]) -> String {
///     match first_failure(events) {
///         Some(event) => format!("{}: {}", event.logical_id, event.reason.as_deref().unwrap_or("no reason is given")),
///         None => "nothing failed".to_owned(),
///     }
/// }
/// # assert_eq!(why(&[]), "nothing failed");
/// ```
pub fn first_failure(events: &[StackEvent]) -> Option<&StackEvent> {
    let began = events.iter().rposition(StackEvent::begins).unwrap_or_default();
    let order = events.get(began..).unwrap_or_default();
    let resource =
        |event: &&StackEvent| event.status.is_failed() && !event.is_about_the_stack() && !event.is_cancelled();
    order.iter().find(resource).or_else(|| order.iter().find(|event| event.gives_up()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = "AWS::AutoScaling::AutoScalingGroup";

    fn event(logical_id: &str, resource_type: &str, status: &str, reason: &str) -> StackEvent {
        let at = "2018-01-17T00:00:00Z".parse().unwrap();
        let (id, stack) = (EventId::new(format!("{logical_id}-{status}")), "shop".parse().unwrap());
        let mut event = StackEvent::new(id, at, stack, logical_id, resource_type, ResourceStatus::new(status));
        event.reason = (!reason.is_empty()).then(|| reason.to_owned());
        event
    }

    fn own(status: &str, reason: &str) -> StackEvent {
        event("shop", STACK, status, reason)
    }

    fn first(events: &[StackEvent]) -> Option<&str> {
        first_failure(events).map(|event| event.logical_id.as_str())
    }

    fn broken() -> Vec<StackEvent> {
        vec![
            own("UPDATE_IN_PROGRESS", "User Initiated"),
            event("Blue", GROUP, "UPDATE_IN_PROGRESS", ""),
            event("Launch", "AWS::EC2::LaunchTemplate", "UPDATE_FAILED", "Resource update cancelled"),
            event("Green", GROUP, "UPDATE_FAILED", "Received 0 SUCCESS signal(s) out of 2"),
            event("Blue", GROUP, "UPDATE_FAILED", "Resource update cancelled"),
            own("UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update: [Green, Blue]."),
            event("Blue", GROUP, "UPDATE_FAILED", "It could not be brought back"),
            own("UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update: [Blue]."),
        ]
    }

    #[test]
    fn the_first_failure_is_told_and_no_follow_up() {
        assert_eq!(first(&broken()), Some("Green"));
        let mut later = broken();
        later.push(own("UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated"));
        later.push(own("UPDATE_ROLLBACK_COMPLETE", ""));
        assert_eq!(first(&later), Some("Green"), "also after the rollback was continued");
    }

    #[test]
    fn only_the_last_order_counts() {
        let mut again = broken();
        again.push(own("UPDATE_IN_PROGRESS", "User Initiated"));
        again.push(own("UPDATE_COMPLETE", ""));
        assert_eq!(first(&again), None);
        // Who follows from the middle sees no beginning.
        assert_eq!(first(&broken()[3..]), Some("Green"));
    }

    #[test]
    fn the_stack_speaks_where_no_resource_does() {
        let cancelled = [
            own("UPDATE_IN_PROGRESS", "User Initiated"),
            event("Green", GROUP, "UPDATE_IN_PROGRESS", ""),
            own("UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated"),
            event("Green", GROUP, "UPDATE_FAILED", "Resource update cancelled"),
            own("UPDATE_ROLLBACK_COMPLETE", ""),
        ];
        let found = first_failure(&cancelled).unwrap();
        assert_eq!((found.logical_id.as_str(), found.status.as_str()), ("shop", "UPDATE_ROLLBACK_IN_PROGRESS"));
        assert_eq!(first(&[]), None);
    }

    #[test]
    fn a_stack_within_the_stack_is_a_resource() {
        let nested = event("Network", STACK, "UPDATE_FAILED", "Embedded stack was not successfully updated");
        assert_eq!(first(&[own("UPDATE_IN_PROGRESS", ""), nested]), Some("Network"));
    }
}
