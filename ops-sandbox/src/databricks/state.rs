//! What a workspace holds: files, clusters, notebooks, and what was begun there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use databricks_client::{
    Cluster, ClusterId, ClusterState, CommandId, ContextId, IdempotencyToken, Language, Listing, Notebook,
    NotebookPath, ObjectType, PathStatus, RunId, StatementId, WarehouseId, WorkspacePath,
};

use super::spec::{CommandPlan, Course, StatementPlan};
use super::work::{HeldCommand, HeldContext, HeldRun, HeldStatement};
use crate::refusal::Refusal;

/// The workspace's state.
#[derive(Debug, Default)]
pub(crate) struct Databricks {
    /// By path, without the folders that follow from them.
    files: BTreeMap<String, PathStatus>,
    pub(super) clusters: Vec<Cluster>,
    pub(super) warehouses: Vec<WarehouseId>,
    notebooks: BTreeMap<NotebookPath, HeldNotebook>,
    pub(super) courses: HashMap<NotebookPath, Course>,
    /// The last one that fits is taken.
    pub(super) commands_told: Vec<CommandPlan>,
    pub(super) statements_told: Vec<StatementPlan>,
    pub(super) runs: BTreeMap<RunId, HeldRun>,
    pub(super) tokens: HashMap<IdempotencyToken, RunId>,
    pub(super) contexts: HashMap<ContextId, HeldContext>,
    pub(super) commands: HashMap<CommandId, HeldCommand>,
    pub(super) statements: HashMap<StatementId, HeldStatement>,
    /// How many things were made.
    made: u64,
}

/// A notebook.
#[derive(Debug)]
struct HeldNotebook {
    id: u64,
    language: Language,
    source: String,
}

impl Databricks {
    /// A number that no other thing has.
    pub(super) fn number(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// Puts a file there, or a folder.
    pub(super) fn put(&mut self, status: PathStatus) {
        self.files.insert(status.path.absolute().to_owned(), status);
    }

    /// Takes a file away, or a folder with all that is in it.
    pub(super) fn remove(&mut self, path: &WorkspacePath) {
        let below: Vec<String> = self.below(path).map(|(held, _)| held.to_owned()).collect();
        self.files.remove(path.absolute());
        below.iter().for_each(|held| drop(self.files.remove(held)));
    }

    /// All files in a folder, however deep, each with its path from there.
    fn below(&self, folder: &WorkspacePath) -> impl Iterator<Item = (&str, &str)> {
        let begin = format!("{}/", folder.absolute().trim_end_matches('/'));
        let from = self.files.range(begin.clone()..);
        from.map_while(move |(held, _)| Some((held.as_str(), held.strip_prefix(begin.as_str())?)))
    }

    pub(super) fn status(&self, path: &WorkspacePath) -> Option<PathStatus> {
        let mut status = match self.files.get(path.absolute()) {
            Some(status) => status.clone(),
            None if self.below(path).next().is_some() => PathStatus::folder(path.clone()),
            None => return None,
        };
        status.path = path.clone();
        Some(status)
    }

    /// All that lies in a folder, by name; of a file the file itself.
    pub(super) fn entries(&self, path: &WorkspacePath) -> Result<Vec<PathStatus>, Refusal> {
        let status = self.status(path).ok_or_else(|| no_path(path))?;
        if !status.is_folder {
            return Ok(vec![status]);
        }
        let folder = path.absolute().trim_end_matches('/');
        let names: BTreeSet<&str> = self.below(path).filter_map(|(_, rest)| rest.split('/').next()).collect();
        // What is no path of data (`/Volumes` alone) is not shown.
        let paths = names.into_iter().filter_map(|name| format!("{folder}/{name}").parse().ok());
        Ok(paths.filter_map(|path: WorkspacePath| self.status(&path)).collect())
    }

    pub(super) fn list(&self, path: &WorkspacePath, limit: usize) -> Result<Listing, Refusal> {
        if limit == 0 {
            return Err(Refusal::Invalid("a list of nothing tells nothing".to_owned()));
        }
        let mut entries = self.entries(path)?;
        let truncated = entries.len() > limit;
        entries.truncate(limit);
        Ok(Listing::new(entries, truncated))
    }

    pub(super) fn put_cluster(&mut self, cluster: Cluster) {
        match self.clusters.iter_mut().find(|held| held.id == cluster.id) {
            Some(held) => *held = cluster,
            None => self.clusters.push(cluster),
        }
        self.forget_contexts();
    }

    pub(super) fn cluster(&mut self, id: &ClusterId) -> Result<&mut Cluster, Refusal> {
        let found = self.clusters.iter_mut().find(|cluster| cluster.id == *id);
        found.ok_or_else(|| Refusal::NotFound(format!("Cluster {id} does not exist")))
    }

    /// Contexts end with their cluster.
    pub(super) fn forget_contexts(&mut self) {
        let usable =
            |id: &ClusterId| self.clusters.iter().any(|cluster| cluster.id == *id && cluster.state.is_usable());
        self.contexts.retain(|_, context| usable(&context.cluster));
    }

    /// A run starts the cluster that it needs.
    pub(super) fn start(&mut self, id: &ClusterId) -> Result<(), Refusal> {
        let cluster = self.cluster(id)?;
        if !cluster.state.is_usable() {
            (cluster.state, cluster.message) = (ClusterState::Running, None);
        }
        Ok(())
    }

    pub(super) fn notebook(&self, path: &NotebookPath) -> Option<Notebook> {
        if let Some(held) = self.notebooks.get(path) {
            return Some(Notebook::new(path.clone(), held.language).with_object_id(held.id));
        }
        self.is_folder(path.as_str()).then(|| Notebook::other(path.clone(), ObjectType::Directory))
    }

    /// What a notebook says.
    pub(super) fn source(&self, path: &NotebookPath) -> Option<&str> {
        self.notebooks.get(path).map(|held| held.source.as_str())
    }

    /// `/Shared` and `/Users` are always there, and so is what a notebook was put in.
    fn is_folder(&self, path: &str) -> bool {
        let below = |held: &NotebookPath| held.as_str().strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        matches!(path, "" | "/Shared" | "/Users") || self.notebooks.keys().any(below)
    }

    pub(super) fn put_notebook(&mut self, path: NotebookPath, language: Language, source: &str) {
        let id = self.number();
        self.notebooks.insert(path, HeldNotebook { id, language, source: source.to_owned() });
    }

    pub(super) fn import(
        &mut self,
        path: &NotebookPath,
        language: Language,
        source: &str,
        overwrite: bool,
    ) -> Result<(), Refusal> {
        let folder = path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
        if !self.is_folder(folder) {
            return Err(Refusal::NotFound(format!("The parent folder ({folder}) does not exist.")));
        }
        match self.notebook(path).map(|found| found.kind) {
            Some(ObjectType::Notebook) if overwrite => {}
            Some(_) => return Err(Refusal::Conflict(format!("Path ({path}) already exists."))),
            None => {}
        }
        self.put_notebook(path.clone(), language, source);
        Ok(())
    }

    /// Whether there was one.
    pub(super) fn delete(&mut self, path: &NotebookPath) -> Result<(), Refusal> {
        match self.notebooks.remove(path) {
            Some(_) => Ok(()),
            None if self.is_folder(path.as_str()) => Err(Refusal::Invalid(format!("Folder ({path}) is not empty"))),
            None => Err(Refusal::NotFound(format!("Path ({path}) doesn't exist."))),
        }
    }
}

pub(super) fn no_path(path: &WorkspacePath) -> Refusal {
    Refusal::NotFound(format!("No file or directory exists on path {}.", path.absolute()))
}
