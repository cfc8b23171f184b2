"""The DAG shapes of the scenario, for airflow."""

from scenario import build

shapes = build("shapes")
