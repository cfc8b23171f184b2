//! How Spark reads a path: the line that a person pastes into a notebook.

use std::fmt;
use std::str::FromStr;

use metapod_model::CommitFormat;
use serde::{Deserialize, Serialize};

use crate::{ParseError, SparkPath};

/// What files hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Format {
    /// Parquet.
    Parquet,
    /// Avro.
    Avro,
}

impl Format {
    /// Spark's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Avro => "avro",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let found = [Self::Parquet, Self::Avro].into_iter().find(|format| format.as_str().eq_ignore_ascii_case(text));
        found.ok_or_else(|| ParseError::new("format", "parquet or avro belongs here", text))
    }
}

impl From<CommitFormat> for Format {
    fn from(format: CommitFormat) -> Self {
        match format {
            CommitFormat::Parquet => Self::Parquet,
            CommitFormat::Avro => Self::Avro,
        }
    }
}

/// How a path is read. (Spark takes `*`, `?`, `[…]` and `{…}` in it as patterns, as everywhere.)
///
/// ```
/// use databricks_client::{Format, Mapping};
///
/// let path = Mapping::mounts().map(&"s3://metapod/10b0/part-0".parse()?)?.ok_or("no rule fits")?;
/// let avro = path.reader(Format::Avro);
/// assert_eq!(avro.scala(), r#"spark.read.format("avro").load("dbfs:/mnt/metapod/10b0/part-0")"#);
/// assert_eq!(avro.sql(), "SELECT * FROM avro.`dbfs:/mnt/metapod/10b0/part-0`");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    path: SparkPath,
    format: Format,
}

impl Reader {
    pub(crate) fn new(path: SparkPath, format: Format) -> Self {
        Self { path, format }
    }

    /// In Scala.
    pub fn scala(&self) -> String {
        self.expression()
    }

    /// In Python.
    pub fn python(&self) -> String {
        self.expression()
    }

    /// As a query of all columns.
    pub fn sql(&self) -> String {
        format!("SELECT * FROM {}.`{}`", self.format, self.path.as_str().replace('`', "``"))
    }

    /// Both languages say it alike, and quote alike: paths hold no control characters.
    fn expression(&self) -> String {
        let path = self.path.as_str().replace('\\', r"\\").replace('"', "\\\"");
        match self.format {
            Format::Parquet => format!("spark.read.parquet(\"{path}\")"),
            Format::Avro => format!("spark.read.format(\"avro\").load(\"{path}\")"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Mapping;

    fn reader(key: &str, format: Format) -> Reader {
        Mapping::mounts().map(&format!("s3://b/{key}").parse().unwrap()).unwrap().unwrap().reader(format)
    }

    #[test]
    fn quotes_and_backslashes_stay_what_they_are() {
        let odd = reader(r#"a"b\c'`d$e"#, Format::Parquet);
        assert_eq!(odd.scala(), r#"spark.read.parquet("dbfs:/mnt/b/a\"b\\c'`d$e")"#);
        assert_eq!(odd.python(), odd.scala());
        assert_eq!(odd.sql(), r#"SELECT * FROM parquet.`dbfs:/mnt/b/a"b\c'``d$e`"#);
    }

    #[test]
    fn formats_have_names() {
        assert_eq!("AVRO".parse::<Format>().unwrap(), Format::from(CommitFormat::Avro));
        assert!("csv".parse::<Format>().is_err());
    }

    proptest! {
        #[test]
        fn a_literal_reads_back_as_the_path(key in r#"[a-z\\"'`]{1,20}"#) {
            let text = reader(&key, Format::Parquet).scala();
            let literal = text.strip_prefix("spark.read.parquet(").unwrap().strip_suffix(')').unwrap();
            // JSON's texts know the same two escapes.
            let path: String = serde_json::from_str(literal).unwrap();
            prop_assert_eq!(path, format!("dbfs:/mnt/b/{key}"));
        }
    }
}
