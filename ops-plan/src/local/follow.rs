use std::path::PathBuf;

use super::file_journal::{Tail, read_on};
use crate::{Entry, Result};

/// Follows a journal that another process writes, perhaps on another machine.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    tail: Tail,
}

impl Follower {
    /// Follows the journal at `path` from its beginning.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), tail: Tail::default() }
    }

    /// What was written since the last call; nothing while there is no journal yet.
    ///
    /// # Errors
    /// When the journal cannot be read, or is not what was written.
    pub fn poll(&mut self) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        if self.tail.length == 0 && !self.path.exists() {
            return Ok(entries);
        }
        self.tail = read_on(&self.path, self.tail.clone(), |entry| entries.push(entry))?;
        Ok(entries)
    }
}
