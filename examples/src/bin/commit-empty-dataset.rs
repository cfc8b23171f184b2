//! Commits an empty file for a dataset that fails.

use std::process::ExitCode;

use clap::Parser;
use examples::connect::Reach;
use examples::exit::{CODES, Failure};
use examples::flags::RecipeFlags;
use metapod_client::{DatasetName, S3Path, TransactionId};
use ops_recipes::datasets::{CommitEmptyDataset, Empty, EmptyFile, Made};

/// For the end of `--help`.
const EXAMPLES: &str = "Examples:
  commit-empty-dataset                    the embedded sandbox, to see how it goes
  commit-empty-dataset --env prod --transaction ID --dataset dataset/x --plan-only
  commit-empty-dataset --env prod --transaction ID --dataset dataset/x --make

";

/// Commit an empty file for a dataset that fails, so that this run goes on without it.
///
/// When: a dataset fails, nothing that matters is made from it, and there is no time to mend it tonight. The runbook:
/// «Manually commit a dataset to metapod». What is made from it is committed empty, too.
///
/// It never overwrites real data, and it never forgets: keeping the dataset out of the next run stays owed (`runs due`)
/// until the next run is seen without it.
#[derive(Parser, Debug)]
#[command(version, after_help = format!("{EXAMPLES}{CODES}"))]
struct Cli {
    /// The transaction; the embedded sandbox takes tonight's run unless told
    #[arg(long, value_name = "ID", conflicts_with_all = ["apply", "resume", "undo"])]
    transaction: Option<TransactionId>,
    /// The dataset; the embedded sandbox takes one that failed unless told
    #[arg(long, value_name = "NAME", conflicts_with_all = ["apply", "resume", "undo"])]
    dataset: Option<DatasetName>,
    /// The empty Parquet file, instead of the configured one
    #[arg(long, value_name = "S3-PATH")]
    empty_file: Option<S3Path>,
    /// Make the empty file, with the columns that the dataset had in its last run; below this folder [default: `empty_files` of
    /// the configuration]
    #[arg(long, value_name = "S3-FOLDER", num_args = 0..=1, conflicts_with = "empty_file")]
    make: Option<Option<S3Path>>,
    /// With the columns of this file, where its own of the last run will not do
    #[arg(long, value_name = "S3-PATH", requires = "make")]
    like: Option<S3Path>,
    #[command(flatten)]
    flags: RecipeFlags,
}

impl Cli {
    fn question(&self, reach: &Reach) -> Result<CommitEmptyDataset, Failure> {
        let transaction = reach.transaction(self.transaction)?;
        let sandbox = || reach.sandbox.as_ref().and_then(|_| "dataset/credit-limit-history".parse().ok());
        let dataset = self.dataset.clone().or_else(sandbox);
        let dataset = dataset.ok_or_else(|| Failure::usage("say which dataset: --dataset NAME"))?;
        let file = self.file(reach)?;
        Ok(CommitEmptyDataset::new(transaction, dataset, file).with_knowledge(reach.settings.knowledge()))
    }

    /// The file that is there, or how one is made.
    fn file(&self, reach: &Reach) -> Result<Empty, Failure> {
        if let Some(below) = &self.make {
            let below = below.clone().or_else(|| reach.settings.empty_files.clone());
            let below = below.ok_or_else(|| {
                Failure::usage(
                    "no folder for empty files: configure empty_files for this environment, or give --make S3-FOLDER",
                )
            })?;
            let made = Made::below(below);
            return Ok(self.like.iter().cloned().fold(made, Made::like).into());
        }
        let configured = || reach.settings.empty_file.as_ref().map(examples::config::Empty::file);
        let file = self.empty_file.clone().map(EmptyFile::parquet).or_else(configured);
        let none = "no empty file: configure empty_file for this environment, or give --empty-file or --make";
        file.map(Empty::from).ok_or_else(|| Failure::usage(none))
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    examples::main_loop::run(&cli.flags, false, async |reach| cli.question(reach))
}
