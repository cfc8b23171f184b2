//! What Sonar tells.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{DatasetAction, DatasetFormat, DatasetId, DatasetName, Partition, S3Path, Schema};

/// Which state a dataset must be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    /// Its files are registered.
    Committed,
    /// Not, or no longer.
    Uncommitted,
    /// Given up for this transaction (later releases of Metapod).
    Aborted,
}

/// Which datasets of a transaction are meant. What is not restricted is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DatasetFilter {
    /// Only those in this state.
    pub state: Option<State>,
    /// Only those with these names; an empty list means none at all, never «all».
    pub names: Option<Vec<DatasetName>>,
}

impl DatasetFilter {
    /// Every dataset.
    pub fn all() -> Self {
        Self::default()
    }

    /// The committed ones.
    pub fn committed() -> Self {
        Self { state: Some(State::Committed), names: None }
    }

    /// The uncommitted ones.
    pub fn uncommitted() -> Self {
        Self { state: Some(State::Uncommitted), names: None }
    }

    /// Only those with these names.
    #[must_use]
    pub fn named(mut self, names: Vec<DatasetName>) -> Self {
        self.names = Some(names);
        self
    }
}

/// A dataset of a transaction, without its schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Dataset {
    /// Its id in this transaction.
    pub id: DatasetId,
    /// Its name.
    pub name: DatasetName,
    /// Whether it is committed.
    pub committed: bool,
    /// When it was committed.
    pub committed_at: Option<Timestamp>,
    /// When it was given up.
    pub aborted_at: Option<Timestamp>,
    /// Where its files lie.
    pub path: Option<S3Path>,
    /// Their format.
    pub format: Option<DatasetFormat>,
}

impl Dataset {
    /// An uncommitted dataset.
    pub fn new(id: DatasetId, name: DatasetName) -> Self {
        Self { id, name, committed: false, committed_at: None, aborted_at: None, path: None, format: None }
    }

    /// The same dataset, committed.
    #[must_use]
    pub fn committed_at(mut self, at: Timestamp, path: S3Path, format: DatasetFormat) -> Self {
        self.committed = true;
        self.committed_at = Some(at);
        self.path = Some(path);
        self.format = Some(format);
        self
    }
}

/// All that is known of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DatasetDetail {
    /// What the short list tells too.
    pub dataset: Dataset,
    /// Its columns; none where it is not committed.
    pub schema: Option<Schema>,
    /// Its files.
    pub partitions: Vec<Partition>,
    /// What Metapod does when it is committed.
    pub actions: Vec<DatasetAction>,
}

impl DatasetDetail {
    /// A dataset without schema, files and actions.
    pub fn new(dataset: Dataset) -> Self {
        Self { dataset, schema: None, partitions: Vec::new(), actions: Vec::new() }
    }
}
