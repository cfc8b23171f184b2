//! What is told of groups, machines and refreshes.

use fleet_ops::{Group, InstanceId, Machine, Refresh, RefreshState};
use jiff::Timestamp;

use crate::aws::Form;
use crate::aws::xml::Xml;
use crate::fleet::Fleet;
use crate::refusal::Refusal;

/// How many are told at once, where nothing is said.
const PAGE: u32 = 50;

pub(super) fn groups(fleet: &Fleet, form: &Form) -> Result<Xml, Refusal> {
    let names = form.list("AutoScalingGroupNames");
    let filters: Vec<(&str, Vec<&str>)> = (1..)
        .map_while(|at| {
            let name = form.get(&format!("Filters.member.{at}.Name"))?;
            Some((name, form.list(&format!("Filters.member.{at}.Values"))))
        })
        .collect();
    let wanted = |group: &Group| {
        let tagged = |(name, values): &(&str, Vec<&str>)| {
            let value = name.strip_prefix("tag:").and_then(|tag| group.tags.get(tag));
            value.is_some_and(|value| values.contains(&value.as_str()))
        };
        (names.is_empty() || names.contains(&group.name.as_str())) && filters.iter().all(tagged)
    };
    let all: Vec<Group> = fleet.groups.values().map(|group| group.shown()).filter(wanted).collect();
    let (told, next) = form.page(all, PAGE, "NextToken")?;
    let list = Xml::default().list("AutoScalingGroups", told.iter().map(group));
    Ok(next.into_iter().fold(list, |list, next| list.leaf("NextToken", next)))
}

fn group(one: &Group) -> Xml {
    let tag = |(name, value): (&String, &String)| {
        let tag = Xml::default().leaf("ResourceId", &one.name).leaf("ResourceType", "auto-scaling-group");
        tag.leaf("Key", name).leaf("Value", value).leaf("PropagateAtLaunch", true)
    };
    let suspended = |name: &String| Xml::default().leaf("ProcessName", name).leaf("SuspensionReason", "User suspended");
    Xml::default()
        .leaf("AutoScalingGroupName", &one.name)
        .leaf("MinSize", one.size.min)
        .leaf("MaxSize", one.size.max)
        .leaf("DesiredCapacity", one.size.desired)
        .leaf("DefaultCooldown", 300)
        .list("AvailabilityZones", ["a", "b", "c"].map(|zone| Xml::text(format!("us-east-1{zone}"))))
        .leaf("HealthCheckType", "EC2")
        .leaf("HealthCheckGracePeriod", 0)
        .list("Instances", one.machines.iter().map(machine))
        .leaf("CreatedTime", "2017-11-20T23:14:05Z")
        .list("SuspendedProcesses", one.suspended.iter().map(suspended))
        .list("Tags", one.tags.iter().map(tag))
        .leaf("NewInstancesProtectedFromScaleIn", false)
}

fn machine(one: &Machine) -> Xml {
    Xml::default()
        .leaf("InstanceId", &one.id)
        .leaf("AvailabilityZone", &one.zone)
        .leaf("LifecycleState", &one.life)
        .leaf("HealthStatus", if one.healthy { "Healthy" } else { "Unhealthy" })
        .leaf("ProtectedFromScaleIn", one.protected)
}

pub(super) fn refreshes(fleet: &Fleet, form: &Form) -> Result<Xml, Refusal> {
    let name = form.need("AutoScalingGroupName")?;
    let all = fleet.group(name)?.refreshes.iter().rev().map(|one| one.shown.clone()).collect();
    let (told, next) = form.page(all, PAGE, "NextToken")?;
    let list = Xml::default().list("InstanceRefreshes", told.iter().map(|one| refresh(name, one)));
    Ok(next.into_iter().fold(list, |list, next| list.leaf("NextToken", next)))
}

fn refresh(group: &str, one: &Refresh) -> Xml {
    let state = match &one.state {
        RefreshState::Pending => "Pending",
        RefreshState::InProgress => "InProgress",
        RefreshState::Successful => "Successful",
        RefreshState::Failed => "Failed",
        RefreshState::Cancelling => "Cancelling",
        RefreshState::Cancelled => "Cancelled",
        RefreshState::Other(word) => word,
        _ => "Unknown",
    };
    let told = Xml::default().leaf("InstanceRefreshId", &one.id).leaf("AutoScalingGroupName", group);
    let told = told.leaf("Status", state).leaf("PercentageComplete", one.percent);
    let told = one.began.iter().fold(told, |told, began| told.leaf("StartTime", began));
    one.reason.iter().fold(told, |told, reason| told.leaf("StatusReason", reason))
}

/// What is told of a machine that begins to go.
pub(super) fn terminating(machine: &InstanceId, now: Timestamp) -> Xml {
    let activity = Xml::default()
        .leaf("ActivityId", "00000000-0000-4000-8000-000000000001")
        .leaf("StatusCode", "InProgress")
        .leaf("Progress", 0)
        .leaf("StartTime", now)
        .leaf("Description", format!("Terminating EC2 instance: {machine}"))
        .leaf("Cause", format!("At {now} instance {machine} was taken out of service in response to a user request."));
    Xml::default().node("Activity", activity)
}
