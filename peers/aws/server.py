"""moto's server, with time and failures. Usage: server.py SCENARIO ADDRESS_FILE

Besides what AWS answers:
  POST /peer/play          everything as it was at first: the groups of the scenario
  POST /peer/fault/NAME    from now on every call fails in this way: unavailable, expired, html, lost;
                           but not those of who calls with the access key BEHIND
"""
import json
import os
import signal
import socket
import sys

from moto.autoscaling.models import autoscaling_backends
from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

import autoscaling

REGION = "us-east-1"


def refusal(code, message):
    return (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        "<RequestId>00000000-0000-4000-8000-000000000000</RequestId></ErrorResponse>"
    )


FAULTS = {
    "unavailable": ("503 Service Unavailable", "text/xml", refusal("ServiceUnavailable", "It is away.")),
    "expired": ("403 Forbidden", "text/xml", refusal("ExpiredToken", "The security token included in the request is expired")),
    "html": ("200 OK", "text/html", "<html><title>Sign in</title></html>"),
    "lost": None,
}


class Peer:
    def __init__(self, scenario):
        self.scenario = scenario
        self.aws = DomainDispatcherApplication(create_backend_app)
        self.fault = None
        self.play()

    def play(self):
        self.fault = None
        with autoscaling.LOCK:
            moto_api_backend.reset()
            autoscaling.play(autoscaling_backends[DEFAULT_ACCOUNT_ID][REGION], self.scenario["groups"])

    def __call__(self, environ, start):
        path = environ.get("PATH_INFO", "")
        if path.startswith("/peer/"):
            return self.order(path.removeprefix("/peer/"), start)
        if self.fault is None or "Credential=BEHIND/" in environ.get("HTTP_AUTHORIZATION", ""):
            return self.aws(environ, start)
        if self.fault == "lost":
            # It is done, and nobody hears of it.
            list(self.aws(environ, lambda *_: lambda _: None))
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            start("200 OK", [])
            return []
        status, kind, body = FAULTS[self.fault]
        start(status, [("content-type", kind)])
        return [body.encode()]

    def order(self, order, start):
        status = "204 No Content"
        if order == "play":
            self.play()
        elif order.removeprefix("fault/") in FAULTS:
            self.fault = order.removeprefix("fault/")
        else:
            status = "404 Not Found"
        start(status, [])
        return []


def main(scenario, address_file):
    with open(scenario, encoding="utf-8") as file:
        peer = Peer(json.load(file))
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
