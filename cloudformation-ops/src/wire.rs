//! What travels, in our words. AWS's own words are those of its API reference.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::primitives::DateTime;
use aws_sdk_cloudformation::types::{self as aws, Parameter};
use jiff::Timestamp;

use crate::{
    Change, ChangeSet, ChangeSetSummary, DriftedResource, Effect, Error, ErrorKind, EventId, ParameterValue,
    PropertyChange, Replacement, ResourceChange, ResourceDrift, ResourceStatus, Result, Stack, StackEvent, StackName,
    StackStatus,
};

/// The SDK's word where AWS must send one and has not.
const UNSET: &str = "no value was set";

/// What is known of this service's refusals: most have one code, and are told apart by their text only.
pub(crate) fn known(code: &str, message: &str) -> Option<ErrorKind> {
    match code.strip_suffix("Exception").unwrap_or(code) {
        "ChangeSetNotFound" | "StackNotFound" => Some(ErrorKind::NotFound),
        "InvalidChangeSetStatus" | "AlreadyExists" | "TokenAlreadyExists" | "OperationInProgress" => {
            Some(ErrorKind::Conflict)
        }
        "InsufficientCapabilities" => Some(ErrorKind::Invalid),
        "ValidationError" if message.contains("does not exist") => Some(ErrorKind::NotFound),
        // «Stack:… is in UPDATE_IN_PROGRESS state and can not be updated.», «RollbackStack cannot be called from
        // current stack status», «Drift detection is already in progress …».
        "ValidationError"
            if state_in(message).is_some()
                || message.contains("current stack status")
                || message.contains("already in progress") =>
        {
            Some(ErrorKind::Conflict)
        }
        _ => None,
    }
}

/// The state that a refusal names: «is in `UPDATE_IN_PROGRESS` state».
fn state_in(message: &str) -> Option<StackStatus> {
    let (before, _) = message.split_once(" state")?;
    let word = before.rsplit(' ').next()?;
    let is_state = word.contains('_') && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    is_state.then(|| StackStatus::from(word))
}

/// With what a person can do about a refusal.
pub(crate) fn advised(error: Error) -> Error {
    let remedy = {
        let words = error.words().unwrap_or_default();
        let code = words.split(':').next().unwrap_or_default();
        match error.kind() {
            _ if error.remedy().is_some() => None,
            ErrorKind::NotFound if code.starts_with("ChangeSet") => {
                Some("preview anew: a change set is gone once the stack was changed by another one")
            }
            ErrorKind::NotFound => Some("check the name, the account and the region"),
            ErrorKind::Conflict if code.starts_with("InvalidChangeSetStatus") => {
                Some("look at the change set: where it is OBSOLETE, somebody else has changed the stack; preview anew")
            }
            ErrorKind::Conflict if code.starts_with("AlreadyExists") => {
                Some("a change set of this name is there: look at it, or delete it")
            }
            ErrorKind::Conflict if code.starts_with("TokenAlreadyExists") => {
                Some("another order was marked with this token: take a new one")
            }
            ErrorKind::Conflict => Some(
                state_in(words)
                    .and_then(|state| state.remedy())
                    .unwrap_or("look at the stack's status, and what goes on"),
            ),
            ErrorKind::Invalid if code.starts_with("InsufficientCapabilities") => {
                Some("the template needs more than roles: let whoever deploys the stack change it")
            }
            _ => None,
        }
    };
    match remedy {
        Some(remedy) => error.with_remedy(remedy),
        None => error,
    }
}

/// All parameters of a change, as they are sent.
pub(crate) fn parameters(change: &Change) -> Vec<Parameter> {
    let parameter = |(key, value): (&str, Option<&str>)| {
        let parameter = Parameter::builder().parameter_key(key);
        match value {
            Some(value) => parameter.parameter_value(value).build(),
            None => parameter.use_previous_value(true).build(),
        }
    };
    change.parameters().map(parameter).collect()
}

pub(crate) fn stack(op: &'static str, stack: &aws::Stack) -> Result<Stack> {
    let name: StackName = parsed(op, "a stack's name", stack.stack_name())?;
    let id = some(stack.stack_id()).ok_or_else(|| unreadable(op, format!("{name} has no id")))?;
    let status =
        stack.stack_status().map(|status| status.as_str()).filter(|word| *word != UNSET).map(StackStatus::from);
    let status = status.ok_or_else(|| unreadable(op, format!("{name} has no status")))?;
    let created = stack.creation_time().and_then(timestamp);
    let created = created.ok_or_else(|| unreadable(op, format!("it is not told when {name} was created")))?;
    let mut found = Stack::new(id, name, status, created);
    found.reason = owned(stack.stack_status_reason());
    found.updated = stack.last_updated_time().and_then(timestamp);
    found.parameters = values(op, stack.parameters())?;
    let tags = stack.tags().iter();
    found.tags = tags.filter_map(|tag| Some((owned(tag.key())?, tag.value().unwrap_or_default().to_owned()))).collect();
    found.capabilities = stack.capabilities().iter().map(|capability| capability.as_str().to_owned()).collect();
    if let Some(drift) = stack.drift_information().and_then(|drift| drift.stack_drift_status()) {
        found.drift = drift.as_str().into();
    }
    found.parent = owned(stack.parent_id());
    Ok(found)
}

/// A parameter that is not read would be one that is not listed, and falls back to its default.
fn values(op: &'static str, parameters: &[Parameter]) -> Result<BTreeMap<String, ParameterValue>> {
    let mut values = BTreeMap::new();
    for parameter in parameters {
        let key = owned(parameter.parameter_key()).ok_or_else(|| unreadable(op, "a parameter has no key"))?;
        values.insert(key, parameter.parameter_value().unwrap_or_default().into());
    }
    Ok(values)
}

pub(crate) fn event(op: &'static str, event: &aws::StackEvent) -> Result<StackEvent> {
    let id = some(event.event_id()).ok_or_else(|| unreadable(op, "an event has no id"))?;
    let at = event.timestamp().and_then(timestamp).ok_or_else(|| unreadable(op, "an event has no time"))?;
    let stack = parsed(op, "the name of an event's stack", event.stack_name())?;
    let status = event.resource_status().map_or("", |status| status.as_str());
    let mut found = StackEvent::new(
        EventId::new(id),
        at,
        stack,
        event.logical_resource_id().unwrap_or_default(),
        event.resource_type().unwrap_or_default(),
        ResourceStatus::new(status),
    );
    found.physical_id = owned(event.physical_resource_id());
    found.reason = owned(event.resource_status_reason());
    found.token = owned(event.client_request_token());
    Ok(found)
}

/// A change set, of the first page of its changes.
pub(crate) fn change_set(op: &'static str, set: &DescribeChangeSetOutput) -> Result<ChangeSet> {
    let name = parsed(op, "a change set's name", set.change_set_name())?;
    let stack = parsed(op, "the name of a change set's stack", set.stack_name())?;
    let id = some(set.change_set_id()).ok_or_else(|| unreadable(op, format!("the change set {name} has no id")))?;
    let status = set.status().map_or("", |status| status.as_str()).into();
    let execution = set.execution_status().map_or("", |status| status.as_str()).into();
    let mut found = ChangeSet::new(id, name, stack, status, execution);
    found.reason = owned(set.status_reason());
    found.created = set.creation_time().and_then(timestamp);
    found.description = owned(set.description());
    found.parameters = values(op, set.parameters())?;
    Ok(found)
}

pub(crate) fn summary(op: &'static str, set: &aws::ChangeSetSummary) -> Result<ChangeSetSummary> {
    let name = parsed(op, "a change set's name", set.change_set_name())?;
    let id = some(set.change_set_id()).ok_or_else(|| unreadable(op, format!("the change set {name} has no id")))?;
    let status = set.status().map_or("", |status| status.as_str()).into();
    let execution = set.execution_status().map_or("", |status| status.as_str()).into();
    let mut found = ChangeSetSummary::new(id, name, status, execution);
    found.reason = owned(set.status_reason());
    found.created = set.creation_time().and_then(timestamp);
    found.description = owned(set.description());
    Ok(found)
}

/// What becomes of a resource. Changes of something else are no resource's (hooks).
pub(crate) fn change(op: &'static str, change: &aws::Change) -> Result<Option<ResourceChange>> {
    let Some(change) = change.resource_change() else { return Ok(None) };
    let logical_id =
        some(change.logical_resource_id()).ok_or_else(|| unreadable(op, "a changed resource has no name"))?;
    let action = change.action().map_or("", |action| action.as_str()).into();
    let mut found = ResourceChange::new(logical_id, change.resource_type().unwrap_or_default(), action);
    found.physical_id = owned(change.physical_resource_id());
    if let Some(replacement) = change.replacement() {
        found.replacement = replacement.as_str().into();
    }
    for detail in change.details() {
        if let Some(property) = property(detail) {
            merge(&mut found.properties, property);
        }
    }
    Ok(Some(found))
}

fn property(detail: &aws::ResourceChangeDetail) -> Option<PropertyChange> {
    let target = detail.target()?;
    let path = some(target.path()).map(ToOwned::to_owned).or_else(|| {
        let attribute = target.attribute()?.as_str();
        Some(some(target.name()).map_or_else(|| format!("/{attribute}"), |name| format!("/{attribute}/{name}")))
    })?;
    let mut found = PropertyChange::new(path);
    found.before = target.before_value().map(ToOwned::to_owned);
    found.after = target.after_value().map(ToOwned::to_owned);
    found.replaces = match target.requires_recreation().map(|recreation| recreation.as_str()) {
        None | Some("Never") => Replacement::Never,
        Some("Always") => Replacement::Always,
        Some("Conditionally") => Replacement::Sometimes,
        Some(other) => Replacement::Other(other.to_owned()),
    };
    found.cause = owned(detail.causing_entity());
    Some(found)
}

/// AWS tells a property once as what is certain, and once more as what brings it about.
fn merge(properties: &mut Vec<PropertyChange>, other: PropertyChange) {
    match properties.iter_mut().find(|property| property.path == other.path) {
        None => properties.push(other),
        Some(property) => {
            property.before = property.before.take().or(other.before);
            property.after = property.after.take().or(other.after);
            property.cause = property.cause.take().or(other.cause);
            property.replaces = property.replaces.clone().max(other.replaces);
        }
    }
}

pub(crate) fn drifted(op: &'static str, drift: &aws::StackResourceDrift) -> Result<DriftedResource> {
    let logical_id = some(drift.logical_resource_id()).ok_or_else(|| unreadable(op, "a resource has no name"))?;
    let status = ResourceDrift::from(drift.stack_resource_drift_status().map_or("", |status| status.as_str()));
    let mut found = DriftedResource::new(logical_id, drift.resource_type().unwrap_or_default(), status);
    found.physical_id = owned(drift.physical_resource_id());
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let differences = drift.property_differences().iter();
    found.differences = differences
        .map(|one| (text(one.property_path()), text(one.expected_value()), text(one.actual_value())))
        .collect();
    Ok(found)
}

fn parsed<T: std::str::FromStr<Err = crate::BadName>>(op: &'static str, what: &str, text: Option<&str>) -> Result<T> {
    text.unwrap_or_default().parse().map_err(|error| unreadable(op, format!("{what}: {error}")).with_source(error))
}

/// An empty text is none: the SDK puts one, too, where AWS must send one and has not.
fn some(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn owned(text: Option<&str>) -> Option<String> {
    some(text).map(ToOwned::to_owned)
}

/// The beginning of time is none: the SDK puts it where AWS must send one and has not.
fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Some(time.as_nanos()).filter(|nanos| *nanos != 0).and_then(|nanos| Timestamp::from_nanosecond(nanos).ok())
}

pub(crate) fn unreadable(op: &'static str, message: impl Into<String>) -> Error {
    Error::new(op, ErrorKind::Decode, Effect::None).with_message(message.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_refusals_are_told_apart() {
        for (code, message, kind) in [
            ("ValidationError", "Stack with id shop does not exist", Some(ErrorKind::NotFound)),
            ("ValidationError", "Stack [shop] does not exist", Some(ErrorKind::NotFound)),
            ("ChangeSetNotFound", "ChangeSet [x] does not exist", Some(ErrorKind::NotFound)),
            ("InvalidChangeSetStatus", "ChangeSet [x] is in OBSOLETE status", Some(ErrorKind::Conflict)),
            ("AlreadyExistsException", "ChangeSet x cannot be created due to a mismatch", Some(ErrorKind::Conflict)),
            (
                "ValidationError",
                "Stack:arn:… is in UPDATE_IN_PROGRESS state and can not be updated.",
                Some(ErrorKind::Conflict),
            ),
            (
                "ValidationError",
                "CancelUpdateStack cannot be called from current stack status",
                Some(ErrorKind::Conflict),
            ),
            ("ValidationError", "Drift detection is already in progress for stack shop", Some(ErrorKind::Conflict)),
            ("ValidationError", "Parameters: [Blu] do not exist in the template", None),
            ("ValidationError", "Parameter 'Size' must be a number not greater than 20", None),
            ("Throttling", "Rate exceeded", None),
        ] {
            assert_eq!(known(code, message), kind, "{message}");
        }
        assert_eq!(state_in("Stack is in ROLLBACK_COMPLETE state and"), Some(StackStatus::RollbackComplete));
        assert_eq!(state_in("in another state"), None);
    }
}
