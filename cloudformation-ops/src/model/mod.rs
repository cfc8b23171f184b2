//! Stacks, in our words. AWS's own words are those of its API reference.

mod change;
mod change_set;
mod drift;
mod event;
mod followed;
mod name;
mod service;
mod stack;
mod words;

pub use change::Change;
pub use change_set::{ChangeSet, ChangeSetSummary, PropertyChange, ResourceChange};
pub use drift::{DriftCheck, DriftedResource};
pub use event::{ResourceStatus, StackEvent, first_failure};
pub use followed::Followed;
pub use name::{BadName, ChangeSetName, ClientToken, DriftCheckId, EventId, StackName};
pub use service::{Family, ServiceStack};
pub use stack::{ParameterValue, Stack};
pub use words::{
    ChangeAction, ChangeSetStatus, DriftCheckStatus, DriftStatus, Execution, Replacement, ResourceDrift, StackStatus,
};
