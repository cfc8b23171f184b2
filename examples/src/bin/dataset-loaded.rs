//! Says whether a dataset was loaded into the warehouse. Changes nothing.

use std::process::ExitCode;

use clap::Parser;
use examples::connect::{Rights, Through, connect};
use examples::exit::{CODES, Exit, Failure};
use examples::flags::Common;
use examples::main_loop::block_on;
use examples::screen::{Ending, Screen};
use examples::text::count;
use examples::warehouse::load;
use jiff::Timestamp;
use metapod_client::{DatasetName, TransactionId};
use ops_recipes::redshift::DatasetLoaded;
use ops_sandbox::scenario::LoadTrouble;

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  dataset-loaded                          the embedded sandbox
  dataset-loaded policy/fraud-report-policy --env prod --transaction ID
  dataset-loaded policy/fraud-report-policy --env prod --through metabase

Alerts: «dataset not loaded», «missing in redshift»

";

/// Say whether a dataset was loaded into the warehouse for a transaction, when it was loaded last, and what is known where it
/// was not: the runbook's «Checking a dataset loaded».
///
/// When: somebody misses data in the warehouse. The Loads table is looked at by SQL or through Metabase; Sonar tells whether the
/// dataset is committed, and the warehouse's sessions whether the loader works or hangs. It reads, and changes nothing.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    /// The dataset [default in the embedded sandbox: policy/fraud-report-policy]
    dataset: Option<DatasetName>,
    /// The transaction (may come several times); the embedded sandbox takes tonight's run unless told
    #[arg(long, value_name = "ID")]
    transaction: Vec<TransactionId>,
    /// Look there, and nowhere else [default: the warehouse itself, where it is configured]
    #[arg(long, value_enum)]
    through: Option<Through>,
    #[command(flatten)]
    common: Common,
}

/// What the embedded sandbox's loader loads.
const SANDBOX: &str = "policy/fraud-report-policy";

async fn go(cli: &Cli, screen: Screen) -> Result<Ending, Failure> {
    let reach = connect(cli.common.place.clone(), Rights::Read).await?;
    let sandboxed = || reach.sandbox.as_ref().and_then(|_| SANDBOX.parse().ok());
    let named = cli.dataset.clone().or_else(sandboxed);
    let dataset = named.ok_or_else(|| Failure::usage("say which dataset: dataset-loaded FAMILY/NAME"))?;
    let transactions = match cli.transaction.as_slice() {
        [] => vec![reach.transaction(None)?],
        named => named.to_vec(),
    };
    if let Some(sandbox) = &reach.sandbox {
        load(sandbox, LoadTrouble::Reader)?;
    }
    let environment = &reach.target.environment;
    let mut reads = reach.warehouse().loaded(environment, cli.through)?;
    if let Ok(datasets) = reach.datasets() {
        reads = reads.with_sonar(std::sync::Arc::clone(&datasets.sonar));
    }
    let mut question = DatasetLoaded::new(dataset, transactions);
    if let Some(redshift) = &reach.settings.redshift {
        question = question.with_loader(&redshift.loader);
    }
    let loaded = question.look(&reads, environment, Timestamp::now()).await?;
    screen.say(loaded.to_string().trim_end());
    let there = loaded.answers.iter().filter(|answer| answer.is_loaded()).count();
    let exit = if loaded.is_complete() { Exit::Done } else { Exit::Found };
    let of = count(loaded.answers.len(), "transaction");
    let line = format!("{environment}: {} is loaded for {there} of {of}", loaded.dataset);
    let document = serde_json::to_value(&loaded).unwrap_or_default();
    Ok(Ending::new(exit, line).shown().with("loaded", document))
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let screen = Screen::new(&cli.common.manner);
    screen.end(block_on(&cli.common.manner, go(&cli, screen)))
}
