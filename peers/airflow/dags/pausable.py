"""The DAG pausable of the scenario, for airflow."""

from scenario import build

pausable = build("pausable")
