"""The DAG dagao of the scenario, for airflow."""

from scenario import build

dagao = build("dagao")
