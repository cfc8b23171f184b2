"""Builds DAGs of airflow-client/conformance/scenario.json, for Airflow 2 and 3 alike.

Each has a file of its own, since every try of a task reads its DAG's file anew. Every job reads, when a try begins, the variable `orders.RUN_ID` (orders for one run) or, where there is none, the
variables `fail_tasks` and `sleep_tasks` (orders for all):

    orders.RUN_ID   {"fail": ["model-x"], "sleep": {"load": 30}}
    fail_tasks      ["model-x"]
    sleep_tasks     {"load": 30}
"""

import json
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

try:
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.providers.standard.operators.python import PythonOperator
    from airflow.sdk import DAG, TaskGroup, Variable
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.models import Variable
    from airflow.operators.empty import EmptyOperator
    from airflow.operators.python import PythonOperator
    from airflow.utils.task_group import TaskGroup

ROOT = Path(__file__).resolve().parents[3]
SCENARIO = json.loads((ROOT / "airflow-client/conformance/scenario.json").read_text())
RETRY_DELAY = timedelta(seconds=600)


def variable(key, otherwise):
    try:
        return json.loads(Variable.get(key))
    except Exception:  # it is not there: each generation says so in its own way
        return otherwise


def work(name, run, transaction):
    print(f"a try of {name} begins")
    orders = variable(f"orders.{run}", None)
    if orders is None:
        orders = {"fail": variable("fail_tasks", []), "sleep": variable("sleep_tasks", {})}
    time.sleep(float(orders["sleep"].get(name, 0)))
    if name in orders["fail"]:
        raise RuntimeError(f"{name} was told to fail")
    return name


def operator(task, group):
    """The task's own part of the id comes after its groups."""
    settings = {
        "task_id": task["id"].rpartition(".")[2],
        "task_group": group(task["id"].rpartition(".")[0]),
        "trigger_rule": task.get("trigger_rule", "all_success"),
    }
    if task.get("empty"):
        return EmptyOperator(**settings)
    settings |= {
        "python_callable": work,
        "retries": task.get("retries", 0),
        "retry_delay": RETRY_DELAY,
        "op_kwargs": {"run": "{{ run_id }}", "transaction": "{{ dag_run.conf.get('transaction', '') }}"},
    }
    if "instances" not in task:
        return PythonOperator(op_args=[task["id"]], **settings)
    names = [[f"{task['id']}[{index}]"] for index in range(task["instances"])]
    return PythonOperator.partial(**settings).expand(op_args=names)


def in_rows(grid):
    """Layers of tasks that do nothing, each followed by the one at its place in the next layer."""
    for layer in range(grid["layers"]):
        for place in range(grid["width"]):
            below = [f"t{layer + 1:02}-{place:03}"] if layer + 1 < grid["layers"] else []
            yield {"id": f"t{layer:02}-{place:03}", "downstream": below, "empty": True}


def build(name):
    plan = next(plan for plan in SCENARIO["dags"] if plan["id"] == name)
    tasks = plan.get("tasks") or list(in_rows(plan["grid"]))
    dag = DAG(
        dag_id=plan["id"],
        description=plan["description"],
        tags=plan["tags"],
        schedule=None,
        start_date=datetime(2000, 1, 1, tzinfo=timezone.utc),
        catchup=False,
        max_active_runs=plan["max_active_runs"],
        max_active_tasks=max(64, len(tasks)),
        default_args={"owner": "data-infra"},
    )
    with dag:
        groups = {"": None}

        def group(path):
            if path not in groups:
                above, _, name = path.rpartition(".")
                groups[path] = TaskGroup(group_id=name, parent_group=group(above))
            return groups[path]

        operators = {task["id"]: operator(task, group) for task in tasks}
        for task in tasks:
            for below in task.get("downstream", []):
                operators[task["id"]] >> operators[below]
    return dag
