//! What is told of stacks, events, change sets and drift.

use cloudformation_ops::{
    ChangeSet, DriftCheckId, DriftCheckStatus, DriftedResource, ParameterValue, PropertyChange, Replacement,
    ResourceChange, Stack, StackEvent, StackStatus,
};
use jiff::Timestamp;

use super::super::held::Held;
use super::super::state::Stacks;
use super::super::template::SIDES;
use crate::aws::Form;
use crate::aws::xml::Xml;
use crate::refusal::Refusal;

/// How many are told at once.
const PAGE: u32 = 100;

/// Part of a list, and how to ask for what follows.
fn page<T>(form: &Form, all: Vec<T>, name: &str, told: impl Fn(&T) -> Xml) -> Result<Xml, Refusal> {
    let (part, next) = form.page(all, PAGE, "NextToken")?;
    Ok(more(Xml::default().list(name, part.iter().map(told)), next))
}

fn more(list: Xml, next: Option<usize>) -> Xml {
    some(list, "NextToken", next)
}

fn some(xml: Xml, name: &str, text: Option<impl std::fmt::Display>) -> Xml {
    text.into_iter().fold(xml, |xml, text| xml.leaf(name, text))
}

/// All stacks, in short.
pub(super) fn listed(stacks: &Stacks, form: &Form) -> Result<Xml, Refusal> {
    let wanted = form.list("StackStatusFilter");
    let meant = |held: &&Held| wanted.is_empty() || wanted.contains(&held.stack.status.as_str());
    let all: Vec<&Held> = stacks.all.values().filter(meant).collect();
    page(form, all, "StackSummaries", |held| about(&held.stack))
}

fn about(stack: &Stack) -> Xml {
    let drift = Xml::default().leaf("StackDriftStatus", &stack.drift);
    let told = Xml::default()
        .leaf("StackId", &stack.id)
        .leaf("StackName", &stack.name)
        .leaf("CreationTime", stack.created)
        .leaf("StackStatus", &stack.status)
        .node("DriftInformation", drift);
    some(some(told, "LastUpdatedTime", stack.updated), "StackStatusReason", stack.reason.as_ref())
}

pub(super) fn stacks(stacks: &Stacks, form: &Form) -> Result<Xml, Refusal> {
    let is_there = |held: &&Held| held.stack.status != StackStatus::DeleteComplete;
    let found = match form.get("StackName") {
        None => stacks.all.values().filter(is_there).collect(),
        Some(text) => {
            let none = || Refusal::NotFound(format!("ValidationError: Stack with id {text} does not exist"));
            vec![Some(stacks.held(&super::stack(form)?)?).filter(is_there).ok_or_else(none)?]
        }
    };
    page(form, found, "Stacks", |held| {
        let stack = held.shown();
        let tag = |(key, value): (&String, &String)| Xml::default().leaf("Key", key).leaf("Value", value);
        about(&stack)
            .leaf("DisableRollback", false)
            .list("Parameters", stack.parameters.iter().map(parameter))
            .list("Capabilities", stack.capabilities.iter().map(Xml::text))
            .list("Tags", stack.tags.iter().map(tag))
    })
}

fn parameter((key, value): (&String, &ParameterValue)) -> Xml {
    Xml::default().leaf("ParameterKey", key).leaf("ParameterValue", value)
}

/// The newest first; what happens between two pages moves none of them.
pub(super) fn events(held: &Held, form: &Form) -> Result<Xml, Refusal> {
    let wrong = || Refusal::Invalid("ValidationError: The NextToken value is not valid".to_owned());
    let all = &held.events;
    let until = match form.get("NextToken") {
        None => all.len(),
        Some(token) => token.parse().map_err(|_| wrong())?,
    };
    let from = until.saturating_sub(PAGE as usize);
    let part = all.get(from..until).ok_or_else(wrong)?;
    let list = Xml::default().list("StackEvents", part.iter().rev().map(|one| event(&held.stack, one)));
    Ok(more(list, (from > 0).then_some(from)))
}

fn event(stack: &Stack, one: &StackEvent) -> Xml {
    let told = Xml::default()
        .leaf("StackId", &stack.id)
        .leaf("EventId", &one.id)
        .leaf("StackName", &one.stack)
        .leaf("LogicalResourceId", &one.logical_id)
        .leaf("ResourceType", &one.resource_type)
        .leaf("Timestamp", one.at)
        .leaf("ResourceStatus", &one.status);
    let told = some(told, "PhysicalResourceId", one.physical_id.as_ref());
    let told = some(told, "ResourceStatusReason", one.reason.as_ref());
    some(told, "ClientRequestToken", one.token.as_ref())
}

fn about_set(stack: &Stack, set: &ChangeSet) -> Xml {
    let told = Xml::default()
        .leaf("ChangeSetId", &set.id)
        .leaf("ChangeSetName", &set.name)
        .leaf("StackId", &stack.id)
        .leaf("StackName", &set.stack)
        .leaf("Status", &set.status)
        .leaf("ExecutionStatus", &set.execution);
    let told = some(told, "StatusReason", set.reason.as_ref());
    some(some(told, "CreationTime", set.created), "Description", set.description.as_ref())
}

pub(super) fn change_sets(held: &Held, form: &Form) -> Result<Xml, Refusal> {
    let all: Vec<&ChangeSet> = held.sets.values().map(|set| &set.shown).collect();
    page(form, all, "Summaries", |set| about_set(&held.stack, set))
}

pub(super) fn change_set(held: &Held, set: &ChangeSet, form: &Form) -> Result<Xml, Refusal> {
    let values = form.get("IncludePropertyValues") == Some("true");
    let (part, next) = form.page(set.changes.clone(), PAGE, "NextToken")?;
    let told = about_set(&held.stack, set)
        .list("Parameters", set.parameters.iter().map(parameter))
        .list("Changes", part.iter().map(|one| change(one, values)));
    Ok(more(told, next))
}

fn change(one: &ResourceChange, values: bool) -> Xml {
    let told = Xml::default()
        .leaf("Action", &one.action)
        .leaf("LogicalResourceId", &one.logical_id)
        .leaf("ResourceType", &one.resource_type)
        .leaf("Replacement", &one.replacement)
        .list("Scope", [Xml::text("Properties")])
        .list("Details", one.properties.iter().map(|property| detail(property, values)));
    let told = some(told, "PhysicalResourceId", one.physical_id.as_ref());
    Xml::default().leaf("Type", "Resource").node("ResourceChange", told)
}

fn detail(one: &PropertyChange, values: bool) -> Xml {
    let name = one.path.trim_start_matches("/Properties/").split('/').next().unwrap_or_default();
    let target = Xml::default()
        .leaf("Attribute", "Properties")
        .leaf("Name", name)
        .leaf("RequiresRecreation", if one.replaces == Replacement::Always { "Always" } else { "Never" })
        .leaf("Path", &one.path);
    let target = some(target, "BeforeValue", one.before.as_ref().filter(|_| values));
    let target = some(target, "AfterValue", one.after.as_ref().filter(|_| values));
    let of_resource = one.cause.as_ref().is_some_and(|cause| SIDES.iter().any(|side| side.launch == cause));
    // What another resource becomes is known only then.
    let (source, known) = if of_resource { ("ResourceReference", "Dynamic") } else { ("ParameterReference", "Static") };
    let told = Xml::default().node("Target", target).leaf("Evaluation", known).leaf("ChangeSource", source);
    some(told, "CausingEntity", one.cause.as_ref())
}

pub(super) fn drift_check(stacks: &Stacks, id: &DriftCheckId) -> Result<Xml, Refusal> {
    let check = stacks.check(id)?;
    let told = Xml::default()
        .leaf("StackId", &stacks.held(&check.stack)?.stack.id)
        .leaf("StackDriftDetectionId", id)
        .leaf("DetectionStatus", &check.shown.status)
        .leaf("Timestamp", check.began);
    if check.shown.status == DriftCheckStatus::InProgress {
        return Ok(told);
    }
    let told = told.leaf("StackDriftStatus", &check.shown.drift);
    Ok(told.leaf("DriftedStackResourceCount", check.shown.resources.len()))
}

/// What the last check found.
pub(super) fn drifts(held: &Held, form: &Form, now: Timestamp) -> Result<Xml, Refusal> {
    let wanted = form.list("StackResourceDriftStatusFilters");
    let meant = |one: &&DriftedResource| wanted.is_empty() || wanted.contains(&one.drift.as_str());
    let all: Vec<&DriftedResource> = held.found.iter().filter(meant).collect();
    page(form, all, "StackResourceDrifts", |one| {
        let differences = one.differences.iter().map(|(path, wanted, found)| {
            let told = Xml::default().leaf("PropertyPath", path).leaf("ExpectedValue", wanted);
            told.leaf("ActualValue", found).leaf("DifferenceType", "NOT_EQUAL")
        });
        let told = Xml::default()
            .leaf("StackId", &held.stack.id)
            .leaf("LogicalResourceId", &one.logical_id)
            .leaf("ResourceType", &one.resource_type)
            .leaf("StackResourceDriftStatus", &one.drift)
            .list("PropertyDifferences", differences)
            .leaf("Timestamp", now);
        some(told, "PhysicalResourceId", one.physical_id.as_ref())
    })
}
