#![doc = include_str!("../README.md")]

mod api;
mod empty;
#[cfg(feature = "object-store")]
mod limits;
mod model;
#[cfg(feature = "object-store")]
mod read;
#[cfg(feature = "parquet")]
mod schema;
#[cfg(feature = "object-store")]
mod store;

pub use api::{FilesRead, FilesWrite};
#[cfg(feature = "mock")]
pub use api::{MockFilesRead, MockFilesWrite};
#[cfg(feature = "parquet")]
pub use empty::EmptyParquet;
pub use empty::{EmptyContent, EmptyFiles};
#[cfg(feature = "object-store")]
pub use limits::Limits;
pub use metapod_model::S3Path;
pub use model::{Column, Description, FileFacts, FileFormat, LeftOut, Look, Preview, Value};
#[cfg(feature = "object-store")]
pub use object_store;
pub use ops_client::{Effect, Error, ErrorKind, Result};
#[cfg(feature = "parquet")]
pub use schema::{FileSchema, empty_parquet};
#[cfg(feature = "object-store")]
pub use store::DatasetFiles;
#[cfg(feature = "s3")]
pub use store::S3Builder;

/// What another crate says of its failure: one line, and short, for it may repeat what a file holds.
#[cfg(feature = "parquet")]
fn words(error: impl std::fmt::Display) -> String {
    let words = error.to_string();
    let mut short: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    if words.chars().nth(300).is_some() {
        short.push('…');
    }
    short
}
