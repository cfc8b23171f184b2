//! What a test does to the world behind everybody's back: no fault hits it, nothing is logged.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use metapod_client::{
    CommitFormat, DatasetAction, DatasetId, DatasetName, IndexedAttributeId, S3Path, Schema, TransactionId,
    TransactionType,
};
use ops_client::Result;
use sonar_client::DatasetDetail;

use super::catalogue::{unknown_dataset, unknown_transaction};
use super::ids;
use super::records::{Commit, Dataset, Transaction};
use crate::World;
use crate::refusal::Refusal;
use crate::rng::Rng;
use crate::world::State;

/// A transaction that shall be in the world.
#[derive(Clone, Debug)]
pub struct TransactionSpec {
    kind: TransactionType,
    name: Option<String>,
    target_date: Option<Date>,
    started_at: Option<Timestamp>,
    scheduled: bool,
    id: Option<TransactionId>,
}

impl TransactionSpec {
    /// The nightly run of a day, started by the scheduler. The data speaks about the day before.
    pub fn daily(target_date: Date) -> Self {
        Self { target_date: Some(target_date), scheduled: true, ..Self::new(TransactionType::Daily) }
    }

    /// A run that somebody started by hand.
    pub fn custom() -> Self {
        Self::new(TransactionType::Custom)
    }

    /// A transaction of this type, not started by the scheduler.
    pub fn new(kind: TransactionType) -> Self {
        Self { kind, name: None, target_date: None, started_at: None, scheduled: false, id: None }
    }

    /// With a name, like `:prod/itaipu-0a1b2c3`.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// With its day.
    #[must_use]
    pub fn for_day(mut self, target_date: Date) -> Self {
        self.target_date = Some(target_date);
        self
    }

    /// Started at this time; otherwise now.
    #[must_use]
    pub fn started_at(mut self, at: Timestamp) -> Self {
        self.started_at = Some(at);
        self
    }

    /// Started by the scheduler: its id is a UUID of version 5.
    #[must_use]
    pub fn scheduled(mut self) -> Self {
        self.scheduled = true;
        self
    }

    /// With this very id.
    #[must_use]
    pub fn with_id(mut self, id: TransactionId) -> Self {
        self.id = Some(id);
        self
    }

    pub(crate) fn build(self, rng: &mut Rng, now: Timestamp) -> Transaction {
        let started_at = self.started_at.unwrap_or(now);
        let id = self.id.unwrap_or_else(|| {
            let day = self.target_date.filter(|_| self.scheduled);
            TransactionId::from_uuid(match day {
                Some(day) => ids::scheduled(rng, day),
                None => ids::minted(rng, started_at),
            })
        });
        let mut transaction = Transaction::new(id, self.kind, started_at);
        transaction.name = self.name;
        transaction.target_date = self.target_date;
        transaction.reference_date = self.target_date.and_then(|day| day.yesterday().ok());
        transaction
    }
}

/// A commit that shall be in the world. What is not said is made up: a fresh directory on S3, one partition, Parquet.
#[derive(Clone, Debug)]
pub struct CommitSpec {
    path: Option<S3Path>,
    format: CommitFormat,
    partitions: usize,
    schema: Option<Schema>,
    actions: Vec<DatasetAction>,
    at: Option<Timestamp>,
}

impl Default for CommitSpec {
    fn default() -> Self {
        Self { path: None, format: CommitFormat::Parquet, partitions: 1, schema: None, actions: Vec::new(), at: None }
    }
}

impl CommitSpec {
    /// Parquet at a fresh path.
    pub fn new() -> Self {
        Self::default()
    }

    /// With these files.
    #[must_use]
    pub fn path(mut self, path: S3Path) -> Self {
        self.path = Some(path);
        self
    }

    /// In this format.
    #[must_use]
    pub fn format(mut self, format: CommitFormat) -> Self {
        self.format = format;
        self
    }

    /// With so many partitions.
    #[must_use]
    pub fn partitions(mut self, partitions: usize) -> Self {
        self.partitions = partitions;
        self
    }

    /// With these columns. Their ids are minted at the commit; each primary key is indexed.
    #[must_use]
    pub fn schema(mut self, schema: Schema) -> Self {
        self.schema = Some(schema);
        self
    }

    /// With these actions.
    #[must_use]
    pub fn actions(mut self, actions: Vec<DatasetAction>) -> Self {
        self.actions = actions;
        self
    }

    /// Committed at this time; otherwise now.
    #[must_use]
    pub fn at(mut self, at: Timestamp) -> Self {
        self.at = Some(at);
        self
    }

    pub(crate) fn build(self, rng: &mut Rng) -> Commit {
        let path = self.path.or_else(|| format!("s3://example-metapod/{}", ids::directory(rng)).parse().ok());
        Commit { path, format: self.format, partitions: self.partitions, schema: self.schema, actions: self.actions }
    }
}

/// Changing the world directly.
impl World {
    /// Puts a transaction with these datasets into the world, all uncommitted.
    ///
    /// # Errors
    /// `Invalid` for a name that comes twice, `Conflict` for an id that is there already.
    pub fn add_transaction(
        &self,
        spec: TransactionSpec,
        names: impl IntoIterator<Item = DatasetName>,
    ) -> Result<TransactionId> {
        self.direct(|state| {
            let now = state.now();
            let transaction = spec.build(&mut state.rng, now);
            state.catalogue.register(&mut state.rng, transaction, names)
        })
    }

    /// Puts a transaction into the world exactly as it is told, ids and times included. It has a `committed_at` only while
    /// all its datasets are committed.
    ///
    /// # Errors
    /// `Invalid` for a name or an id that comes twice, or a format that is neither Parquet nor Avro; `Conflict` for a
    /// transaction that is there already.
    pub fn put(&self, told: &metapod_client::Transaction, datasets: &[DatasetDetail]) -> Result<()> {
        self.direct(|state| {
            let kind = told.transaction_type.clone().unwrap_or(TransactionType::Other("UNKNOWN".to_owned()));
            let mut transaction = Transaction::new(told.id, kind, told.started_at.unwrap_or_else(|| state.now()));
            transaction.name.clone_from(&told.name);
            transaction.target_date = told.target_date;
            transaction.reference_date = told.reference_date;
            state.catalogue.put(transaction, told.committed_at, datasets)
        })
    }

    /// Adds a dataset to a transaction. Metapod itself never does this once a transaction is there.
    ///
    /// # Errors
    /// `NotFound` for an unknown transaction, `Conflict` for a name that it has already.
    pub fn add_dataset(&self, transaction: TransactionId, name: DatasetName) -> Result<DatasetId> {
        self.direct(|state| state.catalogue.add(&mut state.rng, transaction, name))
    }

    /// Commits a dataset.
    ///
    /// # Errors
    /// `NotFound` for an unknown dataset, `Conflict` for one that is committed or aborted.
    pub fn commit(&self, dataset: DatasetId, spec: CommitSpec) -> Result<()> {
        self.direct(|state| {
            let at = spec.at.unwrap_or_else(|| state.now());
            let commit = spec.build(&mut state.rng);
            state.catalogue.commit(&mut state.rng, at, dataset, commit).map(|_| ())
        })
    }

    /// Commits a dataset anew, as a job does that computed it again: other files, a later time, the same columns.
    ///
    /// # Errors
    /// `NotFound` for an unknown dataset, `Conflict` for one that is aborted.
    pub fn recommit(&self, dataset: DatasetId) -> Result<()> {
        self.direct(|state| {
            let now = state.now();
            let before = state.catalogue.dataset(dataset).ok_or_else(|| unknown_dataset(dataset))?.clone();
            let mut spec = CommitSpec::new();
            if let Some(facts) = &before.facts {
                spec = spec.format(facts.format).partitions(facts.partitions.len()).actions(facts.actions.clone());
                spec.schema.clone_from(&facts.schema);
            }
            let commit = spec.build(&mut state.rng);
            state.catalogue.retract(dataset)?;
            state.catalogue.commit(&mut state.rng, now, dataset, commit).map(|_| ())
        })
    }

    /// Takes a commit back.
    ///
    /// # Errors
    /// `NotFound` for an unknown dataset.
    pub fn retract(&self, dataset: DatasetId) -> Result<()> {
        self.direct(|state| state.catalogue.retract(dataset).map(|_| ()))
    }

    /// Gives an uncommitted dataset up for its transaction.
    ///
    /// # Errors
    /// `NotFound` for an unknown dataset, `Conflict` for a committed one.
    pub fn abort(&self, dataset: DatasetId) -> Result<()> {
        self.direct(|state| {
            let now = state.now();
            state.catalogue.abort(now, dataset)
        })
    }

    /// All that is known of a dataset.
    pub fn dataset(&self, id: DatasetId) -> Option<DatasetDetail> {
        self.state().catalogue.dataset(id).map(|dataset| dataset.detail())
    }

    /// The id of a dataset by its name.
    pub fn find(&self, transaction: TransactionId, name: &str) -> Option<DatasetId> {
        let name = name.parse().ok()?;
        self.state().catalogue.transaction(transaction)?.named(&name).map(|dataset| dataset.id)
    }

    /// All datasets of a transaction, in the order of their registration.
    ///
    /// # Errors
    /// `NotFound` for an unknown transaction.
    pub fn datasets(&self, transaction: TransactionId) -> Result<Vec<DatasetDetail>> {
        let datasets: Vec<Arc<Dataset>> = self.direct(|state| {
            let found = state.catalogue.transaction(transaction).ok_or_else(|| unknown_transaction(transaction))?;
            Ok(found.datasets.clone())
        })?;
        Ok(datasets.iter().map(|dataset| dataset.detail()).collect())
    }

    /// The ids of a transaction's datasets, in the order of their registration; none for an unknown one.
    pub fn dataset_ids(&self, transaction: TransactionId) -> Vec<DatasetId> {
        let state = self.state();
        let found = state.catalogue.transaction(transaction);
        found.map(|found| found.datasets.iter().map(|dataset| dataset.id).collect()).unwrap_or_default()
    }

    /// How many datasets of a transaction are committed; 0 for an unknown one.
    pub fn committed(&self, transaction: TransactionId) -> usize {
        self.state().catalogue.transaction(transaction).map_or(0, |found| found.progress.committed)
    }

    /// When a transaction started.
    ///
    /// # Errors
    /// `NotFound` for an unknown transaction.
    pub fn started_at(&self, transaction: TransactionId) -> Result<Timestamp> {
        self.direct(|state| {
            let found = state.catalogue.transaction(transaction).ok_or_else(|| unknown_transaction(transaction))?;
            Ok(found.started_at)
        })
    }

    /// The ids of all transactions, in the order in which they came to be.
    pub fn transactions(&self) -> Vec<TransactionId> {
        self.state().catalogue.transactions().iter().map(|transaction| transaction.id).collect()
    }

    /// The indexed attributes of a dataset: no query of Metapod tells them.
    pub fn indexed_attributes(&self, dataset: DatasetId) -> Vec<IndexedAttributeId> {
        let state = self.state();
        let facts = state.catalogue.dataset(dataset).and_then(|dataset| dataset.facts.as_deref());
        facts.map(|facts| facts.indexed.clone()).unwrap_or_default()
    }

    fn direct<T>(&self, what: impl FnOnce(&mut State) -> Result<T, Refusal>) -> Result<T> {
        what(&mut self.state()).map_err(|refusal| refusal.directly())
    }
}
