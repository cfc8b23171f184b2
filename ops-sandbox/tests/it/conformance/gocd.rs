//! GoCD.

use async_trait::async_trait;
use gocd_client::conformance::{Fault, Needs, Prepare, Report, Scenario, Stage, Start, run_all};
use gocd_client::{BuildsRead, GocdClient, Result};
use ops_sandbox::gocd::PipelineSpec;
use ops_sandbox::{Server, World};

use super::fail;
use crate::gocd::client;

struct GocdStage<P> {
    name: &'static str,
    world: World,
    port: P,
}

#[async_trait]
impl<P: BuildsRead> Prepare for GocdStage<P> {
    type Scenario = Scenario;
    type Start = Start;

    fn name(&self) -> &str {
        self.name
    }

    fn can(&self, _: Needs) -> bool {
        true
    }

    async fn prepare(&self, scenario: &Scenario) -> Result<Start> {
        self.world.clear();
        for play in &scenario.pipelines {
            let spec = PipelineSpec::new(play.name.clone()).builds(play.builds.clone());
            let spec = match (&play.status.paused_by, &play.status.cause) {
                (Some(by), Some(cause)) => spec.paused(by, cause),
                _ => spec,
            };
            self.world.put_pipeline(spec)?;
        }
        Ok(Start::new(scenario.pipelines[0].name.clone()))
    }
}

#[async_trait]
impl<P: BuildsRead> Stage for GocdStage<P> {
    fn gocd(&self) -> &dyn BuildsRead {
        &self.port
    }

    async fn fault(&self, fault: Fault) -> Result<()> {
        fail(&self.world, fault);
        Ok(())
    }
}

#[tokio::test]
async fn gocd_in_memory() {
    let world = World::seeded(1);
    let report = run_all(&GocdStage { name: "in memory", port: world.gocd(), world }).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}

async fn over_sockets(name: &'static str, of: fn(&Server) -> GocdClient) -> Report {
    let world = World::seeded(1);
    let server = Server::builder(world.clone()).require_gocd_logins().start().await.unwrap();
    run_all(&GocdStage { name, port: of(&server), world }).await
}

#[tokio::test]
async fn gocd_over_sockets_by_cursors() {
    let of = |server: &Server| client(&server.gocd_url()).with_access_token("go_viewer".to_owned().into());
    let report = over_sockets("a newer release", of).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}

#[tokio::test]
async fn gocd_over_sockets_by_offsets() {
    let of = |server: &Server| client(&server.gocd19_url()).with_login("viewer", "viewer".to_owned().into());
    let report = over_sockets("an older release", of).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}
