//! The recipe as the engine calls it, in a process of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use benchmarks::Result;
use benchmarks::own::{Own, say, until_told};
use benchmarks::retraction::{registry, target};
use benchmarks::sandbox::{Clients, Sandbox};
use clap::Args;
use ops_restate::{Archive, Handlers};

/// The process: serves until its standard input ends.
#[derive(Args)]
pub(crate) struct Handle {
    #[arg(long)]
    metapod: String,
    #[arg(long)]
    sonar: String,
    #[arg(long)]
    archive: PathBuf,
}

impl Handle {
    pub(crate) async fn run(self) -> Result<()> {
        let clients = Clients::of(&self.metapod, &self.sonar)?;
        let handlers = Handlers::new(Archive::folder(&self.archive)?).with(target(), Arc::new(registry(&clients)));
        let serving = handlers.listen(([127, 0, 0, 1], 0).into()).await?;
        say(&[&serving.address()])?;
        until_told().await
    }
}

/// Starts it; with its address.
pub(crate) fn start(sandbox: &Sandbox, archive: &Path) -> Result<(Own, String)> {
    let archive = archive.to_str().ok_or("the folder's name is no text")?;
    let mut process =
        Own::start(&["handlers", "--metapod", &sandbox.metapod, "--sonar", &sandbox.sonar, "--archive", archive])?;
    let address = process.line()?;
    Ok((process, address))
}
