//! One stack, and what has happened to it.

use std::collections::{BTreeMap, BTreeSet};

use cloudformation_ops::{
    ChangeSetName, ClientToken, DriftedResource, EventId, ResourceStatus, Stack, StackEvent, StackStatus,
};
use jiff::Timestamp;
use uuid::Uuid;

use super::balancer::Balancer;
use super::sets::Set;
use super::spec::StackSpec;
use super::template::{self, ALARM, RESOURCES, Values};
use super::update::Order;
use crate::refusal::Refusal;

const STACK: &str = "AWS::CloudFormation::Stack";

/// A stack as it is now.
#[derive(Debug)]
pub(crate) struct Held {
    /// All but its parameters.
    pub(super) stack: Stack,
    pub(super) values: Values,
    /// What parameters fall back to that a change does not list.
    pub(super) defaults: Values,
    /// The oldest first.
    pub(super) events: Vec<StackEvent>,
    pub(super) sets: BTreeMap<ChangeSetName, Set>,
    /// What goes on, or has failed and waits for a person.
    pub(super) order: Option<Order>,
    /// What was asked for with which token.
    pub(super) tokens: BTreeMap<ClientToken, String>,
    pub(super) balancer: Balancer,
    /// Versions that answer, and say that they are ill.
    pub(super) ill: BTreeSet<String>,
    /// What goes on does not end.
    pub(super) stopped: bool,
    /// What is not as the template says.
    pub(super) drifted: BTreeMap<String, DriftedResource>,
    /// What the last check found of that.
    pub(super) found: Vec<DriftedResource>,
}

impl Held {
    /// The number tells apart stacks that follow each other with one name.
    pub(super) fn new(spec: StackSpec, number: u64, now: Timestamp) -> Self {
        let StackSpec { name, values, tags, status } = spec;
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("stack/{name}/{now}/{number}").as_bytes());
        let arn = format!("arn:aws:cloudformation:us-east-1:123456789012:stack/{name}/{id}");
        let mut stack = Stack::new(arn, name, StackStatus::CreateComplete, now);
        stack.tags = tags;
        stack.capabilities.insert("CAPABILITY_NAMED_IAM".to_owned());
        let mut defaults = values.clone();
        defaults.retain(|key, _| !is_asked_for(key));
        if values.contains_key(ALARM) {
            defaults.insert(ALARM.to_owned(), "on".to_owned());
        }
        let mut held = Self {
            stack,
            values,
            defaults,
            events: Vec::new(),
            sets: BTreeMap::new(),
            order: None,
            tokens: BTreeMap::new(),
            balancer: Balancer::default(),
            ill: BTreeSet::new(),
            stopped: false,
            drifted: BTreeMap::new(),
            found: Vec::new(),
        };
        held.balancer.fill(&held.values, &|_| true);
        held.own("CREATE_IN_PROGRESS", Some("User Initiated"), None, now);
        for status in ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"] {
            RESOURCES.iter().for_each(|(name, _)| held.tell(name, status, None, None, now));
        }
        held.own("CREATE_COMPLETE", None, None, now);
        if status != StackStatus::CreateComplete {
            held.stack.updated = Some(now);
            held.own(status.as_str(), None, None, now);
            held.stopped = status.is_in_progress();
            held.order = Some(Order::of_somebody(&held.values, &status));
        }
        held
    }

    /// As AWS shows it.
    pub(super) fn shown(&self) -> Stack {
        let mut stack = self.stack.clone();
        stack.parameters = template::shown(&self.values);
        stack
    }

    /// The stack comes to be in this state, and tells so.
    pub(super) fn own(&mut self, status: &str, reason: Option<&str>, token: Option<&str>, at: Timestamp) {
        self.stack.status = status.into();
        self.stack.reason = reason.map(str::to_owned);
        let (name, id) = (self.stack.name.to_string(), self.stack.id.clone());
        self.push((&name, STACK, id), status, reason, token, at);
    }

    /// Something happens to a resource.
    pub(super) fn tell(
        &mut self,
        resource: &str,
        status: &str,
        reason: Option<&str>,
        token: Option<&str>,
        at: Timestamp,
    ) {
        let physical = physical_id(self.stack.name.as_str(), resource, &self.values);
        self.push((resource, template::type_of(resource), physical), status, reason, token, at);
    }

    /// Something happens to what a resource was, or would have been, with these values.
    pub(super) fn tell_of_former(
        &mut self,
        resource: &str,
        values: &Values,
        status: &str,
        token: Option<&str>,
        at: Timestamp,
    ) {
        let physical = physical_id(self.stack.name.as_str(), resource, values);
        self.push((resource, template::type_of(resource), physical), status, None, token, at);
    }

    /// Of a resource, by its name in the template, its type, and its own name.
    fn push(
        &mut self,
        (logical, kind, physical): (&str, &str, String),
        status: &str,
        reason: Option<&str>,
        token: Option<&str>,
        at: Timestamp,
    ) {
        let id = format!("{}/{}", self.stack.id, self.events.len());
        let id = EventId::new(Uuid::new_v5(&Uuid::NAMESPACE_OID, id.as_bytes()).to_string());
        let mut event = StackEvent::new(id, at, self.stack.name.clone(), logical, kind, ResourceStatus::new(status));
        event.physical_id = Some(physical);
        event.reason = reason.map(str::to_owned);
        event.token = token.map(str::to_owned);
        self.events.push(event);
    }

    /// That it takes an update now.
    pub(super) fn is_free(&self) -> Result<(), Refusal> {
        if self.stack.status.takes_an_update() {
            return Ok(());
        }
        let Stack { id, status, .. } = &self.stack;
        Err(Refusal::Conflict(format!("ValidationError: Stack:{id} is in {status} state and can not be updated.")))
    }

    /// Whether this order was sent already. A token marks one order.
    pub(super) fn had(&self, token: &ClientToken, what: &str) -> Result<bool, Refusal> {
        match self.tokens.get(token) {
            None => Ok(false),
            Some(had) if had == what => Ok(true),
            Some(_) => Err(Refusal::Conflict(format!(
                "TokenAlreadyExistsException: A client request token already exists: {token}"
            ))),
        }
    }
}

/// A resource's own name. What is made for a version has another one with each.
pub(super) fn physical_id(stack: &str, resource: &str, values: &Values) -> String {
    let version = template::made_for(resource, values).unwrap_or_default();
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("resource/{stack}/{resource}/{version}").as_bytes()).simple();
    format!("{stack}-{resource}-{}", id.to_string().get(..12).unwrap_or_default().to_uppercase())
}

/// Whether a parameter has no default.
fn is_asked_for(key: &str) -> bool {
    template::SIDES.iter().any(|side| side.size == key || side.version == key)
        || [template::SERVICE, template::TOKEN].contains(&key)
}
