"""What the services of the stand-in share."""
import datetime
import functools
import os
import threading

PACE = float(os.environ.get("AWS_PEER_PACE", "2"))

# Requests come side by side; moto does not expect that.
LOCK = threading.RLock()


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
