"""Decodes a reply and groups its tasks, with thriftpy2. Usage: decode.py IDL FILE json|binary ROUNDS; prints seconds as JSON."""

import collections
import json
import sys
import time

import thriftpy2
from thriftpy2.protocol.apache_json import TApacheJSONProtocol
from thriftpy2.protocol.binary import TBinaryProtocol
from thriftpy2.transport import TMemoryBuffer

try:
    # Compiled, where it can be used.
    from thriftpy2.protocol.cybin import TCyBinaryProtocol
    from thriftpy2.transport.memory import TCyMemoryBuffer
except ImportError:
    TCyBinaryProtocol = TCyMemoryBuffer = None

api = thriftpy2.load(sys.argv[1], module_name="aurora_thrift")
body = open(sys.argv[2], "rb").read()


def protocol():
    if sys.argv[3] == "json":
        return TApacheJSONProtocol(TMemoryBuffer(body))
    return TCyBinaryProtocol(TCyMemoryBuffer(body)) if TCyBinaryProtocol else TBinaryProtocol(TMemoryBuffer(body))


taken = []
for _ in range(int(sys.argv[4])):
    begun = time.perf_counter()
    read = protocol()
    read.read_message_begin()
    result = api.AuroraAdmin.getTasksStatus_result()
    read.read_struct(result)
    groups = collections.Counter()
    for task in result.success.result.scheduleStatusResult.tasks:
        job = task.assignedTask.task.job
        groups[f"{job.role}/{job.environment}/{job.name}", task.status] += 1
    taken.append(time.perf_counter() - begun)
    assert groups
print(json.dumps(taken))
