//! What the recipes for DAG runs read from and change things through.

use std::fmt;
use std::sync::Arc;

use airflow_client::{AirflowRead, AirflowWrite};

use super::cluster::{KillJobs, RunJobs};
use super::outputs::Outputs;

/// What the recipes for DAG runs read from.
#[derive(Clone)]
#[non_exhaustive]
pub struct AirflowReads {
    /// Airflow.
    pub airflow: Arc<dyn AirflowRead>,
    /// Airflow, asked with the credential that will change it: only whether it may. Without it nobody knows before the first
    /// change.
    pub writer: Option<Arc<dyn AirflowRead>>,
    /// What the tasks write; without it nobody says what will be empty.
    pub outputs: Option<Arc<dyn Outputs>>,
    /// What runs the jobs that tasks start; without it only Airflow's own processes are seen.
    pub jobs: Option<Arc<dyn RunJobs>>,
}

impl fmt::Debug for AirflowReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AirflowReads")
            .field("writer", &self.writer.is_some())
            .field("outputs", &self.outputs.is_some())
            .field("jobs", &self.jobs.is_some())
            .finish_non_exhaustive()
    }
}

impl AirflowReads {
    /// From Airflow.
    pub fn new(airflow: Arc<dyn AirflowRead>) -> Self {
        Self { airflow, writer: None, outputs: None, jobs: None }
    }

    /// With the credential that will change it, so that a missing right is seen before the approval.
    #[must_use]
    pub fn with_writer(mut self, writer: Arc<dyn AirflowRead>) -> Self {
        self.writer = Some(writer);
        self
    }

    /// With what the tasks write.
    #[must_use]
    pub fn with_outputs(mut self, outputs: Arc<dyn Outputs>) -> Self {
        self.outputs = Some(outputs);
        self
    }

    /// With what runs the jobs.
    #[must_use]
    pub fn with_jobs(mut self, jobs: Arc<dyn RunJobs>) -> Self {
        self.jobs = Some(jobs);
        self
    }
}

/// What the recipes for DAG runs change things through.
#[derive(Clone)]
#[non_exhaustive]
pub struct AirflowWrites {
    /// Airflow.
    pub airflow: Arc<dyn AirflowWrite>,
    /// What runs the jobs that tasks start.
    pub jobs: Option<Arc<dyn KillJobs>>,
}

impl fmt::Debug for AirflowWrites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AirflowWrites").field("jobs", &self.jobs.is_some()).finish_non_exhaustive()
    }
}

impl AirflowWrites {
    /// Through Airflow.
    pub fn new(airflow: Arc<dyn AirflowWrite>) -> Self {
        Self { airflow, jobs: None }
    }

    /// And through what runs the jobs.
    #[must_use]
    pub fn with_jobs(mut self, jobs: Arc<dyn KillJobs>) -> Self {
        self.jobs = Some(jobs);
        self
    }
}
