//! Airflow.

use std::sync::Arc;

use airflow_client::{AirflowClient, AirflowRead, AirflowWrite};
use ops_plan::Registry;

use super::Rights;
use super::way::Way;
use crate::exit::Failure;
use crate::login::{Login, Read};

const AIRFLOW: (&str, &str) = ("Airflow", "airflow_url");

/// Airflow of one environment.
#[derive(Clone)]
pub struct Airflow {
    /// For looking.
    pub reads: Arc<dyn AirflowRead>,
    #[expect(dead_code, reason = "taken by the recipes that change a run")]
    writes: Option<Arc<dyn AirflowWrite>>,
    address: String,
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
        let writes: Option<Arc<dyn AirflowWrite>> = match (rights, &way.settings.airflow_write_login) {
            (Rights::Read, _) => None,
            (Rights::Write, None) => Some(Arc::clone(&reads) as Arc<dyn AirflowWrite>),
            (Rights::Write, Some(login)) => Some(Arc::new(client(way, address, Some(login)).await?)),
        };
        Ok(Self { address: reads.endpoint().address().to_owned(), reads, writes })
    }

    pub(super) fn register(&self, registry: Registry) -> Registry {
        registry
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
