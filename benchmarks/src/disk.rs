//! What lies on the disk.

use std::io::Result;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The bytes that the files of a folder take, as they are allocated: what is set aside and not written yet does not count.
///
/// # Errors
/// When a folder cannot be read.
pub fn bytes(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        // A server may take a file away meanwhile.
        let Ok(metadata) = entry.metadata() else { continue };
        sum += if metadata.is_dir() { bytes(&entry.path())? } else { metadata.blocks() * 512 };
    }
    Ok(sum)
}
