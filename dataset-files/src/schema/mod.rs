//! The schema of a file to be made.

mod metapod;
pub(crate) mod shape;
pub(crate) mod spark;

use std::fmt;
use std::sync::Arc;

use ops_client::{Error, Result};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::TypePtr;

use crate::{Column, Description, FileFormat};
use shape::Field;

const OP: &str = "files.schema";
const MAX_TEXT: usize = 1 << 20;
/// Parsers and printers of schemas call themselves for each level.
pub(crate) const MAX_DEPTH: usize = 64;

/// The schema of a Parquet file, with what Spark notes beside it.
#[derive(Clone, PartialEq)]
pub struct FileSchema {
    message: TypePtr,
    fields: Vec<Field>,
    spark: String,
}

impl FileSchema {
    /// From a Parquet message type, as tools print it:
    /// `message spark_schema { optional int64 id; optional binary name (STRING); }`.
    ///
    /// # Errors
    /// `Invalid` where the text is no message type, has no column or a name twice, or has a type that Spark does not have.
    pub fn parse(message: &str) -> Result<Self> {
        Self::with_spark(message, None)
    }

    /// That of another file. Spark's own note of it is kept, where the file has one that is about these columns.
    ///
    /// # Errors
    /// `Invalid` where it is no Parquet file; otherwise as [`FileSchema::parse`].
    pub fn of(file: &Description) -> Result<Self> {
        match file.format {
            FileFormat::Parquet => Self::with_spark(&file.schema, file.spark_schema.as_deref()),
            other => {
                Err(invalid(format!("{} is an {other} file; a Parquet file is made of one of Parquet", file.path)))
            }
        }
    }

    /// That of a dataset in Metapod, with the types that Spark writes by default: `INTEGER` is a long, `UUID` and `ENUM` are
    /// strings, `DECIMAL` is `decimal(38,18)` because Metapod does not tell the digits, `TIMESTAMP` is an INT96 (assumed: Spark's
    /// defaults).
    ///
    /// # Errors
    /// `Invalid` where an attribute has no type or one that is not known, bears the name of another one, or there is none at all.
    pub fn from_metapod(schema: &metapod_model::Schema) -> Result<Self> {
        Self::parse(&metapod::message(schema).map_err(invalid)?)
    }

    fn with_spark(message: &str, spark: Option<&str>) -> Result<Self> {
        if message.len() > MAX_TEXT || depth(message) > MAX_DEPTH {
            return Err(invalid(format!("more than {MAX_TEXT} bytes or {MAX_DEPTH} levels of a schema")));
        }
        let parsed = parquet::schema::parser::parse_message_type(message)
            .map_err(|error| invalid(format!("no Parquet message type: {}", crate::words(error))))?;
        let fields = shape::fields(&parsed);
        if fields.is_empty() {
            return Err(invalid("a schema without a column"));
        }
        let mut names = std::collections::HashSet::new();
        if let Some(twice) = fields.iter().find(|field| !names.insert(&field.name)) {
            return Err(invalid(format!("the column {} is there twice", twice.name)));
        }
        let spark = match spark.filter(|text| spark::agrees(text, &fields)) {
            Some(theirs) => theirs.to_owned(),
            None => spark::row(&fields).map_err(invalid)?,
        };
        Ok(Self { message: Arc::new(parsed), fields, spark })
    }

    /// Its columns.
    pub fn columns(&self) -> Vec<Column> {
        self.fields.iter().map(Field::column).collect()
    }

    /// The schema as Spark notes it (`org.apache.spark.sql.parquet.row.metadata`), JSON.
    pub fn spark(&self) -> &str {
        &self.spark
    }
}

/// The Parquet message type.
impl fmt::Display for FileSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text(&self.message))
    }
}

impl fmt::Debug for FileSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileSchema({self})")
    }
}

/// A message type as text.
pub(crate) fn text(message: &parquet::schema::types::Type) -> String {
    let mut text = Vec::new();
    parquet::schema::printer::print_schema(&mut text, message);
    String::from_utf8_lossy(&text).trim_end().to_owned()
}

fn depth(message: &str) -> usize {
    let mut open = 0_usize;
    let mut most = 0;
    for c in message.chars() {
        match c {
            '{' => open += 1,
            '}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

/// A Parquet file of this schema, without a row, and with Spark's note in its footer. No page is in it, so no codec is, either: by
/// what name it goes (`.gz.parquet`) is the caller's affair.
///
/// # Errors
/// `Invalid` where the schema cannot be written.
pub fn empty_parquet(schema: &FileSchema) -> Result<Vec<u8>> {
    let properties = WriterProperties::builder()
        .set_created_by(concat!("dataset-files version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(vec![KeyValue::new(spark::KEY.to_owned(), schema.spark.clone())]))
        .build();
    SerializedFileWriter::new(Vec::new(), Arc::clone(&schema.message), Arc::new(properties))
        .and_then(SerializedFileWriter::into_inner)
        .map_err(|error| invalid(format!("the schema cannot be written: {}", crate::words(error))))
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::invalid(OP, message)
}
