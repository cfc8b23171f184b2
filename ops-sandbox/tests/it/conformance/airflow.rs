//! Airflow: in memory as either generation, and over both APIs with the real client.

use std::time::Duration;

use airflow_client::conformance::{
    EXPIRY, Fault, Needs, Night, Orders, Prepare, RESTART, Report, Scenario, Stage, TaskPlan, User, Whose, make,
    run_all,
};
use airflow_client::{
    AirflowClient, AirflowRead, AirflowTrigger, AirflowTriggerClient, AirflowWrite, Environment, Result, RunKey,
};
use async_trait::async_trait;
use ops_sandbox::airflow::{AirflowPort, DagSpec, Generation, TaskSpec};
use ops_sandbox::{Server, World};

use super::fail;

/// What a user holds: the client's handles are two.
struct Ports<C, T> {
    client: C,
    trigger: T,
}

struct AirflowStage<C, T> {
    name: &'static str,
    generation: Generation,
    world: World,
    admin: Ports<C, T>,
    viewer: Ports<C, T>,
    stranger: Ports<C, T>,
    tells_expiry: bool,
}

impl<C: AirflowRead + AirflowWrite, T: AirflowTrigger> Ports<C, T> {
    fn user<'a>(&'a self, name: &'a str) -> User<'a> {
        User::new(name, &self.client, &self.trigger)
    }
}

fn spec(plan: &TaskPlan) -> TaskSpec {
    let delay = Duration::from_secs(Scenario::RETRY_DELAY_SECONDS.into());
    let mut spec = TaskSpec::from(plan.task.clone()).retries(plan.task.retries, delay);
    if plan.task.mapped {
        spec = spec.mapped((0..plan.instances).map(|index| format!("item {index}")));
    }
    if plan.empty { spec.empty() } else { spec }
}

#[async_trait]
impl<C: AirflowRead + AirflowWrite, T: AirflowTrigger> Prepare for AirflowStage<C, T> {
    type Scenario = Scenario;
    type Start = ();

    fn name(&self) -> &str {
        self.name
    }

    fn can(&self, needs: Needs) -> bool {
        match needs {
            RESTART => self.generation == Generation::Three,
            EXPIRY => self.tells_expiry,
            _ => true,
        }
    }

    async fn prepare(&self, scenario: &Scenario) -> Result<()> {
        self.world.clear();
        self.world.set_time("2026-11-25T03:00:00Z".parse().unwrap());
        for dag in &scenario.dags {
            let spec = DagSpec::new(dag.id.clone(), dag.tasks.iter().map(spec)).described(&dag.description);
            self.world.deploy(spec.tags(dag.tags.iter().cloned()).max_active_runs(dag.max_active_runs));
        }
        for file in &scenario.broken_files {
            self.world.put_import_error(file, "ImportError: broken on purpose\n");
        }
        Ok(())
    }
}

#[async_trait]
impl<C: AirflowRead + AirflowWrite + 'static, T: AirflowTrigger + 'static> Stage for AirflowStage<C, T> {
    fn admin(&self) -> User<'_> {
        self.admin.user("admin")
    }

    fn viewer(&self) -> User<'_> {
        self.viewer.user("viewer")
    }

    fn stranger(&self) -> User<'_> {
        self.stranger.user("nobody")
    }

    async fn order(&self, run: &RunKey, orders: &Orders) -> Result<()> {
        let sleep = orders.sleep.iter().map(|(name, seconds)| (name.as_str(), f64::from(*seconds)));
        self.world.order(run, orders.fail.iter().map(String::as_str), sleep);
        Ok(())
    }

    async fn pass(&self, time: Duration) {
        self.world.advance(time);
    }

    async fn night(&self, night: Night, _: Whose) -> Result<RunKey> {
        make(self, night).await
    }

    async fn fault(&self, fault: Option<Fault>) -> Result<()> {
        match fault {
            Some(fault) => fail(&self.world, fault),
            None => self.world.faults().clear(),
        }
        Ok(())
    }
}

fn port(port: AirflowPort) -> Ports<AirflowPort, AirflowPort> {
    Ports { trigger: port.clone(), client: port }
}

async fn in_memory(name: &'static str, generation: Generation) -> Report {
    let world = World::seeded(1);
    let airflow = world.airflow().generation(generation);
    let stage = AirflowStage {
        name,
        generation,
        admin: port(airflow.clone()),
        viewer: port(airflow.clone().as_viewer()),
        stranger: port(airflow.as_stranger()),
        world,
        tells_expiry: true,
    };
    run_all(&stage).await
}

fn client(url: &str, user: &str, password: &str) -> Ports<AirflowClient, AirflowTriggerClient> {
    let client: AirflowClient = AirflowClient::builder(Environment::new("sandbox"), url).build().unwrap();
    let client = client.with_login(user, password.to_owned().into());
    Ports { trigger: client.clone().into_trigger(), client }
}

async fn over_sockets(name: &'static str, generation: Generation) -> Report {
    let world = World::seeded(1);
    let hour = Duration::from_secs(3600);
    let server = Server::builder(world.clone()).require_airflow_logins(hour).start().await.unwrap();
    let url = if generation == Generation::Two { server.airflow2_url() } else { server.airflow3_url() };
    let stage = AirflowStage {
        name,
        generation,
        world,
        admin: client(&url, "admin", "admin"),
        viewer: client(&url, "viewer", "viewer"),
        stranger: client(&url, "admin", "wrong"),
        // Over API v1 there is only one refusal.
        tells_expiry: generation == Generation::Three,
    };
    run_all(&stage).await
}

#[tokio::test]
async fn airflow_3_in_memory() {
    let report = in_memory("Airflow 3 in memory", Generation::Three).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}

#[tokio::test]
async fn airflow_2_in_memory() {
    let report = in_memory("Airflow 2 in memory", Generation::Two).await;
    assert!(report.failed().is_empty() && report.not_possible().len() == 1, "{report}");
}

#[tokio::test]
async fn airflow_3_over_sockets() {
    let report = over_sockets("Airflow 3 over sockets", Generation::Three).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}

#[tokio::test]
async fn airflow_2_over_sockets() {
    let report = over_sockets("Airflow 2 over sockets", Generation::Two).await;
    assert!(report.failed().is_empty() && report.not_possible().len() == 2, "{report}");
}
