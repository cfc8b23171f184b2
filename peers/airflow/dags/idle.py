"""The DAG idle of the scenario, for airflow."""

from scenario import build

idle = build("idle")
