"""What the stacks are made for: instances that answer, and a balancer before those of each stack.

An instance is an HTTP server with a port of its own. The balancer passes on TCP: a connection stays with its instance, the next one
gets the next instance. What happens to them is ordered by the stacks' custom resources (gate.py), which wait until it is done.
"""
import asyncio
import contextlib
import itertools
import json
import re

from common import PACE, Loop

LOOP = Loop()
NUMBERS = itertools.count(1)
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
WAIT_AT_MOST = 60


class Failed(Exception):
    """Why a resource was not brought to where it should be."""


def message(status, body, close):
    body = json.dumps(body).encode()
    connection = "close" if close else "keep-alive"
    return (
        f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: {connection}\r\n\r\n"
    ).encode() + body


async def request(reader):
    """The next request's path, and whether it is the last of its connection; None when there is none."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(head)
        await reader.readexactly(int(length[1]) if length else 0)
        return head.split(b" ", 2)[1].decode("latin-1"), b"\r\nconnection: close" in head.lower()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, IndexError):
        return None


class Instance:
    def __init__(self, side, version):
        self.id, self.side, self.version = f"i-{next(NUMBERS):017x}", side, version
        self.state, self.answered = "starting", 0
        self.connections, self.busy, self.server = set(), set(), None
        # Whom the balancer sent here, and who was answered nothing yet: maybe not even accepted.
        self.sent = 0

    async def start(self):
        self.server = await asyncio.start_server(self.connected, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def connected(self, reader, writer):
        self.connections.add(writer)
        try:
            while (asked := await request(reader)) is not None:
                self.busy.add(writer)
                answer = await self.answer(asked[0])
                close = asked[1] or self.state == "draining"
                self.answered += 1
                writer.write(message(*answer, close))
                await writer.drain()
                self.busy.discard(writer)
                if close:
                    break
        except ConnectionError:
            pass
        finally:
            self.connections.discard(writer)
            self.busy.discard(writer)
            writer.close()

    async def answer(self, path):
        path, _, query = path.partition("?")
        if path == "/api/version":
            return "200 OK", {"version": self.version}
        if path == "/api/health":
            healthy = self.state != "starting" and "sick" not in self.version
            return "200 OK" if healthy else "503 Service Unavailable", {"healthy": healthy}
        if path == "/api/wait":
            seconds = re.fullmatch(r"seconds=(\d+(?:\.\d+)?)", query)
            await asyncio.sleep(min(float(seconds[1]), WAIT_AT_MOST) if seconds else 0)
            return "200 OK", {"version": self.version}
        return "404 Not Found", {"message": "there is /api/version, /api/health, /api/wait?seconds=1"}

    async def drain(self, pace):
        """Who keeps a connection may ask once more; what was asked is answered, however long it takes."""
        self.state = "draining"
        clock = asyncio.get_running_loop().time
        begun = clock()
        while self.sent and clock() < begun + WAIT_AT_MOST:
            await asyncio.sleep(0.01)
        while self.connections and clock() < begun + pace / 2:
            await asyncio.sleep(0.01)
        for writer in self.connections - self.busy:
            writer.close()
        while self.busy:
            await asyncio.sleep(0.01)
        self.server.close()

    def end(self):
        self.server.close()
        for writer in list(self.connections):
            writer.close()


class Service:
    """What one stack runs."""

    def __init__(self, stack):
        self.stack, self.instances, self.turn = stack, [], 0
        self.gone, self.failed, self.token = {}, 0, None
        self.unstuck, self.released, self.held = False, asyncio.Event(), asyncio.Event()
        self.released.set()
        self.server, self.pipes, self.over = None, set(), False

    async def start(self):
        self.server = await asyncio.start_server(self.connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    # --- The balancer ---

    async def connected(self, reader, writer):
        self.pipes.add(writer)
        try:
            serving = [instance for instance in self.instances if instance.state == "in service"]
            if serving:
                self.turn += 1
                await self.pass_on(serving[self.turn % len(serving)], reader, writer)
            elif await request(reader) is not None:
                self.failed += 1
                writer.write(message("503 Service Unavailable", {"message": "no instance is in service"}, True))
                await writer.drain()
        except OSError:
            pass
        finally:
            self.pipes.discard(writer)
            writer.close()

    async def pass_on(self, instance, reader, writer):
        instance.sent += 1
        answered = False

        def first():
            nonlocal answered
            if not answered:
                answered = True
                instance.sent -= 1

        try:
            upstream_reader, upstream = await asyncio.open_connection("127.0.0.1", instance.port)
            asking = asyncio.create_task(self.copy(reader, upstream, asks=True))
            try:
                await self.copy(upstream_reader, writer, then=first)
            finally:
                asking.cancel()
                upstream.close()
        finally:
            first()

    async def copy(self, reader, writer, asks=False, then=lambda: None):
        with contextlib.suppress(OSError):
            while piece := await reader.read(65536):
                then()
                if asks and writer.is_closing():
                    self.failed += 1
                    return
                writer.write(piece)
                await writer.drain()
            if asks:
                writer.write_eof()

    # --- The instances ---

    async def stop(self, instances, pace):
        await asyncio.gather(*(instance.drain(pace) for instance in instances))
        for instance in instances:
            self.instances.remove(instance)
            self.gone[instance.version] = self.gone.get(instance.version, 0) + instance.answered

    async def bring(self, side, size, version, pace):
        """One side to that many instances of that version. Ends when they are in service, and the others stopped."""
        have = [instance for instance in self.instances if instance.side == side]
        if any(instance.version != version for instance in have):
            await self.stop(have, pace)
            have = []
        await self.stop(have[size:], pace)
        new = [Instance(side, version) for _ in range(size - len(have))]
        for instance in new:
            await instance.start()
        self.instances += new
        if self.over:
            self.end()
            raise Failed("the world that this stack was in is gone")
        if not new:
            return
        await asyncio.sleep(pace / 2)
        if "broken" in version or "dead" in version or "stuck" in version:
            await asyncio.sleep(pace / 2)
            raise Failed(
                f"Received 0 SUCCESS signal(s) out of {len(new)}. Unable to satisfy 100% MinSuccessfulInstancesPercent requirement"
            )
        for instance in new:
            instance.state = "in service"
        await asyncio.sleep(pace / 2)

    def end(self):
        self.over = True
        self.server.close()
        for instance in self.instances:
            instance.end()
        for writer in list(self.pipes):
            writer.close()
        # Nothing of it waits any more.
        self.released.set()

    def told(self):
        versions = dict(self.gone)
        for instance in self.instances:
            versions[instance.version] = versions.get(instance.version, 0) + instance.answered
        return {
            "url": self.url,
            "answered": sum(versions.values()),
            "failed": self.failed,
            "versions": {version: count for version, count in versions.items() if count},
            "token": self.token,
            "instances": [
                {
                    "id": instance.id, "side": instance.side, "version": instance.version, "state": instance.state,
                    "url": f"http://127.0.0.1:{instance.port}", "answered": instance.answered,
                }
                for instance in self.instances
            ],
        }


class World:
    """The services of one region, by the names of their stacks."""

    def __init__(self):
        self.services, self.pace = {}, 0

    async def gate(self, event):
        """What a custom resource orders: what it has to tell, when all is done."""
        region_stack = event["StackId"].split(":", 5)[5].split("/")
        name, kind, wanted = region_stack[1], event["RequestType"], event["ResourceProperties"]
        service = self.services.get(name)
        if kind == "Create" and (service is None or service.stack != event["StackId"]):
            if service:
                service.end()
            service = self.services[name] = Service(event["StackId"])
            await service.start()
        if service is None or service.stack != event["StackId"]:
            if kind == "Delete":
                return {}
            raise Failed("the world that this stack was in is gone")
        if kind == "Update" and not service.released.is_set():
            service.held.set()
            await service.released.wait()
        if event["ResourceType"] == "Custom::Balancer":
            if kind == "Delete":
                self.services.pop(name).end()
            return {"Url": service.url}
        if kind == "Update" and "stuck" in event["OldResourceProperties"]["Version"] and not service.unstuck:
            raise Failed("The instances did not get back to the version that they had")
        size = 0 if kind == "Delete" else int(wanted["Size"])
        service.token = wanted["ApiToken"]
        await service.bring(wanted["Side"], size, wanted["Version"], self.pace)
        return {}


WORLDS = {}


def world(region):
    return WORLDS.setdefault(region, World())


def gate(region, event):
    """What CloudFormation is told."""
    try:
        return {"Status": "SUCCESS", "Data": LOOP.run(world(region).gate(event))}
    except Failed as failed:
        return {"Status": "FAILED", "Reason": str(failed)}


def forget(region):
    """Nothing is left of a region, and what its stacks order is done at once, until it is `settled`."""

    async def end():
        old = WORLDS.pop(region, None)
        for service in old.services.values() if old else []:
            service.end()

    LOOP.run(end())


def settled(region):
    world(region).pace = PACE


def told(region):
    async def all_told():
        return {name: service.told() for name, service in world(region).services.items()}

    return LOOP.run(all_told())


def order(region, what, name):
    """Orders of tests. Whether there is such a stack."""

    async def do():
        service = world(region).services.get(name)
        if service is None:
            return False
        if what == "hold":
            service.held.clear()
            service.released.clear()
        elif what == "release":
            service.released.set()
        else:
            service.unstuck = True
        return True

    return LOOP.run(do())


def wait_held(region, name):
    LOOP.run(world(region).services[name].held.wait())
