//! The library in another program: plan, approve, run.

use std::sync::Arc;

use jiff::Timestamp;
use metapod_client::MetapodClient;
use ops_client::Environment;
use ops_plan::{Approval, Registry, Runner, Runs, Target};
use ops_recipes::datasets::{MetapodWrites, RetractDatasets, RetractReads, Selection};
use sonar_client::SonarClient;

async fn retract(sonar: &str, metapod: &str, transaction: &str) -> Result<String, Box<dyn std::error::Error>> {
    let metapod = Arc::new(MetapodClient::builder(Environment::new("staging"), metapod).build()?);
    let sonar = Arc::new(SonarClient::builder(Environment::new("staging"), sonar).build()?);
    let reads = RetractReads::new(sonar, metapod.clone());
    let registry = Registry::new().with::<RetractDatasets>(reads, MetapodWrites::new(metapod));
    let question = RetractDatasets::new(transaction.parse()?, Selection::Prefix("contract-billing".into()));
    let plan = registry.propose(&question, Target::new("staging")).await?;
    let approval = Approval::new(plan.digest(), "ana", Timestamp::now())
        .expecting("1..4".parse()?)
        .accepting("live-writer", "the jobs of this run have ended");
    let approved = plan.approve(approval).map_err(|(_, refused)| refused)?;
    Ok(Runner::new(Runs::at("runs"), "ana").start(&registry, approved).await?.text())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [sonar, metapod, transaction] = arguments.as_slice() else {
        return Err("usage: embedded SONAR-URL METAPOD-URL TRANSACTION".into());
    };
    let report = retract(sonar, metapod, transaction).await?;
    std::io::Write::write_all(&mut std::io::stdout(), report.as_bytes())?;
    Ok(())
}
