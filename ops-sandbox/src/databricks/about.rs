//! What a call is about, as the log has it.

use databricks_client::{ClusterId, NotebookPath, RunId, StatementId, WarehouseId, WorkspacePath};
use uuid::Uuid;

/// What a call to Databricks is about. Each thing has its own UUID in the log, made from its name (version 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// Nothing in particular.
    Everything,
    /// A path to data.
    Path(WorkspacePath),
    /// A cluster, and what runs there.
    Cluster(ClusterId),
    /// A notebook.
    Notebook(NotebookPath),
    /// A run.
    Run(RunId),
    /// A warehouse.
    Warehouse(WarehouseId),
    /// A statement.
    Statement(StatementId),
}

impl About {
    /// What stands for it in the log.
    pub fn subject(&self) -> Uuid {
        let name = match self {
            Self::Everything => return Uuid::nil(),
            Self::Path(path) => format!("databricks/paths{}", path.absolute()),
            Self::Cluster(id) => format!("databricks/clusters/{id}"),
            Self::Notebook(path) => format!("databricks/notebooks{path}"),
            Self::Run(id) => format!("databricks/runs/{id}"),
            Self::Warehouse(id) => format!("databricks/warehouses/{id}"),
            Self::Statement(id) => format!("databricks/statements/{id}"),
        };
        Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
    }
}
