"""The DAG one_at_a_time of the scenario, for airflow."""

from scenario import build

one_at_a_time = build("one_at_a_time")
