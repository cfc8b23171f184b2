//! How fast a scheduler's reply of 10,000 tasks is read and grouped by job, instance and status: by this client's tables, by
//! `serde_json` into a tree of values, and by thriftpy2, a Thrift runtime by another hand.
//!
//! Everything runs in one go, in alternating order. What is printed is a Markdown table of ratios; nothing here fails because
//! it is slow.

mod bodies;
mod reading;
mod rounds;
mod tools;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Whatever went wrong: it is only told.
type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Error>;

/// Measures how fast and how frugal a scheduler's tasks are read.
///
/// Needs a Python with thriftpy2. `scripts/benchmark-aurora` installs it and runs this. Use a release build, on a machine
/// that does nothing else.
#[derive(Parser)]
#[command(version, about, long_about)]
struct Arguments {
    /// A Python that has thriftpy2.
    #[arg(long, default_value = "target/peers/thrift/bin/python", value_name = "FILE")]
    python: PathBuf,
    /// How many tasks the reply tells of.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    tasks: u32,
    /// How often each is measured; medians are shown.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u64).range(1..=99))]
    rounds: u64,
    #[command(subcommand)]
    part: Option<Part>,
}

/// The process that the benchmark starts of itself.
#[derive(Subcommand)]
enum Part {
    /// One reading, in a process of its own.
    #[command(hide = true)]
    Read(reading::Read),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.part {
        Some(Part::Read(read)) => read.run(),
        None => rounds::all(arguments.tasks, &arguments.python, arguments.rounds),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
