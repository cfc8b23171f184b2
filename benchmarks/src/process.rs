//! What a process took of its machine, as the kernel tells it.

use std::io::{Error, Result};

/// The most memory that it ever had resident, in bytes.
///
/// # Errors
/// Where the kernel does not tell it.
pub fn peak() -> Result<u64> {
    peak_in("/proc/self/status")
}

/// The most memory that another process ever had resident, in bytes.
///
/// # Errors
/// Where the process has ended, or the kernel does not tell it.
pub fn peak_of(process: u32) -> Result<u64> {
    peak_in(&format!("/proc/{process}/status"))
}

fn peak_in(file: &str) -> Result<u64> {
    let status = std::fs::read_to_string(file)?;
    let kib =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<u64>().ok());
    Ok(kib.ok_or_else(|| Error::other(format!("{file} says nothing of VmHWM")))? * 1024)
}

/// The seconds that this thread was on a processor.
///
/// # Errors
/// Where the kernel does not tell it.
pub fn on_processor() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text.split_whitespace().next().and_then(|number| number.parse::<f64>().ok());
    Ok(nanoseconds.ok_or_else(|| Error::other("the kernel keeps no schedstat"))? / 1e9)
}
