//! Says what failed in a run, and what to do next. Changes nothing.

use std::process::ExitCode;

use clap::Parser;
use examples::connect::{Rights, connect};
use examples::exit::{CODES, Exit, Failure};
use examples::flags::Common;
use examples::main_loop::block_on;
use examples::screen::{Ending, Screen};
use jiff::Timestamp;
use metapod_client::TransactionId;
use ops_recipes::datasets::TriageFailure;

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  triage-failure                          the embedded sandbox
  triage-failure --env prod --transaction ID

";

/// Say what failed in a run: the dataset, or only the model that is made from it; what is critical; what to do next.
///
/// When: a task of the nightly run failed, and the question is whether it can wait. The runbook: «Determining if it was the
/// dataset or model that failed», «Determining if a dataset or model is business critical». It reads, and changes nothing.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    /// The transaction; the embedded sandbox takes tonight's run unless told
    #[arg(long, value_name = "ID")]
    transaction: Option<TransactionId>,
    #[command(flatten)]
    common: Common,
}

async fn go(cli: &Cli, screen: Screen) -> Result<Ending, Failure> {
    let reach = connect(cli.common.place.clone(), Rights::Read).await?;
    let question = TriageFailure::new(reach.transaction(cli.transaction)?).with_knowledge(reach.settings.knowledge());
    let triage = question.look(&reach.datasets()?.triage(), &reach.target.environment, Timestamp::now()).await?;
    screen.say(triage.to_string().trim_end());
    let missing = triage.subjects.len();
    let exit = if missing > 0 { Exit::Found } else { Exit::Done };
    let line = format!(
        "{}: {} of {} datasets committed, {missing} subjects incomplete",
        triage.environment, triage.committed, triage.total
    );
    let document = serde_json::to_value(&triage).unwrap_or_default();
    Ok(Ending::new(exit, line).shown().with("triage", document))
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let screen = Screen::new(&cli.common.manner);
    screen.end(block_on(&cli.common.manner, go(&cli, screen)))
}
