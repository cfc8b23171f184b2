//! What Metapod tells, and what it is told.

use serde::{Deserialize, Serialize};

use crate::{CommitFormat, CreateType, DatasetAction, DatasetId, DatasetName, S3Path, Schema, TransactionId};

/// How Metapod says it feels.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Whether all is well.
    pub healthy: bool,
    /// Its parts.
    pub components: Vec<Component>,
}

impl Health {
    /// A health report.
    pub fn new(healthy: bool, components: Vec<Component>) -> Self {
        Self { healthy, components }
    }
}

/// A part of Metapod and how it feels: `http`, `datomic`, `consumer`, `rollout` were seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Component {
    /// Its name.
    pub name: String,
    /// Whether it is well.
    pub healthy: bool,
}

impl Component {
    /// A part and how it feels.
    pub fn new(name: impl Into<String>, healthy: bool) -> Self {
        Self { name: name.into(), healthy }
    }
}

/// A commit of one dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CommitDataset {
    /// The transaction.
    pub transaction: TransactionId,
    /// The dataset.
    pub dataset: DatasetId,
    /// The format of its files.
    pub format: CommitFormat,
    /// Where its files lie.
    pub path: S3Path,
    /// Its columns, where they are known.
    pub schema: Option<Schema>,
    /// What Metapod shall do on the commit.
    pub actions: Vec<DatasetAction>,
}

impl CommitDataset {
    /// The commit of `dataset` with the files at `path`.
    pub fn new(transaction: TransactionId, dataset: DatasetId, format: CommitFormat, path: S3Path) -> Self {
        Self { transaction, dataset, format, path, schema: None, actions: Vec::new() }
    }

    /// With its columns.
    #[must_use]
    pub fn with_schema(mut self, schema: Schema) -> Self {
        self.schema = Some(schema);
        self
    }

    /// With what Metapod shall do on the commit.
    #[must_use]
    pub fn with_actions(mut self, actions: Vec<DatasetAction>) -> Self {
        self.actions = actions;
        self
    }
}

/// A new transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CreateTransaction {
    /// Its type: who will load it.
    pub transaction_type: CreateType,
    /// Its datasets, all of them.
    pub datasets: Vec<DatasetName>,
}

impl CreateTransaction {
    /// A new transaction of these datasets.
    pub fn new(transaction_type: CreateType, datasets: Vec<DatasetName>) -> Self {
        Self { transaction_type, datasets }
    }
}

/// A transaction that was made, with the ids that its datasets got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CreatedTransaction {
    /// Its id.
    pub id: TransactionId,
    /// Its datasets.
    pub datasets: Vec<CreatedDataset>,
}

impl CreatedTransaction {
    /// A transaction that was made.
    pub fn new(id: TransactionId, datasets: Vec<CreatedDataset>) -> Self {
        Self { id, datasets }
    }
}

/// A dataset of a transaction that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CreatedDataset {
    /// Its id.
    pub id: DatasetId,
    /// Its name.
    pub name: DatasetName,
}

impl CreatedDataset {
    /// A dataset of a transaction that was made.
    pub fn new(id: DatasetId, name: DatasetName) -> Self {
        Self { id, name }
    }
}
