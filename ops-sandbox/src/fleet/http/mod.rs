//! The Query API of Auto Scaling, as far as operating a fleet needs it.

mod shape;

use fleet_ops::{InstanceId, RefreshRequest, Size};
use uuid::Uuid;

use super::About;
use crate::Operation;
use crate::aws::Form;
use crate::aws::xml::Xml;
use crate::refusal::Refusal;
use crate::world::{Done, State};

/// Which call of a port it is, and what it is about.
pub(crate) fn asked(action: &str, form: &Form) -> Option<(Operation, Uuid)> {
    let group = form.get("AutoScalingGroupName");
    let about = group.map_or(About::Everything, About::Group);
    let names = form.list("AutoScalingGroupNames");
    Some(match action {
        "DescribeAutoScalingGroups" => match names[..] {
            [name] => (Operation::FleetGroup, About::Group(name).subject()),
            _ => (Operation::FleetGroups, About::Everything.subject()),
        },
        "DescribeInstanceRefreshes" => (Operation::FleetRefreshes, about.subject()),
        "TerminateInstanceInAutoScalingGroup" => {
            let machine = InstanceId::new(form.get("InstanceId").unwrap_or_default());
            (Operation::ReplaceMachine, About::Machine(&machine).subject())
        }
        "UpdateAutoScalingGroup" | "SetDesiredCapacity" => (Operation::SetGroupSize, about.subject()),
        "StartInstanceRefresh" => (Operation::StartRefresh, about.subject()),
        "CancelInstanceRefresh" => (Operation::CancelRefresh, about.subject()),
        _ => return None,
    })
}

/// Does it. What it answers, without the envelope.
pub(crate) fn act(state: &mut State, operation: Operation, form: &Form) -> Result<Done<Xml>, Refusal> {
    let now = state.now();
    let fleet = &mut state.fleet;
    match operation {
        Operation::FleetGroup | Operation::FleetGroups => shape::groups(fleet, form).map(Done::same),
        Operation::FleetRefreshes => shape::refreshes(fleet, form).map(Done::same),
        Operation::ReplaceMachine => {
            let machine = InstanceId::new(form.need("InstanceId")?);
            if form.need("ShouldDecrementDesiredCapacity")? != "false" {
                let words = "ValidationError: the sandbox always puts another machine in its place";
                return Err(Refusal::Invalid(words.to_owned()));
            }
            let changed = fleet.replace(&machine, now)?;
            Ok(Done { answer: shape::terminating(&machine, now), changed })
        }
        Operation::SetGroupSize => {
            let name = form.need("AutoScalingGroupName")?;
            let known = fleet.group(name)?.size;
            let min = form.number("MinSize")?.unwrap_or(known.min);
            let max = form.number("MaxSize")?.unwrap_or(known.max);
            let desired = form.number("DesiredCapacity")?.unwrap_or(known.desired.clamp(min, max.max(min)));
            let changed = fleet.set_size(name, Size::new(min, desired, max), now)?;
            Ok(Done { answer: Xml::default(), changed })
        }
        Operation::StartRefresh => {
            let name = form.need("AutoScalingGroupName")?;
            let percent = form.number("Preferences.MinHealthyPercentage")?.unwrap_or(90);
            let percent = u8::try_from(percent.min(100)).unwrap_or(100);
            let warmup = form.number("Preferences.InstanceWarmup")?.unwrap_or(0);
            let id = fleet.start_refresh(name, RefreshRequest::new(percent, warmup), now)?;
            Ok(Done::changed(Xml::default().leaf("InstanceRefreshId", &id)))
        }
        _ => {
            let id = fleet.cancel_refresh(form.need("AutoScalingGroupName")?, now)?;
            Ok(Done::changed(Xml::default().leaf("InstanceRefreshId", &id)))
        }
    }
}
