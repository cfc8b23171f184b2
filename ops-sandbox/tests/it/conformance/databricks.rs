//! Databricks.

use std::time::Duration;

use async_trait::async_trait;
use databricks_client::conformance::{Fault, Needs, Prepare, Report, Scenario, Stage, Start, run_all};
use databricks_client::{DatabricksClient, Result, ResultState, WorkspaceRead, WorkspaceWrite};
use ops_sandbox::databricks::{CommandPlan, RunPlan, StatementPlan};
use ops_sandbox::{Server, World};

use super::fail;
use crate::databricks::client;

struct DatabricksStage<P> {
    name: &'static str,
    world: World,
    port: P,
}

#[async_trait]
impl<P: WorkspaceRead + WorkspaceWrite> Prepare for DatabricksStage<P> {
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
        self.world.set_time("2018-01-18T03:00:00Z".parse().unwrap());
        for file in &scenario.files {
            self.world.put_workspace_file(file.clone());
        }
        for cluster in &scenario.clusters {
            self.world.put_workspace_cluster(cluster.clone());
        }
        self.world.put_sql_warehouse(scenario.warehouse.clone());
        for play in &scenario.runs {
            self.world.put_notebook(play.notebook.clone(), play.language, &play.source);
            let plan = RunPlan::new(play.notebook.clone()).lasting(play.pending, play.running);
            self.world.plan_run(match (&play.result, &play.output.error, &play.output.result) {
                (ResultState::Failed, Some(error), _) => plan.failing(error),
                (_, _, Some(result)) => plan.telling(result),
                _ => plan,
            });
        }
        for play in &scenario.commands {
            self.world.plan_command(CommandPlan::new(&play.contains, play.result.clone()).lasting(play.lasts));
        }
        for play in &scenario.statements {
            self.world.plan_statement(StatementPlan::new(&play.contains, play.outcome.clone()).lasting(play.lasts));
        }
        Ok(Start::new("dbfs:/mnt/metapod/10b0".parse().unwrap()))
    }
}

#[async_trait]
impl<P: WorkspaceRead + WorkspaceWrite> Stage for DatabricksStage<P> {
    fn read(&self) -> &dyn WorkspaceRead {
        &self.port
    }

    fn write(&self) -> &dyn WorkspaceWrite {
        &self.port
    }

    async fn pass(&self, time: Duration) -> Result<()> {
        self.world.advance(time);
        Ok(())
    }

    async fn fault(&self, fault: Fault) -> Result<()> {
        fail(&self.world, fault);
        Ok(())
    }
}

#[tokio::test]
async fn databricks_in_memory() {
    let world = World::seeded(1);
    let report = run_all(&DatabricksStage { name: "in memory", port: world.databricks(), world }).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}

async fn over_sockets(name: &'static str, of: fn(&Server) -> DatabricksClient) -> Report {
    let world = World::seeded(1);
    let hour = Duration::from_secs(60 * 60);
    let server = Server::builder(world.clone()).require_databricks_logins(hour).start().await.unwrap();
    run_all(&DatabricksStage { name, port: of(&server), world }).await
}

#[tokio::test]
async fn databricks_over_sockets_by_a_token() {
    let of = |server: &Server| client(&server.databricks_url()).with_access_token("dapi_admin".to_owned().into());
    let report = over_sockets("by a token", of).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}

#[tokio::test]
async fn databricks_over_sockets_as_a_machine() {
    let of = |server: &Server| client(&server.databricks_url()).with_oauth("admin", "admin".to_owned().into());
    let report = over_sockets("as a machine", of).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}
