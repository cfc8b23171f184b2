//! The fleet.

use std::time::Duration;

use async_trait::async_trait;
use fleet_ops::conformance::{Fault, Needs, Prepare, Scenario, Stage, run_all};
use fleet_ops::{FleetClient, FleetRead, FleetWrite, Group, Result};
use ops_sandbox::fleet::GroupSpec;
use ops_sandbox::{Server, World};

use super::{aws, fail};

struct FleetStage<P> {
    name: &'static str,
    world: World,
    port: P,
}

#[async_trait]
impl<P: FleetRead + FleetWrite> Prepare for FleetStage<P> {
    type Scenario = Scenario;
    type Start = ();

    fn name(&self) -> &str {
        self.name
    }

    fn can(&self, _: Needs) -> bool {
        true
    }

    async fn prepare(&self, scenario: &Scenario) -> Result<()> {
        self.world.clear();
        for play in &scenario.plays {
            let group = GroupSpec::new(&play.name, play.size.desired).size(play.size);
            let tagged = play.tags.iter().fold(group, |group, (name, value)| group.tag(name, value));
            self.world.put_group(tagged);
            self.world.suspend(&play.name, play.suspended.iter().cloned())?;
        }
        Ok(())
    }
}

#[async_trait]
impl<P: FleetRead + FleetWrite> Stage for FleetStage<P> {
    fn reads(&self) -> &dyn FleetRead {
        &self.port
    }

    fn writes(&self) -> &dyn FleetWrite {
        &self.port
    }

    async fn look(&self, group: &str) -> Result<Group> {
        Ok(self.world.group(group).unwrap())
    }

    async fn pass(&self, time: Duration) {
        self.world.advance(time);
    }

    async fn fault(&self, fault: Fault) -> Result<()> {
        fail(&self.world, fault);
        Ok(())
    }
}

#[tokio::test]
async fn a_fleet_in_memory() {
    let world = World::seeded(1);
    let report = run_all(&FleetStage { name: "in memory", port: world.fleet(), world }).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}

#[tokio::test]
async fn a_fleet_over_sockets() {
    let world = World::seeded(1);
    let server = Server::start(world.clone()).await.unwrap();
    let port = FleetClient::new(aws(&server).await);
    let report = run_all(&FleetStage { name: "over sockets", port, world }).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}
