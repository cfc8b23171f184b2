"""Stacks: each a service with two sides, blue and green. ministack changes them, services.py runs what they are made for."""
import asyncio
import base64
import io
import json
import pathlib
import urllib.parse
import zipfile

import elsewhere
import services
from common import Refused

SIDES = ("Blue", "Green")
# What a stack is made by: its state, and how it got there.
STATES = {
    "complete": "CREATE_COMPLETE", "updated": "UPDATE_COMPLETE", "updating": "UPDATE_IN_PROGRESS",
    "rolled back": "UPDATE_ROLLBACK_COMPLETE", "broken rollback": "UPDATE_ROLLBACK_FAILED",
}


# In these, and while one is in progress, AWS takes no change.
NOT_CHANGED = ("UPDATE_ROLLBACK_FAILED", "UPDATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED")
# Few, so that there is a second page.
PAGES = {"DescribeStacks": 5, "ListStacks": 5, "DescribeStackEvents": 20, "ListStackResources": 5}


def strict():
    """What ministack would take, and AWS refuses."""
    from ministack.services.cloudformation import handlers, helpers

    handlers._capabilities_enforced = lambda: True
    page = handlers._page
    handlers._page = lambda items, params, action, size=helpers.PAGE_SIZE: page(items, params, action, PAGES.get(action, size))

    def unless_it_changes(inner):
        def outer(params):
            stack = handlers._resolve_stack(helpers._p(params, "StackName")) or {}
            status = stack.get("StackStatus", "")
            busy = status.endswith("IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"
            if helpers._p(params, "ChangeSetType") != "CREATE" and (busy or status in NOT_CHANGED):
                words = f"Stack:{stack['StackId']} is in {status} state and can not be updated."
                return helpers._error("ValidationError", words)
            return inner(params)

        return outer

    orders = handlers._ACTION_HANDLERS
    for action in ("CreateChangeSet", "ExecuteChangeSet", "UpdateStack"):
        orders[action] = unless_it_changes(orders[action])


def ref(name):
    return {"Ref": name}


def template(names, gate):
    """The template of a service; `names`: what its parameters are called, if not as here."""
    called = {name: names.get(name, name) for side in SIDES for name in (f"{side}Size", f"{side}Version")}
    called |= {name: names.get(name, name) for name in ("Service", "ApiToken", "Alarm", "Gate")}
    parameters = {called["Service"]: {"Type": "String"}}
    resources = {"Machine": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }}}}
    for side in SIDES:
        size, version = ref(called[f"{side}Size"]), ref(called[f"{side}Version"])
        parameters[called[f"{side}Size"]] = {"Type": "Number", "Default": "0", "MinValue": 0, "MaxValue": 20}
        parameters[called[f"{side}Version"]] = {"Type": "String", "Default": "none"}
        resources[f"{side}Launch"] = {
            "Type": "AWS::AutoScaling::LaunchConfiguration", "DependsOn": "Machine",
            "Properties": {"ImageId": "ami-12c6146b", "InstanceType": "m5.large", "UserData": {"Fn::Base64": version}},
        }
        tags = {"service": ref(called["Service"]), "side": side.lower(), "version": version, "alarm": ref(called["Alarm"])}
        resources[f"{side}Group"] = {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {
            "AvailabilityZones": {"Fn::GetAZs": ""}, "LaunchConfigurationName": ref(f"{side}Launch"),
            "MinSize": size, "MaxSize": size, "DesiredCapacity": size,
            "Tags": [{"Key": key, "Value": value, "PropagateAtLaunch": True} for key, value in tags.items()],
        }}
        resources[f"{side}Service"] = {"Type": "Custom::Service", "DependsOn": f"{side}Group", "Properties": {
            "ServiceToken": ref(called["Gate"]), "Side": side.lower(), "Size": size, "Version": version,
            "ApiToken": ref(called["ApiToken"]),
        }}
    both = [ref(called[f"{side}{what}"]) for side in SIDES for what in ("Size", "Version")]
    resources["Balancer"] = {"Type": "Custom::Balancer", "DependsOn": ["BlueService", "GreenService"], "Properties": {
        "ServiceToken": ref(called["Gate"]), "Sides": {"Fn::Join": ["/", both]},
    }}
    # So that an update that waits for the balancer can be cancelled: that is looked at before each resource.
    resources["End"] = {"Type": "AWS::CloudFormation::WaitConditionHandle", "DependsOn": "Balancer"}
    parameters[called["Alarm"]] = {"Type": "String", "Default": "on", "AllowedValues": ["on", "off"]}
    parameters[called["ApiToken"]] = {"Type": "String", "Default": "none", "NoEcho": True}
    parameters[called["Gate"]] = {"Type": "String", "Default": gate}
    outputs = {"Url": {"Fn::GetAtt": ["Balancer", "Url"]}, "Service": ref(called["Service"]), "Alarm": ref(called["Alarm"])}
    return {
        "AWSTemplateFormatVersion": "2010-09-09", "Description": "A service with two sides",
        "Parameters": parameters, "Resources": resources, "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }


PLAIN = {
    "AWSTemplateFormatVersion": "2010-09-09", "Description": "No service",
    "Parameters": {"Alarm": {"Type": "String", "Default": "on"}},
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": ref("Alarm")}}},
}


async def ask(region, service, method, path, body, headers=()):
    """A call of AWS's interface, as a test would make it; but it never meets a fault."""
    signed = f"AWS4-HMAC-SHA256 Credential=peer/20260101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=none"
    headers = [(b"host", b"127.0.0.1"), (b"authorization", signed.encode()), *headers]
    status, _, told = await elsewhere.call(method, path, "", headers, body)
    if status >= 400 and b"ResourceConflict" not in told:
        raise Refused(told.decode(errors="replace"))
    return told


async def order(region, action, **told):
    fields = {"Action": action, "Version": "2010-05-15", "Capabilities.member.1": "CAPABILITY_IAM"}
    for name, values in told.items():
        if isinstance(values, dict):
            key, value = ("Key", "Value") if name == "Tags" else ("ParameterKey", "ParameterValue")
            for number, (one, its) in enumerate(values.items(), 1):
                fields |= {f"{name}.member.{number}.{key}": one, f"{name}.member.{number}.{value}": its}
        else:
            fields[name] = values
    form = (b"content-type", b"application/x-www-form-urlencoded")
    await ask(region, "cloudformation", "POST", "/", urllib.parse.urlencode(fields).encode(), [form])


async def function(region, address):
    """The function behind a region's stacks: it takes what it is asked to the stand-in itself."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(pathlib.Path(__file__).with_name("gate.py"), "gate.py")
    asked = {
        "FunctionName": "gate", "Runtime": "python3.11", "Handler": "gate.handler", "Timeout": 900,
        "Role": f"arn:aws:iam::{elsewhere.DEFAULT_ACCOUNT_ID}:role/gate", "Code": {"ZipFile": base64.b64encode(packed.getvalue()).decode()},
        "Environment": {"Variables": {"GATE": f"{address}/peer/gate?region={region}"}},
    }
    await ask(region, "lambda", "POST", "/2015-03-31/functions", json.dumps(asked).encode())
    return f"arn:aws:lambda:{region}:{elsewhere.DEFAULT_ACCOUNT_ID}:function:gate"


def state(region, name):
    from ministack.services.cloudformation import _stacks

    with elsewhere.world(region):
        return _stacks[name]["StackStatus"]


async def settled(region, name):
    while state(region, name).endswith("IN_PROGRESS"):
        await asyncio.sleep(0.01)
    return state(region, name)


async def make(region, stack, gate):
    name, wanted = stack["name"], stack.get("status", "complete")
    wanted = STATES.get(wanted, wanted)
    if wanted not in STATES.values():
        raise Refused(f"stack {name}: no status {wanted}, but {', '.join(STATES)}")
    sides = {side: stack[side.lower()] for side in SIDES if side.lower() in stack}
    told, names = dict(stack.get("parameters", {})), stack.get("names", {})
    if sides or "service" in stack:
        body = json.dumps(template(names, gate))
        told |= {names.get("Service", "Service"): stack.get("service", name)}
        if "token" in stack:
            told[names.get("ApiToken", "ApiToken")] = stack["token"]
        for side, its in sides.items():
            for what in ("Size", "Version"):
                if what.lower() in its:
                    told[names.get(f"{side}{what}", f"{side}{what}")] = str(its[what.lower()])
    else:
        body = json.dumps(PLAIN)
    given = {"StackName": name, "TemplateBody": body, "Tags": stack.get("tags", {})}
    await order(region, "CreateStack", **given, Parameters=told)
    await settled(region, name)
    if wanted == "CREATE_COMPLETE" or (not sides and "service" not in stack):
        pass
    elif wanted == "UPDATE_COMPLETE":
        alarm = names.get("Alarm", "Alarm")
        for value in ("off" if told.get(alarm, "on") == "on" else "on", told.get(alarm, "on")):
            await order(region, "UpdateStack", **given, Parameters=told | {alarm: value})
            await settled(region, name)
    else:
        # The side that has nothing, or else the green one, gets what does not work.
        side = next((side for side in SIDES if not int(sides.get(side, {}).get("size", 0))), "Green")
        version = {"UPDATE_IN_PROGRESS": "5107001", "UPDATE_ROLLBACK_COMPLETE": "broken1"}.get(wanted, "stuck01")
        changed = {names.get(f"{side}Size", f"{side}Size"): "1", names.get(f"{side}Version", f"{side}Version"): version}
        if wanted == "UPDATE_IN_PROGRESS":
            services.order(region, "hold", name)
        await order(region, "UpdateStack", **given, Parameters=told | changed)
        if wanted == "UPDATE_IN_PROGRESS":
            await asyncio.to_thread(services.wait_held, region, name)
    found = state(region, name)
    if wanted != "UPDATE_IN_PROGRESS":
        found = await settled(region, name)
    if found != wanted:
        raise Refused(f"stack {name} is {found}, and not {wanted}")


def play(region, stacks, address):
    """The stacks of a scenario, as they are when all is settled."""
    services.forget(region)

    async def make_all():
        await elsewhere.forget(region)
        if stacks:
            gate = await function(region, address)
            await asyncio.gather(*(make(region, stack, gate) for stack in stacks))

    elsewhere.LOOP.run(make_all())
    services.settled(region)
