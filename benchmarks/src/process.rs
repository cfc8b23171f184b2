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

/// The seconds that all threads of another process were on a processor, to a hundredth.
///
/// # Errors
/// Where the process has ended, or the kernel does not tell it.
pub fn on_processors(process: u32) -> Result<f64> {
    let file = format!("/proc/{process}/stat");
    let text = std::fs::read_to_string(&file)?;
    // The program's name comes before, in brackets, and may have blanks.
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: Vec<f64> = fields.skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    match ticks.as_slice() {
        [user, system] => Ok((user + system) / TICKS),
        _ => Err(Error::other(format!("{file} says nothing of times"))),
    }
}

/// What a second has of them, on every Linux there is.
const TICKS: f64 = 100.0;
