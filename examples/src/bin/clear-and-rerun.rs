//! Runs tasks of a run again.

use std::path::PathBuf;
use std::process::ExitCode;

use airflow_client::TaskId;
use clap::Parser;
use examples::airflow::{DrawRun, WhichRun, task_or_failed};
use examples::connect::Reach;
use examples::exit::{CODES, Failure};
use examples::flags::RecipeFlags;
use ops_recipes::airflow::ClearAndRerun;

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  clear-and-rerun                         the embedded sandbox, to see how it goes
  clear-and-rerun --env prod --dag dagao --target-date today --task fx-model --plan-only

";

/// Run tasks of a run again, with all that hangs on them: one clear.
///
/// When: what made a task fail is mended, or a new version is deployed. The runbook: «Re-deploying the DAG during a run», its
/// last step. Besides the named tasks it takes what follows them and is failed or skipped, and green tasks that must take
/// machines away once more. What follows and is well stays. A task that works now is refused: kill its job first.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    #[command(flatten)]
    which: WhichRun,
    /// The tasks; the embedded sandbox takes one that failed
    #[arg(long, value_name = "ID", num_args = 1.., conflicts_with_all = ["apply", "resume", "undo"])]
    task: Vec<TaskId>,
    /// Run the DAG's newest version, also where the run is pinned to an older one (Airflow 3.1 and later)
    #[arg(long)]
    latest_version: bool,
    /// Also draw the run, before and after, into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    flags: RecipeFlags,
}

impl Cli {
    async fn question(&self, reach: &Reach) -> Result<ClearAndRerun, Failure> {
        let run = self.which.find(reach).await?.key;
        let tasks = match self.task.as_slice() {
            [] => vec![task_or_failed(reach, &run, None).await?.task],
            tasks => tasks.to_vec(),
        };
        let knowledge = reach.settings.tasks_of(&run.dag);
        let question = ClearAndRerun::new(run, tasks).with_knowledge(knowledge);
        Ok(if self.latest_version { question.on_latest_version() } else { question })
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let draws = DrawRun::into_file(cli.svg.clone());
    examples::main_loop::run_drawn(&cli.flags, async |reach| cli.question(reach).await, draws)
}
