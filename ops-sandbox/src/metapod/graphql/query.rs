use async_graphql::{Error, ID, Object, Result};
use metapod_client::TransactionId;

use super::types::{DatasetSeries, DatasetSeriesConnection, Transaction, TransactionConnection, TransactionEdge};
use crate::World;

pub(crate) struct Query {
    pub(crate) world: World,
}

#[Object]
impl Query {
    /// A text that is no id is an error (assumed); an id that is unknown is `null`.
    async fn transaction(&self, transaction_id: Option<ID>) -> Result<Option<Transaction>> {
        let Some(id) = transaction_id else { return Ok(None) };
        let id: TransactionId =
            id.parse().map_err(|error: metapod_client::ParseError| Error::new(error.to_string()))?;
        Ok(Transaction::find(&self.world, id))
    }

    async fn all_transactions(&self) -> Option<TransactionConnection> {
        let state = self.world.state();
        let edges = state.catalogue.listed().into_iter().map(|found| Transaction::of(&self.world, found));
        let edges = edges.map(|node| Some(TransactionEdge { node: Some(node) })).collect();
        Some(TransactionConnection { edges: Some(edges) })
    }

    async fn dataset_series(&self, dataset_series_name: Option<String>) -> Option<DatasetSeries> {
        let _ = dataset_series_name;
        None
    }

    async fn all_dataset_series(&self) -> Option<DatasetSeriesConnection> {
        Some(DatasetSeriesConnection { edges: Some(Vec::new()) })
    }
}
