//! The sandbox in a process of its own.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use clap::Args;
use metapod_client::{MetapodClient, TransactionId};
use ops_client::Environment;
use ops_client::http::Credential;
use ops_sandbox::scenario::{Bulk, bulk};
use ops_sandbox::{Server, World};
use sonar_client::SonarClient;

use crate::Result;

/// What every caller must bring, so that every way of calling carries the same headers.
pub(crate) const TOKEN: &str = "a-token-of-the-benchmark";

/// The sandbox's own process: serves until its standard input ends.
#[derive(Args)]
pub(crate) struct Serve {
    #[arg(long)]
    datasets: usize,
    #[arg(long)]
    schema: bool,
}

impl Serve {
    pub(crate) async fn run(self) -> Result<()> {
        let world = World::seeded(1);
        let what = Bulk::new(self.datasets);
        let transaction = bulk(&world, if self.schema { what.with_schema() } else { what })?;
        let server = Server::builder(world).require_bearer(TOKEN).start().await?;
        {
            let mut out = std::io::stdout().lock();
            writeln!(out, "{}\n{}\n{transaction}", server.metapod_url(), server.sonar_url())?;
            out.flush()?;
        }
        tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
        Ok(())
    }
}

/// A sandbox that runs. It ends with this value, and with this process.
pub(crate) struct Sandbox {
    child: Child,
    pub(crate) metapod: String,
    pub(crate) sonar: String,
    pub(crate) transaction: TransactionId,
}

impl Sandbox {
    /// Starts one with so many committed datasets.
    pub(crate) fn start(datasets: usize, schema: bool) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["serve", "--datasets", &datasets.to_string()]);
        if schema {
            command.arg("--schema");
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("the sandbox has no output")?).lines();
        let mut line = || lines.next().unwrap_or_else(|| Err(std::io::ErrorKind::UnexpectedEof.into()));
        let (metapod, sonar, transaction) = (line()?, line()?, line()?);
        Ok(Self { child, metapod, sonar, transaction: transaction.parse()? })
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The real clients of a sandbox.
#[derive(Clone)]
pub(crate) struct Clients {
    pub(crate) metapod: MetapodClient,
    pub(crate) sonar: SonarClient,
}

impl Clients {
    pub(crate) fn of(metapod: &str, sonar: &str) -> Result<Self> {
        let environment = || Environment::new("benchmark");
        let credential = || Credential::bearer(TOKEN.into());
        Ok(Self {
            metapod: MetapodClient::builder(environment(), metapod).credential(credential()).build()?,
            sonar: SonarClient::builder(environment(), sonar).credential(credential()).build()?,
        })
    }
}
