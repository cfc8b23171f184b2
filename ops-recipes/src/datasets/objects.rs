//! The port to where datasets' files lie, as far as these recipes need it: is there a file, and has it rows?

use std::fs::File;
use std::io::{ErrorKind as IoErrorKind, Read, Seek, SeekFrom};
use std::path::PathBuf;

use async_trait::async_trait;
use metapod_model::S3Path;
use ops_client::{Effect, Error, ErrorKind, Result};

use super::parquet::{TAIL, footer_length, footer_rows};

/// What lies at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParquetLook {
    /// Nothing.
    Missing,
    /// A Parquet file with so many rows.
    Rows(u64),
    /// Something else; says what. A folder with files below it is something else too.
    Other(String),
}

/// Looking at datasets' files.
#[async_trait]
pub trait ParquetProbe: Send + Sync {
    /// What lies at this path; only the end of a file is read.
    ///
    /// # Errors
    /// Every [`ErrorKind`] of a read; that nothing is there is no error.
    async fn look(&self, path: &S3Path) -> Result<ParquetLook>;
}

/// Buckets as folders below one folder: `s3://bucket/key` is `root/bucket/key`. For tests, and for a copy on disk.
#[derive(Clone, Debug)]
pub struct LocalObjects {
    root: PathBuf,
}

impl LocalObjects {
    /// The buckets are the folders in `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn look_now(&self, path: &S3Path) -> Result<ParquetLook> {
        let mut place = self.root.clone();
        for part in std::iter::once(path.bucket()).chain(path.key().split('/').filter(|part| !part.is_empty())) {
            if part == "." || part == ".." || part.contains(std::path::is_separator) {
                return Err(Error::invalid("objects.look", format!("«{part}» in a path could lead anywhere")));
            }
            place.push(part);
        }
        let failed = |error: std::io::Error| {
            Error::new("objects.look", ErrorKind::Unavailable, Effect::None)
                .with_target(path.as_str())
                .with_source(error)
        };
        let mut file = match File::open(&place) {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), IoErrorKind::NotFound | IoErrorKind::NotADirectory) => {
                return Ok(ParquetLook::Missing);
            }
            Err(error) => return Err(failed(error)),
        };
        if file.metadata().map_err(failed)?.is_dir() {
            return Ok(ParquetLook::Other("a folder".into()));
        }
        let mut tail = [0; TAIL];
        if file.seek(SeekFrom::End(-(TAIL as i64))).is_err() {
            return Ok(ParquetLook::Other("shorter than any Parquet file".into()));
        }
        file.read_exact(&mut tail).map_err(failed)?;
        let rows = footer_length(&tail).and_then(|length| {
            let back = i64::from(length) + TAIL as i64;
            file.seek(SeekFrom::End(-back)).map_err(|_| "a footer longer than its file".to_owned())?;
            let mut footer = Vec::new();
            (&file).take(u64::from(length)).read_to_end(&mut footer).map_err(|error| error.to_string())?;
            footer_rows(&footer)
        });
        Ok(rows.map_or_else(ParquetLook::Other, ParquetLook::Rows))
    }
}

#[async_trait]
impl ParquetProbe for LocalObjects {
    async fn look(&self, path: &S3Path) -> Result<ParquetLook> {
        self.look_now(path)
    }
}

#[cfg(test)]
mod tests {
    use super::super::parquet::tests::file;
    use super::*;

    #[test]
    fn files_folders_and_nothing() {
        let root = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| {
            let place = root.path().join("bucket").join(name);
            std::fs::create_dir_all(place.parent().unwrap()).unwrap();
            std::fs::write(place, bytes).unwrap();
        };
        put("static/empty.parquet", &file(0));
        put("static/full.parquet", &file(12));
        put("static/short", b"PAR1");
        put("static/text", b"this is a text, no Parquet file");
        let mut longer = file(0);
        let at = longer.len() - TAIL;
        longer[at..at + 4].copy_from_slice(&1_000_u32.to_le_bytes());
        put("static/longer", &longer);
        let objects = LocalObjects::new(root.path());
        let look = |key: &str| objects.look_now(&format!("s3://bucket/{key}").parse().unwrap());
        assert_eq!(look("static/empty.parquet").unwrap(), ParquetLook::Rows(0));
        assert_eq!(look("static/full.parquet").unwrap(), ParquetLook::Rows(12));
        assert_eq!(look("static/none").unwrap(), ParquetLook::Missing);
        assert_eq!(look("static/text/below").unwrap(), ParquetLook::Missing);
        assert_eq!(look("static").unwrap(), ParquetLook::Other("a folder".into()));
        assert!(matches!(look("static/short").unwrap(), ParquetLook::Other(_)));
        assert!(matches!(look("static/text").unwrap(), ParquetLook::Other(_)));
        assert!(matches!(look("static/longer").unwrap(), ParquetLook::Other(_)));
        assert_eq!(look("../secret").unwrap_err().kind(), ErrorKind::Invalid);
    }
}
