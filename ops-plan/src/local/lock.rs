//! Locks that die with their process: OS file locks below the runs folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Digest, Error, Result, Subject, Target};

/// Who holds a lock; written into it for the others to read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Holder {
    pub(super) run: String,
    pub(super) operator: String,
    pub(super) host: String,
    pub(super) pid: u32,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "run {} of {} on {} (process {})", self.run, self.operator, self.host, self.pid)
    }
}

/// Held as long as it lives.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "the lock is the open file")] File);

/// Locks every subject, in sorted order, so that two runs never wait for each other.
pub(super) fn lock_subjects(
    folder: &Path,
    target: &Target,
    subjects: &[Subject],
    holder: &Holder,
) -> Result<Vec<Lock>> {
    std::fs::create_dir_all(folder).map_err(|e| Error::io(format!("cannot make {}", folder.display()), e))?;
    let mut sorted: Vec<&Subject> = subjects.iter().collect();
    sorted.sort();
    sorted
        .into_iter()
        .map(|subject| {
            let name = format!("{}/{}/{}", target.environment, subject.kind, subject.id);
            // The name is for people; the digest keeps different names apart whatever a file system does to them.
            let plain: String =
                name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).take(80).collect();
            let path = folder.join(format!("{plain}-{}", Digest::of(&name).short()));
            lock(&path, &subject.to_string(), holder)
        })
        .collect()
}

/// Locks one file.
pub(super) fn lock(path: &Path, what: &str, holder: &Holder) -> Result<Lock> {
    let failed = |e| Error::io(format!("cannot lock {}", path.display()), e);
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
    // Whoever lists the runs holds a shared lock for a moment: that is no holder.
    for attempt in 0..5 {
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0).map_err(failed)?;
                file.write_all(serde_json::to_string(holder).map_err(Error::unwritable)?.as_bytes()).map_err(failed)?;
                return Ok(Lock(file));
            }
            Err(TryLockError::WouldBlock) if attempt < 4 => std::thread::sleep(Duration::from_millis(20)),
            Err(TryLockError::WouldBlock) => break,
            Err(TryLockError::Error(e)) => return Err(failed(e)),
        }
    }
    let mut text = String::new();
    let _ = file.take(4096).read_to_string(&mut text);
    let holder = serde_json::from_str::<Holder>(&text).map_or_else(|_| "another process".into(), |h| h.to_string());
    Err(Error::Held { subject: what.to_owned(), holder })
}

/// Whether a process of this machine holds the lock.
pub(super) fn is_locked(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}
