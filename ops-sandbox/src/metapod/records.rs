//! What is kept of a transaction and of a dataset.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use metapod_client::{
    CommitFormat, DatasetAction, DatasetId, DatasetName, IndexedAttributeId, Partition, S3Path, Schema, TransactionId,
    TransactionType,
};
use sonar_client::DatasetDetail;

use super::ids;
use crate::refusal::Refusal;
use crate::rng::Rng;

/// A transaction and its datasets, in the order of their registration.
#[derive(Debug)]
pub(crate) struct Transaction {
    pub(crate) id: TransactionId,
    pub(crate) name: Option<String>,
    pub(crate) kind: TransactionType,
    pub(crate) started_at: Timestamp,
    pub(crate) target_date: Option<Date>,
    pub(crate) reference_date: Option<Date>,
    /// Shared, so that an answer can be written without holding the world up.
    pub(crate) datasets: Vec<Arc<Dataset>>,
    pub(crate) progress: Progress,
    pub(super) by_name: HashMap<DatasetName, usize>,
}

/// How far a transaction is.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub(crate) committed: usize,
    pub(super) last: Option<Timestamp>,
}

impl Transaction {
    /// One without datasets.
    pub(crate) fn new(id: TransactionId, kind: TransactionType, started_at: Timestamp) -> Self {
        Self {
            id,
            name: None,
            kind,
            started_at,
            target_date: None,
            reference_date: None,
            datasets: Vec::new(),
            progress: Progress::default(),
            by_name: HashMap::new(),
        }
    }

    /// As Metapod and Sonar show it.
    pub(crate) fn shown(&self) -> metapod_client::Transaction {
        let mut shown = metapod_client::Transaction::new(self.id);
        shown.name.clone_from(&self.name);
        shown.transaction_type = Some(self.kind.clone());
        shown.started_at = Some(self.started_at);
        shown.committed_at = self.committed_at();
        shown.target_date = self.target_date;
        shown.reference_date = self.reference_date;
        shown
    }

    /// Registers a dataset, and says at which position.
    pub(super) fn push(&mut self, rng: &mut Rng, name: DatasetName) -> (DatasetId, usize) {
        let (id, at) = (DatasetId::from_uuid(ids::minted(rng, self.started_at)), self.datasets.len());
        self.by_name.insert(name.clone(), at);
        self.datasets.push(Arc::new(Dataset {
            id,
            name,
            transaction: self.id,
            aborted_at: None,
            facts: None,
            last_commit: None,
        }));
        (id, at)
    }

    /// When the last dataset was committed; none while any is not.
    pub(crate) fn committed_at(&self) -> Option<Timestamp> {
        (self.progress.committed == self.datasets.len()).then_some(self.progress.last).flatten()
    }

    /// Where a dataset stands in `datasets`.
    pub(crate) fn position(&self, name: &DatasetName) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn named(&self, name: &DatasetName) -> Option<&Arc<Dataset>> {
        self.position(name).map(|position| &self.datasets[position])
    }
}

/// A dataset of one transaction.
#[derive(Clone, Debug)]
pub(crate) struct Dataset {
    pub(crate) id: DatasetId,
    pub(crate) name: DatasetName,
    pub(crate) transaction: TransactionId,
    pub(crate) aborted_at: Option<Timestamp>,
    pub(crate) facts: Option<Box<Facts>>,
    /// Outlives a retract, so that no two commits of a dataset bear the same instant.
    pub(super) last_commit: Option<Timestamp>,
}

impl Dataset {
    /// The dataset with these facts.
    pub(super) fn told(transaction: TransactionId, told: &DatasetDetail) -> Result<Self, Refusal> {
        let DatasetDetail { dataset, schema, partitions, actions, .. } = told;
        let facts = match (dataset.committed_at, &dataset.format) {
            (Some(at), Some(format)) if dataset.committed => Some(Box::new(Facts {
                at,
                path: dataset.path.clone(),
                format: CommitFormat::try_from(format).map_err(|error| Refusal::Invalid(error.to_string()))?,
                partitions: partitions.clone(),
                schema: schema.clone(),
                indexed: Vec::new(),
                actions: actions.clone(),
            })),
            _ if dataset.committed => {
                return Err(Refusal::Invalid(format!("{} is committed without time or format", dataset.name)));
            }
            _ => None,
        };
        Ok(Self {
            id: dataset.id,
            name: dataset.name.clone(),
            transaction,
            aborted_at: dataset.aborted_at,
            last_commit: dataset.committed_at,
            facts,
        })
    }
}

/// What a commit says of a dataset, and a retract takes back.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) at: Timestamp,
    pub(crate) path: Option<S3Path>,
    pub(crate) format: CommitFormat,
    pub(crate) partitions: Vec<Partition>,
    pub(crate) schema: Option<Schema>,
    pub(crate) indexed: Vec<IndexedAttributeId>,
    pub(crate) actions: Vec<DatasetAction>,
}

/// What is committed.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    pub(crate) path: Option<S3Path>,
    pub(crate) format: CommitFormat,
    pub(crate) partitions: usize,
    pub(crate) schema: Option<Schema>,
    pub(crate) actions: Vec<DatasetAction>,
}

impl Commit {
    /// The commit that led to these facts.
    pub(super) fn of(facts: &Facts) -> Self {
        Self {
            path: facts.path.clone(),
            format: facts.format,
            partitions: facts.partitions.len(),
            schema: facts.schema.clone(),
            actions: facts.actions.clone(),
        }
    }
}
