//! Aurora: in memory, and over sockets in both of its encodings.

use std::time::Duration;

use async_trait::async_trait;
use aurora_client::conformance::{Fate, Fault, Needs, Ports, Prepare, Scenario, Stage, run_all};
use aurora_client::wire::Encoding;
use aurora_client::{AuroraAdmin, AuroraClient, AuroraRead, AuroraWrite, JobKey, Result, Task};
use ops_client::Environment;
use ops_client::http::{Credential, Endpoint, RetryPolicy};
use ops_sandbox::aurora::JobOrder;
use ops_sandbox::{Server, World, scenario};

use super::fail;

struct AuroraStage<P> {
    name: &'static str,
    world: World,
    port: P,
    stranger: P,
}

#[async_trait]
impl<P: AuroraRead + AuroraWrite + AuroraAdmin> Prepare for AuroraStage<P> {
    type Scenario = Scenario;
    type Start = Vec<String>;

    fn name(&self) -> &str {
        self.name
    }

    fn can(&self, _: Needs) -> bool {
        true
    }

    async fn prepare(&self, scenario: &Scenario) -> Result<Vec<String>> {
        self.world.clear();
        self.world.set_time(scenario.now);
        let stack = scenario::stack(&self.world);
        let machines = self.world.group(&stack.on_demand).unwrap().machines;
        Ok(machines.iter().filter_map(|machine| self.world.host_of(&machine.id)).collect())
    }
}

#[async_trait]
impl<P: AuroraRead + AuroraWrite + AuroraAdmin> Stage for AuroraStage<P> {
    fn ports(&self) -> Ports<'_> {
        Ports::of(&self.port)
    }

    fn stranger(&self) -> Ports<'_> {
        Ports::of(&self.stranger)
    }

    async fn look(&self, job: &JobKey) -> Result<Vec<Task>> {
        Ok(self.world.aurora_tasks(job))
    }

    async fn order(&self, job: &JobKey, fate: Fate) -> Result<()> {
        let order = match fate {
            Fate::Finishes => JobOrder::takes(Duration::from_secs(5)),
            Fate::Fails => JobOrder::takes(Duration::from_secs(5)).fails(),
            Fate::Runs => JobOrder::takes(Duration::from_secs(24 * 60 * 60)),
            other => panic!("a fate that this stage does not know: {other:?}"),
        };
        self.world.order_job(job, order);
        Ok(())
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
async fn aurora_in_memory() {
    let world = World::seeded(1).at("2026-11-25T03:00:00Z".parse().unwrap());
    let (port, stranger) = (world.aurora(), world.aurora().as_stranger());
    let report = run_all(&AuroraStage { name: "in memory", port, stranger, world }).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}

async fn over_sockets(name: &'static str, encoding: Encoding) {
    let world = World::seeded(1).at("2026-11-25T03:00:00Z".parse().unwrap());
    scenario::stack(&world);
    let server = Server::start(world.clone()).await.unwrap();
    let client = |password: &str| {
        let quick = RetryPolicy::default().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
        let endpoints = server.aurora_urls().into_iter().map(|url| {
            let builder = Endpoint::builder(Environment::new("sandbox"), &url).retry(quick.clone());
            builder.credential(Credential::basic("admin", password.to_owned().into())).build().unwrap()
        });
        AuroraClient::of(endpoints.collect()).unwrap().with_encoding(encoding)
    };
    let report = run_all(&AuroraStage { name, port: client("admin"), stranger: client("wrong"), world }).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}

#[tokio::test]
async fn aurora_over_sockets_in_json() {
    over_sockets("over sockets, in JSON", Encoding::Json).await;
}

#[tokio::test]
async fn aurora_over_sockets_in_binary() {
    over_sockets("over sockets, in binary", Encoding::Binary).await;
}
