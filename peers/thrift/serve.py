"""An Aurora scheduler by another hand: its interface is read by thriftpy2 from our tables, in both encodings.

Usage: serve.py IDL FOLDER. Listens on any free loopback port, and writes its address to FOLDER/address. Jobs and tasks are kept
in memory, and go on with time: a task is RUNNING after some tenths of a second, and ends as its command line says (`sleep 5`,
`exit 1`). Changes need the account admin/admin.
"""

import base64
import json
import os
import re
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import thriftpy2
from thriftpy2.protocol.apache_json import TApacheJSONProtocol
from thriftpy2.protocol.binary import TBinaryProtocol
from thriftpy2.thrift import TApplicationException, TMessageType
from thriftpy2.transport import TMemoryBuffer

api = thriftpy2.load(sys.argv[1], module_name="aurora_thrift")
JSON, BINARY = "application/vnd.apache.thrift.json", "application/vnd.apache.thrift.binary"
Status, Code = api.ScheduleStatus, api.ResponseCode
TERMINAL = {Status.FINISHED, Status.FAILED, Status.KILLED, Status.LOST}
READS = {"getTasksStatus", "getTasksWithoutConfigs", "getPendingReason", "getConfigSummary", "getJobs", "getJobSummary",
         "getRoleSummary", "getQuota", "populateJobConfig", "getJobUpdateSummaries", "getJobUpdateDetails",
         "getJobUpdateDiff", "getTierConfigs"}
# How long a task takes until it is so far, and to die.
STEPS = ((0.1, Status.ASSIGNED), (0.2, Status.STARTING), (0.3, Status.RUNNING))
DYING = 0.3


class Task:
    def __init__(self, config, instance, ancestor=None):
        key = config.job
        self.id = f"{key.role}-{key.environment}-{key.name}-{instance}-{uuid.uuid4()}"
        self.config, self.instance, self.ancestor = config, instance, ancestor
        self.began, self.events, self.killed_at, self.restarts = time.time(), [], None, False
        self.set(Status.PENDING)
        data = json.loads(config.executorConfig.data) if config.executorConfig else {"task": {"processes": []}}
        lines = " ".join(process["cmdline"] for process in data["task"]["processes"])
        sleep = re.search(r"sleep (\d+(?:\.\d+)?)", lines)
        self.runs_for, self.fails = float(sleep.group(1)) if sleep else 0.5, "exit 1" in lines

    @property
    def status(self):
        return self.events[-1].status

    def set(self, status, message=None):
        self.events.append(api.TaskEvent(timestamp=int(time.time() * 1000), status=status, message=message, scheduler="peer"))

    def is_active(self):
        return self.status not in TERMINAL

    def go_on(self, now):
        if not self.is_active():
            return
        if self.killed_at is not None:
            if now - self.killed_at > DYING:
                self.set(Status.KILLED)
            return
        for after, status in STEPS:
            reached = {event.status for event in self.events}
            if now - self.began > after and status not in reached:
                self.set(status)
        if self.status == Status.RUNNING and not self.config.isService and now - self.began > STEPS[-1][0] + self.runs_for:
            self.set(Status.FAILED if self.fails else Status.FINISHED)

    def told(self, brief):
        config = self.config
        if brief and config.executorConfig:
            config = api.TaskConfig(**{**config.__dict__, "executorConfig": api.ExecutorConfig(name=config.executorConfig.name)})
        placed = self.status != Status.PENDING
        assigned = api.AssignedTask(taskId=self.id, task=config, instanceId=self.instance, assignedPorts={},
                                    slaveId="agent-1" if placed else None, slaveHost="agent-1.example.com" if placed else None)
        return api.ScheduledTask(assignedTask=assigned, status=self.status, taskEvents=list(self.events), failureCount=0,
                                 ancestorId=self.ancestor, timesPartitioned=0)


class Cluster:
    def __init__(self):
        self.lock, self.tasks, self.quotas, self.modes, self.created = threading.Lock(), [], {}, {}, 0

    def go_on(self):
        now = time.time()
        for task in list(self.tasks):
            task.go_on(now)
            if task.restarts and not task.is_active():
                task.restarts = False
                self.tasks.append(Task(task.config, task.instance, task.id))

    def of(self, key):
        same = lambda job: (job.role, job.environment, job.name) == (key.role, key.environment, key.name)
        return [task for task in self.tasks if same(task.config.job)]

    def active(self, key):
        return [task for task in self.of(key) if task.is_active()]

    def matching(self, query):
        keys = [(key.role, key.environment, key.name) for key in query.jobKeys or []]
        for task in self.tasks:
            job = task.config.job
            if ((not keys or (job.role, job.environment, job.name) in keys)
                    and query.role in (None, job.role) and query.environment in (None, job.environment)
                    and query.jobName in (None, job.name)
                    and (not query.taskIds or task.id in query.taskIds)
                    and (not query.instanceIds or task.instance in query.instanceIds)
                    and (not query.statuses or task.status in query.statuses)
                    and (not query.slaveHosts or "agent-1.example.com" in query.slaveHosts)):
                yield task


cluster = Cluster()


def answer(result=None, code=Code.OK, *details):
    return api.Response(responseCode=code, result=result, serverInfo=api.ServerInfo(clusterName="peer", statsUrlPrefix=""),
                        details=[api.ResponseDetail(message=text) for text in details])


def refused(*details, code=Code.INVALID_REQUEST):
    return answer(None, code, *details)


class Handler:
    def getTasksStatus(self, query, brief=False):
        tasks = [task.told(brief) for task in cluster.matching(query or api.TaskQuery())]
        return answer(api.Answer(scheduleStatusResult=api.ScheduleStatusResult(tasks=tasks)))

    def getTasksWithoutConfigs(self, query):
        return self.getTasksStatus(query, brief=True)

    def getPendingReason(self, query):
        waiting = [task for task in cluster.matching(query) if task.status == Status.PENDING]
        reasons = {api.PendingReason(taskId=task.id, reason="Insufficient: CPU") for task in waiting}
        return answer(api.Answer(getPendingReasonResult=api.GetPendingReasonResult(reasons=reasons)))

    def getJobSummary(self, role):
        keys = {(task.config.job.role, task.config.job.environment, task.config.job.name) for task in cluster.tasks}
        summaries = []
        for key in sorted(keys):
            if role not in (None, "", key[0]):
                continue
            key = api.JobKey(role=key[0], environment=key[1], name=key[2])
            count = lambda *which: sum(task.status in which for task in cluster.of(key))
            stats = api.JobStats(activeTaskCount=len(cluster.active(key)), finishedTaskCount=count(Status.FINISHED),
                                 failedTaskCount=count(Status.FAILED), pendingTaskCount=count(Status.PENDING))
            summaries.append(api.JobSummary(job=api.JobConfiguration(key=key), stats=stats))
        return answer(api.Answer(jobSummaryResult=api.JobSummaryResult(summaries=summaries)))

    def getTierConfigs(self):
        tiers = [api.TierConfig(name="preemptible", settings={"preemptible": "true"})]
        return answer(api.Answer(getTierConfigResult=api.GetTierConfigResult(defaultTierName="preemptible", tiers=tiers)))

    def getQuota(self, ownerRole):
        if not ownerRole:
            return refused("Role is blank", code=Code.ERROR)
        quota = cluster.quotas.get(ownerRole) or api.ResourceAggregate(resources=[])
        return answer(api.Answer(getQuotaResult=api.GetQuotaResult(quota=quota)))

    def populateJobConfig(self, description):
        wrong = self._wrong(description)
        if wrong:
            return refused(wrong)
        return answer(api.Answer(populateJobResult=api.PopulateJobResult(taskConfig=description.taskConfig)))

    def createJob(self, description):
        wrong = self._wrong(description)
        if wrong:
            return refused(wrong)
        key = description.key
        if cluster.active(key):
            return refused(f"Job already exists: {key.role}/{key.environment}/{key.name}")
        cluster.created += 1
        cluster.tasks += [Task(description.taskConfig, instance) for instance in range(description.instanceCount)]
        return answer()

    def _wrong(self, description):
        config = description.taskConfig
        if not (description.key and description.key.role and config):
            return "Job key is not valid"
        amounts = [resource.numCpus or resource.ramMb or resource.diskMb or 0 for resource in config.resources or []]
        if len(amounts) < 3 or min(amounts) <= 0:
            return "Task has no resources"
        if not 1 <= (description.instanceCount or 0) <= 4000:
            return "Instance count must be positive."
        return None

    def killTasks(self, job, instances, message):
        chosen = [task for task in cluster.active(job) if not instances or task.instance in instances]
        for task in chosen:
            if task.killed_at is None:
                task.killed_at = time.time()
                task.set(Status.KILLING, message)
        return answer() if chosen else answer(None, Code.OK, "No tasks to kill.")

    def restartShards(self, job, shardIds):
        if not shardIds:
            return refused("At least one shardId must be specified.", code=Code.ERROR)
        chosen = [task for task in cluster.active(job) if task.instance in shardIds]
        if len(chosen) != len(set(shardIds)):
            return refused("Not all requested shards are active.")
        for task in chosen:
            task.set(Status.RESTARTING)
            task.killed_at, task.restarts = time.time(), True
        return answer()

    def pulseJobUpdate(self, key):
        return refused("No job update to pulse.")

    def setQuota(self, ownerRole, quota):
        cluster.quotas[ownerRole] = quota
        return answer()

    def _hosts(self, hosts, mode, result, name):
        known = [host for host in hosts.hostNames or [] if host == "agent-1.example.com"]
        for host in known:
            if mode is not None:
                cluster.modes[host] = mode
        none = api.MaintenanceMode.NONE
        statuses = {api.HostStatus(host=host, mode=cluster.modes.get(host, none)) for host in known}
        return answer(api.Answer(**{name: result(statuses=statuses)}))

    def startMaintenance(self, hosts):
        return self._hosts(hosts, api.MaintenanceMode.SCHEDULED, api.StartMaintenanceResult, "startMaintenanceResult")

    def drainHosts(self, hosts):
        busy = any(task.is_active() for task in cluster.tasks)
        mode = api.MaintenanceMode.DRAINING if busy else api.MaintenanceMode.DRAINED
        return self._hosts(hosts, mode, api.DrainHostsResult, "drainHostsResult")

    def maintenanceStatus(self, hosts):
        return self._hosts(hosts, None, api.MaintenanceStatusResult, "maintenanceStatusResult")

    def endMaintenance(self, hosts):
        return self._hosts(hosts, api.MaintenanceMode.NONE, api.EndMaintenanceResult, "endMaintenanceResult")

    def snapshot(self):
        return answer()


handler = Handler()


class Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, status, content_type, body):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        texts = {"/health": "OK\n", "/leaderhealth": "Leading scheduler\n", "/created": str(cluster.created)}
        if self.path == "/vars.json":
            self.send(200, "application/json", b'{"framework_registered": 1, "jvm_uptime_secs": 60, "build_version": "peer"}')
        elif self.path in texts:
            self.send(200, "text/plain", texts[self.path].encode())
        else:
            self.send(404, "text/plain", b"not found")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kinds, accepts = self.headers.get_all("Content-Type") or [], self.headers.get_all("Accept") or []
        if self.path != "/api" or len(kinds) != 1 or len(accepts) != 1 or kinds[0] not in (JSON, BINARY):
            self.send(415, "text/plain", b"one Content-Type and one Accept, please")
            return
        # A protocol object keeps what it read: each message has its own.
        protocol = lambda kind, buffer: (TBinaryProtocol if kind == BINARY else TApacheJSONProtocol)(buffer)
        read = protocol(kinds[0], TMemoryBuffer(body))
        name, _, seq = read.read_message_begin()
        arguments = getattr(api.AuroraAdmin, name + "_args", lambda: None)()
        if arguments is not None:
            read.read_struct(arguments)
        read.read_message_end()
        if name not in READS and self.headers.get("Authorization") != "Basic " + base64.b64encode(b"admin:admin").decode():
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="peer"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        buffer = TMemoryBuffer()
        write = protocol(accepts[0], buffer)
        method = getattr(handler, name, None)
        if method is None:
            write.write_message_begin(name, TMessageType.EXCEPTION, seq)
            write.write_struct(TApplicationException(TApplicationException.UNKNOWN_METHOD, f"Invalid method name: {name}"))
        else:
            with cluster.lock:
                cluster.go_on()
                response = method(**{field[1]: getattr(arguments, field[1]) for field in arguments.thrift_spec.values()})
            write.write_message_begin(name, TMessageType.REPLY, seq)
            write.write_struct(getattr(api.AuroraAdmin, name + "_result")(success=response))
        write.write_message_end()
        self.send(200, accepts[0], buffer.getvalue())


server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
server.daemon_threads = True
with open(f"{sys.argv[2]}/address.new", "w") as file:
    file.write(f"http://127.0.0.1:{server.server_port}")
os.replace(f"{sys.argv[2]}/address.new", f"{sys.argv[2]}/address")
server.serve_forever()
