"""A look at the stand-in itself: what the clients' tests rely on is there. Usage: check.py ADDRESS [PART…]

It takes a world of its own (the region `sa-east-1`) and prints what it saw; it ends with 1 at the first thing that is not so.
"""
import datetime
import http.client
import json
import sys
import threading
import time
import urllib.error
import urllib.request

import boto3
import cbor2
from botocore.config import Config
from botocore.exceptions import ClientError

ADDRESS, REGION, NAME = sys.argv[1], "sa-east-1", "prod-s0-k-correnteza"
STACK = {
    "name": NAME, "service": "correnteza", "blue": {"size": 2, "version": "b4dc0de"}, "green": {"size": 0, "version": "1a2b3c4"},
    "token": "s3cr3t", "parameters": {"Alarm": "off"}, "tags": {"service": "correnteza"},
}


def client(service):
    return boto3.client(
        service, region_name=REGION, endpoint_url=ADDRESS, aws_access_key_id="any", aws_secret_access_key="any",
        config=Config(retries={"max_attempts": 1}),
    )


def peer(order, body=None, method="POST", **asked):
    query = "&".join(f"{key}={value}" for key, value in ({"region": REGION} | asked).items())
    data = json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(urllib.request.Request(f"{ADDRESS}/peer/{order}?{query}", data=data, method=method)) as reply:
        told = reply.read()
    return json.loads(told) if told else None


def play(**scene):
    began = time.monotonic()
    peer("play", scene)
    print(f"  played in {time.monotonic() - began:.2f} s")


def service():
    return peer("services", method="GET")[NAME]


def get(path):
    try:
        with urllib.request.urlopen(service()["url"] + path, timeout=30) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def refused(code, words, call, **asked):
    try:
        call(**asked)
    except ClientError as error:
        told = error.response["Error"]
        assert told["Code"] == code and words in told["Message"], told
        return
    raise AssertionError(f"it was not refused: {asked}")


# --- Stacks -----------------------------------------------------------------------------------------------------------

stacks = client("cloudformation")


def state():
    return stacks.describe_stacks(StackName=NAME)["Stacks"][0]


def parameters():
    return {one["ParameterKey"]: one["ParameterValue"] for one in state()["Parameters"]}


def settled(wanted):
    until = time.monotonic() + 60
    while state()["StackStatus"].endswith("IN_PROGRESS") and time.monotonic() < until:
        time.sleep(0.1)
    assert state()["StackStatus"] == wanted, state()


def listed(**changes):
    keys = [key for key in parameters() if key not in changes]
    told = [{"ParameterKey": key, "UsePreviousValue": True} for key in keys]
    return told + [{"ParameterKey": key, "ParameterValue": str(value)} for key, value in changes.items()]


def prepare(name, **changes):
    asked = {"StackName": NAME, "ChangeSetName": name}
    stacks.create_change_set(**asked, UsePreviousTemplate=True, Capabilities=["CAPABILITY_IAM"], Parameters=listed(**changes))
    while (seen := stacks.describe_change_set(**asked))["Status"].endswith(("PENDING", "IN_PROGRESS")):
        time.sleep(0.05)
    return seen


def change(**changes):
    seen = prepare(f"to-{time.monotonic_ns()}", **changes)
    stacks.execute_change_set(StackName=NAME, ChangeSetName=seen["ChangeSetName"], ClientRequestToken="token-1")
    return seen


def first_failure():
    pages = stacks.get_paginator("describe_stack_events").paginate(StackName=NAME)
    events = [event for page in pages for event in page["StackEvents"]]
    failed = [event for event in events if event["ResourceStatus"].endswith("FAILED")]
    return failed[-1]["LogicalResourceId"], failed[-1]["ResourceStatusReason"]


def clean():
    """Both sides, then the other one alone, under constant requests."""
    play(stacks=[STACK])
    seen, stop = [], threading.Event()

    def keep_asking():
        url = service()["url"] + "/api/version"
        while not stop.is_set():
            try:
                with urllib.request.urlopen(url, timeout=10) as reply:
                    seen.append(json.load(reply)["version"])
            except OSError as error:
                seen.append(str(error))

    asking = [threading.Thread(target=keep_asking) for _ in range(3)]
    for thread in asking:
        thread.start()
    told = change(GreenSize=2, GreenVersion="6c957ed")
    seen_changes = [one["ResourceChange"] for one in told["Changes"]]
    print("  changes:", [(one["LogicalResourceId"], one["Replacement"]) for one in seen_changes])
    settled("UPDATE_COMPLETE")
    print("  both:", {version: seen.count(version) for version in set(seen)})
    change(BlueSize=0)
    settled("UPDATE_COMPLETE")
    mark = len(seen)
    time.sleep(0.3)
    stop.set()
    for thread in asking:
        thread.join()
    assert set(seen[mark + 3:]) == {"6c957ed"} and set(seen) == {"b4dc0de", "6c957ed"}, set(seen)
    told = service()
    assert told["failed"] == 0 and {one["version"] for one in told["instances"]} == {"6c957ed"}, told
    assert told["token"] == "s3cr3t" and parameters()["Alarm"] == "off" and parameters()["ApiToken"] == "****"
    print(f"  {len(seen)} answers, none failed: {told['versions']}")


def in_place():
    play(stacks=[STACK])
    change(BlueVersion="6c957ed")
    found = set()
    while state()["StackStatus"].endswith("IN_PROGRESS"):
        found.add(get("/api/version")[0])
    settled("UPDATE_COMPLETE")
    assert found == {200, 503} and get("/api/version") == (200, {"version": "6c957ed"}), found
    assert service()["failed"] > 0


def drain():
    """What was asked is answered, though its instance goes meanwhile."""
    play(stacks=[STACK])
    found = []
    asking = threading.Thread(target=lambda: found.append(get("/api/wait?seconds=3")))
    asking.start()
    time.sleep(0.2)
    change(BlueVersion="6c957ed")
    asking.join()
    settled("UPDATE_COMPLETE")
    assert found == [(200, {"version": "b4dc0de"})], found


def kept():
    """A connection stays with its instance until that one goes, and nothing that is asked over it fails."""
    play(stacks=[STACK])
    one = http.client.HTTPConnection(service()["url"].removeprefix("http://"), timeout=10)

    def ask():
        one.request("GET", "/api/version")
        with one.getresponse() as reply:
            return json.load(reply)["version"]

    for _ in range(10):
        ask()
    assert sorted(instance["answered"] for instance in service()["instances"]) == [0, 10]
    change(GreenSize=2, GreenVersion="6c957ed")
    settled("UPDATE_COMPLETE")
    assert ask() == "b4dc0de"
    change(BlueSize=0)
    found = [ask() for _ in iter(lambda: state()["StackStatus"].endswith("IN_PROGRESS"), False)]
    assert ask() == "6c957ed" and set(found) == {"b4dc0de", "6c957ed"} and service()["failed"] == 0, found


def broken():
    play(stacks=[STACK])
    change(GreenSize=2, GreenVersion="broken1")
    settled("UPDATE_ROLLBACK_COMPLETE")
    print("  first:", *first_failure())
    assert first_failure()[0] == "GreenService" and parameters()["GreenVersion"] == "1a2b3c4"
    told = service()
    assert [one["version"] for one in told["instances"]] == ["b4dc0de"] * 2 and told["failed"] == 0, told


def stuck():
    for skip in (["GreenService"], []):
        play(stacks=[STACK])
        change(GreenSize=2, GreenVersion="stuck01")
        settled("UPDATE_ROLLBACK_FAILED")
        stacks.continue_update_rollback(StackName=NAME)
        settled("UPDATE_ROLLBACK_FAILED")
        if not skip:
            peer("unstick", stack=NAME)
        stacks.continue_update_rollback(StackName=NAME, **({"ResourcesToSkip": skip} if skip else {}))
        settled("UPDATE_ROLLBACK_COMPLETE")
        change(GreenSize=1, GreenVersion="6c957ed")
        settled("UPDATE_COMPLETE")


def obsolete():
    play(stacks=[STACK])
    prepare("ours", GreenSize=2, GreenVersion="6c957ed")
    update = {"StackName": NAME, "UsePreviousTemplate": True, "Capabilities": ["CAPABILITY_IAM"]}
    stacks.update_stack(**update, Parameters=listed(Alarm="on"))
    settled("UPDATE_COMPLETE")
    seen = stacks.describe_change_set(StackName=NAME, ChangeSetName="ours")
    assert seen["ExecutionStatus"] == "OBSOLETE", seen
    refused("InvalidChangeSetStatus", "", stacks.execute_change_set, StackName=NAME, ChangeSetName="ours")
    assert service()["token"] == "s3cr3t"
    # One that is executed takes the others with it.
    prepare("late", GreenSize=2, GreenVersion="6c957ed")
    change(Alarm="off")
    settled("UPDATE_COMPLETE")
    refused("ChangeSetNotFound", "late", stacks.execute_change_set, StackName=NAME, ChangeSetName="late")
    seen = prepare("nothing")
    assert seen["Status"] == "FAILED" and "didn't contain changes" in seen["StatusReason"], seen


def cancel():
    play(stacks=[STACK])
    peer("hold", stack=NAME)
    change(GreenSize=2, GreenVersion="6c957ed")
    refused(
        "ValidationError", "is in UPDATE_IN_PROGRESS state and can not be updated", stacks.update_stack, StackName=NAME,
        UsePreviousTemplate=True, Parameters=listed(GreenSize=3), Capabilities=["CAPABILITY_IAM"],
    )
    refused(
        "ValidationError", "is in UPDATE_IN_PROGRESS state and can not be updated", stacks.create_change_set, StackName=NAME, ChangeSetName="late",
        UsePreviousTemplate=True, Parameters=listed(GreenSize=3), Capabilities=["CAPABILITY_IAM"],
    )
    stacks.cancel_update_stack(StackName=NAME)
    peer("release", stack=NAME)
    settled("UPDATE_ROLLBACK_COMPLETE")
    assert parameters()["GreenSize"] == "0" and len(service()["instances"]) == 2


def omitted():
    play(stacks=[STACK])
    few = [one for one in listed(GreenSize=1) if one["ParameterKey"] not in ("Alarm", "ApiToken")]
    update = {"StackName": NAME, "UsePreviousTemplate": True, "Parameters": few}
    refused("InsufficientCapabilitiesException", "CAPABILITY_IAM", stacks.update_stack, **update)
    stacks.update_stack(**update, Capabilities=["CAPABILITY_IAM"])
    settled("UPDATE_COMPLETE")
    assert parameters()["Alarm"] == "on" and service()["token"] == "none"


def states():
    """What a scenario can begin with."""
    wanted = {
        "complete": "CREATE_COMPLETE", "updated": "UPDATE_COMPLETE", "updating": "UPDATE_IN_PROGRESS",
        "rolled back": "UPDATE_ROLLBACK_COMPLETE", "broken rollback": "UPDATE_ROLLBACK_FAILED",
    }
    names = {"BlueSize": "BlueInstances", "GreenSize": "GreenInstances"}
    play(stacks=[STACK | {"name": f"s{at}", "status": status} for at, status in enumerate(wanted)]
         + [{"name": "plain"}, STACK | {"name": "others", "names": names, "blue": {"size": 2, "version": "sick1"}}])
    found = {one["StackName"]: one for page in stacks.get_paginator("describe_stacks").paginate() for one in page["Stacks"]}
    assert [found[f"s{at}"]["StackStatus"] for at in range(5)] == list(wanted.values()), found
    assert {"ParameterKey": "BlueInstances", "ParameterValue": "2"} in found["others"]["Parameters"]
    told = peer("services", method="GET")
    assert "plain" in found and "plain" not in told and len(told["others"]["instances"]) == 2
    with urllib.request.urlopen(told["s4"]["url"] + "/api/health") as reply:
        assert json.load(reply) == {"healthy": True}
    assert {one["state"] for one in told["others"]["instances"]} == {"in service"}
    try:
        urllib.request.urlopen(told["others"]["url"] + "/api/health")
        raise AssertionError("it is healthy")
    except urllib.error.HTTPError as error:
        assert error.code == 503 and json.load(error) == {"healthy": False}
    peer("release", stack="s2")
    play()
    assert not stacks.describe_stacks()["Stacks"] and peer("services", method="GET") == {}


def faults():
    play(stacks=[STACK])
    for fault, code in (("expired", "ExpiredToken"), ("unavailable", "ServiceUnavailable")):
        peer(f"fault/{fault}")
        refused(code, "", stacks.describe_stacks)
        code = "ExpiredTokenException" if fault == "expired" else code
        refused(code, "", client("cloudwatch").list_metrics)
        refused(code, "", client("dynamodb").list_tables)
    peer("fault/lost")
    try:
        stacks.describe_stacks()
        raise AssertionError("it was answered")
    except ClientError:
        raise
    except Exception as error:
        print("  lost:", type(error).__name__)
    play()


# --- Tables -----------------------------------------------------------------------------------------------------------

TABLE = "prod-s0-correnteza-datomic"


def table():
    return client("dynamodb").describe_table(TableName=TABLE)["Table"]


def units(read, write):
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}


def update(call, **asked):
    call(TableName=TABLE, **asked)
    seen = table()
    assert seen["TableStatus"] == "UPDATING", seen
    refused(
        "ResourceInUseException", "Table IOPS are currently being updated", call, TableName=TABLE, ProvisionedThroughput=units(77, 77)
    )
    while table()["TableStatus"] != "ACTIVE":
        time.sleep(0.05)
    return seen


def tables():
    play(tables=[
        {"name": TABLE, "read": 10, "write": 10, "indexes": [{"name": "by-time", "read": 5, "write": 5}], "decreases_today": 3,
         "scaling": [{"unit": "write", "min": 5, "max": 40}]},
        {"name": "others", "billing": "on-demand", "max_read": 100},
    ])
    call = client("dynamodb").update_table
    old = update(call, ProvisionedThroughput=units(20, 10))["ProvisionedThroughput"]
    assert old["ReadCapacityUnits"] == 10 and table()["ProvisionedThroughput"]["ReadCapacityUnits"] == 20
    assert isinstance(table()["ProvisionedThroughput"]["LastIncreaseDateTime"], datetime.datetime)
    refused("ValidationException", "will not change", call, TableName=TABLE, ProvisionedThroughput=units(20, 10))
    update(call, ProvisionedThroughput=units(19, 30))
    assert table()["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 4
    refused("LimitExceededException", "Number of decreases today: 4", call, TableName=TABLE, ProvisionedThroughput=units(18, 40))
    index = [{"Update": {"IndexName": "by-time", "ProvisionedThroughput": units(4, 5)}}]
    seen = update(call, GlobalSecondaryIndexUpdates=index)["GlobalSecondaryIndexes"][0]
    assert seen["IndexStatus"] == "UPDATING" and seen["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    told = table()["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]
    assert told["NumberOfDecreasesToday"] == 1 and told["ReadCapacityUnits"] == 4, told
    refused("ValidationException", "PAY_PER_REQUEST", call, TableName="others", ProvisionedThroughput=units(1, 1))
    seen = client("dynamodb").describe_table(TableName="others")["Table"]
    assert seen["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST" and "GlobalSecondaryIndexes" not in seen
    assert seen["OnDemandThroughput"] == {"MaxReadRequestUnits": 100}
    assert client("dynamodb").describe_limits()["TableMaxWriteCapacityUnits"] == 40_000
    scaling = client("application-autoscaling")
    target = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"][0]
    assert (target["ResourceId"], target["MinCapacity"], target["MaxCapacity"]) == (f"table/{TABLE}", 5, 40)
    same = {key: target[key] for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
    refused("ValidationException", "Maximum capacity", scaling.register_scalable_target, **same, MinCapacity=41)
    scaling.register_scalable_target(**same, MinCapacity=20)
    play(tables=[{"name": TABLE, "read": 10, "write": 10, "decreases_today": 4, "last_decrease": 3601}])
    update(call, ProvisionedThroughput=units(9, 10))
    refused("LimitExceededException", "Number of decreases today: 5", call, TableName=TABLE, ProvisionedThroughput=units(8, 10))


def metrics():
    demand = {"read": {"consumed": 590, "throttled": {"provisioned": 55, "key-range": 5}}, "write": {"wanted": 12.5}}
    play(tables=[{"name": TABLE, "read": 10, "write": 10, "indexes": [{"name": "by-time"}],
                  "demand": [demand, {"index": "by-time", "write": {"throttled": 3}}]}])
    cloudwatch = client("cloudwatch")

    def total(metric, **more):
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=2)
        names = {"TableName": TABLE} | more
        seen = cloudwatch.get_metric_data(
            StartTime=end - datetime.timedelta(minutes=70), EndTime=end,
            MetricDataQueries=[{"Id": "m", "MetricStat": {"Stat": "Sum", "Period": 60, "Metric": {
                "Namespace": "AWS/DynamoDB", "MetricName": metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in names.items()],
            }}}],
        )["MetricDataResults"][0]["Values"]
        return len(seen), sum(seen)

    # The protocol that AWS's library for Rust speaks, and this one does not.
    asked = urllib.request.Request(
        f"{ADDRESS}/service/GraniteServiceVersion20100801/operation/ListMetrics", data=cbor2.dumps({"Namespace": "AWS/DynamoDB"}),
        headers={
            "smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor", "accept": "application/cbor",
            "authorization": f"AWS4-HMAC-SHA256 Credential=any/20260101/{REGION}/monitoring/aws4_request, Signature=none",
        },
    )
    with urllib.request.urlopen(asked) as reply:
        assert reply.headers["smithy-protocol"] == "rpc-v2-cbor" and reply.headers["x-amzn-requestid"], dict(reply.headers)
        found = {one["MetricName"] for one in cbor2.loads(reply.read())["Metrics"]}
    assert {"ReadThrottleEvents", "WriteProvisionedThroughputThrottleEvents"} <= found, found
    assert total("ReadThrottleEvents") == (60, 3600.0) and total("ConsumedReadCapacityUnits") == (60, 35400.0)
    assert total("ReadKeyRangeThroughputThrottleEvents") == (60, 300.0)
    assert total("ReadMaxOnDemandThroughputThrottleEvents") == (0, 0)
    assert total("WriteProvisionedThroughputThrottleEvents") == (60, 60 * 150.0)
    assert total("ConsumedWriteCapacityUnits") == (60, 60 * 600.0)
    assert total("WriteThrottleEvents", GlobalSecondaryIndexName="by-time") == (60, 180.0)
    assert total("ProvisionedReadCapacityUnits") == (12, 120.0)
    update(client("dynamodb").update_table, ProvisionedThroughput=units(10, 20))
    peer("demand", {"table": TABLE, "write": {"wanted": 12.5}, "to": 1})
    assert total("ConsumedWriteCapacityUnits") == (62, 60 * 600.0 + 2 * 750) and total("WriteThrottleEvents")[0] == 60
    play()
    assert total("ReadThrottleEvents") == (0, 0)


PARTS = [clean, in_place, drain, kept, broken, stuck, obsolete, cancel, omitted, states, faults, tables, metrics]
for part in [part for part in PARTS if part.__name__ in sys.argv[2:] or not sys.argv[2:]]:
    began = time.monotonic()
    print(part.__name__)
    part()
    print(f"  {time.monotonic() - began:.1f} s")
