//! The ports over object stores.

mod failure;
mod local;
#[cfg(feature = "s3")]
mod s3;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use metapod_model::S3Path;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions};
use ops_client::{Effect, Error, ErrorKind, Result};

use crate::read::source::Source;
use crate::read::{Refusal, avro, footer, preview};
use crate::{Description, FileFacts, FilesRead, FilesWrite, Limits, Look, Preview};
pub(crate) use failure::failed;
use local::Folder;
#[cfg(feature = "s3")]
pub use s3::S3Builder;

/// Files of datasets in buckets: folders, memory, S3, or any store that is given. A store is made when its bucket is first asked for.
#[derive(Clone)]
pub struct DatasetFiles {
    backing: Arc<Backing>,
    buckets: Arc<Mutex<HashMap<String, Bucket>>>,
    limits: Limits,
}

enum Backing {
    Local(PathBuf),
    Memory,
    #[cfg(feature = "s3")]
    S3(Box<S3Builder>),
}

#[derive(Clone)]
struct Bucket {
    store: Arc<dyn ObjectStore>,
    /// The one to write with, where that is another one: it sends nothing twice.
    writing: Option<Arc<dyn ObjectStore>>,
    /// Where it is a folder.
    folder: Option<Folder>,
}

impl fmt::Debug for DatasetFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let backing: &dyn fmt::Debug = match &*self.backing {
            Backing::Local(root) => root,
            Backing::Memory => &"memory",
            #[cfg(feature = "s3")]
            Backing::S3(builder) => builder,
        };
        f.debug_struct("DatasetFiles").field("backing", backing).field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl DatasetFiles {
    /// Folders as buckets: `s3://bucket/key` is the file `root/bucket/key`. Nothing outside of a bucket's folder is read or written,
    /// also where a link leads there; who may change links while this runs can get around it.
    pub fn local(root: impl Into<PathBuf>) -> Self {
        Self::over(Backing::Local(root.into()))
    }

    /// Buckets in memory, of any name: for tests and for trying.
    pub fn memory() -> Self {
        Self::over(Backing::Memory)
    }

    /// Buckets of S3.
    #[cfg(feature = "s3")]
    pub fn s3(builder: S3Builder) -> Self {
        Self::over(Backing::S3(Box::new(builder)))
    }

    fn over(backing: Backing) -> Self {
        Self { backing: Arc::new(backing), buckets: Arc::default(), limits: Limits::default() }
    }

    /// With a store of the caller's for this bucket.
    #[must_use]
    pub fn with_bucket(self, name: impl Into<String>, store: Arc<dyn ObjectStore>) -> Self {
        self.buckets().insert(name.into(), Bucket { store, writing: None, folder: None });
        self
    }

    /// With other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Its limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    fn buckets(&self) -> std::sync::MutexGuard<'_, HashMap<String, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn bucket(&self, op: &'static str, path: &S3Path) -> Result<Bucket> {
        let name = path.bucket();
        if let Some(bucket) = self.buckets().get(name) {
            return Ok(bucket.clone());
        }
        let bucket = match &*self.backing {
            Backing::Memory => Bucket { store: Arc::new(InMemory::new()), writing: None, folder: None },
            Backing::Local(root) => {
                let (folder, store) = Folder::open(op, root.clone(), path.clone()).await?;
                Bucket { store, writing: None, folder: Some(folder) }
            }
            #[cfg(feature = "s3")]
            Backing::S3(builder) => Bucket {
                store: builder.store(op, path)?,
                // A write whose answer was lost would meet itself, and be taken for somebody else's.
                writing: Some(S3Builder::clone(builder).retries(0).store(op, path)?),
                folder: None,
            },
        };
        // Who was faster has made the one that counts.
        Ok(self.buckets().entry(name.to_owned()).or_insert(bucket).clone())
    }

    /// The object under that very key, if there is one; without its bytes.
    async fn head(&self, op: &'static str, path: &S3Path, bucket: &Bucket, key: &Path) -> Result<Option<ObjectMeta>> {
        // A key that ends with a slash holds a folder's place.
        if path.key().ends_with('/') {
            return Ok(None);
        }
        if let Some(folder) = &bucket.folder
            && !folder.holds(op, path, key).await?
        {
            return Ok(None);
        }
        match bucket.store.head(key).await {
            Ok(found) => Ok(Some(found)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => {
                let error = failed(op, path, error, Effect::None);
                // An answer to a look at one key has no body. A list's has one, and says what is wrong.
                let said = match bucket.store.list(Some(key)).next().await {
                    Some(Err(said)) if error.status().is_some() => failed(op, path, said, Effect::None),
                    _ => error,
                };
                Err(said)
            }
        }
    }

    /// The files below a path, and whether there may be more.
    async fn list(
        &self,
        op: &'static str,
        path: &S3Path,
        bucket: &Bucket,
        key: &Path,
    ) -> Result<Option<(Vec<FileFacts>, bool)>> {
        if let Some(folder) = &bucket.folder
            && !folder.holds(op, path, key).await?
        {
            return Ok(None);
        }
        let mut found = bucket.store.list(Some(key)).take(self.limits.listed);
        let mut files = Vec::new();
        let mut seen = 0;
        while let Some(next) = found.next().await {
            let next = match next {
                Ok(next) => next,
                // It went away while it was listed.
                Err(object_store::Error::NotFound { .. }) if bucket.folder.is_some() => continue,
                Err(error) => return Err(failed(op, path, error, Effect::None)),
            };
            seen += 1;
            let below = next
                .location
                .prefix_match(key)
                .map(|parts| parts.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>());
            if next.size == 0 || below.is_none_or(|parts| parts.iter().any(|part| hidden(part))) {
                continue;
            }
            if let Some(folder) = &bucket.folder
                && !folder.holds(op, path, &next.location).await.unwrap_or(false)
            {
                continue;
            }
            files.push(facts(path, &next)?);
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok((seen > 0).then_some((files, seen >= self.limits.listed)))
    }

    /// The file at a path, or the first one below it.
    async fn source(&self, op: &'static str, path: &S3Path) -> Result<Source> {
        let bucket = self.bucket(op, path).await?;
        let key = key(op, path)?;
        if let Some(found) = self.head(op, path, &bucket, &key).await? {
            return Ok(Source::new(op, path.clone(), bucket.store, key, found.size, found.e_tag));
        }
        let nothing = |what: &'static str| {
            Error::new(op, ErrorKind::NotFound, Effect::None).with_target(path.as_str()).with_message(what)
        };
        let Some((files, more)) = self.list(op, path, &bucket, &key).await? else {
            return Err(nothing("there is neither a file nor a folder"));
        };
        let Some(first) = files.into_iter().next() else {
            return Err(nothing(if more {
                "no file with data is among the first of the folder"
            } else {
                "the folder has no file with data"
            }));
        };
        let location = self::key(op, &first.path)?;
        // By its own key: what it was when it was listed is not told by every store.
        let Some(found) = self.head(op, &first.path, &bucket, &location).await? else {
            return Err(nothing("the first file of the folder went away"));
        };
        Ok(Source::new(op, first.path, bucket.store, location, found.size, found.e_tag))
    }

    /// What a file is, by its last bytes, and by its first ones where these do not say it.
    async fn open(&self, source: &Source) -> Result<Opened> {
        if source.size == 0 {
            return Err(source.refused(Refusal::damaged("it has no bytes")));
        }
        let limits = &self.limits;
        let from = source.size.saturating_sub(limits.tail_bytes.max(footer::END));
        let tail = source.range(from..source.size).await?;
        match footer::length(&tail, source.size).map_err(|refusal| source.refused(refusal))? {
            Some(length) => {
                if length > limits.footer_bytes {
                    let (is, most) = (crate::read::bytes(length), crate::read::bytes(limits.footer_bytes));
                    return Err(source.refused(Refusal::beyond(format!("its footer of {is} is larger than {most}"))));
                }
                let (begin, end) = (source.size - footer::END - length, source.size - footer::END);
                let bytes = if begin < from {
                    let mut whole = source.range(begin..from).await?.to_vec();
                    whole.extend_from_slice(tail.get(..tail.len() - 8).unwrap_or_default());
                    whole.into()
                } else {
                    let at = usize::try_from(begin - from).unwrap_or(tail.len());
                    tail.slice(at..tail.len() - 8)
                };
                debug_assert_eq!(bytes.len() as u64, end - begin);
                let footer = source.aside(move || footer::decode(&bytes)).await;
                Ok(Opened::Parquet(Box::new(footer.map_err(|refusal| source.refused(refusal))?)))
            }
            None => {
                let head = if from == 0 {
                    tail
                } else {
                    source.range(0..limits.tail_bytes.max(footer::END).min(source.size)).await?
                };
                if !avro::begins(&head) {
                    return Err(source.refused(unknown(&head)));
                }
                let (header, head) = avro::header(source, head, limits).await?;
                Ok(Opened::Avro(header, head))
            }
        }
    }
}

enum Opened {
    Parquet(Box<footer::Footer>),
    Avro(avro::Header, bytes::Bytes),
}

/// What a file is that is neither of the formats: most often one that was not written to its end.
fn unknown(head: &[u8]) -> Refusal {
    if footer::begins(head) {
        return Refusal::damaged(
            "it begins as a Parquet file and does not end as one: it is cut, or was never finished",
        );
    }
    let packed = match head {
        [0x1f, 0x8b, ..] => " (it is packed with gzip as a whole)",
        [b'O', b'R', b'C', ..] => " (it is an ORC file)",
        _ if head.iter().take(512).all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) => {
            " (it is a text)"
        }
        _ => "",
    };
    Refusal::damaged(format!("it is neither Parquet nor Avro{packed}"))
}

/// What Spark does not read, either: `_SUCCESS`, `_metadata`, `_delta_log`, `.crc`; but not a partition by a column whose name begins
/// so.
fn hidden(name: &str) -> bool {
    (name.starts_with('_') && !name.contains('='))
        || name.starts_with('.')
        || name.ends_with("_$folder$")
        || name.ends_with("._COPYING_")
}

fn key(op: &'static str, path: &S3Path) -> Result<Path> {
    Path::parse(path.key()).map_err(|error| {
        Error::invalid(op, format!("the key is not one that is read here: {}", crate::words(error)))
            .with_target(path.as_str())
    })
}

fn facts(asked: &S3Path, found: &ObjectMeta) -> Result<FileFacts> {
    let scheme = asked.as_str().split_once("://").map_or("s3", |(scheme, _)| scheme);
    let path = format!("{scheme}://{}/{}", asked.bucket(), found.location);
    let path = path.parse().map_err(|error| {
        Error::new("files.look", ErrorKind::Decode, Effect::None)
            .with_target(asked.as_str())
            .with_message(format!("{error}"))
    })?;
    Ok(FileFacts::new(path, found.size, modified(found)))
}

fn modified(found: &ObjectMeta) -> Timestamp {
    let (second, nanosecond) = (found.last_modified.timestamp(), found.last_modified.timestamp_subsec_nanos());
    Timestamp::new(second, nanosecond.min(999_999_999).cast_signed()).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[async_trait]
impl FilesRead for DatasetFiles {
    async fn look(&self, path: &S3Path) -> Result<Look> {
        let op = "files.look";
        let bucket = self.bucket(op, path).await?;
        let key = key(op, path)?;
        if let Some(found) = self.head(op, path, &bucket, &key).await? {
            return Ok(Look::File { size: found.size, modified: modified(&found) });
        }
        let listed = self.list(op, path, &bucket, &key).await?;
        Ok(listed.map_or(Look::Missing, |(files, more)| Look::Folder { files, more }))
    }

    async fn describe(&self, path: &S3Path) -> Result<Description> {
        let source = self.source("files.describe", path).await?;
        let mut description = match self.open(&source).await? {
            Opened::Parquet(footer) => footer.description(source.path.clone(), source.size),
            Opened::Avro(header, head) => {
                let told = header.description(source.path.clone(), source.size, &head);
                told.map_err(|refusal| source.refused(refusal))?
            }
        };
        description.bytes_read = source.read();
        Ok(description)
    }

    async fn first_rows(&self, path: &S3Path, count: usize) -> Result<Preview> {
        let source = self.source("files.first_rows", path).await?;
        let opened = self.open(&source).await?;
        source.opened();
        match opened {
            Opened::Parquet(footer) => preview::first_rows(&source, &footer, count, &self.limits).await,
            Opened::Avro(header, head) => avro::first_rows(&source, &header, head, count, &self.limits).await,
        }
    }
}

#[async_trait]
impl FilesWrite for DatasetFiles {
    async fn put_new(&self, path: &S3Path, content: Vec<u8>) -> Result<()> {
        let op = "files.put_new";
        let bucket = self.bucket(op, path).await?;
        let key = key(op, path)?;
        if path.key().ends_with('/') {
            return Err(Error::invalid(op, "a file's key does not end with a slash").with_target(path.as_str()));
        }
        if let Some(folder) = &bucket.folder {
            folder.admits(op, path, &key).await?;
        }
        let options = PutOptions::from(PutMode::Create);
        match bucket.writing.as_ref().unwrap_or(&bucket.store).put_opts(&key, content.into(), options).await {
            Ok(_) => Ok(()),
            Err(error) => Err(failed(op, path, error, Effect::Possible)),
        }
    }
}
