"""moto's server, with time and failures. Usage: server.py FLEET REDSHIFT ADDRESS_FILE, the first two being scenarios

Besides what AWS answers, each for one region (?region=us-east-1 if not told):
  POST /peer/play          everything as it was at first: what the scenarios say. With &database=NAME, a reboot ends the sessions
                           of that database of the PostgreSQL; in us-east-1 those of belomonte, if not told, elsewhere nobody's
  POST /peer/fault/NAME    from now on every call fails in this way: unavailable, expired, html, lost;
                           but not those of who calls with the access key BEHIND
"""
import json
import os
import re
import signal
import socket
import sys
import urllib.parse

from moto.autoscaling.models import autoscaling_backends
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.base_backend import BackendDict
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.redshift.models import redshift_backends
from werkzeug.serving import make_server

import autoscaling
import redshift
import redshift_data  # noqa: F401, it puts itself in its place
from common import LOCK

# Each is a world of its own, so that tests can go side by side. Elsewhere there is nothing.
REGIONS = ["us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-central-1"]
DATABASES = {"us-east-1": "belomonte"}

# «Credential=KEY/DATE/REGION/SERVICE/aws4_request», in what signs a request.
SCOPE = re.compile(r"Credential=([^/]*)/[0-9]*/([^/]*)/")


def xml(code, message):
    return "text/xml", (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        "<RequestId>00000000-0000-4000-8000-000000000000</RequestId></ErrorResponse>"
    )


def text(code, message):
    return "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message})


EXPIRED = "The security token included in the request is expired"
PAGE = "text/html", "<html><title>Sign in</title></html>"

# How a call fails where the service answers in XML, and where it answers in JSON.
FAULTS = {
    "unavailable": [
        ("503 Service Unavailable", *xml("ServiceUnavailable", "It is away.")),
        ("503 Service Unavailable", *text("ServiceUnavailable", "It is away.")),
    ],
    "expired": [
        ("403 Forbidden", *xml("ExpiredToken", EXPIRED)), ("400 Bad Request", *text("ExpiredTokenException", EXPIRED)),
    ],
    "html": [("200 OK", *PAGE), ("200 OK", *PAGE)],
    "lost": None,
}


class Peer:
    def __init__(self, fleet, redshift):
        self.groups, self.clusters = fleet["groups"], redshift["clusters"]
        self.aws = DomainDispatcherApplication(create_backend_app)
        self.faults = {}
        for region in REGIONS:
            self.play(region)

    def play(self, region, database=None):
        self.faults.pop(region, None)
        with LOCK:
            for service in list(BackendDict._instances):
                for of_account in service.values():
                    if region in of_account.keys():
                        of_account[region].reset()
            autoscaling.play(autoscaling_backends[DEFAULT_ACCOUNT_ID][region], self.groups)
            redshift.play(redshift_backends[DEFAULT_ACCOUNT_ID][region], self.clusters, database or DATABASES.get(region))

    def __call__(self, environ, start):
        path = environ.get("PATH_INFO", "")
        if path.startswith("/peer/"):
            asked = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", "")))
            return self.order(path.removeprefix("/peer/"), asked.pop("region", REGIONS[0]), asked, start)
        scope = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        key, region = scope.groups() if scope else ("", REGIONS[0])
        fault = self.faults.get(region)
        if fault is None or key == "BEHIND":
            return self.aws(environ, start)
        if fault == "lost":
            # It is done, and nobody hears of it.
            list(self.aws(environ, lambda *_: lambda _: None))
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            start("200 OK", [])
            return []
        status, kind, body = FAULTS[fault]["HTTP_X_AMZ_TARGET" in environ]
        start(status, [("content-type", kind)])
        return [body.encode()]

    def order(self, order, region, asked, start):
        status = "204 No Content"
        if order == "play":
            self.play(region, asked.get("database"))
        elif order.removeprefix("fault/") in FAULTS:
            self.faults[region] = order.removeprefix("fault/")
        else:
            status = "404 Not Found"
        start(status, [])
        return []


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def main(fleet, redshift, address_file):
    peer = Peer(read(fleet), read(redshift))
    server = make_server(
        "127.0.0.1", int(os.environ.get("AWS_PEER_PORT", "0")), peer, threaded=True, request_handler=MotoRequestHandler
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # Whoever waits for the file never sees half of it.
    with open(address_file + ".new", "w", encoding="utf-8") as file:
        print(f"http://127.0.0.1:{server.server_port}", file=file)
    os.rename(address_file + ".new", address_file)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
