//! Stacks and services over HTTP: CloudFormation's Query API, and what instances answer.

mod service;
mod shape;

use cloudformation_ops::{ChangeSetName, ClientToken, DriftCheckId, StackName};
use uuid::Uuid;

pub(crate) use service::{Pin, routes};

use super::About;
use super::sets::Wish;
use super::state::Stacks;
use crate::Operation;
use crate::aws::Form;
use crate::aws::xml::Xml;
use crate::refusal::Refusal;
use crate::world::{Done, State};

/// Which call of a port it is, and what it is about.
pub(crate) fn asked(action: &str, form: &Form) -> Option<(Operation, Uuid)> {
    let named = stack_named(form);
    let operation = match action {
        "ListStacks" => Operation::StacksProbe,
        "DescribeStacks" if named.is_some() => Operation::Stack,
        "DescribeStacks" => Operation::Stacks,
        "DescribeStackEvents" => Operation::StackEvents,
        "DescribeChangeSet" => Operation::ChangeSet,
        "ListChangeSets" => Operation::ChangeSets,
        "DetectStackDrift" => Operation::StartDriftCheck,
        "DescribeStackDriftDetectionStatus" | "DescribeStackResourceDrifts" => Operation::DriftCheck,
        "CreateChangeSet" => Operation::CreateChangeSet,
        "ExecuteChangeSet" => Operation::ExecuteChangeSet,
        "DeleteChangeSet" => Operation::DeleteChangeSet,
        "CancelUpdateStack" => Operation::CancelUpdate,
        "ContinueUpdateRollback" => Operation::ContinueRollback,
        "RollbackStack" => Operation::RollBackStack,
        _ => return None,
    };
    Some((operation, named.as_ref().map_or(About::Everything, About::Stack).subject()))
}

/// Does it. What it answers, without the envelope.
pub(crate) fn act(state: &mut State, operation: Operation, form: &Form) -> Result<Done<Xml>, Refusal> {
    let now = state.now();
    let stacks = &mut state.stacks;
    let nothing = |changed| Done { answer: Xml::default(), changed };
    match operation {
        Operation::StacksProbe => shape::listed(stacks, form).map(Done::same),
        Operation::Stacks | Operation::Stack => shape::stacks(stacks, form).map(Done::same),
        Operation::StackEvents => shape::events(stacks.held(&stack(form)?)?, form).map(Done::same),
        Operation::ChangeSet => {
            let set = stacks.set(&stack(form)?, &set(form)?)?;
            shape::change_set(stacks.held(&set.stack)?, set, form).map(Done::same)
        }
        Operation::ChangeSets => shape::change_sets(stacks.held(&stack(form)?)?, form).map(Done::same),
        Operation::StartDriftCheck => {
            let id = stacks.start_check(&stack(form)?, now)?;
            Ok(Done::same(Xml::default().leaf("StackDriftDetectionId", id)))
        }
        Operation::DriftCheck => match form.get("StackDriftDetectionId") {
            Some(id) => shape::drift_check(stacks, &DriftCheckId::new(id)).map(Done::same),
            None => shape::drifts(stacks.held(&stack(form)?)?, form, now).map(Done::same),
        },
        Operation::CreateChangeSet => create(stacks, form, now).map(Done::changed),
        Operation::ExecuteChangeSet => {
            let (stack, set) = (stack(form)?, set(form)?);
            let token = token(stacks, form)?;
            stacks.execute(&stack, &set, &token, now).map(nothing)
        }
        Operation::DeleteChangeSet => stacks.delete_set(&stack(form)?, &set(form)?).map(nothing),
        Operation::CancelUpdate => {
            let token = token(stacks, form)?;
            stacks.cancel(&stack(form)?, &token, now).map(nothing)
        }
        Operation::ContinueRollback => {
            let token = token(stacks, form)?;
            let skip: Vec<String> = form.list("ResourcesToSkip").into_iter().map(str::to_owned).collect();
            stacks.continue_rollback(&stack(form)?, &skip, &token, now).map(nothing)
        }
        _ => {
            let (name, token) = (stack(form)?, token(stacks, form)?);
            let changed = stacks.roll_back(&name, &token, now)?;
            let answer = Xml::default().leaf("StackId", &stacks.held(&name)?.stack.id);
            Ok(Done { answer, changed })
        }
    }
}

fn create(stacks: &mut Stacks, form: &Form, now: jiff::Timestamp) -> Result<Xml, Refusal> {
    let (stack, set) = (stack(form)?, set(form)?);
    let invalid = |words: &str| Err(Refusal::Invalid(words.to_owned()));
    if form.get("ChangeSetType").is_some_and(|kind| kind != "UPDATE") {
        return invalid("ValidationError: the sandbox only updates stacks");
    }
    if form.get("UsePreviousTemplate") != Some("true") {
        return invalid("ValidationError: the sandbox has one template: UsePreviousTemplate must be true");
    }
    stacks.held(&stack)?;
    if !form.list("Capabilities").contains(&"CAPABILITY_NAMED_IAM") {
        return invalid("InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_NAMED_IAM]");
    }
    let mut parameters = Vec::new();
    for at in 1.. {
        let field = |name: &str| form.get(&format!("Parameters.member.{at}.{name}"));
        let Some(key) = field("ParameterKey") else { break };
        let value = match (field("UsePreviousValue"), field("ParameterValue")) {
            (Some("true"), None) => None,
            (Some("true"), Some(_)) => {
                return invalid("ValidationError: UsePreviousValue and ParameterValue are both given");
            }
            (_, value) => Some(value.unwrap_or_default()),
        };
        parameters.push((key, value));
    }
    let wish = Wish { parameters, description: form.get("Description") };
    let id = stacks.create_set(&stack, &wish, &set, now)?;
    Ok(Xml::default().leaf("Id", id).leaf("StackId", &stacks.held(&stack)?.stack.id))
}

/// The stack that is meant, by its name or its id.
fn stack_named(form: &Form) -> Option<StackName> {
    let text = form.get("StackName")?;
    let name = text.split_once(":stack/").and_then(|(_, rest)| rest.split('/').next()).unwrap_or(text);
    name.parse().ok()
}

fn stack(form: &Form) -> Result<StackName, Refusal> {
    let text = form.need("StackName")?;
    let none = || Refusal::NotFound(format!("ValidationError: Stack with id {text} does not exist"));
    stack_named(form).ok_or_else(none)
}

/// The change set that is meant, by its name or its id.
fn set(form: &Form) -> Result<ChangeSetName, Refusal> {
    let text = form.need("ChangeSetName")?;
    let name = text.split_once(":changeSet/").and_then(|(_, rest)| rest.split('/').next()).unwrap_or(text);
    name.parse().map_err(|error| Refusal::Invalid(format!("ValidationError: {error}")))
}

/// What marks the order; one of its own where the caller gives none.
fn token(stacks: &mut Stacks, form: &Form) -> Result<ClientToken, Refusal> {
    let given = form.get("ClientRequestToken").map(str::to_owned);
    let token = given.unwrap_or_else(|| format!("order-{}", stacks.number()));
    token.parse().map_err(|error| Refusal::Invalid(format!("ValidationError: {error}")))
}
