"""The function behind the custom resources: it asks the stand-in to do what the resource says, and tells CloudFormation how it went."""
import json
import os
import urllib.error
import urllib.request


def handler(event, context):
    try:
        asked = urllib.request.Request(os.environ["GATE"], data=json.dumps(event).encode(), method="POST")
        with urllib.request.urlopen(asked, timeout=600) as reply:
            answer = json.load(reply)
    except OSError as error:
        answer = {"Status": "FAILED", "Reason": str(error)}
    told = answer | {
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "PhysicalResourceId": event.get("PhysicalResourceId") or event["LogicalResourceId"].lower() + "-" + event["RequestId"][:8],
    }
    reply = urllib.request.Request(event["ResponseURL"], data=json.dumps(told).encode(), method="PUT", headers={"content-type": ""})
    urllib.request.urlopen(reply, timeout=10).close()
