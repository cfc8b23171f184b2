//! Keeps the machines of a job up after it failed.

use std::path::PathBuf;
use std::process::ExitCode;

use airflow_client::{TaskId, TaskKey};
use clap::Parser;
use examples::airflow::{DrawRun, WhichRun, task_or_failed};
use examples::connect::Reach;
use examples::exit::{CODES, Failure};
use examples::flags::RecipeFlags;
use ops_recipes::airflow::HoldMachines;

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  hold-machines                           the embedded sandbox, to see how it goes
  hold-machines --env prod --dag dagao --target-date today --task itaipu-fx-model --plan-only

";

/// Keep the machines of a job up after it failed, so that its logs can be read.
///
/// When: a job fails, and what it says in Airflow does not tell why. The runbook: «Keep machines up after a model fails».
/// While the job runs, the task that takes its machines away is passed over; when they are gone already, they are made again
/// and the job runs again on them. A Spark driver's log lies on a fixed machine: look there first.
///
/// The machines cost until they are released: that stays owed (`runs due`), and `release-machines` settles it.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    #[command(flatten)]
    which: WhichRun,
    /// The job whose machines are kept; the embedded sandbox takes one that failed
    #[arg(long, value_name = "ID", conflicts_with_all = ["apply", "resume", "undo"])]
    task: Option<TaskId>,
    /// The task that takes them away, where the names do not tell
    #[arg(long, value_name = "ID")]
    downscale: Option<TaskId>,
    /// Also draw the run, before and after, into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    flags: RecipeFlags,
}

impl Cli {
    async fn question(&self, reach: &Reach) -> Result<HoldMachines, Failure> {
        let run = self.which.find(reach).await?.key;
        let named = self.task.clone().map(TaskKey::from);
        let job = task_or_failed(reach, &run, named.as_ref()).await?.task;
        let knowledge = reach.settings.tasks_of(&run.dag);
        let question = HoldMachines::new(run, job).with_knowledge(knowledge);
        Ok(match &self.downscale {
            Some(task) => question.held_by(task.clone()),
            None => question,
        })
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let draws = DrawRun::into_file(cli.svg.clone());
    examples::main_loop::run_drawn(&cli.flags, async |reach| cli.question(reach).await, draws)
}
