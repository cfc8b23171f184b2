//! Runs jobs of a run anew with what is deployed now.

use std::path::PathBuf;
use std::process::ExitCode;

use airflow_client::{RunKey, TaskFilter, TaskId, TaskState};
use clap::Parser;
use examples::airflow::{DrawRun, WhichRun};
use examples::connect::Reach;
use examples::exit::{CODES, Failure};
use examples::flags::RecipeFlags;
use metapod_client::TransactionId;
use ops_recipes::airflow::RedeployDag;

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  redeploy-dag                            the embedded sandbox, to see how it goes
  redeploy-dag --env prod --dag dagao --target-date today --task itaipu-core --version 4945885 --plan-only
  redeploy-dag --env prod --dag dagao --target-date today --task itaipu-core --retract TRANSACTION

Alerts: «redeploy the dag», «kill the job and clear it», «old configuration runs»

";

/// End jobs of a run and run them anew with what is deployed now: the runbook's «Re-deploying the DAG during a run».
///
/// When: a mended version is deployed while the run goes on. A clear alone would not do: a job at work keeps its old
/// configuration. The tasks are marked failed first, because a job that is killed while its task has tries left is started
/// again; then the captured processes are killed, and only when they have ended is anything taken back or cleared.
#[derive(Parser, Debug)]
#[command(after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    #[command(flatten)]
    which: WhichRun,
    /// The tasks whose jobs run anew; the embedded sandbox takes one that runs
    #[arg(long, value_name = "ID", num_args = 1.., conflicts_with_all = ["apply", "resume", "undo"])]
    task: Vec<TaskId>,
    /// The version that they shall run
    #[arg(long = "version", value_name = "VERSION")]
    wanted: Option<String>,
    /// First take back everything that is committed in this transaction
    #[arg(long, value_name = "TRANSACTION")]
    retract: Option<TransactionId>,
    /// Run the DAG's newest version, also where the run is pinned to an older one (Airflow 3.1 and later)
    #[arg(long)]
    latest_version: bool,
    /// Also draw the run, before and after, into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    flags: RecipeFlags,
}

/// The tasks that run, for where none is named.
async fn at_work(reach: &Reach, run: &RunKey) -> Result<TaskId, Failure> {
    let running = TaskFilter::all().in_state(TaskState::Running);
    let running = reach.airflow()?.reads.task_instances(run, &running).await?;
    match running.first() {
        Some(first) if reach.sandbox.is_some() => Ok(first.key.task.clone()),
        _ => {
            let names: Vec<String> = running.iter().take(20).map(|task| task.key.to_string()).collect();
            let list = if names.is_empty() { String::new() } else { format!("\n  at work: {}", names.join(", ")) };
            Err(Failure::usage(format!("say which task: --task ID{list}")))
        }
    }
}

impl Cli {
    async fn question(&self, reach: &Reach) -> Result<RedeployDag, Failure> {
        let run = self.which.find_live(reach).await?.key;
        let tasks = match self.task.as_slice() {
            [] => vec![at_work(reach, &run).await?],
            tasks => tasks.to_vec(),
        };
        let knowledge = reach.settings.tasks_of(&run.dag);
        let mut question = RedeployDag::new(run, tasks).with_knowledge(knowledge);
        if let Some(version) = &self.wanted {
            question = question.wanting(version);
        }
        if let Some(transaction) = self.retract {
            question = question.retracting(transaction);
        }
        Ok(if self.latest_version { question.on_latest_version() } else { question })
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let draws = DrawRun::into_file(cli.svg.clone());
    examples::main_loop::run_drawn(&cli.flags, async |reach| cli.question(reach).await, draws)
}
