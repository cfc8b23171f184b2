//! What a change would do, as AWS has computed it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ChangeAction, ChangeSetName, ChangeSetStatus, Execution, ParameterValue, Replacement, StackName};

/// What AWS says of a change set that changes nothing: whether there is one is told by this text only.
const NO_CHANGES: [&str; 2] = ["The submitted information didn't contain changes", "No updates are to be performed"];

/// A change set, as a list of them shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChangeSetSummary {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: ChangeSetName,
    /// Where it is.
    pub status: ChangeSetStatus,
    /// Whether it can be executed, or was.
    pub execution: Execution,
    /// Why it is where it is, in AWS's words.
    pub reason: Option<String>,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// What it is for, in its maker's words.
    pub description: Option<String>,
}

impl ChangeSetSummary {
    /// A change set of which nothing else is known.
    pub fn new(id: impl Into<String>, name: ChangeSetName, status: ChangeSetStatus, execution: Execution) -> Self {
        Self { id: id.into(), name, status, execution, reason: None, created: None, description: None }
    }
}

/// A change set: what it sets, and what that would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChangeSet {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: ChangeSetName,
    /// Its stack.
    pub stack: StackName,
    /// Where it is.
    pub status: ChangeSetStatus,
    /// Whether it can be executed, or was.
    pub execution: Execution,
    /// Why it is where it is, in AWS's words.
    pub reason: Option<String>,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// What it is for, in its maker's words.
    pub description: Option<String>,
    /// The stack's parameters, as they are once it is executed.
    pub parameters: BTreeMap<String, ParameterValue>,
    /// What becomes of resources, in AWS's order. Those that stay are not listed.
    pub changes: Vec<ResourceChange>,
}

impl ChangeSet {
    /// A change set without parameters and changes.
    pub fn new(
        id: impl Into<String>,
        name: ChangeSetName,
        stack: StackName,
        status: ChangeSetStatus,
        execution: Execution,
    ) -> Self {
        Self {
            id: id.into(),
            name,
            stack,
            status,
            execution,
            reason: None,
            created: None,
            description: None,
            parameters: BTreeMap::new(),
            changes: Vec::new(),
        }
    }

    /// Whether it was refused because it changes nothing: the stack is so already.
    pub fn is_empty_change(&self) -> bool {
        self.status == ChangeSetStatus::Failed
            && self.reason.as_ref().is_some_and(|reason| NO_CHANGES.iter().any(|words| reason.contains(words)))
    }

    /// Whether it can be executed now.
    pub fn is_available(&self) -> bool {
        self.status == ChangeSetStatus::CreateComplete && self.execution == Execution::Available
    }

    /// The value of a parameter, where it is shown.
    pub fn parameter(&self, key: &str) -> Option<&str> {
        self.parameters.get(key)?.plain()
    }
}

/// What becomes of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ResourceChange {
    /// Its name in the template.
    pub logical_id: String,
    /// Its own name, where it has one yet.
    pub physical_id: Option<String>,
    /// Its type: `AWS::AutoScaling::AutoScalingGroup`.
    pub resource_type: String,
    /// What happens to it.
    pub action: ChangeAction,
    /// Whether it becomes another one; only told of one that is modified.
    pub replacement: Replacement,
    /// Which of its properties change.
    pub properties: Vec<PropertyChange>,
}

impl ResourceChange {
    /// A change of a resource that stays the same one.
    pub fn new(logical_id: impl Into<String>, resource_type: impl Into<String>, action: ChangeAction) -> Self {
        Self {
            logical_id: logical_id.into(),
            physical_id: None,
            resource_type: resource_type.into(),
            action,
            replacement: Replacement::Never,
            properties: Vec::new(),
        }
    }
}

/// What becomes of a property of a resource. AWS hides values that its template hides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PropertyChange {
    /// Where it is: `/Properties/DesiredCapacity`.
    pub path: String,
    /// What it is now, where AWS tells.
    pub before: Option<String>,
    /// What it will be, where AWS can tell before.
    pub after: Option<String>,
    /// Whether it makes the resource another one.
    pub replaces: Replacement,
    /// What brings it about, where that is one thing: a parameter, another resource.
    pub cause: Option<String>,
}

impl PropertyChange {
    /// A change of a property of which nothing else is known.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), before: None, after: None, replaces: Replacement::Never, cause: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_set_that_failed_for_want_of_changes_changes_nothing() {
        let set = |status: &str, reason: &str| {
            let (name, stack) = ("n".parse().unwrap(), "s".parse().unwrap());
            let mut set = ChangeSet::new("id", name, stack, status.into(), Execution::Unavailable);
            set.reason = Some(reason.to_owned());
            set
        };
        let nothing =
            "The submitted information didn't contain changes. Submit different information to create a change set.";
        assert!(set("FAILED", nothing).is_empty_change());
        assert!(set("FAILED", "No updates are to be performed.").is_empty_change());
        assert!(!set("FAILED", "Parameters: [X] must have values").is_empty_change());
        assert!(!set("CREATE_COMPLETE", nothing).is_empty_change());
        assert!(!set("CREATE_COMPLETE", "").is_available(), "it cannot be executed");
    }
}
