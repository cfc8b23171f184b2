//! Climbs the runbook's ladder for a failed run.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use examples::connect::{Rights, connect};
use examples::exit::{CODES, Failure};
use examples::flags::{Answers, Common};
use examples::main_loop::block_on;
use examples::recover::{Climber, WhichLadder, climb};
use examples::screen::{Ending, Screen};

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  recover-run                             the embedded sandbox: a night of network errors
  recover-run --night crowded             another one: network, crowded, bad-version, code, live, quiet
  recover-run --env prod --dag dagao --target-date today --nodes 120 --plan-only
  recover-run --env prod --transaction ID --nodes 120 --one

Alerts: «the dagao run failed», «handling Airflow DAG errors»

";

/// Climb the ladder for a failed run, rung by rung: the runbook's «Basic steps to handling Airflow DAG errors».
///
/// When: the run of `dagao` failed, and nothing seems obvious. What failed is looked at first: only where enough of it is
/// generic (the network, a file that is not there) and nothing was deployed shortly before is a rung proposed: cycle the
/// machines, create the job again with the same transaction, scale up, create it again, roll back to the version that worked.
/// Each rung is a plan of its own, to be approved; after each, the job's end is awaited and everything is looked at anew.
/// Killed or stopped at any point, the same command takes it up again. A scale-up is owed back until that was done.
#[derive(Parser, Debug)]
#[command(after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    #[command(flatten)]
    which: WhichLadder,
    /// Show the evidence and the next rung's plan, and end; needs no right to change anything
    #[arg(long)]
    plan_only: bool,
    /// Print what a person would do for the next rung instead, and end; needs no right to change anything
    #[arg(long, conflicts_with = "plan_only")]
    by_hand: bool,
    /// Climb one rung, and end
    #[arg(long, conflicts_with_all = ["plan_only", "by_hand"])]
    one: bool,
    /// How many minutes the job may take that a rung created
    #[arg(long, value_name = "MIN", default_value_t = 240)]
    wait: u64,
    #[command(flatten)]
    answers: Answers,
    #[command(flatten)]
    common: Common,
}

async fn go(cli: &Cli, screen: Screen) -> Result<Ending, Failure> {
    let looking = cli.plan_only || cli.by_hand;
    let rights = if looking { Rights::Read } else { Rights::Write };
    let reach = connect(cli.common.place.clone(), rights).await?.keeping_beside(&cli.common.manner.runs);
    let goal = cli.which.goal(&reach).await?;
    let (common, answers, wait) = (&cli.common, &cli.answers, Duration::from_secs(cli.wait.saturating_mul(60)));
    let (reach, goal) = (&reach, &goal);
    let (by_hand, one) = (cli.by_hand, cli.one);
    climb(Climber { common, answers, screen, reach, goal, looking, by_hand, one, wait }).await
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let screen = Screen::new(&cli.common.manner);
    screen.end(block_on(&cli.common.manner, go(&cli, screen)))
}
