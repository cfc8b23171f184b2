//! The recipe in a process that does nothing else, for its memory.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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
        writeln!(std::io::stdout(), "{}", peak()?)?;
        eprintln!("  {times:.1?}");
        Ok(())
    }
}

/// The peak of a process that retracts so many datasets, in MB.
pub(crate) fn measure(datasets: usize, runs: &Path) -> Result<f64> {
    let sandbox = Sandbox::start(datasets, false)?;
    let output = Command::new(std::env::current_exe()?)
        .args(["alone", "--metapod", &sandbox.metapod, "--sonar", &sandbox.sonar])
        .args(["--transaction", &sandbox.transaction.to_string(), "--datasets", &datasets.to_string(), "--runs"])
        .arg(runs)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("the recipe's own process ended with {}", output.status).into());
    }
    let bytes: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(bytes / 1e6)
}
