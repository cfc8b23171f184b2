"""Lists the task instances of a run with the official Python client, page by page, and tells what that took.

Arguments: address, DAG, run, how it logs in (`session`, `basic` or `token`; the secret is in AIRFLOW_SECRET).
Imports, the login and a first call are not measured.
"""

import json
import os
import resource
import sys
import time

import airflow_client.client as client
from airflow_client.client.api import task_instance_api

address, dag, run, login = sys.argv[1:5]
secret = os.environ["AIRFLOW_SECRET"]
old = hasattr(client.ApiClient, "pool")  # the client of Airflow 2 is of an older generator
settings = client.Configuration(host=address + "/api/v1" if old else address)
if login == "token":
    settings.access_token = secret
if login == "basic":
    settings.username, settings.password = secret.split(":", 1)

with client.ApiClient(settings) as connection:
    if login == "session":
        connection.default_headers["Cookie"] = secret
    api = task_instance_api.TaskInstanceApi(connection)
    api.get_task_instances(dag, run, limit=1)
    wall, cpu, keys, offset = time.perf_counter(), time.process_time(), set(), 0
    while True:
        page = api.get_task_instances(dag, run, limit=100, offset=offset)
        keys.update((one.task_id, one.map_index) for one in page.task_instances)
        offset += len(page.task_instances)
        if not page.task_instances or offset >= page.total_entries:
            break
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu

peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"wall": wall, "cpu": cpu, "count": len(keys), "peak": peak * 1024}))
