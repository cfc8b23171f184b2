//! The ports over AWS CloudFormation.

use std::time::Instant;

use async_trait::async_trait;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{Capability, ChangeSetType, StackResourceDriftStatus, StackStatus as AwsStatus};
use ops_aws::{Aws, Call, Idempotency, Pages};

use crate::wire::{self, advised, known};
use crate::{
    Change, ChangeSet, ChangeSetName, ChangeSetSummary, ClientToken, DriftCheck, DriftCheckId, DriftCheckStatus,
    Effect, Error, ErrorKind, EventId, Family, Probe, Result, Stack, StackEvent, StackName, StackStatus, StacksRead,
    StacksWrite,
};

/// So many events are told where nothing says since when.
const LAST_EVENTS: usize = 100;

/// The stacks of one account and region. Cheap to clone.
#[derive(Clone, Debug)]
pub struct StacksClient {
    aws: Aws,
    stacks: Client,
}

impl StacksClient {
    /// Over these services of AWS.
    pub fn new(aws: Aws) -> Self {
        Self { stacks: Client::new(aws.sdk()), aws }
    }

    /// Where it calls, and as whom.
    pub fn aws(&self) -> &Aws {
        &self.aws
    }

    fn call(&self, op: &'static str, idempotency: Idempotency) -> Call<'_> {
        self.aws.call(op, idempotency).known(known)
    }
}

#[async_trait]
impl StacksRead for StacksClient {
    async fn probe(&self) -> Result<Probe> {
        let began = Instant::now();
        let call = self.call("cloudformation.probe", Idempotency::Read);
        // Few stacks are in this state: the answer is small.
        let few = AwsStatus::ImportInProgress;
        call.send(|| self.stacks.list_stacks().stack_status_filter(few.clone()).send()).await.map_err(advised)?;
        Ok(Probe::new(self.aws.address(), began.elapsed()))
    }

    async fn stacks(&self, family: &Family) -> Result<Vec<Stack>> {
        const OP: &str = "cloudformation.stacks";
        let mut stacks = Vec::new();
        let mut pages = Pages::of(OP);
        while let Some(token) = pages.due()? {
            let request = self.stacks.describe_stacks().set_next_token(token);
            let call = self.call(OP, Idempotency::Read);
            let page = call.send(|| request.clone().send()).await.map_err(advised)?;
            for stack in page.stacks() {
                // What is not meant need not be readable.
                let meant =
                    stack.stack_name().and_then(|name| name.parse().ok()).is_some_and(|name| family.matches(&name));
                if meant {
                    stacks.push(wire::stack(OP, stack)?);
                }
            }
            pages.turn(page.next_token);
        }
        stacks.retain(|stack| stack.status != StackStatus::DeleteComplete);
        stacks.sort_by(|a, b| a.name.cmp(&b.name));
        stacks.dedup_by(|a, b| a.name == b.name);
        Ok(stacks)
    }

    async fn stack(&self, name: &StackName) -> Result<Stack> {
        const OP: &str = "cloudformation.stack";
        let call = self.call(OP, Idempotency::Read);
        let page = call.send(|| self.stacks.describe_stacks().stack_name(name.as_str()).send()).await;
        let page = page.map_err(advised)?;
        let found = page.stacks().iter().find(|stack| stack.stack_name() == Some(name.as_str()));
        let found = found.map(|stack| wire::stack(OP, stack)).transpose()?;
        found.filter(|stack| stack.status != StackStatus::DeleteComplete).ok_or_else(|| {
            let missing = Error::new(OP, ErrorKind::NotFound, Effect::None).with_target(self.aws.address());
            advised(missing.with_message(format!("there is no stack {name}")))
        })
    }

    async fn events<'a>(&self, stack: &StackName, after: Option<&'a EventId>) -> Result<Vec<StackEvent>> {
        const OP: &str = "cloudformation.events";
        let mut events = Vec::new();
        let mut pages = Pages::of(OP);
        // The newest come first.
        'pages: while let Some(token) = pages.due()? {
            let request = self.stacks.describe_stack_events().stack_name(stack.as_str()).set_next_token(token);
            let call = self.call(OP, Idempotency::Read);
            let page = call.send(|| request.clone().send()).await.map_err(advised)?;
            for event in page.stack_events() {
                let event = wire::event(OP, event)?;
                if after == Some(&event.id) || (after.is_none() && events.len() >= LAST_EVENTS) {
                    break 'pages;
                }
                events.push(event);
            }
            if after.is_none() && events.len() >= LAST_EVENTS {
                break;
            }
            pages.turn(page.next_token);
        }
        events.reverse();
        Ok(events)
    }

    async fn change_set(&self, stack: &StackName, name: &ChangeSetName) -> Result<ChangeSet> {
        const OP: &str = "cloudformation.change_set";
        let mut found: Option<ChangeSet> = None;
        let mut pages = Pages::of(OP);
        while let Some(token) = pages.due()? {
            let request = self.stacks.describe_change_set().stack_name(stack.as_str()).change_set_name(name.as_str());
            let request = request.include_property_values(true).set_next_token(token);
            let call = self.call(OP, Idempotency::Read);
            let page = call.send(|| request.clone().send()).await.map_err(advised)?;
            let set = match &mut found {
                Some(set) => set,
                None => found.insert(wire::change_set(OP, &page)?),
            };
            for change in page.changes() {
                set.changes.extend(wire::change(OP, change)?);
            }
            pages.turn(page.next_token);
        }
        found.ok_or_else(|| wire::unreadable(OP, "there is no answer"))
    }

    async fn change_sets(&self, stack: &StackName) -> Result<Vec<ChangeSetSummary>> {
        const OP: &str = "cloudformation.change_sets";
        let mut sets = Vec::new();
        let mut pages = Pages::of(OP);
        while let Some(token) = pages.due()? {
            let request = self.stacks.list_change_sets().stack_name(stack.as_str()).set_next_token(token);
            let call = self.call(OP, Idempotency::Read);
            let page = call.send(|| request.clone().send()).await.map_err(advised)?;
            for set in page.summaries() {
                sets.push(wire::summary(OP, set)?);
            }
            pages.turn(page.next_token);
        }
        sets.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(sets)
    }

    async fn start_drift_check(&self, stack: &StackName) -> Result<DriftCheckId> {
        const OP: &str = "cloudformation.start_drift_check";
        let call = self.call(OP, Idempotency::Read);
        let begun = call.send(|| self.stacks.detect_stack_drift().stack_name(stack.as_str()).send()).await;
        let id = begun.map_err(advised)?.stack_drift_detection_id;
        id.filter(|id| !id.is_empty()).map(DriftCheckId::new).ok_or_else(|| wire::unreadable(OP, "the check has no id"))
    }

    async fn drift_check(&self, stack: &StackName, id: &DriftCheckId) -> Result<DriftCheck> {
        const OP: &str = "cloudformation.drift_check";
        let call = self.call(OP, Idempotency::Read);
        let request = self.stacks.describe_stack_drift_detection_status().stack_drift_detection_id(id.as_str());
        let found = call.send(|| request.clone().send()).await.map_err(advised)?;
        let mut check = DriftCheck::new(found.detection_status().map_or("", |status| status.as_str()).into());
        check.reason = found.detection_status_reason().filter(|reason| !reason.is_empty()).map(ToOwned::to_owned);
        if check.status == DriftCheckStatus::InProgress {
            return Ok(check);
        }
        if let Some(drift) = found.stack_drift_status() {
            check.drift = drift.as_str().into();
        }
        let mut pages = Pages::of(OP);
        while let Some(token) = pages.due()? {
            let request = self.stacks.describe_stack_resource_drifts().stack_name(stack.as_str()).set_next_token(token);
            let request = request.stack_resource_drift_status_filters(StackResourceDriftStatus::Modified);
            let request = request.stack_resource_drift_status_filters(StackResourceDriftStatus::Deleted);
            let call = self.call(OP, Idempotency::Read);
            let page = call.send(|| request.clone().send()).await.map_err(advised)?;
            for drift in page.stack_resource_drifts() {
                check.resources.push(wire::drifted(OP, drift)?);
            }
            pages.turn(page.next_token);
        }
        Ok(check)
    }
}

#[async_trait]
impl StacksWrite for StacksClient {
    async fn create_change_set(&self, change: &Change, name: &ChangeSetName) -> Result<()> {
        const OP: &str = "cloudformation.create_change_set";
        let request = self.stacks.create_change_set().stack_name(change.stack().as_str());
        let request = request.change_set_name(name.as_str()).change_set_type(ChangeSetType::Update);
        let request = request.use_previous_template(true).set_parameters(Some(wire::parameters(change)));
        let request = request.set_capabilities(Some(change.capabilities().map(Capability::from).collect()));
        let request = request.set_description(change.description().map(ToOwned::to_owned));
        let call = self.call(OP, Idempotency::Once);
        call.send(|| request.clone().send()).await.map(drop).map_err(advised)
    }

    async fn execute_change_set(&self, stack: &StackName, name: &ChangeSetName, token: &ClientToken) -> Result<()> {
        const OP: &str = "cloudformation.execute_change_set";
        let request = self.stacks.execute_change_set().stack_name(stack.as_str()).change_set_name(name.as_str());
        // What fails goes back by itself, whatever was said of the stack before.
        let request = request.client_request_token(token.as_str()).disable_rollback(false);
        let call = self.call(OP, Idempotency::Write);
        call.send(|| request.clone().send()).await.map(drop).map_err(advised)
    }

    async fn delete_change_set(&self, stack: &StackName, name: &ChangeSetName) -> Result<()> {
        const OP: &str = "cloudformation.delete_change_set";
        let request = self.stacks.delete_change_set().stack_name(stack.as_str()).change_set_name(name.as_str());
        let call = self.call(OP, Idempotency::Write);
        match call.send(|| request.clone().send()).await {
            Ok(_) => Ok(()),
            Err(error) if error.words().is_some_and(|words| words.starts_with("ChangeSetNotFound")) => Ok(()),
            Err(error) => Err(advised(error)),
        }
    }

    async fn cancel_update(&self, stack: &StackName, token: &ClientToken) -> Result<()> {
        const OP: &str = "cloudformation.cancel_update";
        let request = self.stacks.cancel_update_stack().stack_name(stack.as_str());
        let request = request.client_request_token(token.as_str());
        let call = self.call(OP, Idempotency::Write);
        call.send(|| request.clone().send()).await.map(drop).map_err(advised)
    }

    async fn continue_rollback(&self, stack: &StackName, skip: &[String], token: &ClientToken) -> Result<()> {
        const OP: &str = "cloudformation.continue_rollback";
        let request = self.stacks.continue_update_rollback().stack_name(stack.as_str());
        let request = request.set_resources_to_skip((!skip.is_empty()).then(|| skip.to_vec()));
        let request = request.client_request_token(token.as_str());
        let call = self.call(OP, Idempotency::Write);
        call.send(|| request.clone().send()).await.map(drop).map_err(advised)
    }

    async fn roll_back(&self, stack: &StackName, token: &ClientToken) -> Result<()> {
        const OP: &str = "cloudformation.roll_back";
        let request = self.stacks.rollback_stack().stack_name(stack.as_str());
        let request = request.client_request_token(token.as_str());
        let call = self.call(OP, Idempotency::Write);
        call.send(|| request.clone().send()).await.map(drop).map_err(advised)
    }
}
