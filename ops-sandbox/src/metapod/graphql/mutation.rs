use std::str::FromStr;

use async_graphql::{Error, Object, Result};
use metapod_client::{DatasetId, DatasetName, ParseError, S3Path, TransactionId};
use uuid::Uuid;

use super::input::{CommitDatasetInput, CreateTransactionInput, UnapplyCompactionInput};
use super::types::{Compaction, Dataset, Transaction};
use crate::metapod::Commit;
use crate::refusal::Refusal;
use crate::{Operation, World};

pub(crate) struct Mutation {
    pub(crate) world: World,
}

#[Object]
impl Mutation {
    async fn create_transaction(&self, input: Option<CreateTransactionInput>) -> Result<Option<Transaction>> {
        let input = input.ok_or_else(missing)?;
        let names = input.dataset_names.into_iter().flatten().flatten();
        let names: Vec<DatasetName> = names.map(|name| parsed(&name)).collect::<Result<_>>()?;
        let id = self
            .world
            .act(Operation::CreateTransaction, Uuid::nil(), |state| state.create(input.r#type.into(), names))
            .map_err(said)?;
        Ok(Transaction::find(&self.world, id))
    }

    async fn commit_dataset(&self, input: Option<CommitDatasetInput>) -> Result<Option<Dataset>> {
        let input = input.ok_or_else(missing)?;
        let transaction: TransactionId = parsed(&input.transaction_id)?;
        let dataset: DatasetId = parsed(&input.dataset_id)?;
        let commit = Commit {
            path: input.path.as_deref().map(parsed::<S3Path>).transpose()?,
            format: input.format.into(),
            partitions: 1,
            schema: input.schema.map(Into::into),
            actions: input.actions.into_iter().flatten().flatten().map(Into::into).collect(),
        };
        self.world
            .act(Operation::CommitDataset, dataset.uuid(), |state| state.commit(transaction, dataset, commit))
            .map_err(said)?;
        Ok(self.world.state().catalogue.dataset(dataset).cloned().map(Dataset))
    }

    async fn unapply_compaction(&self, input: UnapplyCompactionInput) -> Result<Option<Compaction>> {
        Err(Error::new(format!("there is no compaction {}", input.compaction_id.as_str())))
    }
}

fn parsed<T: FromStr<Err = ParseError>>(text: &str) -> Result<T> {
    text.parse().map_err(|error: ParseError| Error::new(error.to_string()))
}

fn missing() -> Error {
    Error::new("the input is missing")
}

/// A refusal comes as an entry of `errors`.
fn said(refusal: Refusal) -> Error {
    Error::new(refusal.words())
}
