"""DynamoDB as moto has it, with time: there, tables change at once, and as often as one likes.

A table whose capacity is changed is UPDATING for PACE seconds, tells its old units until then, and refuses another change. Decreases
are counted, for the table and for each of its indexes. Application Auto Scaling is moto's, but for what AWS refuses.
"""
import copy
import datetime
import time

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import ApplicationAutoscalingBackend
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import ERROR_TYPE_PREFIX, MockValidationException, ResourceInUseException
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from common import LOCK, PACE, Refused, now, wraps

UNITS = {"read": "ReadCapacityUnits", "write": "WriteCapacityUnits"}
AT_ONCE, THEN = 4, datetime.timedelta(hours=1)
LIMITS = {"read": (40_000, 80_000), "write": (40_000, 80_000)}
ON_DEMAND = "PAY_PER_REQUEST"


def limit_exceeded(message):
    return JsonRESTError(ERROR_TYPE_PREFIX + "LimitExceededException", message)


class Past:
    """What was done to the units of a table or of an index."""

    def __init__(self, today=0, last_decrease=None, last_increase=None):
        self.day, self.today = now().date(), today
        self.last_decrease, self.last_increase = last_decrease, last_increase
        self.before, self.until = None, 0

    @property
    def changes(self):
        return time.monotonic() < self.until

    @property
    def decreases(self):
        return self.today if self.day == now().date() else 0

    def check_decrease(self):
        last = self.last_decrease or now()
        if self.decreases >= AT_ONCE and now() - last < THEN:
            at = "%A, %B %d, %Y at %I:%M:%S %p Coordinated Universal Time"
            raise limit_exceeded(
                "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the first"
                f" {AT_ONCE} decreases, each subsequent decrease in the same UTC day can be performed at most once every"
                f" {int(THEN.total_seconds())} seconds. Number of decreases today: {self.decreases}. Last decrease at"
                f" {last.strftime(at)}. Next decrease can be made at {(last + THEN).strftime(at)}"
            )

    def changed(self, old, new):
        units = [(old[unit], new[unit]) for unit in UNITS.values()]
        if any(to < of for of, to in units):
            self.day, self.today, self.last_decrease = now().date(), self.decreases + 1, now()
        if any(to > of for of, to in units):
            self.last_increase = now()
        self.before, self.until = old, time.monotonic() + PACE

    def told(self, throughput):
        told = {unit: (self.before if self.changes else throughput)[unit] for unit in UNITS.values()}
        told["NumberOfDecreasesToday"] = self.decreases
        times = {"LastIncreaseDateTime": self.last_increase, "LastDecreaseDateTime": self.last_decrease}
        return told | {name: at.timestamp() for name, at in times.items() if at}


def past(table, index=None):
    return table.__dict__.setdefault("peer_past", {}).setdefault(index, Past())


# --- Changes ----------------------------------------------------------------------------------------------------------


def check(table, index, old, new):
    """Refuses what AWS refuses, before anything is changed."""
    what = f"index: {index}" if index else "table"
    for name, unit in UNITS.items():
        if new[unit] < 1:
            field = f"provisionedThroughput.{unit[0].lower()}{unit[1:]}"
            raise MockValidationException(
                f"1 validation error detected: Value '{new[unit]}' at '{field}' failed to satisfy constraint: Member must have"
                " value greater than or equal to 1"
            )
        if new[unit] > LIMITS[name][0]:
            raise limit_exceeded(
                f"Subscriber limit exceeded: {unit} of the {what.split(':')[0]} would be above the limit of {LIMITS[name][0]}"
            )
    if all(old[unit] == new[unit] for unit in UNITS.values()):
        current = " ".join(
            f"Current {unit} provisioned for the {what.split(':')[0]}: {old[unit]}. Requested {unit}: {new[unit]}."
            for unit in UNITS.values()
        )
        raise MockValidationException(
            f"The provisioned throughput for the {what} will not change. The requested value equals the current value. {current}"
            " Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
        )
    if any(new[unit] < old[unit] for unit in UNITS.values()):
        past(table, index).check_decrease()


@wraps(DynamoDBBackend, "update_table")
def updated(inner, backend, name, **kwargs):
    with LOCK:
        table = backend.get_table(name)
        if any(one.changes for one in table.__dict__.get("peer_past", {}).values()) or table.__dict__.get("peer_updating"):
            raise ResourceInUseException(
                f"Attempt to change a resource which is still in use: Table IOPS are currently being updated. Table: {name}"
            )
        had, wanted = table.billing_mode, kwargs.get("billing_mode")
        changes = [(None, table.throughput, kwargs["throughput"])] if kwargs.get("throughput") else []
        indexes = {index.name: index for index in table.global_indexes}
        for change in kwargs.get("global_index") or []:
            if "Update" in change and "ProvisionedThroughput" in change["Update"]:
                index = change["Update"]["IndexName"]
                if index not in indexes:
                    raise MockValidationException(f"The table does not have the specified index: {index}")
                changes.append((index, indexes[index].throughput, change["Update"]["ProvisionedThroughput"]))
        if changes and (wanted or had) == ON_DEMAND:
            raise MockValidationException(
                "One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when"
                " BillingMode is PAY_PER_REQUEST"
            )
        switched = wanted is not None and wanted != had
        if not switched:
            for index, old, new in changes:
                check(table, index, old, new)
        before = {index: copy.copy(old) for index, old, _ in changes}
        inner(backend, name, **kwargs)
        for index, _, new in changes:
            past(table, index).changed(before[index], new)
        if switched:
            past(table).before, past(table).until = copy.copy(table.throughput), time.monotonic() + PACE
            if wanted == ON_DEMAND:
                for one in (table, *table.global_indexes):
                    one.throughput = dict.fromkeys(UNITS.values(), 0)
        return table


# --- What is told of it -----------------------------------------------------------------------------------------------


@wraps(Table, "describe")
def described(inner, table, *args, **kwargs):
    answer = inner(table, *args, **kwargs)
    told = next(iter(answer.values()))
    pasts = table.__dict__.get("peer_past", {})
    told["ProvisionedThroughput"] = past(table).told(table.throughput)
    indexes = [
        index.describe() | {
            "ProvisionedThroughput": past(table, index.name).told(index.throughput),
            "IndexStatus": "UPDATING" if past(table, index.name).changes else "ACTIVE",
        }
        for index in table.global_indexes
    ]
    for kind, its in (("GlobalSecondaryIndexes", indexes), ("LocalSecondaryIndexes", told["LocalSecondaryIndexes"])):
        told[kind] = its or None
    if any(one.changes for one in pasts.values()) or table.__dict__.get("peer_updating"):
        told["TableStatus"] = "UPDATING"
    if table.billing_mode != ON_DEMAND:
        # AWS tells of it only where it once was another one.
        told.pop("BillingModeSummary", None)
    if table.__dict__.get("peer_most"):
        told["OnDemandThroughput"] = table.__dict__["peer_most"]
    return answer


def describe_limits(response):
    return ActionResult({
        f"{whose}Max{name.title()}CapacityUnits": limit
        for name, limits in LIMITS.items() for whose, limit in zip(("Table", "Account"), limits)
    })


DynamoHandler.describe_limits = describe_limits

# --- Application Auto Scaling -----------------------------------------------------------------------------------------


@wraps(ApplicationAutoscalingBackend, "register_scalable_target")
def registered(inner, backend, namespace, r_id, dimension, min_capacity, max_capacity, role_arn, suspended_state):
    known = backend.targets.get(dimension, {}).get(r_id)
    low = known.min_capacity if known and min_capacity is None else min_capacity
    high = known.max_capacity if known and max_capacity is None else max_capacity
    if low is None or high is None:
        raise AWSValidationException("Minimum capacity and maximum capacity must both be specified for a new scalable target")
    if low > high:
        raise AWSValidationException("Maximum capacity cannot be less than minimum capacity")
    return inner(backend, namespace, r_id, dimension, min_capacity, max_capacity, role_arn, suspended_state)


# --- What there is at first -------------------------------------------------------------------------------------------


def moment(told):
    """A time, or so many seconds ago."""
    if told is None:
        return None
    if isinstance(told, (int, float)):
        return now() - datetime.timedelta(seconds=told)
    try:
        at = datetime.datetime.fromisoformat(told)
    except (TypeError, ValueError) as error:
        raise Refused(f"{told!r} is neither a time nor seconds") from error
    return at if at.tzinfo else at.replace(tzinfo=datetime.timezone.utc)


def past_of(told):
    today = told.get("decreases_today", 0)
    last = moment(told.get("last_decrease"))
    return Past(today, last or (moment(1) if today else None), moment(told.get("last_increase")))


def units(told):
    return {unit: told.get(name, 1) for name, unit in UNITS.items()}


def play(backend, scaling, tables):
    """The tables of a scenario."""
    for told in tables:
        name, indexes = told["name"], told.get("indexes", [])
        billing = told.get("billing", "provisioned")
        if billing not in ("provisioned", "on-demand"):
            raise Refused(f"table {name}: billing is provisioned or on-demand, and not {billing}")
        provisioned = billing == "provisioned"
        keys = ["id", *(f"id-{index['name']}" for index in indexes)]
        table = backend.create_table(
            name=name, schema=[{"AttributeName": "id", "KeyType": "HASH"}],
            attr=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            throughput=units(told) if provisioned else None, billing_mode="PROVISIONED" if provisioned else ON_DEMAND,
            global_indexes=[
                {
                    "IndexName": index["name"], "KeySchema": [{"AttributeName": f"id-{index['name']}", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"}, "ProvisionedThroughput": units(index) if provisioned else None,
                }
                for index in indexes
            ],
            indexes=None, streams=None, sse_specification=None,
            tags=[{"Key": key, "Value": value} for key, value in told.get("tags", {}).items()],
            deletion_protection_enabled=False, warm_throughput=None,
        )
        table.__dict__["peer_past"] = {None: past_of(told)} | {index["name"]: past_of(index) for index in indexes}
        table.__dict__["peer_updating"] = told.get("status") == "UPDATING"
        table.__dict__["peer_most"] = {
            f"Max{unit.title()}RequestUnits": told[f"max_{unit}"] for unit in UNITS if told.get(f"max_{unit}") is not None
        }
        for target in told.get("scaling", []):
            if target.get("unit") not in UNITS:
                raise Refused(f"table {name}: the unit of a scaling target is read or write")
            index = target.get("index")
            scaling.register_scalable_target(
                "dynamodb", f"table/{name}/index/{index}" if index else f"table/{name}",
                f"dynamodb:{'index' if index else 'table'}:{UNITS[target['unit']]}", target["min"], target["max"],
                f"arn:aws:iam::{backend.account_id}:role/scaling", None,
            )


def capacity(backend, name, index=None):
    """The units by name, as they are now; None for those of an on-demand table."""
    table = backend.tables.get(name)
    if table is None:
        raise Refused(f"there is no table {name}")
    one = next((one for one in table.global_indexes if one.name == index), None) if index else table
    if one is None:
        raise Refused(f"table {name} has no index {index}")
    if table.billing_mode == ON_DEMAND:
        return None
    now_told = past(table, index).told(one.throughput)
    return {name: now_told[unit] for name, unit in UNITS.items()}
