"""What CloudWatch knows of tables: data points by the minute, as DynamoDB publishes them. Where nothing was, there is none."""
import datetime

import elsewhere
from common import Refused, now

NAMESPACE = "AWS/DynamoDB"
CAUSES = {
    "provisioned": "ProvisionedThroughput", "key-range": "KeyRangeThroughput", "account": "AccountLimit",
    "on-demand": "MaxOnDemandThroughput",
}
# Their provisioned units are told this seldom.
PROVISIONED_EVERY = 5
MINUTES_AT_MOST = 24 * 60


def minutely(unit, told, capacity):
    """The metrics of one unit in one minute."""
    unit = unit.title()
    consumed, throttled = told.get("consumed", 0), told.get("throttled", 0)
    if "wanted" in told:
        wanted = told["wanted"] * 60
        most = wanted if capacity is None else capacity * 60
        consumed, throttled = min(wanted, most), max(wanted - most, 0)
    if not isinstance(throttled, dict):
        throttled = {"provisioned": throttled}
    unknown = set(throttled) - set(CAUSES)
    if unknown:
        raise Refused(f"no cause {', '.join(sorted(unknown))}, but {', '.join(CAUSES)}")
    metrics = {f"Consumed{unit}CapacityUnits": consumed, f"{unit}ThrottleEvents": sum(throttled.values())}
    return metrics | {f"{unit}{CAUSES[cause]}ThrottleEvents": events for cause, events in throttled.items()}


def points(demand, capacity, since, until):
    """All data points of one demand: metric, dimensions, time, value."""
    dimensions = {"TableName": demand["table"]}
    if demand.get("index"):
        dimensions["GlobalSecondaryIndexName"] = demand["index"]
    since, until = demand.get("from", since), demand.get("to", until)
    if not (isinstance(since, int) and isinstance(until, int) and 0 <= until - since < MINUTES_AT_MOST):
        raise Refused(f"from {since} to {until} are not minutes of a day")
    this_minute = now().replace(second=0, microsecond=0)
    for unit in ("read", "write"):
        per_minute = minutely(unit, demand.get(unit, {}), capacity and capacity[unit])
        for minute in range(since, until + 1):
            at = this_minute + datetime.timedelta(minutes=minute)
            for metric, value in per_minute.items():
                if value:
                    yield metric, dimensions, at.timestamp(), value
            if capacity and at.minute % PROVISIONED_EVERY == 0:
                yield f"Provisioned{unit.title()}CapacityUnits", dimensions, at.timestamp(), capacity[unit]


def put(region, found):
    async def store():
        from ministack.services import cloudwatch

        with elsewhere.world(region):
            for metric, dimensions, at, value in found:
                cloudwatch._store_datum(NAMESPACE, metric, dimensions, at, "Count", value, None, None, None)

    elsewhere.LOOP.run(store())
