//! Passes over a task that failed, so that what follows it runs.

use std::path::PathBuf;
use std::process::ExitCode;

use airflow_client::TaskKey;
use clap::Parser;
use examples::airflow::{DrawRun, WhichRun, task_key, task_or_failed};
use examples::connect::Reach;
use examples::exit::{CODES, Failure};
use examples::flags::RecipeFlags;
use ops_recipes::airflow::UnblockDownstream;

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  unblock-downstream                      the embedded sandbox, to see how it goes
  unblock-downstream --env prod --dag dagao --target-date today --task fx-model --plan-only

";

/// Pass over a task that failed, so that what follows it runs, without what this task would have made.
///
/// When: a model fails, there is no time to mend it tonight, and its owner accepts that its output is empty. The runbook:
/// «Making downstream jobs run when an upstream job fails». The task is marked success; Airflow then clears by itself
/// whatever follows it and has failed, and the plan foretells exactly that. If the task may still work, let it be tried again
/// instead.
///
/// Keeping the task out of the next run stays owed (`runs due`) until the DAG no longer has it.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    #[command(flatten)]
    which: WhichRun,
    /// The task to pass over, one instance of a mapped one with its index in brackets; the embedded sandbox takes one that failed
    #[arg(long, value_name = "ID", value_parser = task_key, conflicts_with_all = ["apply", "resume", "undo"])]
    task: Option<TaskKey>,
    /// Who accepted that its output will be empty
    #[arg(long, value_name = "WHO")]
    accepted_by: Option<String>,
    /// Also draw the run, before and after, into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    flags: RecipeFlags,
}

impl Cli {
    async fn question(&self, reach: &Reach) -> Result<UnblockDownstream, Failure> {
        let run = self.which.find(reach).await?.key;
        let task = task_or_failed(reach, &run, self.task.as_ref()).await?;
        let knowledge = reach.settings.tasks_of(&run.dag);
        let question = UnblockDownstream::new(run, task).with_knowledge(knowledge);
        Ok(match &self.accepted_by {
            Some(who) => question.accepted_by(who),
            None => question,
        })
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let draws = DrawRun::into_file(cli.svg.clone());
    examples::main_loop::run_drawn(&cli.flags, async |reach| cli.question(reach).await, draws)
}
