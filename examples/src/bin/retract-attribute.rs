//! Takes attributes out of the schema of one committed dataset.

use std::process::ExitCode;

use clap::Parser;
use examples::connect::Reach;
use examples::exit::{CODES, Failure};
use examples::flags::RecipeFlags;
use metapod_client::{AttributeId, DatasetName, IndexedAttributeId, TransactionId};
use ops_recipes::datasets::{AttributeSelection, RetractAttribute};

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  retract-attribute                       the embedded sandbox, to see how it goes
  retract-attribute --env prod --transaction ID --dataset archive/x --duplicates

";

/// Take attributes out of the schema of one committed dataset, for good.
///
/// When: a schema bears a name twice, or an attribute that must not be there. The runbook: «Removing bad data from
/// Metapod». Often retracting the whole dataset is the better answer, because that can be taken back; the plan says how.
///
/// What it does cannot be undone: each attribute is named once more before it goes. Indexed attributes cannot be seen by
/// any query, so the plan holds the calls to make by hand.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    /// The transaction; the embedded sandbox takes tonight's run unless told
    #[arg(long, value_name = "ID", conflicts_with_all = ["apply", "resume", "undo"])]
    transaction: Option<TransactionId>,
    /// The dataset; the embedded sandbox takes one with a duplicate unless told
    #[arg(long, value_name = "NAME", conflicts_with_all = ["apply", "resume", "undo"])]
    dataset: Option<DatasetName>,
    /// Every attribute whose name an earlier one bears (the usual case)
    #[arg(long, conflicts_with_all = ["attribute", "indexed"])]
    duplicates: bool,
    /// These attributes, by id
    #[arg(long, value_name = "ID", num_args = 1.., conflicts_with = "indexed")]
    attribute: Vec<AttributeId>,
    /// These indexed attributes, by id: shown to be done by hand
    #[arg(long, value_name = "ID", num_args = 1..)]
    indexed: Vec<IndexedAttributeId>,
    #[command(flatten)]
    flags: RecipeFlags,
}

impl Cli {
    fn question(&self, reach: &Reach) -> Result<RetractAttribute, Failure> {
        let transaction = reach.transaction(self.transaction)?;
        let sandbox = || reach.sandbox.as_ref().and_then(|_| "dataset/customer-addresses".parse().ok());
        let dataset = self.dataset.clone().or_else(sandbox);
        let dataset = dataset.ok_or_else(|| Failure::usage("say which dataset: --dataset NAME"))?;
        let selection = if !self.attribute.is_empty() {
            AttributeSelection::Attributes(self.attribute.clone())
        } else if !self.indexed.is_empty() {
            AttributeSelection::Indexed(self.indexed.clone())
        } else if self.duplicates || reach.sandbox.is_some() {
            AttributeSelection::Duplicates
        } else {
            return Err(Failure::usage("say which attributes: --duplicates, --attribute ID or --indexed ID"));
        };
        Ok(RetractAttribute::new(transaction, dataset, selection).with_knowledge(reach.settings.knowledge()))
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    examples::main_loop::run(&cli.flags, false, async |reach| cli.question(reach))
}
