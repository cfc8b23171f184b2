//! How fast the loader's log is read, all that matters in it and whether the loader hangs, next to ripgrep, which counts the same
//! lines and does nothing else.
//!
//! Everything runs in one go, in alternating order. What is printed is a Markdown table of ratios; nothing here fails because
//! it is slow.

mod log;
mod rounds;
mod tools;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Whatever went wrong: it is only told.
type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Error>;

/// Measures how fast and how frugal a loader's log is read.
///
/// Needs ripgrep. `scripts/benchmark-loader-log` installs it and runs this. Use a release build, on a machine that does nothing
/// else, with memory enough to keep the log in the cache of the file system.
#[derive(Parser)]
#[command(version, about, long_about)]
struct Arguments {
    /// Which ripgrep.
    #[arg(long, default_value = "target/tools/bin/rg", value_name = "FILE")]
    ripgrep: PathBuf,
    /// How long the log is, in MB.
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..=65_536))]
    size: u64,
    /// How often each is measured; medians are shown.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=99))]
    rounds: u64,
    #[command(subcommand)]
    part: Option<Part>,
}

/// The process that the benchmark starts of itself.
#[derive(Subcommand)]
enum Part {
    /// One reading, in a process of its own.
    #[command(hide = true)]
    Read {
        /// The log.
        log: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.part {
        Some(Part::Read { log }) => tools::read(&log),
        None => rounds::all(arguments.size << 20, &arguments.ripgrep, arguments.rounds),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
