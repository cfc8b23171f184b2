//! Files that pyarrow and fastavro write, and what pyarrow and `DuckDB` make of ours.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use dataset_files::{DatasetFiles, FileFormat, FileSchema, FilesRead, empty_parquet};
use metapod_model::{Attribute, LogicalType, Schema};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::path;

/// What `make.py` says of a file.
#[derive(Deserialize)]
pub(crate) struct Expected {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<Value>>,
    pub(crate) count: Option<u64>,
    #[serde(default)]
    left_out: Vec<String>,
}

/// The interpreter, or `None`, said aloud, where there is none. In CI that is a failure.
#[expect(clippy::explicit_write, reason = "what a passing test prints is not shown, unless it goes straight out")]
pub(crate) fn python() -> Option<PathBuf> {
    let python = std::env::var_os("FILES_PEER_PYTHON").map(PathBuf::from);
    if python.is_none() {
        assert!(std::env::var_os("CI").is_none(), "in CI the peer must be there: FILES_PEER_PYTHON is not set");
        writeln!(std::io::stderr(), "skipped: run peers/files/install.sh and set FILES_PEER_PYTHON").unwrap();
    }
    python
}

pub(crate) fn run(python: &Path, script: &str, arguments: &[&std::ffi::OsStr]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../peers/files").join(script);
    let output = Command::new(python).arg(script).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A folder with the bucket `made` in it, which is filled once for all tests.
pub(crate) fn made() -> Option<(&'static Path, BTreeMap<String, Expected>)> {
    static FOLDER: OnceLock<Option<tempfile::TempDir>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let python = python()?;
        let folder = tempfile::tempdir().unwrap();
        run(&python, "make.py", &[folder.path().join("made").as_os_str()]);
        Some(folder)
    });
    let folder = folder.as_ref()?.path();
    let expected = std::fs::read(folder.join("made/expected.json")).unwrap();
    Some((folder, serde_json::from_slice(&expected).unwrap()))
}

/// Numbers as numbers, and what is nested read from its text.
fn plain(value: &dataset_files::Value, wanted: &Value) -> Value {
    match value {
        dataset_files::Value::Nested(text) => serde_json::from_str(text).unwrap(),
        // What no `i64` holds is a text, so that nobody rounds it.
        dataset_files::Value::Decimal(text) if wanted.is_u64() => text.parse::<u64>().unwrap().into(),
        dataset_files::Value::Float(value) => match wanted.as_str().and_then(|text| text.strip_prefix("float ")) {
            Some(text) if text.parse() == Ok(*value) => wanted.clone(),
            _ => format!("float {value}").into(),
        },
        value => serde_json::to_value(value).unwrap(),
    }
}

pub(crate) fn same(name: &str, expected: &Expected, rows: &[Vec<dataset_files::Value>]) {
    assert_eq!(rows.len(), expected.rows.len(), "{name}");
    for (place, (row, wanted)) in rows.iter().zip(&expected.rows).enumerate() {
        assert_eq!(row.len(), wanted.len(), "{name}, row {place}");
        for ((value, wanted), column) in row.iter().zip(wanted).zip(&expected.columns) {
            assert_eq!(&plain(value, wanted), wanted, "{name}, row {place}, {column}");
        }
    }
}

#[tokio::test]
async fn every_file_by_other_hands_shows_its_rows() {
    let Some((folder, expected)) = made() else { return };
    let files = DatasetFiles::local(folder);
    for (name, expected) in &expected {
        let path = path(&format!("s3://made/{name}"));
        let file = files.describe(&path).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(file.format, if name.ends_with(".avro") { FileFormat::Avro } else { FileFormat::Parquet });
        assert_eq!(file.rows, expected.count, "{name}");

        let preview = files.first_rows(&path, 20).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let columns: Vec<_> = preview.columns.iter().map(|column| column.name.clone()).collect();
        assert_eq!(columns, expected.columns, "{name}");
        same(name, expected, &preview.rows);
        assert_eq!(
            preview.left_out.iter().map(|out| &out.name).collect::<Vec<_>>(),
            expected.left_out.iter().collect::<Vec<_>>()
        );
        if let Some(count) = expected.count {
            assert_eq!(preview.more, count > 20, "{name}");
        }
    }
}

#[tokio::test]
async fn a_file_tells_its_types_as_spark_names_them() {
    let Some((folder, _)) = made() else { return };
    let files = DatasetFiles::local(folder);
    let file = files.describe(&path("s3://made/groups.parquet")).await.unwrap();
    let columns: Vec<String> = file.columns.iter().map(ToString::to_string).collect();
    for column in [
        "id: long",
        "small: integer",
        "tiny: byte",
        "unsigned: unsigned 64 bit",
        "ratio: double",
        "single: float",
        "flag: boolean",
        "name: string",
        "raw: binary",
        "day: date",
        "at: timestamp",
        "local: timestamp_ntz",
        "clock: time",
        "cents: decimal(9,2)",
        "large: decimal(38,18)",
        "lists: array<array<string>>",
        "struct: struct<a: integer, b: struct<c: string>>",
        "map: map<string, decimal(5,0)>",
        "deep: array<struct<m: map<integer, array<long>>>>",
    ] {
        assert!(columns.iter().any(|have| have == column), "{column} is not in {columns:#?}");
    }
    assert_eq!((file.row_groups, file.codec.as_deref()), (Some(8), Some("snappy")));
    assert!(file.created_by.unwrap().contains("parquet-cpp"));
    assert!(files.describe(&path("s3://made/empty.parquet")).await.unwrap().is_empty());
    let avro = files.describe(&path("s3://made/snappy.avro")).await.unwrap();
    assert_eq!((avro.codec.as_deref(), avro.row_groups), (Some("snappy"), None));
}

/// An empty file, as the other hands see it.
fn judged(python: &Path, schema: &FileSchema) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("empty.gz.parquet");
    std::fs::write(&file, empty_parquet(schema).unwrap()).unwrap();
    serde_json::from_str(&run(python, "judge.py", &[file.as_os_str()])).unwrap()
}

#[test]
fn our_empty_file_has_the_dataset_s_schema_for_others_too() {
    let Some(python) = python() else { return };
    let mut required = Attribute::new("id").with_type(LogicalType::Uuid);
    required.nullable = Some(false);
    let mut list = Attribute::new("tags").with_type(LogicalType::Array);
    list.logical_sub_type = Some(LogicalType::Integer);
    let attributes = [
        ("flag", LogicalType::Boolean),
        ("day", LogicalType::Date),
        ("money", LogicalType::Decimal),
        ("ratio", LogicalType::Double),
        ("kind", LogicalType::Enum),
        ("count", LogicalType::Integer),
        ("name", LogicalType::String),
        ("at", LogicalType::Timestamp),
    ];
    let attributes = attributes.map(|(name, kind)| Attribute::new(name).with_type(kind));
    let schema = Schema::new([required, list].into_iter().chain(attributes).collect());
    let schema = FileSchema::from_metapod(&schema).unwrap();

    let judged = judged(&python, &schema);
    assert_eq!(
        judged["pyarrow"]["columns"],
        json!([
            ["id", "string", false],
            ["tags", "list<element: int64>", true],
            ["flag", "bool", true],
            ["day", "date32[day]", true],
            ["money", "decimal128(38, 18)", true],
            ["ratio", "double", true],
            ["kind", "string", true],
            ["count", "int64", true],
            ["name", "string", true],
            ["at", "timestamp[ns]", true]
        ])
    );
    assert_eq!(
        judged["duckdb"]["columns"],
        json!([
            ["id", "VARCHAR"],
            ["tags", "BIGINT[]"],
            ["flag", "BOOLEAN"],
            ["day", "DATE"],
            ["money", "DECIMAL(38,18)"],
            ["ratio", "DOUBLE"],
            ["kind", "VARCHAR"],
            ["count", "BIGINT"],
            ["name", "VARCHAR"],
            ["at", "TIMESTAMP"]
        ])
    );
    assert_eq!((&judged["pyarrow"]["rows"], &judged["duckdb"]["rows"]), (&json!(0), &json!(0)));
    let note = judged["pyarrow"]["notes"]["org.apache.spark.sql.parquet.row.metadata"].as_str().unwrap();
    assert_eq!(note, schema.spark());
    let created_by = judged["pyarrow"]["created_by"].as_str().unwrap();
    assert!(created_by.starts_with("dataset-files version "), "{created_by}");
}

#[tokio::test]
async fn an_empty_file_of_another_file_has_its_columns() {
    let Some((folder, _)) = made() else { return };
    let python = python().unwrap();
    let files = DatasetFiles::local(folder);
    let theirs: Value =
        serde_json::from_str(&run(&python, "judge.py", &[folder.join("made/int96.parquet").as_os_str()])).unwrap();
    let schema = FileSchema::of(&files.describe(&path("s3://made/int96.parquet")).await.unwrap()).unwrap();
    let ours = judged(&python, &schema);
    // Arrow notes a zone for itself, which is not in Parquet's own schema.
    assert_eq!(ours["pyarrow"]["columns"][0], theirs["pyarrow"]["columns"][0]);
    assert_eq!(ours["duckdb"]["columns"], theirs["duckdb"]["columns"]);
    // Spark has no type for a time of day: a file with one is not made up.
    let error = FileSchema::of(&files.describe(&path("s3://made/plain.parquet")).await.unwrap()).unwrap_err();
    assert!(error.message().unwrap().contains("column clock is of the type time"), "{error}");
}
