//! The recipe in a process that does nothing else, for its memory.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use ops_recipes::datasets::Facts;

use crate::Result;
use crate::recipe::{JournalIn, Retraction};
use crate::sandbox::{Clients, Sandbox};

/// The process: runs the whole recipe once, and prints its own peak in KiB.
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

/// The most memory that this process ever had resident, in KiB.
fn peak() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
    peak.ok_or_else(|| "/proc/self/status says nothing of VmHWM".into())
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
    let kib: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(kib * 1024.0 / 1e6)
}
