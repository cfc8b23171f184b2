//! What travels, in our words. The service's own words are those of its API reference.

use aws_sdk_autoscaling::primitives::DateTime;
use aws_sdk_autoscaling::types::{AutoScalingGroup, Instance, InstanceRefresh};
use jiff::Timestamp;

use crate::{Effect, Error, ErrorKind, Group, InstanceId, Life, Machine, Refresh, RefreshState, Result, Size};

/// What is known of this service's refusals: it says by text only that something is not there («Instance Id not found - …»,
/// «`AutoScalingGroup` name not found - …»).
pub(crate) fn known(code: &str, message: &str) -> Option<ErrorKind> {
    match code {
        "ValidationError" if message.contains("not found") => Some(ErrorKind::NotFound),
        "IrreversibleInstanceRefresh" => Some(ErrorKind::Conflict),
        _ => None,
    }
}

pub(crate) fn group(op: &'static str, group: &AutoScalingGroup) -> Result<Group> {
    let name = some(group.auto_scaling_group_name()).ok_or_else(|| unreadable(op, "a group has no name"))?;
    let number = |number: Option<i32>| {
        number
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| unreadable(op, format!("{name} has a size that is none")))
    };
    let size = Size::new(number(group.min_size())?, number(group.desired_capacity())?, number(group.max_size())?);
    let mut found = Group::new(name, size);
    let tag =
        |(name, value): (Option<&str>, Option<&str>)| Some((name?.to_owned(), value.unwrap_or_default().to_owned()));
    found.tags = group.tags().iter().filter_map(|found| tag((found.key(), found.value()))).collect();
    found.machines = group.instances().iter().map(|instance| machine(op, instance)).collect::<Result<_>>()?;
    found.machines.sort_by(|a, b| a.id.cmp(&b.id));
    let suspended = group.suspended_processes().iter().filter_map(|process| process.process_name());
    found.suspended = suspended.map(ToOwned::to_owned).collect();
    found.suspended.sort();
    Ok(found)
}

fn machine(op: &'static str, instance: &Instance) -> Result<Machine> {
    let id = some(instance.instance_id()).ok_or_else(|| unreadable(op, "a machine has no id"))?;
    let life = instance.lifecycle_state().map_or("", |state| state.as_str());
    let mut found = Machine::new(InstanceId::new(id), self::life(life));
    found.healthy = instance.health_status().is_some_and(|status| status.eq_ignore_ascii_case("healthy"));
    found.zone = instance.availability_zone().unwrap_or_default().to_owned();
    found.protected = instance.protected_from_scale_in().unwrap_or_default();
    Ok(found)
}

/// Waiting for a hook is a part of coming and of going.
fn life(word: &str) -> Life {
    match word {
        "InService" => Life::InService,
        "Pending" | "Pending:Wait" | "Pending:Proceed" => Life::Pending,
        "Terminating" | "Terminating:Wait" | "Terminating:Proceed" | "Terminated" => Life::Terminating,
        "EnteringStandby" | "Standby" => Life::Standby,
        "Detaching" | "Detached" => Life::Detached,
        other => Life::Other(other.to_owned()),
    }
}

pub(crate) fn refresh(op: &'static str, refresh: &InstanceRefresh) -> Result<Refresh> {
    let id = some(refresh.instance_refresh_id()).ok_or_else(|| unreadable(op, "a refresh has no id"))?;
    let mut found = Refresh::new(id, state(refresh.status().map_or("", |status| status.as_str())));
    // It is left out until a machine was replaced.
    found.percent = refresh.percentage_complete().and_then(|percent| u8::try_from(percent).ok()).unwrap_or_default();
    found.began = refresh.start_time().and_then(timestamp);
    found.reason = refresh.status_reason().map(ToOwned::to_owned);
    Ok(found)
}

/// Baking is the last wait of one that goes on. One that was rolled back has given up, and its reason says why.
fn state(word: &str) -> RefreshState {
    match word {
        "Pending" => RefreshState::Pending,
        "InProgress" | "Baking" | "RollbackInProgress" => RefreshState::InProgress,
        "Successful" => RefreshState::Successful,
        "Failed" | "RollbackSuccessful" | "RollbackFailed" => RefreshState::Failed,
        "Cancelling" => RefreshState::Cancelling,
        "Cancelled" => RefreshState::Cancelled,
        other => RefreshState::Other(other.to_owned()),
    }
}

/// The SDK puts an empty text where the service must send one and has not.
fn some(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Timestamp::from_nanosecond(time.as_nanos()).ok()
}

fn unreadable(op: &'static str, message: impl Into<String>) -> Error {
    Error::new(op, ErrorKind::Decode, Effect::None).with_message(message.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_service_are_ours() {
        assert_eq!(life("Pending:Wait"), Life::Pending);
        assert_eq!(life("Terminating:Proceed"), Life::Terminating);
        assert_eq!(life("Warmed:Stopped"), Life::Other("Warmed:Stopped".to_owned()));
        assert_eq!(state("Baking"), RefreshState::InProgress);
        assert!(state("RollbackSuccessful").is_final());
        assert!(!state("SomethingNew").is_final());
    }
}
