//! How much memory a message may take. A value that says nothing is one byte long, and takes a whole struct: a count alone, even
//! one that the bytes bear out, must not fill the memory.

use super::error::DecodeError;

/// Structs take so many times the bytes of their message at most. Real replies take less than three times theirs.
const TIMES: usize = 16;

/// Short messages may take this much, whatever they say.
const AT_LEAST: usize = 1 << 20;

/// What is left for the values of lists, sets and maps.
#[derive(Debug)]
pub(super) struct Room {
    left: usize,
}

impl Room {
    /// For a message of so many bytes.
    pub(super) fn of_message(bytes: usize) -> Self {
        Self { left: bytes.saturating_mul(TIMES).saturating_add(AT_LEAST) }
    }

    /// Takes room for so many values of a size.
    pub(super) fn take(&mut self, count: usize, size: usize, at: usize) -> Result<(), DecodeError> {
        let left = count.checked_mul(size).and_then(|bytes| self.left.checked_sub(bytes));
        self.left = left.ok_or_else(|| DecodeError::new("more memory than such a message is worth", at))?;
        Ok(())
    }
}
