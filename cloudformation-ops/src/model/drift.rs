//! What was changed behind CloudFormation's back.

use serde::{Deserialize, Serialize};

use crate::{DriftCheckStatus, DriftStatus, ResourceDrift};

/// A check for drift, and what it has found so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DriftCheck {
    /// Where it is.
    pub status: DriftCheckStatus,
    /// Why, in AWS's words.
    pub reason: Option<String>,
    /// Whether the stack is as its template says; known once the check has ended.
    pub drift: DriftStatus,
    /// What is not as the template says; known once the check has ended.
    pub resources: Vec<DriftedResource>,
}

impl DriftCheck {
    /// A check that has found nothing yet.
    pub fn new(status: DriftCheckStatus) -> Self {
        Self { status, reason: None, drift: DriftStatus::NotChecked, resources: Vec::new() }
    }
}

/// A resource that is not as its template says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DriftedResource {
    /// Its name in the template.
    pub logical_id: String,
    /// Its own name.
    pub physical_id: Option<String>,
    /// Its type.
    pub resource_type: String,
    /// What has become of it.
    pub drift: ResourceDrift,
    /// Where it differs: the path, what the template says, and what is there.
    pub differences: Vec<(String, String, String)>,
}

impl DriftedResource {
    /// A resource of which nothing else is known.
    pub fn new(logical_id: impl Into<String>, resource_type: impl Into<String>, drift: ResourceDrift) -> Self {
        let (logical_id, resource_type) = (logical_id.into(), resource_type.into());
        Self { logical_id, physical_id: None, resource_type, drift, differences: Vec::new() }
    }
}
