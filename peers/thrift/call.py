"""Drives a scheduler with thriftpy2's own client, and prints what came of it as JSON.

Usage: call.py IDL ADDRESS json|binary. Logs in as admin/admin.
"""

import base64
import json
import sys
import time
import urllib.request

import thriftpy2
from thriftpy2.protocol.apache_json import TApacheJSONProtocol
from thriftpy2.protocol.binary import TBinaryProtocol
from thriftpy2.thrift import TApplicationException, TMessageType
from thriftpy2.transport import TMemoryBuffer

api = thriftpy2.load(sys.argv[1], module_name="aurora_thrift")
address, binary = sys.argv[2], sys.argv[3] == "binary"
kind = "application/vnd.apache.thrift." + ("binary" if binary else "json")
login = "Basic " + base64.b64encode(b"admin:admin").decode()


def protocol(buffer):
    # Its JSON protocol keeps what it read: each message has its own.
    return (TBinaryProtocol if binary else TApacheJSONProtocol)(buffer)


def call(name, **arguments):
    body = TMemoryBuffer()
    write = protocol(body)
    write.write_message_begin(name, TMessageType.CALL, 7)
    given = getattr(api.AuroraAdmin, name + "_args")()
    for field, value in arguments.items():
        setattr(given, field, value)
    write.write_struct(given)
    write.write_message_end()
    headers = {"Content-Type": kind, "Accept": kind, "Authorization": login}
    request = urllib.request.Request(address + "/api", data=body.getvalue(), headers=headers, method="POST")
    with urllib.request.urlopen(request, timeout=10) as reply:
        assert reply.headers["Content-Type"] == kind, reply.headers["Content-Type"]
        read = protocol(TMemoryBuffer(reply.read()))
    told, message, seq = read.read_message_begin()
    assert (told, seq) == (name, 7), (told, seq)
    if message == TMessageType.EXCEPTION:
        wrong = TApplicationException()
        read.read_struct(wrong)
        raise wrong
    result = getattr(api.AuroraAdmin, name + "_result")()
    read.read_struct(result)
    response = result.success
    notes = [detail.message for detail in response.details or []]
    return api.ResponseCode._VALUES_TO_NAMES[response.responseCode], response.result, notes


def tasks(**query):
    code, result, _ = call("getTasksStatus", query=api.TaskQuery(**query))
    assert code == "OK", code
    return result.scheduleStatusResult.tasks


key = api.JobKey(role="jobs", environment="prod", name="peer-" + sys.argv[3])
resources = {api.Resource(numCpus=0.5), api.Resource(ramMb=64), api.Resource(diskMb=32)}
data = {"task": {"name": key.name, "processes": [{"name": "work", "cmdline": "sleep 600"}]}}
config = api.TaskConfig(
    job=key, owner=api.Identity(user="jobs"), isService=False, maxTaskFailures=1, priority=0, resources=resources,
    metadata={api.Metadata(key="metapod_transaction", value="tx-é\"\\\n")}, taskLinks={"http": "http://%host%"},
    container=api.Container(mesos=api.MesosContainer()),
    executorConfig=api.ExecutorConfig(name="AuroraExecutor", data=json.dumps(data)))
job = api.JobConfiguration(key=key, owner=api.Identity(user="jobs"), instanceCount=2, taskConfig=config)

told = {"checked": call("populateJobConfig", description=job)[0], "created": call("createJob", description=job)[0]}
told["again"], _, told["why"] = call("createJob", description=job)
for _ in range(100):
    active = tasks(jobKeys={key}, statuses={api.ScheduleStatus.RUNNING})
    if len(active) == 2:
        break
    time.sleep(0.1)
told["running"] = len(active)
told["label"] = sorted(label.value for label in active[0].assignedTask.task.metadata if label.key == "metapod_transaction")
told["killed"] = call("killTasks", job=key, instances={1}, message="by the peer")[0]
for _ in range(100):
    left = tasks(jobKeys={key}, statuses={api.ScheduleStatus.RUNNING, api.ScheduleStatus.KILLING})
    if len(left) == 1:
        break
    time.sleep(0.1)
told["left"] = [task.assignedTask.instanceId for task in left]
told["all"] = call("killTasks", job=key)[0]
told["nothing"] = call("killTasks", job=api.JobKey(role="jobs", environment="prod", name="nobody"))[2]
told["jobs"] = call("getJobSummary", role="jobs")[0]
told["quota"] = call("getQuota", ownerRole="jobs")[0]
print(json.dumps(told))
