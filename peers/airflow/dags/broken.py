"""An Airflow DAG file that cannot be imported: the scenario wants one."""

raise ImportError("broken on purpose")
