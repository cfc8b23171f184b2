//! The ports over AWS Auto Scaling.

use std::time::Instant;

use async_trait::async_trait;
use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types::{Filter, RefreshPreferences, RefreshStrategy};
use ops_aws::{Aws, Idempotency, Pages};

use crate::wire::{self, known};
use crate::{
    Effect, Error, ErrorKind, FleetRead, FleetWrite, Group, GroupFilter, InstanceId, Probe, Refresh, RefreshRequest,
    Result, Size,
};

/// As many as the service gives at once.
const PAGE: i32 = 100;

/// The Auto Scaling groups of one account and region. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FleetClient {
    aws: Aws,
    scaling: Client,
}

impl FleetClient {
    /// Over these services of AWS.
    pub fn new(aws: Aws) -> Self {
        Self { scaling: Client::new(aws.sdk()), aws }
    }

    /// Where it calls, and as whom.
    pub fn aws(&self) -> &Aws {
        &self.aws
    }
}

#[async_trait]
impl FleetRead for FleetClient {
    async fn probe(&self) -> Result<Probe> {
        let began = Instant::now();
        let call = self.aws.call("fleet.probe", Idempotency::Read);
        call.send(|| self.scaling.describe_auto_scaling_groups().max_records(1).send()).await?;
        Ok(Probe::new(self.aws.address(), began.elapsed()))
    }

    async fn groups(&self, filter: &GroupFilter) -> Result<Vec<Group>> {
        const OP: &str = "fleet.groups";
        let by_tag = |(name, value): (&String, &String)| {
            Filter::builder().name(format!("tag:{name}")).values(value.clone()).build()
        };
        let filters: Vec<Filter> = filter.tags.iter().map(by_tag).collect();
        let mut groups = Vec::new();
        let mut pages = Pages::of(OP);
        while let Some(token) = pages.due()? {
            let request = self.scaling.describe_auto_scaling_groups();
            let request = request.max_records(PAGE).set_next_token(token);
            let request = request.set_filters((!filters.is_empty()).then(|| filters.clone()));
            let page = self.aws.call(OP, Idempotency::Read).known(known).send(|| request.clone().send()).await?;
            for group in page.auto_scaling_groups() {
                groups.push(wire::group(OP, group)?);
            }
            pages.turn(page.next_token);
        }
        // The service's filters are known to be exact; a machine too many would be a wrong one to end.
        groups.retain(|group| filter.tags.iter().all(|(name, value)| group.tags.get(name) == Some(value)));
        groups.sort_by(|a, b| a.name.cmp(&b.name));
        groups.dedup_by(|a, b| a.name == b.name);
        Ok(groups)
    }

    async fn group(&self, name: &str) -> Result<Group> {
        const OP: &str = "fleet.group";
        named(OP, name)?;
        let call = self.aws.call(OP, Idempotency::Read).known(known);
        let page =
            call.send(|| self.scaling.describe_auto_scaling_groups().auto_scaling_group_names(name).send()).await?;
        let found = page.auto_scaling_groups().iter().find(|group| group.auto_scaling_group_name() == Some(name));
        match found {
            Some(group) => wire::group(OP, group),
            None => Err(Error::new(OP, ErrorKind::NotFound, Effect::None)
                .with_target(self.aws.address())
                .with_message(format!("there is no group {name}"))),
        }
    }

    async fn refreshes(&self, group: &str) -> Result<Vec<Refresh>> {
        const OP: &str = "fleet.refreshes";
        named(OP, group)?;
        let mut refreshes = Vec::new();
        let mut pages = Pages::of(OP);
        while let Some(token) = pages.due()? {
            let request = self.scaling.describe_instance_refreshes();
            let request = request.auto_scaling_group_name(group).max_records(PAGE).set_next_token(token);
            let page = self.aws.call(OP, Idempotency::Read).known(known).send(|| request.clone().send()).await?;
            for refresh in page.instance_refreshes() {
                refreshes.push(wire::refresh(OP, refresh)?);
            }
            pages.turn(page.next_token);
        }
        // One that has not begun is newer than all that have.
        refreshes.sort_by_key(|refresh| std::cmp::Reverse((refresh.began.is_none(), refresh.began)));
        Ok(refreshes)
    }
}

#[async_trait]
impl FleetWrite for FleetClient {
    async fn replace(&self, machine: &InstanceId) -> Result<()> {
        const OP: &str = "fleet.replace";
        named(OP, machine.as_str())?;
        let request = self.scaling.terminate_instance_in_auto_scaling_group();
        let request = request.instance_id(machine.as_str()).should_decrement_desired_capacity(false);
        self.aws.call(OP, Idempotency::Once).known(known).send(|| request.clone().send()).await.map(drop)
    }

    async fn set_size(&self, group: &str, size: Size) -> Result<()> {
        const OP: &str = "fleet.set_size";
        named(OP, group)?;
        if let Some(contradiction) = size.contradiction() {
            return Err(not_sent(OP, contradiction));
        }
        let number = |number: u32| {
            i32::try_from(number)
                .map_err(|_| not_sent(OP, format!("{number} machines are more than can be written down")))
        };
        let request = self.scaling.update_auto_scaling_group().auto_scaling_group_name(group);
        let request = request.min_size(number(size.min)?).desired_capacity(number(size.desired)?);
        let request = request.max_size(number(size.max)?);
        self.aws.call(OP, Idempotency::Write).known(known).send(|| request.clone().send()).await.map(drop)
    }

    async fn start_refresh(&self, group: &str, request: &RefreshRequest) -> Result<String> {
        const OP: &str = "fleet.start_refresh";
        named(OP, group)?;
        let RefreshRequest { min_healthy_percent, warmup_s } = *request;
        if min_healthy_percent > 100 {
            return Err(not_sent(OP, format!("{min_healthy_percent} % of a group cannot be healthy")));
        }
        let warmup = i32::try_from(warmup_s).map_err(|_| not_sent(OP, format!("{warmup_s} s are too long")))?;
        let how = RefreshPreferences::builder();
        let how = how.min_healthy_percentage(min_healthy_percent.into()).instance_warmup(warmup).build();
        let request = self.scaling.start_instance_refresh().auto_scaling_group_name(group);
        let request = request.strategy(RefreshStrategy::Rolling).preferences(how);
        let begun = self.aws.call(OP, Idempotency::Once).known(known).send(|| request.clone().send()).await?;
        let unnamed = || Error::new(OP, ErrorKind::Decode, Effect::Certain).with_message("the refresh has no id");
        begun.instance_refresh_id.ok_or_else(unnamed)
    }

    async fn cancel_refresh(&self, group: &str) -> Result<()> {
        const OP: &str = "fleet.cancel_refresh";
        named(OP, group)?;
        let request = self.scaling.cancel_instance_refresh().auto_scaling_group_name(group);
        self.aws.call(OP, Idempotency::Once).known(known).send(|| request.clone().send()).await.map(drop)
    }
}

/// To the service, no name at all means every group.
fn named(op: &'static str, name: &str) -> Result<()> {
    if name.trim().is_empty() { Err(not_sent(op, "an empty name")) } else { Ok(()) }
}

fn not_sent(op: &'static str, message: impl Into<String>) -> Error {
    Error::invalid(op, message.into()).with_attempts(0)
}
