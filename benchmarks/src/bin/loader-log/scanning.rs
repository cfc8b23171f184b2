//! One reading, in a process that does nothing else.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use benchmarks::process::{on_processor, peak};
use clap::Args;
use redshift_ops::loader::{HangDetector, Scanner, Verdict};
use serde::{Deserialize, Serialize};

use crate::Result;

/// What a reading found, and what it took.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Found {
    /// How many lines of those that matter.
    pub(crate) marked: u64,
    /// How many lines in all.
    pub(crate) lines: u64,
    /// What the loader does.
    pub(crate) verdict: Verdict,
    /// For which transaction.
    pub(crate) transaction: Option<String>,
    /// The most memory that the process ever had resident, in bytes.
    pub(crate) peak: u64,
    /// Seconds of the processor.
    pub(crate) cpu: f64,
}

/// The process: reads once, and prints what it found.
#[derive(Args)]
pub(crate) struct Scan {
    log: PathBuf,
}

impl Scan {
    pub(crate) fn run(self) -> Result<()> {
        let mut detector = HangDetector::new();
        let report = Scanner::new().scan(File::open(self.log)?, |event| detector.see(&event))?;
        let seen = detector.seen(&report);
        let found = Found {
            marked: report.events + report.unread,
            lines: report.lines,
            verdict: seen.verdict,
            transaction: seen.transaction,
            peak: peak()?,
            cpu: on_processor()?,
        };
        Ok(writeln!(std::io::stdout(), "{}", serde_json::to_string(&found)?)?)
    }
}
