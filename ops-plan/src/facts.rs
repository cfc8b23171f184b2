//! What was so before: kept beside the plan, so that an undo can put it back. Large, so it need not be in memory.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Cursor, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::digest::Hasher;
use crate::{Digest, Error, Result};

/// One line may not be longer: a schema has some hundreds of columns, not millions.
const MAX_LINE: u64 = 8 * 1024 * 1024;

/// A fact about the world before an action, by the action's key.
#[derive(Debug, Serialize, Deserialize)]
struct Fact<K, F> {
    key: K,
    fact: F,
}

/// Facts that are being collected.
#[derive(Debug)]
pub(crate) struct FactSink {
    to: To,
    hasher: Hasher,
    any: bool,
}

#[derive(Debug)]
enum To {
    Memory(Vec<u8>),
    File(BufWriter<File>, PathBuf),
}

impl FactSink {
    /// Into memory, or into a file.
    pub(crate) fn open(spill: Option<&Path>) -> Result<Self> {
        let to = match spill {
            None => To::Memory(Vec::new()),
            Some(path) => {
                let file = File::create(path).map_err(|e| Error::io(format!("cannot make {}", path.display()), e))?;
                To::File(BufWriter::new(file), path.to_owned())
            }
        };
        Ok(Self { to, hasher: Hasher::default(), any: false })
    }

    pub(crate) fn keep(&mut self, key: &str, fact: &impl Serialize) -> Result<()> {
        let mut line = serde_json::to_vec(&Fact { key, fact }).map_err(Error::unwritable)?;
        line.push(b'\n');
        self.any = true;
        // A hasher cannot fail.
        let _ = self.hasher.write_all(&line);
        match &mut self.to {
            To::Memory(bytes) => bytes.extend_from_slice(&line),
            To::File(file, path) => {
                file.write_all(&line).map_err(|e| Error::io(format!("cannot write {}", path.display()), e))?;
            }
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<(Option<Digest>, Facts)> {
        let facts = match self.to {
            To::Memory(bytes) => Facts::Memory(bytes),
            To::File(mut file, path) => {
                file.flush().map_err(|e| Error::io(format!("cannot write {}", path.display()), e))?;
                Facts::File(path)
            }
        };
        Ok((self.any.then(|| self.hasher.finish()), facts))
    }
}

/// Facts that were collected.
#[derive(Clone, Debug)]
pub enum Facts {
    /// In memory, as JSON lines.
    Memory(Vec<u8>),
    /// In a file of JSON lines.
    File(PathBuf),
}

impl Facts {
    /// Writes them as JSON lines.
    ///
    /// # Errors
    /// When they cannot be read or written.
    pub fn write(&self, out: &mut impl Write) -> std::io::Result<()> {
        match self {
            Self::Memory(bytes) => out.write_all(bytes),
            Self::File(path) => std::io::copy(&mut File::open(path)?, out).map(drop),
        }
    }

    /// Calls `take` with every key and fact, in order, and returns the digest of what was read.
    pub(crate) fn each(&self, mut take: impl FnMut(String, Box<RawValue>)) -> Result<Digest> {
        let (mut reader, name): (Box<dyn BufRead + '_>, String) = match self {
            Self::Memory(bytes) => (Box::new(Cursor::new(bytes)), "facts".into()),
            Self::File(path) => {
                let name = path.display().to_string();
                let file = File::open(path).map_err(|e| Error::io(format!("cannot read {name}"), e))?;
                (Box::new(BufReader::new(file)), name)
            }
        };
        let mut hasher = Hasher::default();
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let read = std::io::Read::take(&mut reader, MAX_LINE)
                .read_until(b'\n', &mut line)
                .map_err(|e| Error::io(format!("cannot read {name}"), e))?;
            if read == 0 {
                break;
            }
            let _ = hasher.write_all(&line);
            let fact: Fact<String, Box<RawValue>> = serde_json::from_slice(&line)
                .map_err(|e| Error::corrupt(format!("{name}, line {number}"), format!("no fact: {e}")))?;
            take(fact.key, fact.fact);
        }
        Ok(hasher.finish())
    }
}
