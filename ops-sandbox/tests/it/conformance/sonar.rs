//! Sonar.

use async_trait::async_trait;
use ops_sandbox::metapod::CommitSpec;
use ops_sandbox::{Fault, Server, Target, World};
use sonar_client::conformance::{self, Change, Needs, Scenario, Stage, run_all};
use sonar_client::{CommitFormat, Result, SonarRead, TransactionId};

use crate::server::sonar;

struct SonarStage<P> {
    name: &'static str,
    world: World,
    port: P,
}

#[async_trait]
impl<P: SonarRead> Stage for SonarStage<P> {
    fn name(&self) -> &str {
        self.name
    }

    fn can(&self, _: Needs) -> bool {
        true
    }

    fn sonar(&self) -> &dyn SonarRead {
        &self.port
    }

    async fn prepare(&self, scenario: &Scenario) -> Result<TransactionId> {
        self.world.clear();
        for play in &scenario.plays {
            self.world.put(&play.transaction, &play.datasets)?;
        }
        Ok(scenario.plays[0].transaction.id)
    }

    async fn change(&self, change: Change) -> Result<()> {
        match change {
            Change::Retract(dataset) => self.world.retract(dataset),
            Change::Commit { dataset, path, format, at } => {
                let spec = CommitSpec::new().path(path).format(CommitFormat::try_from(&format).unwrap()).at(at);
                self.world.commit(dataset, spec)
            }
            other => panic!("a change that this stage does not know: {other:?}"),
        }
    }

    async fn fault(&self, fault: conformance::Fault) -> Result<()> {
        let fault = match fault {
            conformance::Fault::Unavailable => Fault::Status(503),
            conformance::Fault::ExpiredToken => Fault::ExpiredToken,
            conformance::Fault::Html => Fault::Html,
            other => panic!("a fault that this stage does not know: {other:?}"),
        };
        self.world.faults().sometimes(1.0, Target::All, fault);
        Ok(())
    }
}

#[tokio::test]
async fn sonar_in_memory() {
    let world = World::seeded(1);
    let report = run_all(&SonarStage { name: "in memory", port: world.sonar(), world }).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}

#[tokio::test]
async fn sonar_over_sockets() {
    let world = World::seeded(1);
    let server = Server::start(world.clone()).await.unwrap();
    let report = run_all(&SonarStage { name: "over sockets", port: sonar(&server), world }).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}
