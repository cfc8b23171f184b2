//! The recipe in a process that does nothing else, for its memory.

use std::path::{Path, PathBuf};

use benchmarks::own::{Own, say};
use benchmarks::process::peak;
use clap::Args;
use ops_recipes::datasets::Facts;

use crate::Result;
use crate::recipe::{JournalIn, Retraction};
use benchmarks::sandbox::{Clients, Sandbox};

/// The process: runs the whole recipe once, and prints its own peak in bytes.
#[derive(Args)]
pub(crate) struct Alone {
    #[arg(long)]
    metapod: String,
    #[arg(long)]
    sonar: String,
    #[arg(long)]
    transaction: String,
    #[arg(long)]
    datasets: usize,
    #[arg(long)]
    runs: PathBuf,
}

impl Alone {
    pub(crate) async fn run(self) -> Result<()> {
        let clients = Clients::of(&self.metapod, &self.sonar)?;
        let transaction = self.transaction.parse()?;
        let retraction = Retraction::new(&clients, transaction, Facts::WithoutSchema, &self.runs);
        let times = retraction.run(self.datasets, JournalIn::Folder).await?;
        eprintln!("  {times:.1?}");
        say(&[&peak()?.to_string()])
    }
}

/// The peak of a process that retracts so many datasets, in MB.
pub(crate) fn measure(datasets: usize, runs: &Path) -> Result<f64> {
    let sandbox = Sandbox::start(datasets, false)?;
    let (transaction, datasets) = (sandbox.transaction.to_string(), datasets.to_string());
    let runs = runs.to_str().ok_or("the folder's name is no text")?;
    let arguments = ["alone", "--metapod", &sandbox.metapod, "--sonar", &sandbox.sonar];
    let more = ["--transaction", &transaction, "--datasets", &datasets, "--runs", runs];
    let bytes: f64 = Own::start(&[&arguments[..], &more].concat())?.line()?.trim().parse()?;
    Ok(bytes / 1e6)
}
