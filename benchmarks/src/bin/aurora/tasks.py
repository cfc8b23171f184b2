"""Reads a scheduler's reply of tasks with thriftpy2, groups them, and tells what that took.

Arguments: the interface description, `json`, `binary` or `plain`, the reply. Imports, reading the files and loading the description
are not measured. `binary` is its compiled reader, which it takes by itself; `plain` is the one
that is written in Python.
"""

import collections
import json
import resource
import sys
import time

import thriftpy2
from thriftpy2.protocol.apache_json import TApacheJSONProtocol
from thriftpy2.protocol.binary import TBinaryProtocol
from thriftpy2.protocol.cybin import TCyBinaryProtocol
from thriftpy2.transport import TMemoryBuffer
from thriftpy2.transport.memory import TCyMemoryBuffer

api = thriftpy2.load(sys.argv[1], module_name="aurora_thrift")
READERS = {
    "json": lambda body: TApacheJSONProtocol(TMemoryBuffer(body)),
    "binary": lambda body: TCyBinaryProtocol(TCyMemoryBuffer(body)),
    "plain": lambda body: TBinaryProtocol(TMemoryBuffer(body)),
}
with open(sys.argv[3], "rb") as file:
    body = file.read()

begun, before = time.perf_counter(), time.process_time()
protocol = READERS[sys.argv[2]](body)
protocol.read_message_begin()
reply = api.AuroraAdmin.getTasksStatus_result()
protocol.read_struct(reply)
protocol.read_message_end()
decoded = time.perf_counter() - begun
groups = collections.Counter()
for task in reply.success.result.scheduleStatusResult.tasks:
    assigned = task.assignedTask
    job = assigned.task.job
    groups[job.role, job.environment, job.name, assigned.instanceId, task.status] += 1
grouped, cpu = time.perf_counter() - begun, time.process_time() - before

statuses = collections.Counter()
for (*_, status), count in groups.items():
    statuses[status] += count
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"decoded": decoded, "grouped": grouped, "cpu": cpu, "peak": peak,
                  "found": {"groups": len(groups), "statuses": statuses}}))
