"""Waits until Airflow is healthy and has read the DAGs of the scenario. Usage: ready.py 2|3 ADDRESS DAG…"""

import base64
import json
import sys
import time
import urllib.error
import urllib.request

MAJOR, ADDRESS, *DAGS = sys.argv[1:]
END = time.monotonic() + 180


def ask(path, headers=None, body=None):
    request = urllib.request.Request(ADDRESS + path, headers=headers or {}, data=body)
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


def healthy():
    parts = {"2": ["scheduler"], "3": ["scheduler", "dag_processor"]}[MAJOR]
    health = ask({"2": "/api/v1/health", "3": "/api/v2/monitor/health"}[MAJOR])
    return all(health[part]["status"] == "healthy" for part in parts)


def login():
    if MAJOR == "2":
        return {"Authorization": "Basic " + base64.b64encode(b"admin:admin").decode()}
    body = json.dumps({"username": "admin", "password": "admin"}).encode()
    token = ask("/auth/token", {"Content-Type": "application/json"}, body)["access_token"]
    return {"Authorization": f"Bearer {token}"}


def wait(what, holds):
    while True:
        try:
            if answer := holds():
                return answer
            seen = "not yet"
        except (OSError, ValueError, KeyError) as error:
            seen = repr(error)
        if time.monotonic() > END:
            sys.exit(f"{what}: not within three minutes, last: {seen}")
        time.sleep(0.5)


wait("healthy", healthy)
headers = wait("a login", login)
for dag in DAGS:
    wait(f"the DAG {dag}", lambda: ask(f"/api/v{int(MAJOR) - 1}/dags/{dag}", headers))
wait("the file that cannot be imported", lambda: ask(f"/api/v{int(MAJOR) - 1}/importErrors", headers)["import_errors"])
