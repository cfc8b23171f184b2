use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ops_client::{Probe, Result};
use sonar_client::{
    Dataset, DatasetDetail, DatasetFilter, DatasetName, SonarRead, State as DatasetState, Transaction, TransactionId,
};
use uuid::Uuid;

use crate::metapod::{self, Catalogue, unknown_transaction};
use crate::refusal::Refusal;
use crate::world::Done;
use crate::{Operation, World};

/// Sonar in memory. Faults hit it as they hit the real client, which does not try again here.
#[derive(Clone, Debug)]
pub struct SonarPort {
    world: World,
}

impl SonarPort {
    pub(crate) fn new(world: World) -> Self {
        Self { world }
    }

    async fn ask<T: Send>(
        &self,
        operation: Operation,
        subject: Uuid,
        what: impl FnOnce(&Catalogue) -> Result<T, Refusal> + Send,
    ) -> Result<T> {
        self.world.call(operation, subject, Refusal::over_query, |state| what(&state.catalogue).map(Done::same)).await
    }
}

#[async_trait]
impl SonarRead for SonarPort {
    async fn probe(&self) -> Result<Probe> {
        let now = self.world.now();
        let probe = Probe::new("memory", Duration::ZERO).with_server_time(now.into());
        self.ask(Operation::SonarProbe, Uuid::nil(), |_| Ok(probe)).await
    }

    async fn transaction(&self, id: TransactionId) -> Result<Transaction> {
        self.ask(Operation::SonarTransaction, id.uuid(), |catalogue| Ok(catalogue.known(id)?.shown())).await
    }

    async fn transactions(&self) -> Result<Vec<Transaction>> {
        self.ask(Operation::SonarTransactions, Uuid::nil(), |catalogue| {
            Ok(catalogue.listed().into_iter().map(metapod::Transaction::shown).collect())
        })
        .await
    }

    async fn datasets(&self, transaction: TransactionId, filter: &DatasetFilter) -> Result<Vec<Dataset>> {
        // The client does not even ask for «none».
        if filter.names.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Vec::new());
        }
        let chosen = self
            .ask(Operation::SonarDatasets, transaction.uuid(), |catalogue| {
                Ok(catalogue.known(transaction)?.chosen(filter.state, filter.names.as_deref()))
            })
            .await?;
        Ok(chosen.iter().map(|dataset| dataset.short()).collect())
    }

    async fn details(&self, transaction: TransactionId, names: &[DatasetName]) -> Result<Vec<DatasetDetail>> {
        let operation = Operation::SonarDetails;
        if names.is_empty() {
            return Err(ops_client::Error::invalid(operation.name(), "no names: an empty list would mean «all»"));
        }
        let chosen = self
            .ask(operation, transaction.uuid(), |catalogue| Ok(catalogue.known(transaction)?.chosen(None, Some(names))))
            .await?;
        Ok(chosen.iter().map(|dataset| dataset.detail()).collect())
    }

    async fn committed_count(&self, transaction: TransactionId) -> Result<u64> {
        self.ask(Operation::SonarCommittedCount, transaction.uuid(), |catalogue| {
            Ok(catalogue.known(transaction)?.progress.committed as u64)
        })
        .await
    }
}

/// What Sonar sees in the catalogue.
impl Catalogue {
    fn known(&self, id: TransactionId) -> Result<&metapod::Transaction, Refusal> {
        self.transaction(id).ok_or_else(|| unknown_transaction(id))
    }

    /// All transactions, the newest first (assumed).
    pub(crate) fn listed(&self) -> Vec<&metapod::Transaction> {
        let mut listed: Vec<_> = self.transactions().iter().rev().collect();
        listed.sort_by_key(|transaction| std::cmp::Reverse(transaction.started_at));
        listed
    }
}

impl metapod::Transaction {
    /// The datasets in this state and with these names, in the order of their registration.
    pub(crate) fn chosen(
        &self,
        state: Option<DatasetState>,
        names: Option<&[DatasetName]>,
    ) -> Vec<Arc<metapod::Dataset>> {
        let fits = |dataset: &&Arc<metapod::Dataset>| match state {
            None => true,
            Some(DatasetState::Committed) => dataset.facts.is_some(),
            Some(DatasetState::Uncommitted) => dataset.facts.is_none(),
            Some(DatasetState::Aborted) => dataset.aborted_at.is_some(),
        };
        match names {
            None => self.datasets.iter().filter(fits).cloned().collect(),
            Some(names) => {
                let mut asked: Vec<usize> = names.iter().filter_map(|name| self.position(name)).collect();
                asked.sort_unstable();
                asked.dedup();
                asked.into_iter().map(|at| &self.datasets[at]).filter(fits).cloned().collect()
            }
        }
    }
}

impl metapod::Dataset {
    /// Without schema, partitions and actions.
    pub(crate) fn short(&self) -> Dataset {
        let mut shown = Dataset::new(self.id, self.name.clone());
        shown.aborted_at = self.aborted_at;
        if let Some(facts) = &self.facts {
            shown.committed = true;
            shown.committed_at = Some(facts.at);
            shown.path.clone_from(&facts.path);
            shown.format = Some(facts.format.into());
        }
        shown
    }

    /// All that is known.
    pub(crate) fn detail(&self) -> DatasetDetail {
        let mut shown = DatasetDetail::new(self.short());
        if let Some(facts) = &self.facts {
            shown.schema.clone_from(&facts.schema);
            shown.partitions.clone_from(&facts.partitions);
            shown.actions.clone_from(&facts.actions);
        }
        shown
    }
}
