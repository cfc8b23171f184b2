"""A DAG whose `writer` is a job of an Aurora scheduler, for Airflow 2 and 3 alike: each try creates the job and waits until it has
ended, as the platform's own operator does. What it creates, and where, says the variable `aurora.RUN_ID`:

    {"address": "http://127.0.0.1:8081", "role": "jobs", "line": "sleep 5", "version": "older-1234567"}
"""

import base64
import json
import time
import urllib.request
from datetime import datetime, timedelta, timezone

try:
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.providers.standard.operators.python import PythonOperator
    from airflow.sdk import DAG, Variable
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.models import Variable
    from airflow.operators.empty import EmptyOperator
    from airflow.operators.python import PythonOperator

KIND = "application/vnd.apache.thrift.json"
FINISHED, FAILED, KILLED, LOST = 3, 4, 5, 7


def call(address, method, arguments):
    """The scheduler's interface in its own JSON: fields by number, values by kind."""
    body = json.dumps([1, method, 1, 1, arguments], separators=(",", ":")).encode()
    login = "Basic " + base64.b64encode(b"admin:admin").decode()
    headers = {"Content-Type": KIND, "Accept": KIND, "Authorization": login}
    request = urllib.request.Request(address + "/api", data=body, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.load(reply)[4]["0"]["rec"]


def text(value):
    return {"str": value}


def on_aurora(name, run):
    print(f"a try of {name} begins")
    orders = json.loads(Variable.get(f"aurora.{run}"))
    key = {"1": text(orders["role"]), "2": text("prod"), "3": text(name)}
    labels = [{"1": text("metapod_transaction"), "2": text(run)}, {"1": text("version"), "2": text(orders["version"])}]
    data = json.dumps({"task": {"processes": [{"name": name, "cmdline": orders["line"]}]}})
    config = {
        "7": {"tf": 0}, "13": {"i32": 1}, "17": {"rec": {"2": text(orders["role"])}},
        "25": {"rec": {"1": text("AuroraExecutor"), "2": text(data)}}, "27": {"set": ["rec", len(labels), *labels]},
        "28": {"rec": key},
        "32": {"set": ["rec", 3, {"1": {"dbl": 0.5}}, {"2": {"i64": 64}}, {"3": {"i64": 32}}]},
    }
    job = {"6": {"rec": config}, "7": {"rec": {"2": text(orders["role"])}}, "8": {"i32": 1}, "9": {"rec": key}}
    created = call(orders["address"], "createJob", {"1": {"rec": job}})
    if created["1"]["i32"] != 1:
        raise RuntimeError(f"{name} was not created: {created}")
    query = {"1": {"rec": {"11": {"set": ["rec", 1, key]}}}}
    while True:
        tasks = call(orders["address"], "getTasksStatus", query)["3"]["rec"]["3"]["rec"]["1"]["lst"][2:]
        # The scheduler gives no order: the newest one is ours.
        newest = max(tasks, key=lambda task: task["4"]["lst"][2]["1"]["i64"])
        state = newest["2"]["i32"]
        if state == FINISHED:
            return
        if state in (FAILED, KILLED, LOST):
            raise RuntimeError(f"{name} ended in state {state}")
        time.sleep(1)


with DAG(
    dag_id="on_aurora",
    description="A job of Aurora, and what follows it.",
    schedule=None,
    start_date=datetime(2000, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=64,
    max_active_tasks=64,
    default_args={"owner": "data-infra"},
):
    writer = PythonOperator(
        task_id="writer",
        python_callable=on_aurora,
        op_args=["writer", "{{ run_id }}"],
        retries=2,
        retry_delay=timedelta(seconds=5),
    )
    writer >> EmptyOperator(task_id="checks")
