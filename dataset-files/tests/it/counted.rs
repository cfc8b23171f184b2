//! How much is read of a large file: counted by the store, not by who reads.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use dataset_files::object_store::local::LocalFileSystem;
use dataset_files::object_store::memory::InMemory;
use dataset_files::object_store::path::Path;
use dataset_files::object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};
use dataset_files::{DatasetFiles, ErrorKind, FileSchema, FilesRead, FilesWrite, empty_parquet};
use futures_util::stream::BoxStream;

use crate::{path, peer};

/// Another store, of which the bytes are counted that leave it.
#[derive(Debug)]
pub(crate) struct Counted<S> {
    pub(crate) inner: S,
    pub(crate) bytes: AtomicU64,
    pub(crate) calls: AtomicU64,
    /// Before which call the file is replaced by itself: its bytes are the same, and it is another one.
    pub(crate) replaced: u64,
}

impl<S> Counted<S> {
    pub(crate) fn new(inner: S, replaced: u64) -> Arc<Self> {
        Arc::new(Self { inner, bytes: AtomicU64::new(0), calls: AtomicU64::new(0), replaced })
    }
}

impl<S: fmt::Debug> fmt::Display for Counted<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

#[async_trait]
impl<S: ObjectStore> ObjectStore for Counted<S> {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let head = options.head;
        if self.calls.fetch_add(1, Ordering::Relaxed) + 1 == self.replaced {
            let same = self.inner.get_opts(location, GetOptions::default()).await?.bytes().await?;
            self.inner.put_opts(location, same.into(), PutOptions::default()).await?;
        }
        let got = self.inner.get_opts(location, options).await?;
        if !head {
            let Range { start, end } = got.range;
            self.bytes.fetch_add(end - start, Ordering::Relaxed);
        }
        Ok(got)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// The most memory that this process has had, in KiB.
#[cfg(target_os = "linux")]
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn the_first_rows_of_a_gigabyte_take_a_hundredth_of_it() {
    let Some(python) = peer::python() else { return };
    let folder = tempfile::tempdir().unwrap();
    peer::run(&python, "make.py", &[folder.path().as_os_str(), "--large".as_ref()]);
    let expected = std::fs::read(folder.path().join("large.json")).unwrap();
    let expected: peer::Expected = serde_json::from_slice(&expected).unwrap();
    let size = std::fs::metadata(folder.path().join("large.parquet")).unwrap().len();
    assert!(size >= 1_000_000_000);

    let store = Counted::new(LocalFileSystem::new_with_prefix(folder.path()).unwrap(), 0);
    let files = DatasetFiles::memory().with_bucket("lake", Arc::clone(&store) as Arc<dyn ObjectStore>);
    let path = path("s3://lake/large.parquet");
    let file = files.describe(&path).await.unwrap();
    assert_eq!((file.rows, file.bytes_read), (expected.count, 64 << 10));

    store.bytes.store(0, Ordering::Relaxed);
    #[cfg(target_os = "linux")]
    let before = most_memory();
    let preview = files.first_rows(&path, 20).await.unwrap();
    let read = store.bytes.load(Ordering::Relaxed);
    assert_eq!(preview.bytes_read, read);
    assert!(preview.left_out.is_empty(), "{:?}", preview.left_out);
    peer::same("large.parquet", &expected, &preview.rows);
    println!("{read} bytes of {size} were read");
    assert!(read < size / 100, "{read} of {size} bytes were read");
    // Four columns side by side, each with a dictionary and a page of a mebibyte, as they are and unpacked. Other tests run meanwhile.
    #[cfg(target_os = "linux")]
    assert!(most_memory() - before < 128 << 10, "{} KiB more", most_memory() - before);
}

#[tokio::test]
async fn a_file_that_is_replaced_while_it_is_read_is_no_mixture() {
    let columns: String = (0..3000).map(|column| format!("optional int64 column_{column};")).collect();
    let schema = FileSchema::parse(&format!("message m {{ {columns} }}")).unwrap();
    let path = path("s3://lake/wide.parquet");
    // A look, the end, and what of the footer is before it.
    for (replaced, conflict) in [(0, false), (1, false), (2, true), (3, true)] {
        let store = Counted::new(InMemory::new(), replaced);
        let files = DatasetFiles::memory().with_bucket("lake", Arc::clone(&store) as Arc<dyn ObjectStore>);
        files.put_new(&path, empty_parquet(&schema).unwrap()).await.unwrap();
        let kind = files.describe(&path).await.err().map(|error| error.kind());
        assert_eq!(kind, conflict.then_some(ErrorKind::Conflict), "before call {replaced}");
    }
}
