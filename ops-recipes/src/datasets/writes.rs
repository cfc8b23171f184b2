use std::fmt;
use std::sync::Arc;

use dataset_files::FilesWrite;
use metapod_client::{CommitDataset, MetapodWrite};
use ops_client::Result;

use super::change::{Commit, DatasetChange};

/// What the recipes for datasets change things through.
#[derive(Clone)]
#[non_exhaustive]
pub struct MetapodWrites {
    /// Metapod.
    pub metapod: Arc<dyn MetapodWrite>,
    /// Where files are written; without it none is made.
    pub files: Option<Arc<dyn FilesWrite>>,
}

impl fmt::Debug for MetapodWrites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MetapodWrites")
    }
}

impl MetapodWrites {
    /// Through this port.
    pub fn new(metapod: Arc<dyn MetapodWrite>) -> Self {
        Self { metapod, files: None }
    }

    /// With where files are written.
    #[must_use]
    pub fn with_files(mut self, files: Arc<dyn FilesWrite>) -> Self {
        self.files = Some(files);
        self
    }

    /// Sends one change.
    pub(crate) async fn perform(&self, change: &DatasetChange) -> Result<()> {
        match change {
            DatasetChange::Retract(retract) => self.metapod.retract_committed_dataset(retract.dataset).await,
            DatasetChange::Commit(commit) => {
                let Commit { transaction, dataset, path, format, schema, actions, .. } = &**commit;
                let mut wire =
                    CommitDataset::new(*transaction, *dataset, *format, path.clone()).with_actions(actions.clone());
                wire.schema.clone_from(schema);
                self.metapod.commit_dataset(&wire).await
            }
        }
    }
}
