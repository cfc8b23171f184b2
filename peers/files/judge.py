"""What pyarrow and DuckDB make of a Parquet file, as JSON. Usage: judge.py FILE"""

import json
import sys

import duckdb
import pyarrow.parquet as pq


def main(path):
    file = pq.ParquetFile(path)
    notes = {key.decode(): value.decode() for key, value in (file.metadata.metadata or {}).items()}
    # Each reads it to its end.
    arrow = pq.read_table(path)
    frame = duckdb.sql("select * from read_parquet(?)", params=[path])
    print(json.dumps({
        "pyarrow": {
            "rows": arrow.num_rows,
            "columns": [[field.name, str(field.type), field.nullable] for field in file.schema_arrow],
            "created_by": file.metadata.created_by,
            "notes": notes,
        },
        "duckdb": {"rows": len(frame.fetchall()), "columns": [[name, str(kind)] for name, kind in zip(frame.columns, frame.types)]},
    }))


main(sys.argv[1])
