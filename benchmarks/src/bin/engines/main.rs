//! What a distributed engine costs: the same run through the journal of one machine, through Restate on one node and on
//! three, and what somebody would write for Restate by hand.
//!
//! Everything runs in one go, in alternating order, each time against a fresh sandbox and a fresh engine. What is printed are
//! Markdown tables with ratios; nothing here fails because it is slow.

mod by_hand;
mod client;
mod handlers;
mod local;
mod rounds;
mod server;

use std::path::PathBuf;
use std::process::ExitCode;

use benchmarks::{Result, sandbox};
use clap::{Parser, Subcommand};
use tokio::runtime::Builder;

/// Measures what it costs to run a recipe on a distributed engine.
///
/// Retracts datasets of the sandbox with the whole recipe: through the local journal, a folder on disk; through Restate on
/// one node, and on three that keep every record twice. On one node also with a workflow as its SDK's documentation has one
/// write it: no plan, no looks, no ramp. In each round the sandbox must have retracted every dataset exactly once.
///
/// The server is the one that `RESTATE_SERVER` names; without it, `peers/restate/install.sh` installs one (needs npm). Run it
/// from the repository's folder. Use a release build, on a machine that does nothing else.
#[derive(Parser)]
#[command(version, about, long_about)]
struct Arguments {
    /// How many datasets are retracted each time.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    datasets: u64,
    /// A small run: 1,000 datasets, one round.
    #[arg(long, conflicts_with_all = ["datasets", "rounds"])]
    quick: bool,
    /// How often each is measured; medians are shown.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=99))]
    rounds: u64,
    /// Only these ways.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<rounds::Way>,
    /// The server's binary.
    #[arg(long, env = "RESTATE_SERVER", value_name = "FILE")]
    server: Option<PathBuf>,
    /// Where journals and archives lie. The engine's own data lie in the folder for temporary files.
    #[arg(long, default_value = "target", value_name = "DIR")]
    runs: PathBuf,
    #[command(subcommand)]
    part: Option<Part>,
}

/// The processes that the benchmark starts of itself.
#[derive(Subcommand)]
enum Part {
    /// The sandbox.
    #[command(hide = true)]
    Serve(sandbox::Serve),
    /// The recipe through the local journal.
    #[command(hide = true)]
    Local(local::Local),
    /// The recipe as the engine calls it.
    #[command(hide = true)]
    Handlers(handlers::Handle),
    /// The workflow by hand, as the engine calls it.
    #[command(hide = true)]
    ByHand(by_hand::Handle),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Handlers and the sandbox take what they get; the local run needs no second thread, and the client only waits.
    let mut runtime = match arguments.part {
        None | Some(Part::Local(_)) => Builder::new_current_thread(),
        Some(_) => Builder::new_multi_thread(),
    };
    let done = match runtime.enable_all().build() {
        Ok(runtime) => runtime.block_on(run(arguments)),
        Err(error) => Err(error.into()),
    };
    benchmarks::ended(done)
}

async fn run(arguments: Arguments) -> Result<()> {
    match arguments.part {
        Some(Part::Serve(serve)) => return serve.run().await,
        Some(Part::Local(local)) => return local.run().await,
        Some(Part::Handlers(handle)) => return handle.run().await,
        Some(Part::ByHand(handle)) => return handle.run().await,
        None => {}
    }
    let (datasets, rounds) = if arguments.quick { (1_000, 1) } else { (arguments.datasets, arguments.rounds) };
    let ways = if arguments.only.is_empty() { rounds::WAYS.to_vec() } else { arguments.only };
    let size = rounds::Size { datasets: usize::try_from(datasets)?, rounds, ways };
    rounds::all(&size, &server::binary(arguments.server)?, &arguments.runs).await
}
