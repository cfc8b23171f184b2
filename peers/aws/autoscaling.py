"""Auto Scaling as moto has it, with time: moto answers every call as if all of it were over at once.

A machine is Pending for PACE seconds, and Terminating for as long. An instance refresh goes round its group, one machine after the
other. What AWS refuses and moto accepts, or answers with a page about a KeyError, is refused here in AWS's words.
"""
import time
import uuid

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult

from common import LOCK, PACE, now, wraps

# --- Machines that come and go ----------------------------------------------------------------------------------------


def get_life(state):
    if time.monotonic() < state.__dict__.get("peer_gone", 0):
        return "Terminating"
    life = state.__dict__.get("peer_life", "InService")
    coming = life == "InService" and time.monotonic() < state.__dict__.get("peer_ready", 0)
    return "Pending" if coming else life


def set_life(state, life):
    state.__dict__["peer_life"] = life


InstanceState.lifecycle_state = property(get_life, set_life)


@wraps(InstanceState, "__init__")
def made(inner, state, *args, **kwargs):
    inner(state, *args, **kwargs)
    state.__dict__["peer_ready"] = time.monotonic() + PACE


def machines(group):
    """Those that the group counts on, and those that go."""
    going = [state for state in group.__dict__.get("peer_going", []) if get_life(state) == "Terminating"]
    group.__dict__["peer_going"] = going
    return sorted(group.instance_states + going, key=lambda state: state.instance.id)


FakeAutoScalingGroup.instances = property(machines)
# For moto, one that comes does not count, so that it would make another one.
FakeAutoScalingGroup.active_instances = lambda group: [
    state for state in group.instance_states if state.lifecycle_state in ("InService", "Pending")
]


def going(group, before):
    """Those that were there before and are not now are Terminating."""
    for state in set(before) - set(group.instance_states):
        state.__dict__["peer_gone"] = time.monotonic() + PACE
        group.__dict__.setdefault("peer_going", []).append(state)


@wraps(FakeAutoScalingGroup, "set_desired_capacity")
def resized(inner, group, capacity):
    before = list(group.__dict__.get("instance_states", []))
    inner(group, capacity)
    going(group, before)


@wraps(FakeAutoScalingGroup, "replace_autoscaling_group_instances")
def launched(inner, group, *args, **kwargs):
    if "Launch" not in group._suspended_processes:
        inner(group, *args, **kwargs)


@wraps(AutoScalingBackend, "terminate_instance")
def terminated(inner, backend, machine, should_decrement):
    groups = backend.autoscaling_groups.values()
    group = next((group for group in groups if any(s.instance.id == machine for s in group.instance_states)), None)
    if group is None:
        raise ValidationError(f"Instance Id not found - No managed instance found for instance ID: {machine}")
    before = list(group.instance_states)
    activity = inner(backend, machine, should_decrement)
    going(group, before)
    return activity


# --- Sizes ------------------------------------------------------------------------------------------------------------


@wraps(AutoScalingBackend, "update_auto_scaling_group")
def updated(inner, backend, name, **kwargs):
    group = backend.autoscaling_groups.get(name)
    if group is not None:
        now = {"min_size": group.min_size, "max_size": group.max_size, "desired_capacity": group.desired_capacity}
        low, high, wanted = (now[key] if kwargs.get(key) is None else kwargs[key] for key in now)
        if low > high:
            raise ValidationError(f"Max bound, {high}, must be greater than or equal to min bound, {low}")
        if not low <= wanted <= high and kwargs.get("desired_capacity") is not None:
            raise ValidationError(
                f"Desired capacity:{wanted} must be between the specified min size:{low} and max size:{high}"
            )
    return inner(backend, name, **kwargs)


@wraps(AutoScalingBackend, "set_desired_capacity")
def desired(inner, backend, name, capacity):
    group = backend.autoscaling_groups.get(name)
    if group is None:
        raise ValidationError("AutoScalingGroup name not found - null")
    if capacity > group.max_size:
        raise ValidationError(
            f"New SetDesiredCapacity value {capacity} is above max value {group.max_size} for the AutoScalingGroup."
        )
    if capacity < group.min_size:
        raise ValidationError(
            f"New SetDesiredCapacity value {capacity} is below min value {group.min_size} for the AutoScalingGroup."
        )
    return inner(backend, name, capacity)


# --- Refreshes --------------------------------------------------------------------------------------------------------


class Refresh:
    """It goes on whenever it is looked at: the next machine ends when the one before has its successor."""

    def __init__(self, backend, group):
        self.id, self.backend, self.group = str(uuid.uuid4()), backend, group
        self.status, self.began, self.ended = "Pending", None, None
        self.left = [state.instance.id for state in group.instance_states]
        self.total = len(self.left)

    @property
    def goes_on(self):
        return self.ended is None

    def look(self):
        if self.ended:
            return
        settled = all(state.lifecycle_state == "InService" for state in self.group.instance_states)
        if self.status == "Pending":
            self.status, self.began = "InProgress", now()
        if not settled:
            return
        if self.status == "Cancelling":
            self.status, self.ended = "Cancelled", now()
        elif self.left:
            machine = self.left.pop(0)
            if any(state.instance.id == machine for state in self.group.instance_states):
                self.backend.terminate_instance(machine, False)
        else:
            self.status, self.ended = "Successful", now()

    def told(self):
        waits = self.goes_on and any(s.lifecycle_state != "InService" for s in self.group.instance_states)
        done = self.total - len(self.left) - (1 if waits and self.total > len(self.left) else 0)
        told = {
            "InstanceRefreshId": self.id,
            "AutoScalingGroupName": self.group.name,
            "Status": self.status,
            "InstancesToUpdate": self.total - done,
            "PercentageComplete": 100 * done // self.total if self.total else 100,
        }
        return told | {key: at for key, at in (("StartTime", self.began), ("EndTime", self.ended)) if at}


def refreshes(response):
    name = response._get_param("AutoScalingGroupName")
    group = response.autoscaling_backend.autoscaling_groups.get(name)
    if group is None:
        raise ValidationError("AutoScalingGroup name not found - null")
    return group, group.__dict__.setdefault("peer_refreshes", [])


def start_instance_refresh(response):
    group, known = refreshes(response)
    if any(refresh.goes_on for refresh in known):
        raise AutoscalingClientError(
            "InstanceRefreshInProgress",
            "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.",
        )
    known.insert(0, Refresh(response.autoscaling_backend, group))
    return ActionResult({"InstanceRefreshId": known[0].id})


def describe_instance_refreshes(response):
    _, known = refreshes(response)
    return ActionResult({"InstanceRefreshes": [refresh.told() for refresh in known]})


def cancel_instance_refresh(response):
    group, known = refreshes(response)
    for refresh in known:
        if refresh.goes_on and refresh.status != "Cancelling":
            refresh.status = "Cancelling"
            return ActionResult({"InstanceRefreshId": refresh.id})
    raise AutoscalingClientError(
        "ActiveInstanceRefreshNotFound",
        f"No in progress or pending Instance Refresh found for Auto Scaling group {group.name}",
    )


AutoScalingResponse.start_instance_refresh = start_instance_refresh
AutoScalingResponse.describe_instance_refreshes = describe_instance_refreshes
AutoScalingResponse.cancel_instance_refresh = cancel_instance_refresh


@wraps(AutoScalingResponse, "call_action")
def called(inner, response, *args, **kwargs):
    with LOCK:
        for group in response.autoscaling_backend.autoscaling_groups.values():
            for refresh in group.__dict__.get("peer_refreshes", []):
                refresh.look()
        return inner(response, *args, **kwargs)


# --- What there is at first -------------------------------------------------------------------------------------------


def play(backend, groups):
    """The groups of a scenario, with all their machines in service."""
    backend.create_launch_configuration(
        name="machines", image_id="ami-12c6146b", key_name="", kernel_id="", ramdisk_id="", security_groups=[], user_data="",
        instance_type="m5.large", instance_monitoring=False, instance_profile_name=None, spot_price=None, ebs_optimized=False,
        associate_public_ip_address=False, block_device_mappings=[],
    )
    for group in groups:
        size, name = group["size"], group["name"]
        made = backend.create_auto_scaling_group(
            name=name, availability_zones=[f"{backend.region_name}a"], desired_capacity=size["desired"], max_size=size["max"],
            min_size=size["min"], launch_config_name="machines", launch_template={}, vpc_zone_identifier=None,
            default_cooldown=300, health_check_period=300, health_check_type="EC2", load_balancers=[], target_group_arns=[],
            placement_group=None, termination_policies=[],
            tags=[{"Key": key, "Value": value, "PropagateAtLaunch": True} for key, value in group["tags"].items()],
        )
        if group.get("suspended"):
            backend.suspend_processes(name, group["suspended"])
        for state in made.instance_states:
            state.__dict__["peer_ready"] = 0
