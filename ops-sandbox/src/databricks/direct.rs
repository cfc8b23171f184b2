//! What a test does to a workspace behind everybody's back: no fault hits it, nothing is logged.

use databricks_client::{
    Cluster, ClusterId, ClusterState, Language, NotebookPath, PathStatus, WarehouseId, WorkspacePath,
};
use ops_client::Result;

use super::port::DatabricksPort;
use super::spec::{CommandPlan, RunPlan, StatementPlan};
use crate::World;

/// Databricks: what lies there, and how what is begun there goes.
impl World {
    /// The workspace's ports.
    pub fn databricks(&self) -> DatabricksPort {
        DatabricksPort::new(self.clone())
    }

    /// Puts a file there, or a folder; a file's folders follow from it.
    pub fn put_workspace_file(&self, status: PathStatus) {
        self.state().databricks.put(status);
    }

    /// Takes a file away, or a folder with all that is in it.
    pub fn remove_workspace_file(&self, path: &WorkspacePath) {
        self.state().databricks.remove(path);
    }

    /// Puts a cluster there, or another one in the place of that with its id.
    pub fn put_workspace_cluster(&self, cluster: Cluster) {
        self.state().databricks.put_cluster(cluster);
    }

    /// What a cluster does from now on. Its contexts end where it cannot be used.
    ///
    /// # Errors
    /// `NotFound` for an unknown cluster.
    pub fn set_workspace_cluster(&self, id: &ClusterId, to: ClusterState) -> Result<()> {
        let mut state = self.state();
        state.databricks.cluster(id).map_err(|refusal| refusal.directly())?.state = to;
        state.databricks.forget_contexts();
        Ok(())
    }

    /// Puts a SQL warehouse there.
    pub fn put_sql_warehouse(&self, id: WarehouseId) {
        self.state().databricks.warehouses.push(id);
    }

    /// Puts a notebook there, and with it the folders that it stands in.
    pub fn put_notebook(&self, path: NotebookPath, language: Language, source: &str) {
        self.state().databricks.put_notebook(path, language, source);
    }

    /// What a notebook says.
    pub fn notebook_source(&self, path: &NotebookPath) -> Option<String> {
        self.state().databricks.source(path).map(str::to_owned)
    }

    /// How the runs of a notebook go, from now on. Those of another one go well within half a second, unless it reads a path
    /// at which there is nothing.
    pub fn plan_run(&self, plan: RunPlan) {
        self.state().databricks.courses.insert(plan.notebook, plan.course);
    }

    /// What commands tell that contain a text, from now on. Of those that fit, what was said last counts; a command that
    /// none fits tells an empty text, or that there is nothing at the path that it reads.
    pub fn plan_command(&self, plan: CommandPlan) {
        self.state().databricks.commands_told.push(plan);
    }

    /// What statements find that contain a text, from now on. Of those that fit, what was said last counts; a statement
    /// that none fits finds nothing, or fails where there is nothing at the path that it reads.
    pub fn plan_statement(&self, plan: StatementPlan) {
        self.state().databricks.statements_told.push(plan);
    }

    /// How many contexts there are: none should be left behind.
    pub fn open_contexts(&self) -> usize {
        self.state().databricks.contexts.len()
    }
}
