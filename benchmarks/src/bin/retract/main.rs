//! How fast datasets are retracted: the whole recipe beside the runbook's pipeline, a bare loop, and the server's limit.
//!
//! Everything runs in one go, in alternating order, each time against a fresh sandbox in a process of its own. What is
//! printed is a Markdown table of ratios; nothing here fails because it is slow.

mod alone;
mod bare;
mod canned;
mod planning;
mod recipe;
mod rounds;
mod tools;

use std::path::PathBuf;
use std::process::ExitCode;

use benchmarks::{Result, sandbox};
use clap::{Parser, Subcommand};
use tokio::runtime::Builder;

use rounds::Size;

/// Measures how fast and how frugal `retract-datasets` is.
///
/// Retracts datasets of the sandbox, which runs in a process of its own, in six ways: the whole recipe (plan, journal on
/// disk, progress, verification), the same with its journal in memory, the same with every schema kept for an undo, a bare loop of the HTTP library with the same
/// headers, wrk, and the runbook's own pipeline of jq, xargs and curl. Then it plans for very many datasets, and
/// retracts them in a process that does nothing else, for its memory.
///
/// Needs jq, curl, xargs and wrk: `apt-get install -y jq curl findutils wrk`. `scripts/benchmark` installs them and runs
/// this. Use a release build, on a machine that does nothing else.
#[derive(Parser)]
#[command(version, about, long_about)]
struct Arguments {
    /// A small run: 2,000 datasets, 10,000 for planning and memory.
    #[arg(long)]
    quick: bool,
    /// How often each is measured; medians are shown.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=99))]
    rounds: u64,
    /// Where the folders of the runs lie, and so on which disk the journal is.
    #[arg(long, default_value = "target", value_name = "DIR")]
    runs: PathBuf,
    /// Only the whole recipe, again and again, for a profiler.
    #[arg(long)]
    only_recipe: bool,
    /// With `--only-recipe`: the recipe that keeps every schema for an undo.
    #[arg(long, requires = "only_recipe")]
    schemas: bool,
    #[command(subcommand)]
    part: Option<Part>,
}

/// The processes that the benchmark starts of itself.
#[derive(Subcommand)]
enum Part {
    /// The sandbox.
    #[command(hide = true)]
    Serve(sandbox::Serve),
    /// The recipe in a process of its own.
    #[command(hide = true)]
    Alone(alone::Alone),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Recipe and bare loop run on one thread: calls that wait for a server gain nothing by a second, and pay for every wake-up
    // across. The server takes what it gets.
    let mut runtime = match arguments.part {
        Some(Part::Serve(_)) => Builder::new_multi_thread(),
        _ => Builder::new_current_thread(),
    };
    let done = match runtime.enable_all().build() {
        Ok(runtime) => runtime.block_on(run(arguments)),
        Err(error) => Err(error.into()),
    };
    benchmarks::ended(done)
}

async fn run(arguments: Arguments) -> Result<()> {
    let size = if arguments.quick { Size::quick() } else { Size::full() };
    match arguments.part {
        Some(Part::Serve(serve)) => serve.run().await,
        Some(Part::Alone(alone)) => alone.run().await,
        None if arguments.only_recipe => {
            rounds::only_recipe(&size, arguments.rounds, &arguments.runs, arguments.schemas).await
        }
        None => rounds::all(&size, arguments.rounds, &arguments.runs).await,
    }
}
