//! Append-only JSON lines that `jq` and `tail -f` can read, and that show when somebody changed them.
//!
//! Each line carries its place, the hash of the line before it, and a CRC of itself. A torn last line is dropped.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use serde::Deserialize;

use crate::{BoxFuture, Digest, Entry, Error, Event, History, Journal, Result};

/// The end of every line: `,"crc":"01234567"}`.
const CRC: usize = 18;
/// A line may not be longer.
const MAX_LINE: u64 = 64 * 1024 * 1024;

/// The journal of a run in a file.
#[derive(Debug)]
pub struct FileJournal {
    path: PathBuf,
    file: Arc<File>,
    seq: u64,
    prev: String,
    /// After a failed write or sync nothing more is written: what is on the disk is not known.
    broken: Arc<AtomicBool>,
}

impl FileJournal {
    /// A new journal at `path`.
    ///
    /// # Errors
    /// When there is one already, or it cannot be made.
    pub fn create(path: &Path) -> Result<Self> {
        let what = || format!("cannot make {}", path.display());
        let file = OpenOptions::new().append(true).create_new(true).open(path).map_err(|e| Error::io(what(), e))?;
        file.sync_all().map_err(|e| Error::io(what(), e))?;
        // A file whose name is not on the disk is lost with the power, whatever is in it.
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(|e| Error::io(what(), e))?;
        }
        Ok(Self::over(path, file, 0, String::new()))
    }

    /// Opens a journal to go on with it; a torn last line is cut off.
    ///
    /// # Errors
    /// When it cannot be read, or is not what was written.
    pub fn resume(path: &Path) -> Result<(Self, History)> {
        let mut history = History::default();
        let tail = read(path, |entry| history.apply(&entry))?;
        let what = || format!("cannot open {}", path.display());
        let file = OpenOptions::new().append(true).open(path).map_err(|e| Error::io(what(), e))?;
        let length = file.metadata().map_err(|e| Error::io(what(), e))?.len();
        if length > tail.length {
            file.set_len(tail.length).map_err(|e| Error::io(what(), e))?;
            file.sync_all().map_err(|e| Error::io(what(), e))?;
        }
        Ok((Self::over(path, file, tail.seq, tail.prev), history))
    }

    fn over(path: &Path, file: File, seq: u64, prev: String) -> Self {
        Self { path: path.to_owned(), file: Arc::new(file), seq, prev, broken: Arc::default() }
    }

    /// Appends some events with one write: a write for each costs more than making the lines.
    fn append(&mut self, events: impl IntoIterator<Item = Event>) -> Result<()> {
        if self.broken.load(Ordering::Acquire) {
            return Err(self.failed("an earlier write failed", std::io::Error::other("journal closed")));
        }
        let mut lines = String::new();
        for event in events {
            let entry = Entry { seq: self.seq + 1, at: Timestamp::now(), event };
            // A line that cannot be made leaves a gap in the chain, were anything written after it.
            let line = seal(&entry, &self.prev).inspect_err(|_| self.broken.store(true, Ordering::Release))?;
            if line.len() as u64 >= MAX_LINE {
                return Err(self.failed("write a line of more than 64 MiB to", std::io::ErrorKind::FileTooLarge.into()));
            }
            self.seq = entry.seq;
            self.prev = hash(line.trim_end().as_bytes());
            lines.push_str(&line);
        }
        (&*self.file).write_all(lines.as_bytes()).map_err(|e| self.failed("write", e))
    }

    fn failed(&self, what: &str, source: std::io::Error) -> Error {
        self.broken.store(true, Ordering::Release);
        Error::Journal { what: format!("{what} {}: {source}", self.path.display()), source }
    }
}

impl Journal for FileJournal {
    fn durable(&mut self, event: Event) -> BoxFuture<'static, Result<()>> {
        let written = self.append([event]);
        let (file, path, broken) = (Arc::clone(&self.file), self.path.clone(), Arc::clone(&self.broken));
        Box::pin(async move {
            written?;
            let synced = tokio::task::spawn_blocking(move || file.sync_data()).await;
            synced.map_err(std::io::Error::other).and_then(|synced| synced).map_err(|source| {
                broken.store(true, Ordering::Release);
                Error::Journal { what: format!("sync {}: {source}", path.display()), source }
            })
        })
    }

    fn note(&mut self, event: Event) -> Result<()> {
        self.append([event])
    }

    fn notes(&mut self, events: Vec<Event>) -> Result<()> {
        if events.is_empty() { Ok(()) } else { self.append(events) }
    }
}

fn hash(line: &[u8]) -> String {
    Digest::of(line).hex(16)
}

/// One line with its end: the entry, the hash of the line before, the CRC of all that.
fn seal(entry: &Entry, prev: &str) -> Result<String> {
    let mut line = serde_json::to_string(entry).map_err(Error::unwritable)?;
    line.pop();
    line.push_str(",\"prev\":\"");
    line.push_str(prev);
    line.push('"');
    let crc = crc32fast::hash(line.as_bytes());
    line.push_str(&format!(",\"crc\":\"{crc:08x}\"}}\n"));
    Ok(line)
}

#[derive(Deserialize)]
struct Links {
    prev: String,
}

/// Where the readable part of a journal ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail {
    pub(super) seq: u64,
    prev: String,
    pub(super) length: u64,
}

/// Reads a whole journal.
pub(super) fn read(path: &Path, take: impl FnMut(Entry)) -> Result<Tail> {
    read_on(path, Tail::default(), take)
}

/// Reads what was written after `tail`. A last line without its end is left for later: it may still be on its way.
pub(super) fn read_on(path: &Path, mut tail: Tail, mut take: impl FnMut(Entry)) -> Result<Tail> {
    let name = path.display();
    let mut file = File::open(path).map_err(|e| Error::io(format!("cannot read {name}"), e))?;
    file.seek(SeekFrom::Start(tail.length)).map_err(|e| Error::io(format!("cannot read {name}"), e))?;
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader
            .by_ref()
            .take(MAX_LINE)
            .read_until(b'\n', &mut line)
            .map_err(|e| Error::io(format!("cannot read {name}"), e))?;
        if read as u64 == MAX_LINE && line.last() != Some(&b'\n') {
            return Err(Error::corrupt(format!("{name}, line {}", tail.seq + 1), "longer than 64 MiB"));
        }
        if line.pop() != Some(b'\n') {
            return Ok(tail);
        }
        let entry =
            check(&line, &tail).map_err(|what| Error::corrupt(format!("{name}, line {}", tail.seq + 1), what))?;
        tail.seq = entry.seq;
        tail.prev = hash(&line);
        tail.length += read as u64;
        take(entry);
    }
}

/// One line without its end, as it must be after `tail`.
fn check(line: &[u8], tail: &Tail) -> Result<Entry, String> {
    let (body, end) = line.split_at_checked(line.len().saturating_sub(CRC)).ok_or("too short")?;
    if end != format!(",\"crc\":\"{:08x}\"}}", crc32fast::hash(body)).as_bytes() {
        return Err("the checksum does not fit: the line was changed after it was written".into());
    }
    let entry: Entry = serde_json::from_slice(line).map_err(|e| format!("no event: {e}"))?;
    let links: Links = serde_json::from_slice(line).map_err(|e| format!("no event: {e}"))?;
    if entry.seq != tail.seq + 1 || links.prev != tail.prev {
        return Err("it does not follow the line before: a line was taken out or put in".into());
    }
    Ok(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        Event::Settled { id: "wash-1".into() }
    }

    fn over(device: &str) -> FileJournal {
        let file = OpenOptions::new().append(true).open(device).unwrap();
        FileJournal::over(Path::new(device), file, 0, String::new())
    }

    /// A real full disk: the kernel's own.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_that_says_what_to_do() {
        let mut journal = over("/dev/full");
        let text = journal.note(event()).unwrap_err().to_string();
        assert!(text.contains("/dev/full") && text.contains("No space left"), "{text}");
        assert!(text.contains("nothing new was started") && text.contains("Free some space"), "{text}");
        // What is on the disk is not known any more: nothing more is written.
        let text = journal.note(event()).unwrap_err().to_string();
        assert!(text.contains("an earlier write failed"), "{text}");
    }

    /// A device that can be written and not synced.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_failed_sync_is_fatal_and_never_tried_again() {
        let mut journal = over("/dev/null");
        journal.note(event()).unwrap();
        let error = journal.durable(event()).await.unwrap_err();
        assert!(matches!(&error, Error::Journal { what, .. } if what.starts_with("sync /dev/null")), "{error}");
        assert!(journal.note(event()).is_err());
        assert!(journal.durable(event()).await.is_err());
    }

    #[test]
    fn a_line_is_read_back_as_it_was_written() {
        let entry = Entry { seq: 1, at: Timestamp::UNIX_EPOCH, event: event() };
        let line = seal(&entry, "").unwrap();
        assert_eq!(
            line,
            "{\"seq\":1,\"at\":\"1970-01-01T00:00:00Z\",\"kind\":\"settled\",\"id\":\"wash-1\",\"prev\":\"\",\"crc\":\"b698f2cf\"}\n",
            "the format of version 1: whoever changes it cannot read old journals"
        );
        let back = check(line.trim_end().as_bytes(), &Tail::default()).unwrap();
        assert!(matches!(back.event, Event::Settled { id } if id == "wash-1"));
    }

    #[test]
    fn short_and_foreign_lines_are_refused() {
        for line in ["", "{}", "0123456789", "{\"seq\":1,\"crc\":\"00000000\"}"] {
            assert!(check(line.as_bytes(), &Tail::default()).is_err(), "{line}");
        }
    }
}
