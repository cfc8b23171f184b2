//! The port: what a program may ask of Sonar. Sonar changes nothing.

use async_trait::async_trait;
use ops_client::{Probe, Result};

use crate::{Dataset, DatasetDetail, DatasetFilter, DatasetName, Transaction, TransactionId};

/// Reading Sonar. A transaction that Sonar does not know (`transaction: null`) is an error of kind `NotFound`; a reply
/// with `errors` is an error of kind `Rejected` even where part of the data came along: half an answer is no population.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait SonarRead: Send + Sync {
    /// That it answers, and what time it has.
    ///
    /// # Errors
    /// Every [`ErrorKind`](ops_client::ErrorKind) of a read; the effect is always `None`.
    async fn probe(&self) -> Result<Probe>;

    /// One transaction.
    ///
    /// # Errors
    /// `NotFound` where there is none; otherwise as [`SonarRead::probe`].
    async fn transaction(&self, id: TransactionId) -> Result<Transaction>;

    /// All transactions that Sonar lists, in its order.
    ///
    /// # Errors
    /// As [`SonarRead::probe`].
    async fn transactions(&self) -> Result<Vec<Transaction>>;

    /// The datasets of a transaction, in one query.
    ///
    /// # Errors
    /// `NotFound` where there is no such transaction; otherwise as [`SonarRead::probe`].
    async fn datasets(&self, transaction: TransactionId, filter: &DatasetFilter) -> Result<Vec<Dataset>>;

    /// All that is known of some datasets, schema and partitions included. Names that the transaction does not have are
    /// missing from the answer. One query: ask for some hundreds at a time.
    ///
    /// # Errors
    /// `Invalid` for an empty list (it would mean «all»); otherwise as [`SonarRead::datasets`].
    async fn details(&self, transaction: TransactionId, names: &[DatasetName]) -> Result<Vec<DatasetDetail>>;

    /// How many datasets of a transaction are committed.
    ///
    /// # Errors
    /// As [`SonarRead::datasets`].
    async fn committed_count(&self, transaction: TransactionId) -> Result<u64>;
}
