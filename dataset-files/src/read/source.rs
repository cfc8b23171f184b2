//! One object of a store, read by ranges that are counted.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use metapod_model::S3Path;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore};
use ops_client::{Effect, Error, ErrorKind, Result};

use super::Refusal;
use crate::store::failed;

#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) op: &'static str,
    pub(crate) path: S3Path,
    pub(crate) size: u64,
    store: Arc<dyn ObjectStore>,
    location: Path,
    /// What it was when it was looked at: another one in its place is not taken for it.
    tag: Option<String>,
    read: AtomicU64,
    /// The object's end, where it was read already: of a small one that is all of it.
    end: OnceLock<Bytes>,
    /// What was read before the first row was looked for.
    before: AtomicU64,
}

impl Source {
    pub(crate) fn new(
        op: &'static str,
        path: S3Path,
        store: Arc<dyn ObjectStore>,
        location: Path,
        size: u64,
        tag: Option<String>,
    ) -> Self {
        Self {
            op,
            path,
            size,
            store,
            location,
            tag,
            read: AtomicU64::new(0),
            end: OnceLock::new(),
            before: AtomicU64::new(0),
        }
    }

    /// How many bytes were read.
    pub(crate) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// From here on rows are looked for.
    pub(crate) fn opened(&self) {
        self.before.store(self.read(), Ordering::Relaxed);
    }

    /// How many bytes were read for rows.
    pub(super) fn read_for_rows(&self) -> u64 {
        self.read().saturating_sub(self.before.load(Ordering::Relaxed))
    }

    /// Reads a range, which must be within the object.
    pub(crate) async fn range(&self, range: Range<u64>) -> Result<Bytes> {
        let length = range.end.saturating_sub(range.start);
        if length == 0 {
            return Ok(Bytes::new());
        }
        if range.end > self.size {
            return Err(
                self.refused(Refusal::damaged(format!("something of it lies at {}, beyond its end", range.end)))
            );
        }
        if let Some(bytes) = self.known(&range) {
            return Ok(bytes);
        }
        let to_its_end = range.end == self.size;
        let options =
            GetOptions { range: Some(GetRange::Bounded(range)), if_match: self.tag.clone(), ..GetOptions::default() };
        let got = self.store.get_opts(&self.location, options).await;
        let got = got.map_err(|error| failed(self.op, &self.path, error, Effect::None))?;
        let bytes = got.bytes().await.map_err(|error| failed(self.op, &self.path, error, Effect::None))?;
        self.read.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        if bytes.len() as u64 != length {
            let message = format!("{} bytes came of the {length} that were asked for", bytes.len());
            return Err(Error::new(self.op, ErrorKind::Decode, Effect::None)
                .with_target(self.path.as_str())
                .with_message(message));
        }
        if to_its_end {
            // The first one stays: it is that which the footer was looked for in.
            let _ = self.end.set(bytes.clone());
        }
        Ok(bytes)
    }

    /// What lies in the end that was read already.
    fn known(&self, range: &Range<u64>) -> Option<Bytes> {
        let end = self.end.get()?;
        let from = range.start.checked_sub(self.size.checked_sub(end.len() as u64)?)?;
        let from = usize::try_from(from).ok()?;
        let length = usize::try_from(range.end.checked_sub(range.start)?).ok()?;
        (from.checked_add(length)? <= end.len()).then(|| end.slice(from..from + length))
    }

    /// The error for what could not be read.
    pub(crate) fn refused(&self, refusal: Refusal) -> Error {
        let (kind, message) = match refusal {
            Refusal::Damaged(what) => (ErrorKind::Decode, format!("the file is damaged: {what}")),
            Refusal::Beyond(what) => (ErrorKind::Rejected, format!("the file is not read: {what}")),
        };
        Error::new(self.op, kind, Effect::None).with_target(self.path.as_str()).with_message(message)
    }

    /// Runs what takes long, or may panic on what a file claims, beside everything else. A panic in it is a damaged file.
    pub(crate) async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> super::Read<T> + Send + 'static,
    ) -> super::Read<T> {
        match tokio::task::spawn_blocking(work).await {
            Ok(done) => done,
            Err(panicked) if panicked.is_panic() => Err(Refusal::damaged("a decoder gave up on it")),
            Err(_) => Err(Refusal::beyond("the program ends")),
        }
    }
}
