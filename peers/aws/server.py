"""moto's server, with time and failures, and with ministack for what moto lacks. Usage: server.py FLEET REDSHIFT FOLDER

The first two are scenarios: what there is at first. FOLDER gets the address, and files that ministack makes. Besides what AWS answers
there are the orders of tests, /peer/…, which the README tells.
"""
import collections
import json
import os
import re
import signal
import socket
import sys
import threading
import urllib.parse

import cbor2
from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.autoscaling.models import autoscaling_backends
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.base_backend import BackendDict
from moto.dynamodb.models import dynamodb_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.redshift.models import redshift_backends
from werkzeug.serving import make_server

import autoscaling
import dynamodb
import elsewhere
import metrics
import redshift
import redshift_data  # noqa: F401, it puts itself in its place
import services
import stacks
from common import LOCK, Refused

# Each is a world of its own, so that tests can go side by side. Elsewhere there is nothing.
REGIONS = ["us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-central-1"]
DATABASES = {"us-east-1": "belomonte"}

# «Credential=KEY/DATE/REGION/SERVICE/aws4_request», in what signs a request.
SCOPE = re.compile(r"Credential=([^/]*)/[0-9]*/([^/]*)/([^/]*)/")
BODY_AT_MOST = 16 * 1024 * 1024


def xml(code, message):
    return "text/xml", (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        "<RequestId>00000000-0000-4000-8000-000000000000</RequestId></ErrorResponse>"
    )


def text(code, message):
    return "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message})


def cbor(code, message):
    return "application/cbor", cbor2.dumps({"__type": code, "message": message})


EXPIRED = "The security token included in the request is expired"
PAGE = "text/html", "<html><title>Sign in</title></html>"

# How a call fails where the service answers in XML, in JSON, and in CBOR.
FAULTS = {
    "unavailable": [
        ("503 Service Unavailable", *xml("ServiceUnavailable", "It is away.")),
        ("503 Service Unavailable", *text("ServiceUnavailable", "It is away.")),
        ("503 Service Unavailable", *cbor("ServiceUnavailable", "It is away.")),
    ],
    "expired": [
        ("403 Forbidden", *xml("ExpiredToken", EXPIRED)), ("400 Bad Request", *text("ExpiredTokenException", EXPIRED)),
        ("403 Forbidden", *cbor("ExpiredToken", EXPIRED)),
    ],
    "html": [("200 OK", *PAGE)] * 3,
    "lost": None,
}


class Peer:
    def __init__(self, fleet, redshift, address):
        self.at_first = {"groups": fleet["groups"], "clusters": redshift["clusters"], "stacks": [], "tables": []}
        self.aws = DomainDispatcherApplication(create_backend_app)
        self.address, self.faults, self.playing = address, {}, threading.Lock()
        self.doors = collections.defaultdict(threading.Lock)

    def play(self, region, told, database=None):
        unknown = set(told) - set(self.at_first)
        if unknown:
            raise Refused(f"no {', '.join(sorted(unknown))}, but {', '.join(self.at_first)}")
        scene = self.at_first | told
        self.faults.pop(region, None)
        with LOCK:
            for service in list(BackendDict._instances):
                for of_account in service.values():
                    if region in of_account.keys():
                        of_account[region].reset()
            autoscaling.play(of(autoscaling_backends, region), scene["groups"])
            redshift.play(of(redshift_backends, region), scene["clusters"], database or DATABASES.get(region))
            dynamodb.play(of(dynamodb_backends, region), of(applicationautoscaling_backends, region), scene["tables"])
        stacks.play(region, scene["stacks"], self.address)
        for table in scene["tables"]:
            self.demand(region, [{"table": table["name"]} | demand for demand in table.get("demand", [])], -60, -1)

    def demand(self, region, told, since=0, until=0):
        tables = of(dynamodb_backends, region)
        found = []
        for demand in told if isinstance(told, list) else [told]:
            with LOCK:
                capacity = dynamodb.capacity(tables, demand["table"], demand.get("index"))
            found += metrics.points(demand, capacity, since, until)
        metrics.put(region, found)

    def __call__(self, environ, start):
        path = environ.get("PATH_INFO", "")
        if path.startswith("/peer/"):
            asked = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", "")))
            return self.ordered(environ, path.removeprefix("/peer/"), asked.pop("region", REGIONS[0]), asked, start)
        scope = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        key, region, service = scope.groups() if scope else ("", REGIONS[0], "")
        # How a function behind a stack tells that it is done.
        told = path.startswith("/_ministack/cfn-")
        aws = elsewhere.answer if told or service in elsewhere.SERVICES else self.aws
        fault = self.faults.get(region)
        if told or fault is None or key == "BEHIND":
            return aws(environ, start)
        if fault == "lost":
            # It is done, and nobody hears of it.
            list(aws(environ, lambda *_: lambda _: None))
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            start("200 OK", [])
            return []
        speaks = 2 if "HTTP_SMITHY_PROTOCOL" in environ else 1 if "HTTP_X_AMZ_TARGET" in environ else 0
        status, kind, body = FAULTS[fault][speaks]
        start(status, [("content-type", kind)] + ([("smithy-protocol", "rpc-v2-cbor")] if speaks == 2 and fault != "html" else []))
        return [body if isinstance(body, bytes) else body.encode()]

    def ordered(self, environ, order, region, asked, start):
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length <= BODY_AT_MOST else b"too much"
        try:
            answer = self.order(environ["REQUEST_METHOD"], order, region, asked, json.loads(body) if body else {})
        except Refused as refused:
            start("400 Bad Request", [("content-type", "text/plain; charset=utf-8")])
            return [f"{refused}\n".encode()]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            start("400 Bad Request", [("content-type", "text/plain; charset=utf-8")])
            return [f"{type(error).__name__}: {error}\n".encode()]
        if answer is None:
            start("204 No Content", [])
            return []
        start("200 OK", [("content-type", "application/json")])
        return [json.dumps(answer).encode()]

    def order(self, method, order, region, asked, told):
        if (method, order) == ("GET", "services"):
            return services.told(region)
        if method != "POST":
            raise Refused(f"no {method} /peer/{order}")
        if order == "gate":
            return services.gate(region, told)
        if order == "play":
            with self.playing:
                door = self.doors[region]
            with door:
                return self.play(region, told, asked.get("database"))
        if order == "demand":
            return self.demand(region, told)
        if order in ("hold", "release", "unstick"):
            if not services.order(region, order, asked.get("stack")):
                raise Refused(f"there is no stack {asked.get('stack')} that is a service in {region}")
        elif order.removeprefix("fault/") in FAULTS:
            self.faults[region] = order.removeprefix("fault/")
        else:
            raise Refused(f"no order {order}")
        return None


def of(backends, region):
    return backends[DEFAULT_ACCOUNT_ID][region]


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def main(fleet, redshift, folder):
    socket_at = socket.create_server(("127.0.0.1", int(os.environ.get("AWS_PEER_PORT", "0"))))
    port = socket_at.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    elsewhere.begin(port, f"{folder}/work")
    stacks.strict()
    peer = Peer(read(fleet), read(redshift), address)
    server = make_server("127.0.0.1", port, peer, threaded=True, request_handler=MotoRequestHandler, fd=socket_at.fileno())
    # Whatever is still on its way: nothing of it is kept.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    for region in REGIONS:
        peer.play(region, {})
    # Whoever waits for the first never sees half of it.
    for name in ("cloudformation", "cloudwatch", "address"):
        with open(f"{folder}/{name}.new", "w", encoding="utf-8") as file:
            print(address, file=file)
        os.rename(f"{folder}/{name}.new", f"{folder}/{name}")
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
