"""The DAG wide_1000 of the scenario, for airflow."""

from scenario import build

wide_1000 = build("wide_1000")
