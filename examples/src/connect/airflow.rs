//! Airflow.

use std::sync::Arc;

use airflow_client::{AirflowClient, AirflowRead, AirflowWrite};
use ops_plan::Registry;
use ops_recipes::airflow::{
    AirflowReads, AirflowWrites, ClearAndRerun, HoldMachines, KillJobs, RedeployDag, RedeployReads, RedeployWrites,
    ReleaseMachines, RunJobs, StopRun, UnblockDownstream,
};
use ops_recipes::first::{AirflowSystem, System};

use ops_sandbox::airflow::AirflowPort;

use super::way::Way;
use super::{Datasets, Rights};
use crate::exit::Failure;
use crate::login::{Login, Read};

const AIRFLOW: (&str, &str) = ("Airflow", "airflow_url");

/// Airflow of one environment.
#[derive(Clone)]
pub struct Airflow {
    /// For looking.
    pub reads: Arc<dyn AirflowRead>,
    /// For asking what the credential for changes may do, where it is held.
    writer: Option<Arc<dyn AirflowRead>>,
    writes: Option<Arc<dyn AirflowWrite>>,
    /// Whether changes are made with another credential, which is not held.
    writer_elsewhere: bool,
    address: String,
}

/// What recipes about the DAG run look at and change besides Airflow.
pub(super) struct Beside<'a> {
    /// The jobs that tasks start.
    pub(super) jobs: Option<Arc<dyn RunJobs>>,
    /// Ending them.
    pub(super) kills: Option<Arc<dyn KillJobs>>,
    /// Sonar and Metapod.
    pub(super) datasets: Option<&'a Datasets>,
}

impl std::fmt::Debug for Airflow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Airflow").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Airflow {
    /// Airflow at this address.
    pub(super) async fn reach(way: &Way<'_>, address: &str, rights: Rights) -> Result<Self, Failure> {
        let reads = Arc::new(client(way, address, way.settings.airflow_login.as_ref()).await?);
        let writer: Option<Arc<AirflowClient>> = match (rights, &way.settings.airflow_write_login) {
            (Rights::Read, _) => None,
            (Rights::Write, None) => Some(Arc::clone(&reads)),
            (Rights::Write, Some(login)) => Some(Arc::new(client(way, address, Some(login)).await?)),
        };
        Ok(Self {
            address: reads.endpoint().address().to_owned(),
            reads,
            writer: writer.clone().map(|writer| writer as Arc<dyn AirflowRead>),
            writes: writer.map(|writer| writer as Arc<dyn AirflowWrite>),
            writer_elsewhere: rights == Rights::Read && way.settings.airflow_write_login.is_some(),
        })
    }

    /// The one in the sandbox inside of this process.
    pub(super) fn of_sandbox(port: AirflowPort, rights: Rights) -> Self {
        let port = Arc::new(port);
        let may = rights == Rights::Write;
        Self {
            reads: Arc::clone(&port) as Arc<dyn AirflowRead>,
            writer: may.then(|| Arc::clone(&port) as Arc<dyn AirflowRead>),
            writes: may.then_some(port as Arc<dyn AirflowWrite>),
            writer_elsewhere: false,
            address: "this process".to_owned(),
        }
    }

    pub(super) fn register(&self, registry: Registry, beside: Beside<'_>) -> Registry {
        let mut reads = AirflowReads::new(Arc::clone(&self.reads));
        if let Some(writer) = &self.writer {
            reads = reads.with_writer(Arc::clone(writer));
        }
        if let Some(jobs) = beside.jobs {
            reads = reads.with_jobs(jobs);
        }
        let mut redeploy = RedeployReads::new(reads.clone());
        let (datasets, metapod) = beside.datasets.map(Datasets::beside).unzip();
        if let Some(datasets) = datasets {
            redeploy = redeploy.with_datasets(datasets);
        }
        let Some(writes) = &self.writes else {
            return registry
                .reading::<UnblockDownstream>(reads.clone())
                .reading::<HoldMachines>(reads.clone())
                .reading::<ReleaseMachines>(reads.clone())
                .reading::<StopRun>(reads.clone())
                .reading::<ClearAndRerun>(reads)
                .reading::<RedeployDag>(redeploy);
        };
        let mut writes = AirflowWrites::new(Arc::clone(writes));
        if let Some(kills) = beside.kills {
            writes = writes.with_jobs(kills);
        }
        let mut redeploys = RedeployWrites::new(writes.clone());
        if let Some(metapod) = metapod.flatten() {
            redeploys = redeploys.with_metapod(metapod);
        }
        registry
            .with::<UnblockDownstream>(reads.clone(), writes.clone())
            .with::<HoldMachines>(reads.clone(), writes.clone())
            .with::<ReleaseMachines>(reads.clone(), writes.clone())
            .with::<StopRun>(reads.clone(), writes.clone())
            .with::<ClearAndRerun>(reads, writes)
            .with::<RedeployDag>(redeploy, redeploys)
    }

    pub(super) fn system(&self, environment: &str) -> Arc<dyn System> {
        let system = AirflowSystem::new(Arc::clone(&self.reads), environment, &self.address);
        Arc::new(match &self.writer {
            Some(writer) => system.with_writer(Arc::clone(writer)),
            None if self.writer_elsewhere => system.with_writer_elsewhere(),
            None => system,
        })
    }

    pub(super) fn at(&self) -> String {
        format!("Airflow at {}", self.address)
    }
}

async fn client(way: &Way<'_>, address: &str, login: Option<&Login>) -> Result<AirflowClient, Failure> {
    let read = match login {
        Some(login) => login.read().await?,
        None => Read::Credential(way.credential().await?),
    };
    match read {
        Read::Credential(credential) => way.client(AIRFLOW, address, credential),
        Read::Account(user, password) => {
            let client: AirflowClient = way.client(AIRFLOW, address, way.certificate()?)?;
            Ok(client.with_login(user, password))
        }
    }
}
