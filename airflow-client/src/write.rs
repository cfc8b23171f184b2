//! [`AirflowWrite`] of the client, and [`AirflowTrigger`] of the one that may make runs.

use async_trait::async_trait;
use ops_client::Result;

use crate::{
    AirflowClient, AirflowTrigger, AirflowWrite, Clear, DagId, DagRun, NewRunState, RunKey, SetTaskState, TaskRef,
    Trigger, Variable,
};

#[async_trait]
impl AirflowWrite for AirflowClient {
    async fn set_task_state(&self, change: &SetTaskState) -> Result<()> {
        self.api("airflow.set_task_state").await?.set_task_state(change).await
    }

    async fn clear(&self, clear: &Clear) -> Result<Vec<TaskRef>> {
        self.api("airflow.clear").await?.clear(clear).await
    }

    async fn set_run_state(&self, run: &RunKey, state: NewRunState) -> Result<()> {
        self.api("airflow.set_run_state").await?.set_run_state(run, state).await
    }

    async fn clear_run(&self, run: &RunKey) -> Result<()> {
        self.api("airflow.clear_run").await?.clear_run(run).await
    }

    async fn delete_run(&self, run: &RunKey) -> Result<()> {
        self.api("airflow.delete_run").await?.delete_run(run).await
    }

    async fn set_paused(&self, dag: &DagId, paused: bool) -> Result<()> {
        self.api("airflow.set_paused").await?.set_paused(dag, paused).await
    }

    async fn set_variable(&self, variable: &Variable) -> Result<()> {
        self.api("airflow.set_variable").await?.set_variable(variable).await
    }

    async fn delete_variable(&self, key: &str) -> Result<()> {
        self.api("airflow.delete_variable").await?.delete_variable(key).await
    }
}

/// The handle that can make runs, got from [`AirflowClient::into_trigger`]. It can do nothing else.
#[derive(Clone, Debug)]
pub struct AirflowTriggerClient(AirflowClient);

impl AirflowTriggerClient {
    pub(crate) fn new(client: AirflowClient) -> Self {
        Self(client)
    }
}

#[async_trait]
impl AirflowTrigger for AirflowTriggerClient {
    async fn trigger(&self, trigger: &Trigger) -> Result<DagRun> {
        self.0.api("airflow.trigger").await?.trigger(trigger).await
    }
}
