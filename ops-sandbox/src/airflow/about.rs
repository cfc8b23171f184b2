//! What a call is about, as the log has it.

use airflow_client::{DagId, RunKey, TaskKey};
use uuid::Uuid;

/// What a call to Airflow is about. Airflow's names are texts, the log's subjects are UUIDs: each name has its own, made from
/// it (version 5).
///
/// ```
/// use airflow_client::{AirflowWrite, NewRunState, RunKey};
/// use ops_sandbox::airflow::{About, DagSpec, RunSpec, TaskSpec};
/// use ops_sandbox::{Operation, World};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let world = World::seeded(1);
/// world.deploy(DagSpec::new("nightly".parse()?, [TaskSpec::new("load".parse()?)]));
/// let run = world.add_run(&"nightly".parse()?, RunSpec::new("tonight".parse()?))?;
/// world.airflow().set_run_state(&run, NewRunState::Failed).await?;
/// assert_eq!(world.count(Operation::SetRunState, About::Run(&run).subject()).effects, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About<'a> {
    /// Nothing in particular.
    Everything,
    /// A DAG.
    Dag(&'a DagId),
    /// A run.
    Run(&'a RunKey),
    /// A task instance.
    Task(&'a RunKey, &'a TaskKey),
    /// A variable.
    Variable(&'a str),
}

impl About<'_> {
    /// What stands for it in the log.
    pub fn subject(self) -> Uuid {
        let name = match self {
            Self::Everything => return Uuid::nil(),
            Self::Dag(dag) => format!("airflow/dags/{dag}"),
            Self::Run(run) => format!("airflow/dags/{}/runs/{}", run.dag, run.run),
            Self::Task(run, task) => format!("airflow/dags/{}/runs/{}/tasks/{task}", run.dag, run.run),
            Self::Variable(key) => format!("airflow/variables/{key}"),
        };
        Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
    }
}
