//! Empty files, for who makes them without knowing how a format is written.

use metapod_model::Schema;
use ops_client::Result;

use crate::Description;

/// The content of an empty file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmptyContent {
    /// The whole file.
    pub content: Vec<u8>,
    /// Its schema, as [`Description::schema`] tells it once the file is written.
    pub schema: String,
    /// How many columns it has.
    pub columns: usize,
}

impl EmptyContent {
    /// A file of this schema.
    pub fn new(content: Vec<u8>, schema: impl Into<String>, columns: usize) -> Self {
        Self { content, schema: schema.into(), columns }
    }
}

/// Making the content of empty files. Nothing is read, and nothing written.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait EmptyFiles: Send + Sync {
    /// With the columns of another file.
    ///
    /// # Errors
    /// `Invalid` where that file is none of this format, or has columns that cannot be written.
    fn empty_like(&self, file: &Description) -> Result<EmptyContent>;

    /// With the columns that Metapod has of a dataset.
    ///
    /// # Errors
    /// `Invalid` where an attribute has no type, one that is not known, or the name of another one.
    fn empty_of(&self, schema: &Schema) -> Result<EmptyContent>;
}

/// Empty Parquet files.
#[cfg(feature = "parquet")]
#[derive(Clone, Copy, Debug, Default)]
pub struct EmptyParquet;

#[cfg(feature = "parquet")]
impl EmptyParquet {
    fn content(schema: &crate::FileSchema) -> Result<EmptyContent> {
        let content = crate::empty_parquet(schema)?;
        Ok(EmptyContent::new(content, schema.to_string(), schema.columns().len()))
    }
}

#[cfg(feature = "parquet")]
impl EmptyFiles for EmptyParquet {
    fn empty_like(&self, file: &Description) -> Result<EmptyContent> {
        Self::content(&crate::FileSchema::of(file)?)
    }

    fn empty_of(&self, schema: &Schema) -> Result<EmptyContent> {
        Self::content(&crate::FileSchema::from_metapod(schema)?)
    }
}
