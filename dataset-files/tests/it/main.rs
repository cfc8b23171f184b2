//! Files by other hands are read, ours are read by other hands, and no file does harm.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod counted;
mod damaged;
mod folders;
mod limits;
mod lists;
mod peer;
#[cfg(feature = "s3")]
mod s3;
mod schemas;

use std::sync::Arc;

use dataset_files::object_store::memory::InMemory;
use dataset_files::object_store::path::Path;
use dataset_files::object_store::{ObjectStore, ObjectStoreExt};
use dataset_files::{DatasetFiles, FileSchema, S3Path, empty_parquet};

/// A store in memory, which a test may fill with anything.
struct Lake {
    store: Arc<InMemory>,
    files: DatasetFiles,
}

impl Lake {
    fn new() -> Self {
        let store = Arc::new(InMemory::new());
        let files = DatasetFiles::memory().with_bucket("lake", Arc::clone(&store) as Arc<dyn ObjectStore>);
        Self { store, files }
    }

    async fn put(&self, key: &str, content: impl Into<Vec<u8>>) -> S3Path {
        self.store.put(&Path::parse(key).unwrap(), content.into().into()).await.unwrap();
        path(&format!("s3://lake/{key}"))
    }
}

fn path(text: &str) -> S3Path {
    text.parse().unwrap()
}

fn empty() -> Vec<u8> {
    let schema = FileSchema::parse("message m { required int64 id; optional binary name (STRING); }").unwrap();
    empty_parquet(&schema).unwrap()
}
