//! What is known of a file.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use metapod_model::S3Path;
use serde::{Deserialize, Serialize};

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Look {
    /// Nothing.
    Missing,
    /// A file.
    File {
        /// Its bytes.
        size: u64,
        /// When it was written.
        modified: Timestamp,
    },
    /// Files below the path, as Spark writes a dataset.
    Folder {
        /// Those with data, by name: neither `_SUCCESS` nor `_metadata`, nor what is hidden or holds a folder's place.
        files: Vec<FileFacts>,
        /// Whether there may be more: only so many were listed.
        more: bool,
    },
}

/// A file of a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FileFacts {
    /// Where it is.
    pub path: S3Path,
    /// Its bytes.
    pub size: u64,
    /// When it was written.
    pub modified: Timestamp,
}

impl FileFacts {
    /// A file.
    pub fn new(path: S3Path, size: u64, modified: Timestamp) -> Self {
        Self { path, size, modified }
    }
}

/// The format of a file, as its bytes say: its name is not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum FileFormat {
    /// Apache Parquet.
    Parquet,
    /// An Avro object container.
    Avro,
}

impl fmt::Display for FileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Parquet => "Parquet",
            Self::Avro => "Avro",
        })
    }
}

/// A column, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as a person reads it: `long`, `decimal(10,2)`, `array<string>`, `struct<a: int>`.
    pub kind: String,
    /// Whether it may be empty.
    pub nullable: bool,
    /// The fields of a struct; nothing of anything else.
    pub fields: Vec<Column>,
}

impl Column {
    /// A column that may be empty.
    pub fn new(name: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { name: name.into(), kind: kind.into(), nullable: true, fields: Vec::new() }
    }

    /// One that is never empty.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.nullable = false;
        self
    }

    /// A struct with these fields.
    #[must_use]
    pub fn with_fields(mut self, fields: Vec<Self>) -> Self {
        self.fields = fields;
        self
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, kind) = (shown(&self.name), shown(&self.kind));
        write!(f, "{name}: {kind}{}", if self.nullable { "" } else { " not null" })
    }
}

/// A text of a file as a terminal may have it: what would move the cursor or begin a line is spelt out.
fn shown(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let spelt = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(spelt).collect())
}

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Description {
    /// The file: that which was asked for, or the first one of the folder.
    pub path: S3Path,
    /// Its bytes.
    pub size: u64,
    /// Its format.
    pub format: FileFormat,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its schema as the format writes it: a Parquet message type, or Avro's JSON.
    pub schema: String,
    /// Its rows. Of an Avro file only where the whole of it was read: nothing in it says so before its end.
    pub rows: Option<u64>,
    /// Its row groups; an Avro file has none.
    pub row_groups: Option<u64>,
    /// How it is compressed: `snappy`, `gzip`, … of a Parquet file those of its first row group, nothing where it has none.
    pub codec: Option<String>,
    /// What wrote it.
    pub created_by: Option<String>,
    /// The schema as Spark wrote it (`org.apache.spark.sql.parquet.row.metadata`), JSON.
    pub spark_schema: Option<String>,
    /// How many bytes were read to know this.
    pub bytes_read: u64,
}

impl Description {
    /// A file of which nothing more is known.
    pub fn new(path: S3Path, size: u64, format: FileFormat) -> Self {
        Self {
            path,
            size,
            format,
            columns: Vec::new(),
            schema: String::new(),
            rows: None,
            row_groups: None,
            codec: None,
            created_by: None,
            spark_schema: None,
            bytes_read: 0,
        }
    }

    /// With its columns, and the schema as the format writes it.
    #[must_use]
    pub fn with_columns(mut self, columns: Vec<Column>, schema: impl Into<String>) -> Self {
        self.columns = columns;
        self.schema = schema.into();
        self
    }

    /// With its number of rows.
    #[must_use]
    pub fn with_rows(mut self, rows: u64) -> Self {
        self.rows = Some(rows);
        self
    }

    /// Whether it certainly has no row.
    pub fn is_empty(&self) -> bool {
        self.rows == Some(0)
    }
}

/// The first rows of a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Preview {
    /// The file: that which was asked for, or the first one of the folder.
    pub path: S3Path,
    /// The columns that are shown, in the file's order.
    pub columns: Vec<Column>,
    /// The rows, a value for each column.
    pub rows: Vec<Vec<Value>>,
    /// Whether the file has more rows.
    pub more: bool,
    /// The columns that are not shown, and why.
    pub left_out: Vec<LeftOut>,
    /// How many bytes were read.
    pub bytes_read: u64,
}

impl Preview {
    /// These rows of these columns.
    pub fn new(path: S3Path, columns: Vec<Column>, rows: Vec<Vec<Value>>) -> Self {
        Self { path, columns, rows, more: false, left_out: Vec::new(), bytes_read: 0 }
    }
}

/// A column that a preview does not show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LeftOut {
    /// Its name.
    pub name: String,
    /// Why.
    pub why: String,
}

impl LeftOut {
    /// A column, and why it is left out.
    pub fn new(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self { name: name.into(), why: why.into() }
    }
}

/// A value of a row. As JSON it is what a person would write: a number, a text, `null`. What is displayed is one line: control
/// characters are spelt out.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Value {
    /// Empty.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A floating-point number. JSON has no word for those that are none, or have no end: they are `null` there.
    Float(f64),
    /// An exact number, with all its digits: decimals, and whole numbers that no `i64` holds.
    Decimal(String),
    /// A text.
    Text(String),
    /// Bytes, as hexadecimal digits.
    Bytes(String),
    /// A day: `2026-11-26`.
    Date(String),
    /// A time of day: `03:04:05.000006`.
    Time(String),
    /// An instant, `2026-11-26T03:04:05Z`; without a `Z`, a time on a clock that hangs nobody knows where.
    Timestamp(String),
    /// A struct, list or map, as JSON, perhaps cut.
    Nested(String),
}

impl Value {
    /// Whether it is empty.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.pad("null"),
            Self::Boolean(value) => fmt::Display::fmt(value, f),
            Self::Integer(value) => fmt::Display::fmt(value, f),
            Self::Float(value) => fmt::Display::fmt(value, f),
            Self::Bytes(text) => f.pad(&format!("0x{text}")),
            Self::Decimal(text)
            | Self::Text(text)
            | Self::Date(text)
            | Self::Time(text)
            | Self::Timestamp(text)
            | Self::Nested(text) => f.pad(&shown(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_a_file_reaches_a_terminal_as_it_is() {
        assert_eq!(Value::Text("a\u{1b}[2J\nb é".into()).to_string(), "a\\u{1b}[2J\\nb é");
        assert_eq!(Column::new("a\r", "string").required().to_string(), "a\\r: string not null");
        assert_eq!(format!("{:>6}|{}", Value::Text("ab".into()), Value::Bytes("00ff".into())), "    ab|0x00ff");
    }
}
