//! One listing by this client, in a process that does nothing else.

use std::io::Write as _;
use std::time::Instant;

use airflow_client::{AirflowClient, AirflowRead, RunKey, TaskFilter};
use benchmarks::process::{on_processor, peak};
use clap::Args;
use ops_client::Environment;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::servers::Login;

/// What a listing took.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Took {
    /// Seconds, from the call to the whole list.
    pub(crate) wall: f64,
    /// Seconds of the processor.
    pub(crate) cpu: f64,
    /// How many different task instances came.
    pub(crate) count: usize,
    /// The most memory that the process ever had resident, in bytes.
    pub(crate) peak: u64,
}

/// The process: lists once, and prints what that took. The first connection and what is asked once are not measured.
#[derive(Args)]
pub(crate) struct List {
    address: String,
    dag: String,
    run: String,
    login: String,
    #[arg(long, env = "AIRFLOW_SECRET", hide_env_values = true)]
    secret: String,
}

impl List {
    pub(crate) async fn run(self) -> Result<()> {
        let login = Login::named(&self.login, self.secret)?;
        let airflow = AirflowClient::builder(Environment::new("benchmark"), &self.address);
        let airflow = airflow.credential(login.credential()).build()?;
        let run = RunKey::new(self.dag.parse()?, self.run.parse()?);
        airflow.dag_run(&run).await?;
        let (begun, before) = (Instant::now(), on_processor()?);
        let tasks = airflow.task_instances(&run, &TaskFilter::all()).await?;
        let (wall, cpu) = (begun.elapsed().as_secs_f64(), on_processor()? - before);
        let took = Took { wall, cpu, count: tasks.len(), peak: peak()? };
        Ok(writeln!(std::io::stdout(), "{}", serde_json::to_string(&took)?)?)
    }
}
