//! Finds the files of a dataset of a run, says how a notebook reads them, and shows their first rows. Changes nothing.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use databricks_client::{ClusterId, CommandResult, CommandStep, Format, Language, WorkspaceWriteExt};
use examples::connect::{Rights, connect};
use examples::exit::{CODES, Exit, Failure};
use examples::flags::Common;
use examples::main_loop::block_on;
use examples::screen::{Ending, Screen};
use jiff::Timestamp;
use metapod_client::{DatasetName, TransactionId};
use ops_recipes::datasets::LoadDataset;

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  load-dataset                                     the embedded sandbox
  load-dataset dataset/fx-model --env prod --transaction ID
  load-dataset dataset/fx-model --format avro --rows 0 --env prod --transaction ID
  load-dataset dataset/fx-model --run-on 0923-164208-meows279 --env prod --transaction ID

";

/// Find the files of a dataset of a run, say how a notebook reads them, and show their first rows: the runbook's «Load a run
/// dataset in Databricks».
///
/// When: somebody doubts the data itself. The path comes from Sonar; the way from buckets to what Spark reads is a table of the
/// configuration; it is looked whether the files are there, in the bucket and in the workspace. Of a large file a small part is
/// read. It changes nothing; `--run-on` has a cluster read the files, which costs what that cluster costs.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    /// The dataset [default in the embedded sandbox: one with files]
    dataset: Option<DatasetName>,
    /// The transaction; the embedded sandbox takes tonight's run unless told
    #[arg(long, value_name = "ID")]
    transaction: Option<TransactionId>,
    /// In which format: avro means the twin, NAME-avro [default: as the name says]
    #[arg(long, value_enum)]
    format: Option<As>,
    /// So many rows are shown; 0 reads no file
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(0..=1000))]
    rows: u16,
    /// Have this cluster read it, and show what it prints; the cluster must run
    #[arg(long, value_name = "CLUSTER")]
    run_on: Option<ClusterId>,
    /// In which language the cluster is asked
    #[arg(long, value_enum, default_value_t = Tongue::Scala)]
    language: Tongue,
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum As {
    Parquet,
    Avro,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Tongue {
    Scala,
    Python,
}

/// A cluster that is busy answers late.
const CLUSTER_WITHIN: Duration = Duration::from_secs(10 * 60);
/// What the embedded sandbox has files of.
const SANDBOX: &str = "dataset/account-balances";

async fn go(cli: &Cli, screen: Screen) -> Result<Ending, Failure> {
    // Who only looks holds nothing by which a cluster could be used.
    let rights = if cli.run_on.is_some() { Rights::Write } else { Rights::Read };
    let reach = connect(cli.common.place.clone(), rights).await?;
    let sandboxed = || reach.sandbox.as_ref().and_then(|_| SANDBOX.parse().ok());
    let named = cli.dataset.clone().or_else(sandboxed);
    let dataset = named.ok_or_else(|| Failure::usage("say which dataset: load-dataset FAMILY/NAME"))?;
    let transaction = reach.transaction(cli.transaction)?;
    let environment = reach.target.environment.clone();
    let reads = reach.loading()?;
    let mut question = LoadDataset::new(transaction, dataset).with_rows(cli.rows.into());
    question.format = cli.format.map(|format| match format {
        As::Parquet => Format::Parquet,
        As::Avro => Format::Avro,
    });
    let found = question.look(&reads, &environment, Timestamp::now()).await?;
    screen.say(found.to_string().trim_end());
    let exit = if found.is_there() { Exit::Done } else { Exit::Found };
    let word = if found.is_there() { "can be loaded" } else { "cannot be loaded" };
    let line = format!("{environment}: {} {word}", found.dataset);
    let mut document = serde_json::to_value(&found).unwrap_or_default();
    if let Some(cluster) = cli.run_on.as_ref().filter(|_| found.is_there()) {
        let language = match cli.language {
            Tongue::Scala => Language::Scala,
            Tongue::Python => Language::Python,
        };
        let command = found.command(language, cli.rows.into()).unwrap_or_default();
        let (good, told) = on_cluster(&reach, cluster, language, &command, &screen).await?;
        screen.say(&format!("\non {cluster}:\n{}", told.trim_end()));
        document["on-cluster"] = told.into();
        if !good {
            let line = format!("{environment}: {cluster} could not read {}", found.dataset);
            return Ok(Ending::new(Exit::Found, line).shown().with("load", document));
        }
    }
    Ok(Ending::new(exit, line).shown().with("load", document))
}

/// Has a cluster read it; what it tells, and whether it could.
async fn on_cluster(
    reach: &examples::connect::Reach,
    cluster: &ClusterId,
    language: Language,
    command: &str,
    screen: &Screen,
) -> Result<(bool, String), Failure> {
    let workspace = reach.workspace()?;
    let seen = |step: CommandStep<'_>| {
        if let CommandStep::Left(context, error) = step {
            screen.say(&format!("the context {} is left on its cluster: {error}", context.id));
        }
    };
    let result = workspace.run_command(cluster, language, command, CLUSTER_WITHIN, seen).await?;
    Ok(match result {
        CommandResult::Text(text) => (true, text),
        CommandResult::Error { summary, cause } => (false, summary.unwrap_or(cause)),
        CommandResult::Table(table) => (true, format!("{} rows", table.rows.len())),
        other => (other.is_good(), format!("{other:?}")),
    })
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let screen = Screen::new(&cli.common.manner);
    screen.end(block_on(&cli.common.manner, go(&cli, screen)))
}
