//! Runs: which there are, how they go, what they left, and how to go on.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use examples::exit::{CODES, Failure};
use examples::flags::Common;
use examples::main_loop::block_on;
use examples::resume::{Resume, resume};
use examples::runs;
use examples::screen::{Ending, Screen};
use ops_plan::Runs;

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  runs list
  runs watch 20261122T0311
  runs resume 20261122T0311

";

/// See which runs there are, follow one, take one up, hand one over, and see what is still owed.
///
/// A run is named by its id, an unambiguous part of it, or its folder. How a run's systems are reached is kept in the run
/// (never its secrets); flags win over that.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    common: Common,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// All runs: state, who, where, last sign of life
    List,
    /// One run: state, what it left, the next command
    #[command(visible_alias = "handover")]
    Show {
        /// Which run
        run: String,
    },
    /// Follow a run until it ends, from any machine that sees its folder
    Watch {
        /// Which run
        run: String,
    },
    /// Take up a run where it stopped: looks first, does nothing twice
    Resume {
        /// Which run
        run: String,
        /// Take the run over from another machine whose process is surely gone
        #[arg(long)]
        take_over: bool,
        /// Do not ask even if the run is old
        #[arg(long, short)]
        yes: bool,
    },
    /// What runs left behind and nobody has settled
    Due {
        /// Ask no system; believe the journals
        #[arg(long)]
        offline: bool,
    },
}

async fn go(cli: &Cli, screen: Screen) -> Result<Ending, Failure> {
    let all = Runs::at(&cli.common.manner.runs);
    match &cli.verb {
        Verb::List => runs::list(&all, screen),
        Verb::Show { run } => runs::handover(&all, run, screen),
        Verb::Watch { run } => runs::watch(&all, run, screen).await,
        Verb::Resume { run, take_over, yes } => {
            resume(Resume { run, take_over: *take_over, yes: *yes }, &cli.common, screen).await
        }
        Verb::Due { offline } => runs::due(&all, &cli.common, *offline, screen).await,
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let screen = Screen::new(&cli.common.manner);
    screen.end(block_on(&cli.common.manner, go(&cli, screen)))
}
