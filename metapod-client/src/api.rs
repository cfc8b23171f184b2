//! The ports: what a program may ask of Metapod, and what it may change there.

use async_trait::async_trait;
use ops_client::{Probe, Result};

use crate::{
    AttributeId, CommitDataset, CreateTransaction, CreatedTransaction, DatasetId, DatasetName, Health,
    IndexedAttributeId, Transaction, TransactionId,
};

/// Reading Metapod. Nothing here changes anything.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait MetapodRead: Send + Sync {
    /// The version that answers, and what time it has. Behind a load balancer one answer speaks for one instance.
    ///
    /// # Errors
    /// Every [`ErrorKind`](ops_client::ErrorKind) of a read; the effect is always `None`.
    async fn probe(&self) -> Result<Probe>;

    /// How Metapod says it feels, component by component.
    ///
    /// # Errors
    /// As [`MetapodRead::probe`].
    async fn health(&self) -> Result<Health>;

    /// One transaction.
    ///
    /// # Errors
    /// `NotFound` where Metapod knows no such transaction; otherwise as [`MetapodRead::probe`].
    async fn transaction(&self, id: TransactionId) -> Result<Transaction>;
}

/// Changing Metapod. A program that only previews never holds this.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait MetapodWrite: Send + Sync {
    /// Takes back what was committed of a dataset: path, format, partitions, schema. The dataset stays in its
    /// transaction, uncommitted, and may be computed again. Safe to repeat.
    ///
    /// # Errors
    /// Every kind; the effect says what may have happened.
    async fn retract_committed_dataset(&self, id: DatasetId) -> Result<()>;

    /// Takes one attribute out of a schema, for good. Safe to repeat.
    ///
    /// # Errors
    /// As [`MetapodWrite::retract_committed_dataset`].
    async fn retract_attribute(&self, id: AttributeId) -> Result<()>;

    /// Takes one indexed attribute away, for good. Safe to repeat.
    ///
    /// # Errors
    /// As [`MetapodWrite::retract_committed_dataset`].
    async fn retract_indexed_attribute(&self, id: IndexedAttributeId) -> Result<()>;

    /// Commits a dataset. Consumers are notified: loads, serving, archives. Never sent twice by the client.
    ///
    /// # Errors
    /// As [`MetapodWrite::retract_committed_dataset`]; `Conflict` or `Rejected` where Metapod refuses it.
    async fn commit_dataset(&self, commit: &CommitDataset) -> Result<()>;

    /// Makes a new transaction with the committed datasets of `source`, but for those in `uncommitted`. The source must be
    /// younger than 7 days. Never sent twice by the client.
    ///
    /// # Errors
    /// As [`MetapodWrite::retract_committed_dataset`].
    async fn copy_transaction(&self, source: TransactionId, uncommitted: &[DatasetName]) -> Result<TransactionId>;

    /// Makes a new transaction. Its datasets cannot be changed afterwards. Never sent twice by the client.
    ///
    /// # Errors
    /// As [`MetapodWrite::retract_committed_dataset`]; `Invalid` where no dataset is named.
    async fn create_transaction(&self, create: &CreateTransaction) -> Result<CreatedTransaction>;
}
