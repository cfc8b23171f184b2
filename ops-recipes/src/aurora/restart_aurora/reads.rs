//! What the restart of Aurora reads from.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aurora_client::{AuroraRead, MesosRead};
use fleet_ops::{FleetRead, InstanceId};
use ops_client::Result;

use crate::aurora::FleetReads;

/// Keeps what a machine knows before it is ended. It changes nothing there.
#[async_trait]
pub trait Evidence: Send + Sync {
    /// Keeps the scheduler's journal of this very machine; where it was put.
    ///
    /// # Errors
    /// Every [`ErrorKind`](ops_client::ErrorKind) of a read; the effect is always `None`.
    async fn keep(&self, machine: &InstanceId) -> Result<String>;
}

/// What the restart of Aurora reads from.
#[derive(Clone)]
#[non_exhaustive]
pub struct RestartReads {
    /// Aurora.
    pub aurora: Arc<dyn AuroraRead>,
    /// The Mesos master.
    pub mesos: Arc<dyn MesosRead>,
    /// The machines.
    pub fleet: Arc<dyn FleetRead>,
    /// What keeps the journal of a machine; without it a person does.
    pub evidence: Option<Arc<dyn Evidence>>,
    /// Airflow and its DAG; without it nobody lists what died meanwhile.
    #[cfg(feature = "airflow")]
    pub airflow: Option<(Arc<dyn airflow_client::AirflowRead>, airflow_client::DagId)>,
}

impl fmt::Debug for RestartReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestartReads").field("evidence", &self.evidence.is_some()).finish_non_exhaustive()
    }
}

impl RestartReads {
    /// From these three.
    pub fn new(aurora: Arc<dyn AuroraRead>, mesos: Arc<dyn MesosRead>, fleet: Arc<dyn FleetRead>) -> Self {
        Self {
            aurora,
            mesos,
            fleet,
            evidence: None,
            #[cfg(feature = "airflow")]
            airflow: None,
        }
    }

    /// With what keeps the journal of a machine.
    #[must_use]
    pub fn with_evidence(mut self, evidence: Arc<dyn Evidence>) -> Self {
        self.evidence = Some(evidence);
        self
    }

    /// With Airflow, and the DAG whose tasks run on Aurora.
    #[cfg(feature = "airflow")]
    #[must_use]
    pub fn with_airflow(mut self, airflow: Arc<dyn airflow_client::AirflowRead>, dag: airflow_client::DagId) -> Self {
        self.airflow = Some((airflow, dag));
        self
    }

    pub(super) fn fleet(&self) -> FleetReads {
        FleetReads::new(Arc::clone(&self.fleet))
    }
}
