//! The workspace in which people look at data.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use databricks_client::WorkspaceRead;
use jiff::Timestamp;
use ops_client::Result;

use super::checkup::{Holder, check_up};
use super::{Access, Checkup, Sign, System};

/// A workspace of Databricks among the systems that are looked at first.
#[derive(Clone)]
pub struct WorkspaceSystem {
    workspace: Arc<dyn WorkspaceRead>,
    address: String,
}

impl fmt::Debug for WorkspaceSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkspaceSystem").field("address", &self.address).finish_non_exhaustive()
    }
}

impl WorkspaceSystem {
    /// A workspace at an address (no user info in it; it is printed).
    pub fn new(workspace: Arc<dyn WorkspaceRead>, address: impl Into<String>) -> Self {
        Self { workspace, address: address.into() }
    }
}

#[async_trait]
impl System for WorkspaceSystem {
    fn name(&self) -> &str {
        "Databricks"
    }

    fn address(&self) -> &str {
        &self.address
    }

    async fn check_up(&self) -> Result<Checkup> {
        let probe = self.workspace.probe().await;
        let who = self.workspace.me().await.ok().map(|me| me.user_name);
        let clusters = self.workspace.clusters().await;
        let write = match &clusters {
            Ok(clusters) if clusters.is_empty() => Access::No("no cluster may be seen, so none can be used".into()),
            _ => Access::Unknown("only a command on a cluster tells".into()),
        };
        check_up(probe, clusters.map(drop), write, &Holder { who, expires: None })
    }

    /// Nothing of the night goes wrong here: people look at data.
    async fn signs(&self, _: Timestamp) -> Result<Vec<Sign>> {
        self.workspace.probe().await.map(|_| Vec::new())
    }
}
