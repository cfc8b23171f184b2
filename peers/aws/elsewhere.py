"""CloudFormation and CloudWatch by ministack, in this process and behind this server, so that there is one address for all.

ministack is an ASGI application; `answer` is its WSGI side. It learns where it is reached before it is imported: `begin`.
"""
import asyncio
import concurrent.futures
import contextlib
import os
import sys

from moto.core import DEFAULT_ACCOUNT_ID

from common import Loop

LOOP = Loop()
# What a request is signed for, where it is ministack that answers: its Lambda runs the functions behind the stacks.
SERVICES = {"cloudformation", "monitoring", "lambda"}


def begin(port, folder):
    os.environ.update(
        GATEWAY_PORT=str(port), BIND_HOST="127.0.0.1", MINISTACK_HOST="127.0.0.1", LAMBDA_EXECUTOR="local", LOG_LEVEL="WARNING",
        MINISTACK_ACCOUNT_ID=DEFAULT_ACCOUNT_ID, STATE_DIR=f"{folder}/state", S3_DATA_DIR=f"{folder}/s3",
    )
    import ministack.app

    ministack.app._MAIN_LOOP = LOOP.loop
    LOOP.loop.set_default_executor(concurrent.futures.ThreadPoolExecutor(64))


async def call(method, path, query, headers, body):
    """One request: status, headers, body."""
    from ministack.app import app

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "method": method, "path": path,
        "raw_path": path.encode(), "query_string": query.encode(), "headers": headers, "client": ("127.0.0.1", 0),
    }
    asked, told = [{"type": "http.request", "body": body, "more_body": False}], []

    async def receive():
        return asked.pop() if asked else await asyncio.Event().wait()

    async def send(message):
        told.append(message)

    await app(scope, receive, send)
    status, headers = told[0]["status"], told[0].get("headers", [])
    return status, headers, b"".join(message.get("body", b"") for message in told[1:])


def answer(environ, start):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    headers = [
        (name.removeprefix("HTTP_").replace("_", "-").lower().encode(), value.encode("latin-1"))
        for name, value in environ.items()
        if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
    ]
    path = environ["PATH_INFO"].encode("latin-1").decode()
    status, told, body = LOOP.run(call(environ["REQUEST_METHOD"], path, environ.get("QUERY_STRING", ""), headers, body))
    start(f"{status} ", [(name.decode("latin-1"), value.decode("latin-1")) for name, value in told])
    return [body]


@contextlib.contextmanager
def world(region):
    """What ministack keeps, as one region sees it. Only in its loop."""
    from ministack.core.responses import request_scope

    with request_scope(DEFAULT_ACCOUNT_ID, region):
        yield


async def forget(region):
    """Nothing is left of a region but its functions: ministack has no order for it, and to delete all by its API takes long."""
    from ministack.core.responses import AccountRegionScopedDict

    for name, module in list(sys.modules.items()):
        if not name.startswith("ministack.services.") or ".lambda" in name:
            continue
        for kept in list(vars(module).values()):
            if isinstance(kept, AccountRegionScopedDict):
                for key in [key for key in list(kept._data) if key[1] == region]:
                    kept._data.pop(key, None)
