//! The log of the loader (capivara): what it says, and whether the loader hangs.
//!
//! A line is a time, who wrote it, and a map in EDN:
//!
//! ```text
//! 2018-01-18T09:03:06.077Z [CAPIVARA:async-dispatch-8] INFO capivara.components.progress - {:line 20, :log :progress-reporter, …}
//! ```
//!
//! A [`Scanner`] takes bytes as they come and tells the events that matter; a [`HangDetector`] makes a [`Verdict`] of them.
//!
//! ```
//! use redshift_ops::loader::{HangDetector, Scanner, Verdict};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let log = std::fs::File::open("tests/data/hung.log")?;
//! let mut detector = HangDetector::new();
//! let report = Scanner::new().scan(log, |event| detector.see(&event))?;
//! let seen = detector.seen(&report);
//! assert_eq!(seen.verdict, Verdict::Hung);
//! assert_eq!(seen.statement.as_deref(), Some("DROP SCHEMA IF EXISTS dimension CASCADE"));
//! # Ok(())
//! # }
//! ```

mod edn;
mod event;
mod follow;
mod hang;
mod line;
mod scan;

pub use event::{Killed, LoaderEvent, Progress, Statement};
pub use follow::Follow;
pub use hang::{HangDetector, LoaderSeen, Verdict};
pub use line::Markers;
pub use scan::{Content, ScanReport, Scanner, Unread};
