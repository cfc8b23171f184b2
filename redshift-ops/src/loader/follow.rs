//! A log that is still being written.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::event::LoaderEvent;
use super::scan::Scanner;

const PIECE: usize = 128 << 10;

/// Follows a log as it grows. The caller owns the clock: [`Follow::read_new`] reads what has come, and does not wait.
#[derive(Debug)]
pub struct Follow {
    path: PathBuf,
    file: File,
    read: u64,
}

impl Follow {
    /// From the beginning of this file.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref().to_owned();
        Ok(Self { file: File::open(&path)?, path, read: 0 })
    }

    /// Reads what has come since; how many bytes. Where another file has taken its place, the old one is read to its end and then
    /// the new one; where the file was cut off, it is read from the beginning. That it was cut off and has grown again past where
    /// it was read cannot be seen.
    ///
    /// # Errors
    /// Where reading fails. That the file is not there for a moment is no failure.
    pub fn read_new(&mut self, scanner: &mut Scanner, mut tell: impl FnMut(LoaderEvent)) -> io::Result<u64> {
        let mut read = self.read_to_end(scanner, &mut tell)?;
        let there = match std::fs::metadata(&self.path) {
            Ok(there) => there,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(read),
            Err(error) => return Err(error),
        };
        if is_other(&self.file.metadata()?, &there) {
            // What came to the old one between the two looks.
            read += self.read_to_end(scanner, &mut tell)?;
            self.file = File::open(&self.path)?;
            self.read = 0;
            scanner.cut(&mut tell);
            read += self.read_to_end(scanner, &mut tell)?;
        } else if there.len() < self.read {
            self.file.seek(SeekFrom::Start(0))?;
            self.read = 0;
            scanner.cut(&mut tell);
            read += self.read_to_end(scanner, &mut tell)?;
        }
        Ok(read)
    }

    fn read_to_end(&mut self, scanner: &mut Scanner, tell: &mut impl FnMut(LoaderEvent)) -> io::Result<u64> {
        let mut piece = vec![0; PIECE];
        let before = self.read;
        loop {
            match self.file.read(&mut piece) {
                Ok(0) => return Ok(self.read - before),
                Ok(read) => {
                    self.read += read as u64;
                    scanner.feed(piece.get(..read).unwrap_or_default(), &mut *tell);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(unix)]
fn is_other(ours: &Metadata, there: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (ours.dev(), ours.ino()) != (there.dev(), there.ino())
}

/// Without such numbers, only a shorter file is seen to be another one.
#[cfg(not(unix))]
fn is_other(_: &Metadata, _: &Metadata) -> bool {
    false
}
