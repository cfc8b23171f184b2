"""The DAG short of the scenario, for airflow."""

from scenario import build

short = build("short")
