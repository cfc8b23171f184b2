//! Sonar.

use async_trait::async_trait;
use ops_sandbox::metapod::CommitSpec;
use ops_sandbox::{Server, World};
use sonar_client::conformance::{Change, Fault, Needs, Prepare, Scenario, Stage, run_all};
use sonar_client::{CommitFormat, Result, SonarRead, TransactionId};

use super::fail;
use crate::server::sonar;

struct SonarStage<P> {
    name: &'static str,
    world: World,
    port: P,
}

#[async_trait]
impl<P: SonarRead> Prepare for SonarStage<P> {
    type Scenario = Scenario;
    type Start = TransactionId;

    fn name(&self) -> &str {
        self.name
    }

    fn can(&self, _: Needs) -> bool {
        true
    }

    async fn prepare(&self, scenario: &Scenario) -> Result<TransactionId> {
        self.world.clear();
        for play in &scenario.plays {
            self.world.put(&play.transaction, &play.datasets)?;
        }
        Ok(scenario.plays[0].transaction.id)
    }
}

#[async_trait]
impl<P: SonarRead> Stage for SonarStage<P> {
    fn sonar(&self) -> &dyn SonarRead {
        &self.port
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

    async fn fault(&self, fault: Fault) -> Result<()> {
        fail(&self.world, fault);
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
