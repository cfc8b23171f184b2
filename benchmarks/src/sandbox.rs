//! The sandbox in a process of its own.

use std::collections::BTreeMap;

use clap::Args;
use metapod_client::{MetapodClient, TransactionId};
use ops_client::Environment;
use ops_client::http::Credential;
use ops_sandbox::scenario::{Bulk, bulk};
use ops_sandbox::{Server, World};
use serde::Deserialize;
use sonar_client::SonarClient;

use crate::Result;
use crate::own::{Own, say, until_told};

/// What every caller must bring, so that every way of calling carries the same headers.
pub const TOKEN: &str = "a-token-of-the-benchmark";

/// The sandbox's own process: serves until its standard input ends.
#[derive(Args, Debug)]
pub struct Serve {
    #[arg(long)]
    datasets: usize,
    #[arg(long)]
    schema: bool,
}

impl Serve {
    /// Serves.
    ///
    /// # Errors
    /// When it cannot listen.
    pub async fn run(self) -> Result<()> {
        let world = World::seeded(1);
        let what = Bulk::new(self.datasets);
        let transaction = bulk(&world, if self.schema { what.with_schema() } else { what })?;
        let server = Server::builder(world).require_bearer(TOKEN).start().await?;
        say(&[&server.metapod_url(), &server.sonar_url(), &transaction.to_string()])?;
        until_told().await
    }
}

/// A sandbox that runs. It ends with this value, and with this process.
#[derive(Debug)]
pub struct Sandbox {
    /// Where its Metapod is.
    pub metapod: String,
    /// Where its Sonar is.
    pub sonar: String,
    /// What has the datasets.
    pub transaction: TransactionId,
    _process: Own,
}

impl Sandbox {
    /// Starts one with so many committed datasets.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(datasets: usize, schema: bool) -> Result<Self> {
        let datasets = datasets.to_string();
        let mut arguments = vec!["serve", "--datasets", &datasets];
        if schema {
            arguments.push("--schema");
        }
        let mut process = Own::start(&arguments)?;
        let (metapod, sonar, transaction) = (process.line()?, process.line()?, process.line()?);
        Ok(Self { metapod, sonar, transaction: transaction.parse()?, _process: process })
    }

    /// What came of the retractions so far, as the sandbox itself counted.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn retractions(&self) -> Result<Retractions> {
        let url = format!("{}/sandbox/effects", self.metapod);
        let client = reqwest::Client::builder().no_proxy().build()?;
        let text = client.get(url).bearer_auth(TOKEN).send().await?.text().await?;
        let all: Effects = serde_json::from_str(&text)?;
        let mut told = Retractions::default();
        for line in all.lines.into_iter().filter(|line| line.operation == RETRACT) {
            told.calls += line.calls;
            told.by_dataset.insert(line.subject, line.effects);
        }
        Ok(told)
    }
}

/// How the sandbox calls it.
const RETRACT: &str = "metapod.retract_committed_dataset";

#[derive(Deserialize)]
struct Effects {
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    operation: String,
    subject: String,
    calls: u64,
    effects: u64,
}

/// What came of the calls that retract.
#[derive(Debug, Default)]
pub struct Retractions {
    /// How many calls came.
    pub calls: u64,
    /// How often each dataset was retracted.
    by_dataset: BTreeMap<String, u64>,
}

impl Retractions {
    /// Whether so many datasets were retracted, each exactly once.
    pub fn are_once(&self, datasets: usize) -> bool {
        self.by_dataset.len() == datasets && self.by_dataset.values().all(|&effects| effects == 1)
    }

    /// How many datasets were retracted, and how often in all.
    pub fn line(&self) -> String {
        let retracted = self.by_dataset.values().filter(|&&effects| effects > 0).count();
        let effects: u64 = self.by_dataset.values().sum();
        format!("{retracted} datasets retracted, {effects} effects, {} calls", self.calls)
    }
}

/// The real clients of a sandbox.
#[derive(Clone, Debug)]
pub struct Clients {
    /// Writes.
    pub metapod: MetapodClient,
    /// Reads.
    pub sonar: SonarClient,
}

impl Clients {
    /// The clients of what runs there.
    ///
    /// # Errors
    /// When an address is none.
    pub fn of(metapod: &str, sonar: &str) -> Result<Self> {
        let environment = || Environment::new("benchmark");
        let credential = || Credential::bearer(TOKEN.into());
        Ok(Self {
            metapod: MetapodClient::builder(environment(), metapod).credential(credential()).build()?,
            sonar: SonarClient::builder(environment(), sonar).credential(credential()).build()?,
        })
    }
}
