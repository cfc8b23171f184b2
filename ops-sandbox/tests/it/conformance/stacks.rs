//! Stacks.

use std::time::Duration;

use async_trait::async_trait;
use cloudformation_ops::conformance::{Fault, Needs, Prepare, Scenario, Stage, run_all};
use cloudformation_ops::{Result, Stack, StackName, StacksClient, StacksRead, StacksWrite};
use ops_sandbox::stacks::StackSpec;
use ops_sandbox::{Server, World};

use super::{aws, fail};

struct StacksStage<P> {
    name: &'static str,
    world: World,
    port: P,
}

#[async_trait]
impl<P: StacksRead + StacksWrite> Prepare for StacksStage<P> {
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
        self.world.stacks_take(Duration::from_secs(2), Duration::from_secs(5));
        for play in &scenario.plays {
            let spec = StackSpec::new(play.name.clone())
                .blue(play.blue.size, &play.blue.version)
                .green(play.green.size, &play.green.version)
                .parameter("Service", &play.service)
                .parameter("ApiToken", &play.token);
            let spec = play.parameters.iter().fold(spec, |spec, (key, value)| spec.parameter(key, value));
            self.world.put_stack(play.tags.iter().fold(spec, |spec, (key, value)| spec.tag(key, value)));
        }
        Ok(())
    }
}

#[async_trait]
impl<P: StacksRead + StacksWrite> Stage for StacksStage<P> {
    fn reads(&self) -> &dyn StacksRead {
        &self.port
    }

    fn writes(&self) -> &dyn StacksWrite {
        &self.port
    }

    async fn look(&self, stack: &StackName) -> Result<Stack> {
        Ok(self.world.stack(stack).unwrap())
    }

    async fn update(&self, stack: &StackName, key: &str, value: &str) -> Result<()> {
        self.world.colleague_begins(stack, key, value)
    }

    async fn hold(&self, stack: &StackName) -> Result<()> {
        self.world.hold_updates(stack)
    }

    async fn release(&self, stack: &StackName) -> Result<()> {
        self.world.release_updates(stack)
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
async fn stacks_in_memory() {
    let world = World::seeded(1);
    let report = run_all(&StacksStage { name: "in memory", port: world.stacks(), world }).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}

#[tokio::test]
async fn stacks_over_sockets() {
    let world = World::seeded(1);
    let server = Server::start(world.clone()).await.unwrap();
    let port = StacksClient::new(aws(&server).await);
    let report = run_all(&StacksStage { name: "over sockets", port, world }).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}
