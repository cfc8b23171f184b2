use std::time::Duration;

use async_trait::async_trait;
use metapod_client::{
    AttributeId, CommitDataset, Component, CreateTransaction, CreatedDataset, CreatedTransaction, DatasetId,
    DatasetName, Health, IndexedAttributeId, MetapodRead, MetapodWrite, Probe, Result, Transaction, TransactionId,
    TransactionType,
};
use uuid::Uuid;

use super::catalogue::{unknown_dataset, unknown_transaction};
use super::direct::TransactionSpec;
use super::records::Commit;
use crate::refusal::Refusal;
use crate::world::{Done, State};
use crate::{Operation, World};

/// Metapod in memory: both of its ports. Faults hit it as they hit the real client, which does not try again here.
#[derive(Clone, Debug)]
pub struct MetapodPort {
    world: World,
}

impl MetapodPort {
    pub(crate) fn new(world: World) -> Self {
        Self { world }
    }

    /// A call of a REST route.
    async fn rest<T: Send>(
        &self,
        operation: Operation,
        subject: Uuid,
        what: impl FnOnce(&mut State) -> Result<Done<T>, Refusal> + Send,
    ) -> Result<T> {
        self.world.call(operation, subject, Refusal::over_rest, what).await
    }
}

/// The version that the sandbox says it runs: an abbreviated commit, as Metapod tells it.
pub(crate) const VERSION: &str = "5a4db0c";

/// The parts of Metapod that were seen.
pub(crate) const COMPONENTS: [&str; 4] = ["http", "datomic", "consumer", "rollout"];

#[async_trait]
impl MetapodRead for MetapodPort {
    async fn probe(&self) -> Result<Probe> {
        self.rest(Operation::MetapodProbe, Uuid::nil(), |state| {
            let probe = Probe::new("memory", Duration::ZERO).with_version(VERSION);
            Ok(Done::same(probe.with_server_time(state.now().into())))
        })
        .await
    }

    async fn health(&self) -> Result<Health> {
        self.rest(Operation::MetapodHealth, Uuid::nil(), |_| {
            let components = COMPONENTS.into_iter().map(|name| Component::new(name, true)).collect();
            Ok(Done::same(Health::new(true, components)))
        })
        .await
    }

    async fn transaction(&self, id: TransactionId) -> Result<Transaction> {
        let read = |state: &mut State| {
            let found = state.catalogue.transaction(id).ok_or_else(|| unknown_transaction(id))?;
            Ok(Done::same(found.shown()))
        };
        self.world.call(Operation::MetapodTransaction, id.uuid(), Refusal::over_query, read).await
    }
}

#[async_trait]
impl MetapodWrite for MetapodPort {
    async fn retract_committed_dataset(&self, id: DatasetId) -> Result<()> {
        self.rest(Operation::RetractCommittedDataset, id.uuid(), |state| state.catalogue.retract(id)).await
    }

    async fn retract_attribute(&self, id: AttributeId) -> Result<()> {
        self.rest(Operation::RetractAttribute, id.uuid(), |state| state.catalogue.retract_attribute(id)).await
    }

    async fn retract_indexed_attribute(&self, id: IndexedAttributeId) -> Result<()> {
        self.rest(Operation::RetractIndexedAttribute, id.uuid(), |state| state.catalogue.retract_indexed(id)).await
    }

    async fn commit_dataset(&self, commit: &CommitDataset) -> Result<()> {
        let (transaction, dataset) = (commit.transaction, commit.dataset);
        let commit = Commit {
            path: Some(commit.path.clone()),
            format: commit.format,
            partitions: 1,
            schema: commit.schema.clone(),
            actions: commit.actions.clone(),
        };
        let write = |state: &mut State| state.commit(transaction, dataset, commit);
        self.world.call(Operation::CommitDataset, dataset.uuid(), Refusal::over_mutation, write).await
    }

    async fn copy_transaction(&self, source: TransactionId, uncommitted: &[DatasetName]) -> Result<TransactionId> {
        self.rest(Operation::CopyTransaction, source.uuid(), |state| state.copy(source, uncommitted)).await
    }

    async fn create_transaction(&self, create: &CreateTransaction) -> Result<CreatedTransaction> {
        let operation = Operation::CreateTransaction;
        if create.datasets.is_empty() {
            return Err(ops_client::Error::invalid(
                operation.name(),
                "a transaction of no datasets: they cannot be added later",
            ));
        }
        let (kind, names) = (create.transaction_type.as_str().to_owned().into(), create.datasets.clone());
        let write = |state: &mut State| {
            let Done { answer: id, changed } = state.create(kind, names)?;
            let created = state.catalogue.transaction(id).ok_or_else(|| unknown_transaction(id))?;
            let datasets =
                created.datasets.iter().map(|dataset| CreatedDataset::new(dataset.id, dataset.name.clone())).collect();
            Ok(Done { answer: CreatedTransaction::new(id, datasets), changed })
        };
        self.world.call(operation, Uuid::nil(), Refusal::over_mutation, write).await
    }
}

/// What every way into Metapod does alike.
impl State {
    /// Commits a dataset of this very transaction.
    pub(crate) fn commit(
        &mut self,
        transaction: TransactionId,
        dataset: DatasetId,
        commit: Commit,
    ) -> Result<Done<()>, Refusal> {
        let now = self.now();
        self.catalogue.transaction(transaction).ok_or_else(|| unknown_transaction(transaction))?;
        let found = self.catalogue.dataset(dataset).ok_or_else(|| unknown_dataset(dataset))?;
        if found.transaction != transaction {
            return Err(Refusal::Invalid(format!("dataset {dataset} is not in transaction {transaction}")));
        }
        self.catalogue.commit(&mut self.rng, now, dataset, commit)
    }

    pub(crate) fn copy(
        &mut self,
        source: TransactionId,
        uncommitted: &[DatasetName],
    ) -> Result<Done<TransactionId>, Refusal> {
        let now = self.now();
        self.catalogue.copy(&mut self.rng, now, source, uncommitted)
    }

    pub(crate) fn create(
        &mut self,
        kind: TransactionType,
        names: Vec<DatasetName>,
    ) -> Result<Done<TransactionId>, Refusal> {
        let now = self.now();
        let transaction = TransactionSpec::new(kind).build(&mut self.rng, now);
        self.catalogue.register(&mut self.rng, transaction, names).map(Done::changed)
    }
}
