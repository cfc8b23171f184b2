"""Writes Parquet and Avro files as Spark and others would, and expected.json: of each its columns, rows, and first values.

Usage: make.py FOLDER [--large]
"""

import base64
import datetime as dt
import decimal
import json
import math
import pathlib
import random
import sys
import uuid

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe

decimal.getcontext().prec = 50
D = decimal.Decimal
UTC = dt.timezone.utc
SHOWN = 20


def told(value, nested=False):
    """A value as a preview has it in JSON."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        # With every digit: readers of JSON round.
        return f"float {value!r}" if math.isfinite(value) else None
    if isinstance(value, D):
        return format(value, "f")
    if isinstance(value, dt.datetime):
        text = value.strftime("%Y-%m-%dT%H:%M:%S") + fraction(value.microsecond)
        return text + ("Z" if value.tzinfo else "")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return value.strftime("%H:%M:%S") + fraction(value.microsecond)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): told(part, True) for key, part in value.items()}
    if isinstance(value, list):
        # A map of Arrow is a list of pairs.
        if value and all(isinstance(part, tuple) for part in value):
            return {str(told(key)): told(part, True) for key, part in value}
        return [told(part, True) for part in value]
    raise TypeError(type(value))


def fraction(micros):
    if not micros:
        return ""
    return f".{micros // 1000:03}" if micros % 1000 == 0 else f".{micros:06}"


def table(rows=50):
    """Columns of every kind that Spark writes, with nulls."""
    at = dt.datetime(2020, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    every = lambda n, make: [None if i % 7 == n else make(i) for i in range(rows)]
    columns = {
        "id": pa.array(range(rows), pa.int64()),
        "small": pa.array(every(1, lambda i: i - 20), pa.int32()),
        "tiny": pa.array(every(2, lambda i: i % 100 - 50), pa.int8()),
        "unsigned": pa.array(every(3, lambda i: 2**64 - 1 - i), pa.uint64()),
        "ratio": pa.array(every(4, lambda i: i / 3), pa.float64()),
        "single": pa.array(every(5, lambda i: i + 0.5), pa.float32()),
        "flag": pa.array(every(6, lambda i: i % 2 == 0), pa.bool_()),
        "name": pa.array(every(0, lambda i: f"náme {i % 5}"), pa.string()),
        "raw": pa.array(every(1, lambda i: bytes([i, 255, 0])), pa.binary()),
        "day": pa.array(every(2, lambda i: dt.date(1969, 12, 20) + dt.timedelta(days=i * 400)), pa.date32()),
        "at": pa.array(every(3, lambda i: at + dt.timedelta(hours=i * 999)), pa.timestamp("us", "UTC")),
        "local": pa.array(every(4, lambda i: at.replace(tzinfo=None) + dt.timedelta(milliseconds=i)), pa.timestamp("us")),
        "clock": pa.array(every(5, lambda i: dt.time(i % 24, 2, 3, i * 1000)), pa.time64("us")),
        "cents": pa.array(every(6, lambda i: D(i * 7 - 100) / 100), pa.decimal128(9, 2)),
        "money": pa.array(every(0, lambda i: D(i * 10**15 - 1) / 10**6), pa.decimal128(18, 6)),
        "large": pa.array(every(1, lambda i: D("-12345678901234567890.123456789012345678") + i), pa.decimal128(38, 18)),
        "list": pa.array(every(2, lambda i: [None if j == 2 else j for j in range(i % 4)]), pa.list_(pa.int64())),
        "lists": pa.array(every(3, lambda i: [[f"{j}"] * j for j in range(i % 3)]), pa.list_(pa.list_(pa.string()))),
        "struct": pa.array(
            every(4, lambda i: {"a": i, "b": None if i % 2 else {"c": f"c{i}"}}),
            pa.struct([("a", pa.int32()), ("b", pa.struct([("c", pa.string())]))]),
        ),
        "map": pa.array(
            every(5, lambda i: [(f"k{j}", None if j == 1 else D(j)) for j in range(i % 3)]),
            pa.map_(pa.string(), pa.decimal128(5, 0)),
        ),
        "deep": pa.array(
            every(6, lambda i: [{"m": [(j, [j, None])]} for j in range(i % 3)]),
            pa.list_(pa.struct([("m", pa.map_(pa.int32(), pa.list_(pa.int64())))])),
        ),
        "nothing": pa.array([None] * rows, pa.string()),
    }
    return pa.table(columns)


class Keys(pe.KmsClient):
    """Keeps a key by writing it into the file. For tests only."""

    def wrap_key(self, key_bytes, master_key_identifier):
        return base64.b64encode(key_bytes)

    def unwrap_key(self, wrapped_key, master_key_identifier):
        return base64.b64decode(wrapped_key)


def encrypted(table, path, **options):
    config = pe.EncryptionConfiguration(footer_key="footer", column_keys={"columns": ["name"]}, **options)
    connection = pe.KmsConnectionConfig()
    properties = pe.CryptoFactory(lambda _: Keys()).file_encryption_properties(connection, config)
    with pq.ParquetWriter(path, table.schema, encryption_properties=properties) as writer:
        writer.write_table(table)


def expected(rows, columns, count, **more):
    shown = [[told(row[name]) for name in columns] for row in rows[:SHOWN]]
    return {"columns": columns, "rows": shown, "count": count} | more


def parquet(folder):
    made = {}
    whole = table()
    rows = whole.to_pylist()
    for row in rows:
        # An empty list of pairs would be told as a list.
        row["map"] = None if row["map"] is None else dict(row["map"])
    for name, options in {
        "plain": dict(compression="none", use_dictionary=False),
        "snappy": dict(compression="snappy"),
        "gzip": dict(compression="gzip"),
        "zstd": dict(compression="zstd"),
        "v2": dict(compression="snappy", data_page_version="2.0"),
        "v2-plain": dict(compression="none", data_page_version="2.0", use_dictionary=False),
        "small-pages": dict(compression="snappy", data_page_size=1, write_batch_size=3, use_dictionary=False),
        "small-pages-v2": dict(compression="zstd", data_page_size=1, write_batch_size=3, data_page_version="2.0"),
        "groups": dict(compression="snappy", row_group_size=7),
        "old": dict(compression="gzip", version="1.0"),
        "indexed": dict(compression="snappy", write_page_index=True, write_page_checksum=True, data_page_size=64),
    }.items():
        pq.write_table(whole, folder / f"{name}.parquet", **options)
        made[f"{name}.parquet"] = expected(rows, whole.column_names, whole.num_rows)
    # As Spark does by default: INT96.
    times = whole.select(["id", "at"])
    pq.write_table(times, folder / "int96.parquet", use_deprecated_int96_timestamps=True)
    made["int96.parquet"] = expected(rows, ["id", "at"], whole.num_rows)
    deltas = whole.select(["id", "small", "name", "raw", "ratio"])
    encodings = {"id": "DELTA_BINARY_PACKED", "small": "DELTA_BINARY_PACKED", "name": "DELTA_LENGTH_BYTE_ARRAY",
                 "raw": "DELTA_BYTE_ARRAY", "ratio": "BYTE_STREAM_SPLIT"}
    pq.write_table(deltas, folder / "deltas.parquet", use_dictionary=False, column_encoding=encodings)
    made["deltas.parquet"] = expected(rows, deltas.column_names, whole.num_rows)
    pq.write_table(whole.slice(0, 0), folder / "empty.parquet")
    made["empty.parquet"] = expected([], whole.column_names, 0)
    nanos = pa.table({"at": pa.array([1, None, 1_600_000_000_123_456_789], pa.timestamp("ns"))})
    pq.write_table(nanos, folder / "nanos.parquet")
    made["nanos.parquet"] = {
        "columns": ["at"], "count": 3, "rows": [["1970-01-01T00:00:00.000000001"], [None], ["2020-09-13T12:26:40.123456789"]],
    }
    names = whole.select(["id", "name"])
    encrypted(names, folder / "encrypted-columns.parquet", plaintext_footer=True)
    made["encrypted-columns.parquet"] = expected(rows, ["id"], whole.num_rows, left_out=["name"])
    # Not among the expected ones: it is refused.
    encrypted(names, folder / "encrypted.parquet")
    pq.write_table(whole.select(["id", "name"]), folder / "lz4.parquet", compression="lz4")
    made["lz4.parquet"] = {"columns": [], "rows": [[]] * SHOWN, "count": whole.num_rows, "left_out": ["id", "name"]}
    return made


SCHEMA = {
    "type": "record", "name": "row", "namespace": "com.example", "fields": [
        {"name": "id", "type": "long"},
        {"name": "small", "type": ["null", "int"]},
        {"name": "name", "type": ["string", "null"]},
        {"name": "ratio", "type": "double"},
        {"name": "single", "type": "float"},
        {"name": "flag", "type": "boolean"},
        {"name": "raw", "type": "bytes"},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "at", "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}]},
        {"name": "millis", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "clock", "type": {"type": "long", "logicalType": "time-micros"}},
        {"name": "money", "type": {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 4}},
        {"name": "fixed", "type": {"type": "fixed", "name": "f", "size": 8, "logicalType": "decimal", "precision": 18, "scale": 2}},
        {"name": "uuid", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "kind", "type": {"type": "enum", "name": "kinds", "symbols": ["A", "B"]}},
        {"name": "list", "type": {"type": "array", "items": ["null", "long"]}},
        {"name": "map", "type": {"type": "map", "values": "kinds"}},
        {"name": "either", "type": ["null", "long", "string"]},
        {"name": "inner", "type": ["null", {"type": "record", "name": "inner", "fields": [
            {"name": "a", "type": "int"}, {"name": "next", "type": ["null", "inner"]}]}]},
        {"name": "md5", "type": {"type": "fixed", "name": "md5", "size": 4}},
    ],
}


def avro_row(i):
    at = dt.datetime(2020, 1, 2, 3, 4, 5, 678000, tzinfo=UTC) + dt.timedelta(hours=i)
    return {
        "id": i - 5, "small": None if i % 3 else i, "name": None if i % 4 == 0 else f"náme {i}", "ratio": i / 3,
        "single": i + 0.25, "flag": i % 2 == 1, "raw": bytes([i % 256, 0]), "day": dt.date(2020, 2, 28) + dt.timedelta(days=i),
        "at": None if i % 5 == 0 else at, "millis": at, "clock": dt.time(1, 2, 3, i * 10), "money": D(i * 12345 - 7).scaleb(-4),
        "fixed": D(-i * 1001).scaleb(-2), "uuid": uuid.UUID(int=i * 2**100 + 7), "kind": "AB"[i % 2],
        "list": [None if j == 1 else j for j in range(i % 4)], "map": {f"k{j}": "AB"[j % 2] for j in range(i % 3)},
        "either": [None, i, f"{i}"][i % 3], "inner": None if i % 2 else {"a": i, "next": {"a": -i, "next": None}},
        "md5": bytes([1, 2, 3, i % 256]),
    }


def avro(folder):
    made = {}
    columns = [field["name"] for field in SCHEMA["fields"]]
    for name, codec, count, interval in [
        ("null", "null", 50, 16000), ("deflate", "deflate", 50, 16000), ("snappy", "snappy", 50, 16000),
        ("zstandard", "zstandard", 50, 16000), ("blocks", "deflate", 50, 100), ("none", "snappy", 0, 16000),
        ("many", "null", 5000, 16000),
    ]:
        rows = [avro_row(i) for i in range(count)]
        with open(folder / f"{name}.avro", "wb") as file:
            fastavro.writer(file, SCHEMA, rows, codec=codec, sync_interval=interval)
        # What is larger than what is read of a file to know it does not tell its rows.
        made[f"{name}.avro"] = expected(rows, columns, None if name == "many" else count)
    with open(folder / "texts.avro", "wb") as file:
        fastavro.writer(file, {"type": "string"}, ["a", "b"])
    made["texts.avro"] = {"columns": ["value"], "rows": [["a"], ["b"]], "count": 2}
    return made


def large(folder):
    """A gigabyte, in row groups and pages of the usual size: 1,048,576 rows, and 1 MiB."""
    chance = random.Random(7)
    rows = 1 << 20
    texts = [f"{chance.getrandbits(128):032x}" for _ in range(rows)]
    columns = {
        "id": pa.array(range(rows), pa.int64()),
        "customer": pa.array(texts, pa.string()),
        "amount": pa.array([chance.random() * 1e6 for _ in range(rows)], pa.float64()),
        "at": pa.array([1_600_000_000_000_000 + chance.getrandbits(44) for _ in range(rows)], pa.timestamp("us", "UTC")),
        "kind": pa.array([texts[i % 9] for i in range(rows)], pa.string()),
        "cents": pa.array([D(chance.getrandbits(50)).scaleb(-2) for _ in range(rows)], pa.decimal128(18, 2)),
        "tags": pa.array([[i, chance.getrandbits(40)] for i in range(rows)], pa.list_(pa.int64())),
    }
    group = pa.table(columns)
    path = folder / "large.parquet"
    with pq.ParquetWriter(path, group.schema, compression="snappy") as writer:
        while not path.exists() or path.stat().st_size < 10**9:
            writer.write_table(group)
    names = ["id", "customer", "amount", "at", "kind", "cents", "tags"]
    rows = group.slice(0, SHOWN).to_pylist()
    return expected(rows, names, pq.read_metadata(path).num_rows, size=path.stat().st_size)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    if sys.argv[2:] == ["--large"]:
        made, name = large(folder), "large.json"
    else:
        made, name = parquet(folder) | avro(folder), "expected.json"
    (folder / name).write_text(json.dumps(made, ensure_ascii=False))


if __name__ == "__main__":
    main()
