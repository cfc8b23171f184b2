//! How fast the tasks of a run are listed: by this client, by curl's one request, and by the official Python client, page by
//! page, against the same real servers.
//!
//! Everything runs in one go, in alternating order. What is printed is a Markdown table of ratios; nothing here fails because
//! it is slow.

mod listing;
mod rounds;
mod servers;
mod tools;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::runtime::Builder;

/// Whatever went wrong: it is only told.
type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Error>;

/// Measures how fast and how frugal the tasks of a DAG run are listed.
///
/// Needs curl, a real Airflow 2 or 3 or both, and the official Python client of each. `scripts/benchmark-airflow` installs
/// and starts all of it, and runs this. Use a release build, on a machine that does nothing else.
#[derive(Parser)]
#[command(version, about, long_about)]
struct Arguments {
    /// A real Airflow 2, with a user `admin` whose password is `admin`.
    #[arg(long, env = "AIRFLOW2_URL")]
    airflow2: Option<String>,
    /// A real Airflow 3, with the same user.
    #[arg(long, env = "AIRFLOW3_URL")]
    airflow3: Option<String>,
    /// Below it are `airflow-python-2` and `airflow-python-3`: virtual environments with the official Python client.
    #[arg(long, default_value = "target/peers", value_name = "DIR")]
    pythons: PathBuf,
    /// The DAG whose newest run that ended well is listed. Where there is none, one is made.
    #[arg(long, default_value = "wide_1000")]
    dag: String,
    /// How often each is measured; medians are shown.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u64).range(1..=99))]
    rounds: u64,
    #[command(subcommand)]
    part: Option<Part>,
}

/// The process that the benchmark starts of itself.
#[derive(Subcommand)]
enum Part {
    /// One listing by this client, in a process of its own.
    #[command(hide = true)]
    List(listing::List),
}

fn main() -> ExitCode {
    // One thread: its processor time is then all that a listing takes.
    let done = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(Arguments::parse())),
        Err(error) => Err(error.into()),
    };
    benchmarks::ended(done)
}

async fn run(arguments: Arguments) -> Result<()> {
    match arguments.part {
        Some(Part::List(list)) => list.run().await,
        None => {
            let addresses = [(2, arguments.airflow2), (3, arguments.airflow3)];
            let addresses: Vec<(u32, String)> =
                addresses.into_iter().filter_map(|(major, address)| Some((major, address?))).collect();
            rounds::all(&addresses, &arguments.dag, &arguments.pythons, arguments.rounds).await
        }
    }
}
