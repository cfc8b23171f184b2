//! The workspace in which people look at what a transaction has committed.

use databricks_client::{
    Cluster, ClusterId, ClusterState, Language, Mapping, NotebookPath, PathStatus, SparkPath, WarehouseId,
    WorkspacePath,
};
use jiff::Timestamp;
use metapod_client::TransactionId;
use ops_client::{Effect, Error, ErrorKind, Result};

use crate::World;

/// What is in the world after [`workspace`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Workspace {
    /// A cluster that runs.
    pub cluster: ClusterId,
    /// One that does not, and that a run would start.
    pub asleep: ClusterId,
    /// A SQL warehouse.
    pub warehouse: WarehouseId,
    /// A notebook. What stands beside it can be written.
    pub notebook: NotebookPath,
    /// Where the committed datasets lie, as far as the workspace sees them.
    pub datasets: Vec<WorkspacePath>,
}

/// A workspace with two clusters, a warehouse and a notebook, which sees what a transaction has committed by now at the places
/// that `mapping` says: a folder for each dataset, with two files in it.
///
/// # Errors
/// `NotFound` for an unknown transaction; `Invalid` where the mapping cannot hold a path.
pub fn workspace(world: &World, transaction: TransactionId, mapping: &Mapping) -> Result<Workspace> {
    let scene = Workspace {
        cluster: parsed("0118-031500-abc123")?,
        asleep: parsed("0118-031501-def456")?,
        warehouse: parsed("a1b2c3d4e5f60718")?,
        notebook: parsed("/Shared/ops/look")?,
        datasets: Vec::new(),
    };
    let mut datasets = Vec::new();
    for dataset in world.datasets(transaction)? {
        let (Some(path), Some(at)) = (dataset.dataset.path, dataset.dataset.committed_at) else { continue };
        if let Some(SparkPath::Workspace(folder)) = mapping.map(&path)? {
            put(world, &folder, at)?;
            datasets.push(folder);
        }
    }
    let cluster = Cluster::new(scene.cluster.clone(), "etl", ClusterState::Running);
    world.put_workspace_cluster(cluster.with_spark_version("15.4.x-scala2.12"));
    let asleep = Cluster::new(scene.asleep.clone(), "analysts", ClusterState::Terminated);
    world.put_workspace_cluster(asleep.with_message("Inactive"));
    world.put_sql_warehouse(scene.warehouse.clone());
    world.put_notebook(scene.notebook.clone(), Language::Python, "dbutils.widgets.get('dataset')\n");
    Ok(Workspace { datasets, ..scene })
}

fn put(world: &World, folder: &WorkspacePath, at: Timestamp) -> Result<()> {
    for (name, size) in [("_SUCCESS", 0), ("part-00000.gz.parquet", 1024 + world.draw() % (64 << 20))] {
        let path = parsed(&format!("{}/{name}", folder.as_str().trim_end_matches('/')))?;
        world.put_workspace_file(PathStatus::file(path, size).with_modified(at));
    }
    Ok(())
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T> {
    let wrong = || Error::new("sandbox.scenario", ErrorKind::Invalid, Effect::None);
    text.parse().map_err(|_| wrong().with_message(format!("\"{text}\" cannot be put there")))
}
