//! The engine of one machine: files, locks and a clock.

mod drive;
mod due;
mod file_journal;
mod follow;
mod lock;
mod run_dir;
mod runner;
mod runs;

pub use drive::{Progress, Watcher};
pub use due::{Debts, Due};
pub use file_journal::FileJournal;
pub use follow::Follower;
pub use run_dir::{RunDir, RunInfo};
pub use runner::Runner;
pub use runs::{RunState, Runs, Summary};
