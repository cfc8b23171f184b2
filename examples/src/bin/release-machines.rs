//! Lets machines go that were kept.

use std::path::PathBuf;
use std::process::ExitCode;

use airflow_client::TaskId;
use clap::Parser;
use examples::airflow::{DrawRun, WhichRun};
use examples::connect::Reach;
use examples::exit::{CODES, Failure};
use examples::flags::RecipeFlags;
use ops_recipes::airflow::ReleaseMachines;

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  release-machines                        the embedded sandbox, to see how it goes
  release-machines --env prod --dag dagao --target-date today --plan-only
  release-machines --env prod --dag dagao --run ID --task downscale-fx-model

";

/// Let the tasks run that take machines away, after a hold or a stopped run.
///
/// When: the logs are read. The runbook: «Keep machines up after a model fails», its last step. The tasks run once what they
/// wait for has ended. The run is set going for it and ends as it ended before: alerts may fire once more.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    #[command(flatten)]
    which: WhichRun,
    /// These tasks that take machines away; all that were passed over unless told
    #[arg(long, value_name = "ID", num_args = 1.., conflicts_with_all = ["apply", "resume", "undo"])]
    task: Vec<TaskId>,
    /// Also draw the run, before and after, into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    flags: RecipeFlags,
}

impl Cli {
    async fn question(&self, reach: &Reach) -> Result<ReleaseMachines, Failure> {
        let run = self.which.find_live(reach).await?.key;
        let knowledge = reach.settings.tasks_of(&run.dag);
        let question = match self.task.as_slice() {
            [] => ReleaseMachines::all_held(run),
            tasks => ReleaseMachines::new(run, tasks.to_vec()),
        };
        Ok(question.with_knowledge(knowledge))
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let draws = DrawRun::into_file(cli.svg.clone());
    examples::main_loop::run_drawn(&cli.flags, async |reach| cli.question(reach).await, draws)
}
