//! Metapod.

use async_trait::async_trait;
use metapod_client::conformance::{Fault, Needs, Prepare, Scenario, Shown, Stage, run_all};
use metapod_client::{MetapodRead, MetapodWrite, Result, TransactionId};
use ops_sandbox::metapod::{CommitSpec, TransactionSpec};
use ops_sandbox::{Server, World};

use super::fail;
use crate::server::metapod;

struct MetapodStage<P> {
    name: &'static str,
    world: World,
    port: P,
}

#[async_trait]
impl<P: MetapodRead + MetapodWrite> Prepare for MetapodStage<P> {
    type Scenario = Scenario;
    type Start = Vec<TransactionId>;

    fn name(&self) -> &str {
        self.name
    }

    fn can(&self, _: Needs) -> bool {
        true
    }

    async fn prepare(&self, scenario: &Scenario) -> Result<Vec<TransactionId>> {
        self.world.clear();
        self.world.set_time(scenario.now);
        let mut ids = Vec::new();
        for play in &scenario.plays {
            let mut spec = TransactionSpec::new(play.transaction_type.clone()).started_at(play.started_at);
            if let Some(name) = &play.name {
                spec = spec.named(name);
            }
            if let Some(day) = play.target_date {
                spec = spec.for_day(day);
            }
            let names = play.datasets.iter().map(|part| part.name.clone());
            let id = self.world.add_transaction(spec, names)?;
            for (dataset, part) in self.world.dataset_ids(id).into_iter().zip(&play.datasets) {
                let Some(commit) = &part.commit else { continue };
                let spec = CommitSpec::new().path(commit.path.clone()).format(commit.format);
                let spec = spec.partitions(commit.partitions).actions(commit.actions.clone());
                self.world.commit(dataset, spec.schema(commit.schema.clone()))?;
            }
            ids.push(id);
        }
        Ok(ids)
    }
}

#[async_trait]
impl<P: MetapodRead + MetapodWrite> Stage for MetapodStage<P> {
    fn reads(&self) -> &dyn MetapodRead {
        &self.port
    }

    fn writes(&self) -> &dyn MetapodWrite {
        &self.port
    }

    async fn look(&self, transaction: TransactionId) -> Result<Vec<Shown>> {
        let datasets = self.world.datasets(transaction)?.into_iter().map(|detail| {
            let mut shown = Shown::new(detail.dataset.id, detail.dataset.name);
            shown.committed = detail.dataset.committed;
            shown.path = detail.dataset.path;
            shown.format = detail.dataset.format;
            shown.schema = detail.schema;
            shown.actions = detail.actions;
            shown.indexed = self.world.indexed_attributes(shown.id);
            shown
        });
        Ok(datasets.collect())
    }

    async fn fault(&self, fault: Fault) -> Result<()> {
        fail(&self.world, fault);
        Ok(())
    }
}

#[tokio::test]
async fn metapod_in_memory() {
    let world = World::seeded(1);
    let report = run_all(&MetapodStage { name: "in memory", port: world.metapod(), world }).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}

#[tokio::test]
async fn metapod_over_sockets() {
    let world = World::seeded(1);
    let server = Server::start(world.clone()).await.unwrap();
    let report = run_all(&MetapodStage { name: "over sockets", port: metapod(&server), world }).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}
