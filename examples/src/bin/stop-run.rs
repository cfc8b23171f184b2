//! Stops a run of a DAG.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use examples::airflow::{DrawRun, WhichRun};
use examples::connect::Reach;
use examples::exit::{CODES, Failure};
use examples::flags::RecipeFlags;
use ops_recipes::airflow::StopRun;

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  stop-run                                the embedded sandbox, to see how it goes
  stop-run --env prod --dag dagao --target-date today --plan-only

Alerts: «stop the run», «set the dag run as failed»

";

/// Stop a run: nothing of it starts any more, and nothing of it is left at work.
///
/// When: a run does harm, or a second one runs by mistake. The run is set failed first, because a job that is killed before
/// is started again by its retries; its jobs on Aurora are killed, those of the run's transaction only; then it is looked
/// until nothing was live for a minute. Tasks that were not reached are skipped, those that take machines away included:
/// that these stay is owed (`runs due`), and `release-machines` settles it.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    #[command(flatten)]
    which: WhichRun,
    /// Also draw the run, before and after, into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    flags: RecipeFlags,
}

impl Cli {
    async fn question(&self, reach: &Reach) -> Result<StopRun, Failure> {
        let run = self.which.find_live(reach).await?.key;
        let knowledge = reach.settings.tasks_of(&run.dag);
        Ok(StopRun::new(run).with_knowledge(knowledge))
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let draws = DrawRun::into_file(cli.svg.clone());
    examples::main_loop::run_drawn(&cli.flags, async |reach| cli.question(reach).await, draws)
}
