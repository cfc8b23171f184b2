//! Retracts committed datasets of one transaction.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{ArgGroup, Parser};
use examples::connect::Reach;
use examples::exit::{CODES, Failure};
use examples::flags::RecipeFlags;
use metapod_client::{DatasetName, TransactionId};
use ops_recipes::datasets::{Facts, IdList, RetractDatasets, Selection, read_ids};

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  retract-datasets                        the embedded sandbox, to see how it goes
  retract-datasets --env prod --transaction ID --ids result.json --plan-only
  retract-datasets --env prod --transaction ID --prefix contract-billing

";

/// Retract committed datasets of one transaction, so that they are computed again.
///
/// When: bad data was committed, and what was committed must not be used. The runbook: «Retracting datasets in bulk»,
/// «Removing bad data from Metapod».
///
/// It plans first, shows the plan, and asks. Then it retracts, sees that each dataset is uncommitted, and proves the whole.
/// It never changes anything that was not shown, never retracts a dataset that was committed anew since the plan, and never
/// sends a call whose outcome is unknown again without looking first.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
#[command(group = ArgGroup::new("selection").args(["all_committed", "name", "prefix", "ids"]).conflicts_with_all(["apply", "resume", "undo"]))]
struct Cli {
    /// The transaction; the embedded sandbox takes tonight's run unless told
    #[arg(long, value_name = "ID", conflicts_with_all = ["apply", "resume", "undo"])]
    transaction: Option<TransactionId>,
    /// Every dataset that is committed now
    #[arg(long)]
    all_committed: bool,
    /// These datasets, by name
    #[arg(long, value_name = "NAME", num_args = 1..)]
    name: Vec<DatasetName>,
    /// Those whose names begin so
    #[arg(long, value_name = "PREFIX")]
    prefix: Option<String>,
    /// Those with the ids in this file (- is standard input): one a line, or as Sonar's GraphiQL prints them
    #[arg(long, value_name = "FILE")]
    ids: Option<PathBuf>,
    /// How many calls run at once
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=200))]
    concurrency: u16,
    /// Keep no schemas for an undo: faster for very many datasets; an undo then commits without a schema
    #[arg(long)]
    without_schema: bool,
    #[command(flatten)]
    flags: RecipeFlags,
}

impl Cli {
    fn question(&self, reach: &Reach) -> Result<RetractDatasets, Failure> {
        let transaction = reach.transaction(self.transaction)?;
        let facts = if self.without_schema { Facts::WithoutSchema } else { Facts::WithSchema };
        Ok(RetractDatasets::new(transaction, self.selection(reach)?)
            .with_facts(facts)
            .with_concurrency(usize::from(self.concurrency))
            .with_knowledge(reach.settings.knowledge()))
    }

    fn selection(&self, reach: &Reach) -> Result<Selection, Failure> {
        if !self.name.is_empty() {
            return Ok(Selection::Names(self.name.clone()));
        }
        if let Some(prefix) = &self.prefix {
            return Ok(Selection::Prefix(prefix.clone()));
        }
        if let Some(file) = &self.ids {
            return Ok(Selection::Ids(ids(file)?));
        }
        // Nothing said never means «all», but in the sandbox nothing can be lost.
        if self.all_committed || reach.sandbox.is_some() {
            return Ok(Selection::AllCommitted);
        }
        Err(Failure::usage("say which datasets: --all-committed, --name, --prefix or --ids"))
    }
}

fn ids(file: &Path) -> Result<IdList, Failure> {
    let list = if file.as_os_str() == "-" {
        read_ids(std::io::stdin().lock(), "standard input")
    } else {
        let name = file.display().to_string();
        let opened = std::fs::File::open(file).map_err(|error| Failure::refused(format!("{name}: {error}")))?;
        read_ids(opened, &name)
    };
    list.map_err(|error| Failure::refused(error.to_string()))
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let input_taken = cli.ids.as_ref().is_some_and(|file| file.as_os_str() == "-");
    examples::main_loop::run(&cli.flags, input_taken, async |reach| cli.question(reach))
}
