//! What a redeployment reads from and changes things through.

use std::fmt;
use std::sync::Arc;

use super::Deploys;
use crate::airflow::{AirflowReads, AirflowWrites};
use crate::datasets::{DatasetReads, MetapodWrites};

/// What a redeployment reads from.
#[derive(Clone)]
#[non_exhaustive]
pub struct RedeployReads {
    /// Airflow, and the cluster that runs the jobs.
    pub airflow: AirflowReads,
    /// Sonar and Metapod; without them nothing can be taken back.
    pub datasets: Option<DatasetReads>,
    /// What builds and deploys; without it a person answers for the version.
    pub deploys: Option<Arc<dyn Deploys>>,
}

impl fmt::Debug for RedeployReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedeployReads")
            .field("airflow", &self.airflow)
            .field("datasets", &self.datasets)
            .field("deploys", &self.deploys.is_some())
            .finish()
    }
}

impl RedeployReads {
    /// From Airflow and its cluster.
    pub fn new(airflow: AirflowReads) -> Self {
        Self { airflow, datasets: None, deploys: None }
    }

    /// With Sonar and Metapod.
    #[must_use]
    pub fn with_datasets(mut self, datasets: DatasetReads) -> Self {
        self.datasets = Some(datasets);
        self
    }

    /// With what builds and deploys.
    #[must_use]
    pub fn with_deploys(mut self, deploys: Arc<dyn Deploys>) -> Self {
        self.deploys = Some(deploys);
        self
    }
}

/// What a redeployment changes things through.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RedeployWrites {
    /// Airflow, and the cluster that runs the jobs.
    pub airflow: AirflowWrites,
    /// Metapod.
    pub metapod: Option<MetapodWrites>,
}

impl RedeployWrites {
    /// Through Airflow and its cluster.
    pub fn new(airflow: AirflowWrites) -> Self {
        Self { airflow, metapod: None }
    }

    /// And through Metapod.
    #[must_use]
    pub fn with_metapod(mut self, metapod: MetapodWrites) -> Self {
        self.metapod = Some(metapod);
        self
    }
}
