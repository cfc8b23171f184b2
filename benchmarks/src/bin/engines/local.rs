//! The recipe through the journal of one machine, in a process of its own.

use std::path::{Path, PathBuf};
use std::time::Instant;

use benchmarks::own::{Own, say};
use benchmarks::retraction::{approval, check, recipe, registry, target};
use benchmarks::sandbox::{Clients, Sandbox};
use benchmarks::{Result, disk, process};
use clap::Args;
use jiff::Timestamp;
use ops_plan::{Ask, Host, Runner, Runs};
use ops_recipes::datasets::Facts;

use crate::rounds::Took;

/// The process: runs the whole recipe once, and says what it took.
#[derive(Args)]
pub(crate) struct Local {
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

impl Local {
    pub(crate) async fn run(self) -> Result<()> {
        let clients = Clients::of(&self.metapod, &self.sonar)?;
        let (registry, runs) = (registry(&clients), Runs::at(&self.runs));
        let question = recipe(self.transaction.parse()?, Facts::WithoutSchema);
        let begun = Instant::now();
        let ask = Ask::new(&question, target(), Timestamp::now())?.spilling_to(runs.spill()?);
        let plan = registry.plan(ask).await?;
        let planned = begun.elapsed();
        let own = process::on_processors(std::process::id())?;
        let begun = Instant::now();
        let word = approval(plan.digest(), self.datasets);
        let approved = plan.approve(word).map_err(|(_, error)| error)?;
        let report = Runner::new(runs, "benchmark").start(&registry, approved).await?;
        let ran = begun.elapsed();
        check(&report, self.datasets)?;
        let took = Took {
            plan: planned.as_secs_f64(),
            run: ran.as_secs_f64(),
            own_memory: process::peak()?,
            own_processor: process::on_processors(std::process::id())? - own,
            own_disk: disk::bytes(&self.runs)?,
            ..Took::default()
        };
        say(&[&serde_json::to_string(&took)?])
    }
}

/// Runs it against a sandbox.
pub(crate) fn measure(sandbox: &Sandbox, datasets: usize, runs: &Path) -> Result<Took> {
    let (transaction, datasets) = (sandbox.transaction.to_string(), datasets.to_string());
    let runs = runs.to_str().ok_or("the folder's name is no text")?;
    let mut process = Own::start(&[
        "local",
        "--metapod",
        &sandbox.metapod,
        "--sonar",
        &sandbox.sonar,
        "--transaction",
        &transaction,
        "--datasets",
        &datasets,
        "--runs",
        runs,
    ])?;
    Ok(serde_json::from_str(&process.line()?)?)
}
