"""What the services of the stand-in share."""
import asyncio
import datetime
import functools
import os
import threading

PACE = float(os.environ.get("AWS_PEER_PACE", "2"))

# Requests come side by side; moto does not expect that.
LOCK = threading.RLock()


class Refused(Exception):
    """An order of a test that is not understood, and why."""


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def wraps(owner, name):
    """Puts a function around a method: it is given the method, and what the method is given."""

    def put(around):
        inner = getattr(owner, name)

        @functools.wraps(inner)
        def outer(*args, **kwargs):
            return around(inner, *args, **kwargs)

        setattr(owner, name, outer)

    return put


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()
