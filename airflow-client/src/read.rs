//! [`AirflowRead`] of the client.

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use ops_client::{Probe, Result};
use serde_json::{Map, Value};

use crate::{
    AirflowClient, AirflowRead, Clear, Dag, DagFilter, DagGraph, DagId, DagRun, Event, EventFilter, Health,
    ImportError, LogLine, LogRequest, Pool, RunFilter, RunKey, SetTaskState, TaskFilter, TaskInstance, TaskKey,
    TaskRef, Variable,
};

#[async_trait]
impl AirflowRead for AirflowClient {
    async fn probe(&self) -> Result<Probe> {
        let (release, reply) = self.detect().ask("airflow.probe").await?;
        let probe = Probe::new(self.endpoint().address(), reply.elapsed()).with_version(release.to_string());
        Ok(match reply.server_time() {
            Some(time) => probe.with_server_time(time),
            None => probe,
        })
    }

    async fn health(&self) -> Result<Health> {
        self.open_api("airflow.health").await?.health().await
    }

    async fn dags(&self, filter: &DagFilter) -> Result<Vec<Dag>> {
        self.api("airflow.dags").await?.dags(filter).await
    }

    async fn dag(&self, dag: &DagId) -> Result<Dag> {
        self.api("airflow.dag").await?.dag(dag).await
    }

    async fn graph(&self, dag: &DagId) -> Result<DagGraph> {
        self.api("airflow.graph").await?.graph(dag).await
    }

    async fn dag_runs(&self, filter: &RunFilter) -> Result<Vec<DagRun>> {
        self.api("airflow.dag_runs").await?.dag_runs(filter).await
    }

    async fn dag_run(&self, run: &RunKey) -> Result<DagRun> {
        self.api("airflow.dag_run").await?.dag_run(run).await
    }

    async fn task_instances(&self, run: &RunKey, filter: &TaskFilter) -> Result<Vec<TaskInstance>> {
        self.api("airflow.task_instances").await?.task_instances(run, filter).await
    }

    async fn task_instance(&self, run: &RunKey, task: &TaskKey) -> Result<TaskInstance> {
        self.api("airflow.task_instance").await?.task_instance(run, task).await
    }

    async fn tries(&self, run: &RunKey, task: &TaskKey) -> Result<Vec<TaskInstance>> {
        self.api("airflow.tries").await?.tries(run, task).await
    }

    async fn preview_task_state(&self, change: &SetTaskState) -> Result<Vec<TaskRef>> {
        self.api("airflow.preview_task_state").await?.preview_task_state(change).await
    }

    async fn preview_clear(&self, clear: &Clear) -> Result<Vec<TaskRef>> {
        self.api("airflow.preview_clear").await?.preview_clear(clear).await
    }

    async fn may_change(&self, dag: &DagId) -> Result<bool> {
        self.api("airflow.may_change").await?.may_change(dag).await
    }

    async fn log(&self, request: &LogRequest) -> Result<BoxStream<'static, Result<LogLine>>> {
        self.api("airflow.log").await?.log(request).await
    }

    async fn rendered_fields(&self, run: &RunKey, task: &TaskKey) -> Result<Map<String, Value>> {
        self.api("airflow.rendered_fields").await?.rendered_fields(run, task).await
    }

    async fn xcom_keys(&self, run: &RunKey, task: &TaskKey) -> Result<Vec<String>> {
        self.api("airflow.xcom_keys").await?.xcom_keys(run, task).await
    }

    async fn xcom(&self, run: &RunKey, task: &TaskKey, key: &str) -> Result<Value> {
        self.api("airflow.xcom").await?.xcom(run, task, key).await
    }

    async fn variables(&self) -> Result<Vec<Variable>> {
        self.api("airflow.variables").await?.variables().await
    }

    async fn variable(&self, key: &str) -> Result<Variable> {
        self.api("airflow.variable").await?.variable(key).await
    }

    async fn pools(&self) -> Result<Vec<Pool>> {
        self.api("airflow.pools").await?.pools().await
    }

    async fn import_errors(&self) -> Result<Vec<ImportError>> {
        self.api("airflow.import_errors").await?.import_errors().await
    }

    async fn events(&self, filter: &EventFilter) -> Result<Vec<Event>> {
        self.api("airflow.events").await?.events(filter).await
    }
}
