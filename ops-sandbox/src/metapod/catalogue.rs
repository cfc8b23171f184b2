//! All that Metapod keeps, and what can be done to it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use metapod_client::{
    AttributeId, DatasetId, DatasetName, IndexedAttributeId, Partition, PartitionId, TransactionId, TransactionType,
};
use sonar_client::DatasetDetail;

use super::ids;
use super::records::{Commit, Dataset, Facts, Progress, Transaction};
use crate::refusal::Refusal;
use crate::rng::Rng;
use crate::world::Done;

/// A copied transaction must be younger than this (attested in Metapod's own documentation).
const COPY_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// All transactions, with the ways to find what an id stands for.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    transactions: Vec<Transaction>,
    by_id: HashMap<TransactionId, usize>,
    datasets: HashMap<DatasetId, (usize, usize)>,
    /// Ids stay known after they were taken away: asking again is no mistake.
    attributes: HashMap<AttributeId, DatasetId>,
    indexed: HashMap<IndexedAttributeId, DatasetId>,
}

impl Catalogue {
    pub(crate) fn transactions(&self) -> &[Transaction] {
        &self.transactions
    }

    /// How many datasets there are in all.
    pub(crate) fn len(&self) -> usize {
        self.datasets.len()
    }

    pub(crate) fn transaction(&self, id: TransactionId) -> Option<&Transaction> {
        self.by_id.get(&id).map(|&at| &self.transactions[at])
    }

    pub(crate) fn dataset(&self, id: DatasetId) -> Option<&Arc<Dataset>> {
        self.datasets.get(&id).map(|&(transaction, position)| &self.transactions[transaction].datasets[position])
    }

    /// Registers a transaction. Names that come twice are refused.
    pub(crate) fn register(
        &mut self,
        rng: &mut Rng,
        mut transaction: Transaction,
        names: impl IntoIterator<Item = DatasetName>,
    ) -> Result<TransactionId, Refusal> {
        let (id, at) = (transaction.id, self.transactions.len());
        if self.by_id.contains_key(&id) {
            return Err(Refusal::Conflict(format!("there is a transaction {id} already")));
        }
        let mut seen = HashSet::new();
        let names: Vec<_> = names.into_iter().collect();
        if let Some(twice) = names.iter().find(|name| !seen.insert(*name)) {
            return Err(Refusal::Invalid(format!("{twice} is named twice")));
        }
        drop(seen);
        transaction.datasets.reserve_exact(names.len());
        for name in names {
            let (dataset, position) = transaction.push(rng, name);
            self.datasets.insert(dataset, (at, position));
        }
        self.by_id.insert(id, at);
        self.transactions.push(transaction);
        Ok(id)
    }

    /// Registers a transaction with all that is known of its datasets.
    pub(crate) fn put(
        &mut self,
        mut transaction: Transaction,
        committed_at: Option<Timestamp>,
        datasets: &[DatasetDetail],
    ) -> Result<(), Refusal> {
        let (id, at) = (transaction.id, self.transactions.len());
        if self.by_id.contains_key(&id) {
            return Err(Refusal::Conflict(format!("there is a transaction {id} already")));
        }
        let mut ids = HashSet::new();
        for (position, told) in datasets.iter().enumerate() {
            let dataset = Dataset::told(id, told)?;
            let (name, id) = (dataset.name.clone(), dataset.id);
            if let Some(facts) = &dataset.facts {
                transaction.progress.committed += 1;
                transaction.progress.last = transaction.progress.last.max(Some(facts.at));
            }
            let known = self.datasets.contains_key(&id) || !ids.insert(id);
            if known || transaction.by_name.insert(name.clone(), position).is_some() {
                return Err(Refusal::Invalid(format!("{name} or its id {id} is there twice")));
            }
            transaction.datasets.push(Arc::new(dataset));
        }
        transaction.progress.last = committed_at.or(transaction.progress.last);
        for (position, dataset) in transaction.datasets.iter().enumerate() {
            self.datasets.insert(dataset.id, (at, position));
            let attributes = dataset.facts.iter().filter_map(|facts| facts.schema.as_ref());
            let attributes = attributes.flat_map(|schema| &schema.attributes).filter_map(|attribute| attribute.id);
            self.attributes.extend(attributes.map(|attribute| (attribute, dataset.id)));
        }
        self.by_id.insert(id, at);
        self.transactions.push(transaction);
        Ok(())
    }

    /// Adds a dataset to a transaction that was started already. Metapod cannot do this; a test may.
    pub(crate) fn add(&mut self, rng: &mut Rng, id: TransactionId, name: DatasetName) -> Result<DatasetId, Refusal> {
        let at = *self.by_id.get(&id).ok_or_else(|| unknown_transaction(id))?;
        let transaction = &mut self.transactions[at];
        if transaction.by_name.contains_key(&name) {
            return Err(Refusal::Conflict(format!("{name} is in transaction {id} already")));
        }
        let (dataset, position) = transaction.push(rng, name);
        self.datasets.insert(dataset, (at, position));
        Ok(dataset)
    }

    /// A job wrote these datasets. What is committed already, or was given up, stays as it is; so does what is not there.
    pub(crate) fn commit_named(
        &mut self,
        rng: &mut Rng,
        now: Timestamp,
        transaction: TransactionId,
        names: &[DatasetName],
    ) {
        for name in names {
            let found = self.transaction(transaction).and_then(|found| found.named(name));
            if let Some(dataset) = found.map(|dataset| dataset.id) {
                let commit = super::CommitSpec::new().build(rng);
                let _ = self.commit(rng, now, dataset, commit);
            }
        }
    }

    /// Commits a dataset. One that is committed already, or given up, is refused (assumed).
    pub(crate) fn commit(
        &mut self,
        rng: &mut Rng,
        now: Timestamp,
        id: DatasetId,
        commit: Commit,
    ) -> Result<Done<()>, Refusal> {
        let (progress, dataset) = self.entry(id)?;
        if dataset.facts.is_some() {
            return Err(Refusal::Conflict(format!("dataset {id} is committed already")));
        }
        if dataset.aborted_at.is_some() {
            return Err(Refusal::Conflict(format!("dataset {id} was aborted")));
        }
        let later = |last: Timestamp| last.saturating_add(Duration::from_millis(1)).unwrap_or(now);
        let at = dataset.last_commit.map_or(now, |last| now.max(later(last)));
        let mut facts = Facts {
            at,
            path: commit.path,
            format: commit.format,
            partitions: (0..commit.partitions)
                .map(|_| Partition::new(PartitionId::from_uuid(ids::minted(rng, at))))
                .collect(),
            schema: commit.schema,
            indexed: Vec::new(),
            actions: commit.actions,
        };
        for attribute in facts.schema.iter_mut().flat_map(|schema| &mut schema.attributes) {
            attribute.id = Some(AttributeId::from_uuid(ids::minted(rng, at)));
            if attribute.primary_key == Some(true) {
                facts.indexed.push(IndexedAttributeId::from_uuid(ids::minted(rng, at)));
            }
        }
        let attributes = facts.schema.iter().flat_map(|schema| &schema.attributes).filter_map(|attribute| attribute.id);
        let (attributes, indexed): (Vec<_>, _) = (attributes.collect(), facts.indexed.clone());
        dataset.facts = Some(Box::new(facts));
        dataset.last_commit = Some(at);
        progress.committed += 1;
        progress.last = progress.last.max(Some(at));
        self.attributes.extend(attributes.into_iter().map(|attribute| (attribute, id)));
        self.indexed.extend(indexed.into_iter().map(|attribute| (attribute, id)));
        Ok(Done::changed(()))
    }

    /// Takes back what was committed. Nothing committed: nothing to do.
    pub(crate) fn retract(&mut self, id: DatasetId) -> Result<Done<()>, Refusal> {
        let (progress, dataset) = self.entry(id)?;
        if dataset.facts.take().is_none() {
            return Ok(Done::same(()));
        }
        progress.committed -= 1;
        Ok(Done::changed(()))
    }

    /// Gives an uncommitted dataset up.
    pub(crate) fn abort(&mut self, now: Timestamp, id: DatasetId) -> Result<(), Refusal> {
        let (_, dataset) = self.entry(id)?;
        if dataset.facts.is_some() {
            return Err(Refusal::Conflict(format!("dataset {id} is committed")));
        }
        dataset.aborted_at = Some(now);
        Ok(())
    }

    pub(crate) fn retract_attribute(&mut self, id: AttributeId) -> Result<Done<()>, Refusal> {
        let dataset =
            *self.attributes.get(&id).ok_or_else(|| Refusal::NotFound(format!("there is no attribute {id}")))?;
        let (_, dataset) = self.entry(dataset)?;
        let Some(schema) = dataset.facts.as_mut().and_then(|facts| facts.schema.as_mut()) else {
            return Ok(Done::same(()));
        };
        let before = schema.attributes.len();
        schema.attributes.retain(|attribute| attribute.id != Some(id));
        Ok(Done { answer: (), changed: schema.attributes.len() < before })
    }

    pub(crate) fn retract_indexed(&mut self, id: IndexedAttributeId) -> Result<Done<()>, Refusal> {
        let dataset =
            *self.indexed.get(&id).ok_or_else(|| Refusal::NotFound(format!("there is no indexed attribute {id}")))?;
        let (_, dataset) = self.entry(dataset)?;
        let Some(facts) = dataset.facts.as_mut() else {
            return Ok(Done::same(()));
        };
        let before = facts.indexed.len();
        facts.indexed.retain(|&one| one != id);
        Ok(Done { answer: (), changed: facts.indexed.len() < before })
    }

    /// A new transaction with the committed datasets of `source`: same paths, new ids. The named ones start uncommitted, as
    /// do those that the source has not committed.
    pub(crate) fn copy(
        &mut self,
        rng: &mut Rng,
        now: Timestamp,
        source: TransactionId,
        uncommitted: &[DatasetName],
    ) -> Result<Done<TransactionId>, Refusal> {
        let from = self.transaction(source).ok_or_else(|| unknown_transaction(source))?;
        if now.duration_since(from.started_at) >= COPY_WITHIN {
            return Err(Refusal::Conflict(format!("transaction {source} is not younger than 7 days")));
        }
        if let Some(stray) = uncommitted.iter().find(|name| from.named(name).is_none()) {
            return Err(Refusal::Invalid(format!("transaction {source} has no dataset {stray}")));
        }
        let mut copy = Transaction::new(TransactionId::from_uuid(ids::minted(rng, now)), TransactionType::Copied, now);
        copy.target_date = from.target_date;
        copy.reference_date = from.reference_date;
        let names: Vec<_> = from.datasets.iter().map(|dataset| dataset.name.clone()).collect();
        let left: HashSet<_> = uncommitted.iter().collect();
        let commits: Vec<(DatasetName, Commit)> = from
            .datasets
            .iter()
            .filter(|dataset| !left.contains(&dataset.name))
            .filter_map(|dataset| Some((dataset.name.clone(), Commit::of(dataset.facts.as_deref()?))))
            .collect();
        let id = self.register(rng, copy, names)?;
        for (name, commit) in commits {
            let dataset = self.transaction(id).and_then(|copy| copy.named(&name)).map(|dataset| dataset.id);
            if let Some(dataset) = dataset {
                self.commit(rng, now, dataset, commit)?;
            }
        }
        Ok(Done::changed(id))
    }

    fn entry(&mut self, id: DatasetId) -> Result<(&mut Progress, &mut Dataset), Refusal> {
        let &(transaction, position) = self.datasets.get(&id).ok_or_else(|| unknown_dataset(id))?;
        let transaction = &mut self.transactions[transaction];
        Ok((&mut transaction.progress, Arc::make_mut(&mut transaction.datasets[position])))
    }
}

pub(crate) fn unknown_transaction(id: TransactionId) -> Refusal {
    Refusal::NotFound(format!("there is no transaction {id}"))
}

pub(crate) fn unknown_dataset(id: DatasetId) -> Refusal {
    Refusal::NotFound(format!("there is no dataset {id}"))
}
