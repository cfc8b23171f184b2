//! The workspace of Databricks, and what of a dataset is looked at through it.

use std::sync::Arc;

use databricks_client::{DatabricksClient, Mapping, WorkspaceRead, WorkspaceWrite};
use ops_client::http::Credential;
use ops_recipes::datasets::LoadReads;
use ops_recipes::first::{System, WorkspaceSystem};
use ops_sandbox::{Server, World};

use super::Rights;
use super::datasets::Datasets;
use super::way::Way;
use crate::config::Databricks as Settings;
use crate::exit::Failure;
use crate::login::Read;

const DATABRICKS: (&str, &str) = ("Databricks", "databricks.url");

/// The workspace of one environment.
#[derive(Clone, Default)]
pub struct Databricks {
    workspace: Option<Workspace>,
    writes: Option<Arc<dyn WorkspaceWrite>>,
    mapping: Option<Mapping>,
}

#[derive(Clone)]
struct Workspace {
    client: Arc<DatabricksClient>,
    address: String,
}

impl std::fmt::Debug for Databricks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Databricks").field("mapping", &self.mapping).finish_non_exhaustive()
    }
}

impl Databricks {
    /// The workspace, where one is configured. No call is made.
    pub(super) async fn reach(way: &Way<'_>, rights: Rights) -> Result<Self, Failure> {
        let Some(settings) = &way.settings.databricks else { return Ok(Self::default()) };
        let client = Arc::new(client(way, settings).await?);
        let writes = (rights == Rights::Write).then(|| Arc::clone(&client) as Arc<dyn WorkspaceWrite>);
        let workspace = Workspace { client, address: settings.url.clone() };
        Ok(Self { workspace: Some(workspace), writes, mapping: settings.mapping.clone() })
    }

    pub(super) fn reads(&self, datasets: &Datasets) -> LoadReads {
        let mut reads = LoadReads::new(Arc::clone(&datasets.sonar));
        if let Some(mapping) = &self.mapping {
            reads = reads.with_mapping(mapping.clone());
        }
        if let Some(workspace) = &self.workspace {
            reads = reads.with_workspace(Arc::clone(&workspace.client) as Arc<dyn WorkspaceRead>);
        }
        match datasets.files() {
            Some(files) => reads.with_files(files),
            None => reads,
        }
    }

    pub(super) fn writes(&self) -> Option<Arc<dyn WorkspaceWrite>> {
        self.writes.clone()
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = String> {
        self.workspace.iter().map(|workspace| format!("Databricks at {}", workspace.address))
    }
}

impl Databricks {
    pub(super) fn system(&self) -> Option<Arc<dyn System>> {
        let Workspace { client, address } = self.workspace.clone()?;
        Some(Arc::new(WorkspaceSystem::new(client, address)))
    }
}

async fn client(way: &Way<'_>, settings: &Settings) -> Result<DatabricksClient, Failure> {
    let read = match &settings.login {
        None => Read::Credential(way.credential().await?),
        Some(login) => login.read().await?,
    };
    match read {
        Read::Credential(credential) => way.client(DATABRICKS, &settings.url, credential),
        Read::Account(id, secret) => {
            let client: DatabricksClient = way.client(DATABRICKS, &settings.url, Credential::none())?;
            Ok(client.with_oauth(id, secret))
        }
    }
}

/// The sandbox's workspace, in which its buckets are mounted.
pub(super) fn in_sandbox(
    world: &World,
    night: &ops_sandbox::scenario::Nightly,
    server: &Server,
) -> Result<Settings, Failure> {
    ops_sandbox::scenario::workspace(world, night)?;
    Ok(Settings { url: server.databricks_url(), login: None, mapping: Some(Mapping::mounts()) })
}
