//! How fast a loader's log is read: by this scanner, which tells whether the loader hangs, and by ripgrep, which counts the
//! same lines.
//!
//! Everything runs in one go, in alternating order. What is printed is a Markdown table of ratios; nothing here fails because
//! it is slow.

mod log;
mod rounds;
mod scanning;
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
/// else and has the room to keep the log in memory.
#[derive(Parser)]
#[command(version, about, long_about)]
struct Arguments {
    /// ripgrep.
    #[arg(long, default_value = "rg", value_name = "FILE")]
    rg: PathBuf,
    /// How long the log is, in MB.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=20_000))]
    megabytes: u64,
    /// How often each is measured; medians are shown.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u64).range(1..=99))]
    rounds: u64,
    /// Where the log is made; a temporary folder unless told.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    #[command(subcommand)]
    part: Option<Part>,
}

/// The processes that the benchmark starts of itself, and what a profiler wants.
#[derive(Subcommand)]
enum Part {
    /// One reading, in a process of its own.
    #[command(hide = true)]
    Scan(scanning::Scan),
    /// Makes the log, and nothing else.
    #[command(hide = true)]
    Make {
        /// Where.
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let bytes = arguments.megabytes * 1_000_000;
    let done = match arguments.part {
        Some(Part::Scan(scan)) => scan.run(),
        Some(Part::Make { file }) => log::write(&file, bytes).map(|_| ()),
        None => rounds::all(bytes, &arguments.rg, arguments.rounds, arguments.folder.as_deref()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
