//! The ports: what a program may ask of files, and what it may write.

use async_trait::async_trait;
use metapod_model::S3Path;
use ops_client::Result;

use crate::{Description, Look, Preview};

/// Reading files of datasets. Nothing here changes anything, and nothing reads a whole file unless it is small.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait FilesRead: Send + Sync {
    /// What is at a path: one look at the key, and one bounded list if nothing is there under that very key.
    ///
    /// # Errors
    /// `NotFound` where there is no such bucket; `Forbidden`, `Unauthenticated` and what else a store answers. The effect is
    /// always `None`.
    async fn look(&self, path: &S3Path) -> Result<Look>;

    /// What a file says of itself. Of a folder, the first file with data, by name; [`Description::path`] says which.
    ///
    /// # Errors
    /// `NotFound` where there is no file; `Decode` where it is damaged, cut, encrypted, or neither Parquet nor Avro; `Rejected`
    /// where a limit does not let it be read; `Conflict` where it was replaced meanwhile; otherwise as [`FilesRead::look`].
    async fn describe(&self, path: &S3Path) -> Result<Description>;

    /// The first rows of a file, `count` at most. Of a folder, of the first file with data, by name.
    ///
    /// # Errors
    /// As [`FilesRead::describe`].
    async fn first_rows(&self, path: &S3Path, count: usize) -> Result<Preview>;
}

/// Writing files. A program that only looks never holds this.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait FilesWrite: Send + Sync {
    /// Writes a new file. It never overwrites: the store itself refuses where something is there.
    ///
    /// # Errors
    /// `Conflict` where something is there under that very key; otherwise every kind. The effect says what may have happened.
    async fn put_new(&self, path: &S3Path, content: Vec<u8>) -> Result<()>;
}
