//! The queries, with types that are generated from their documents and the schema file. Nothing of it leaves the crate.

// What generated code looks for in its parent module.
use crate::wire::CommittedFilter;
use crate::{DatasetAction, DatasetFormat, LogicalType, TransactionType};
use graphql_client::GraphQLQuery;

/// One query: its document and its types.
macro_rules! query {
    ($($name:ident = $path:tt),+ $(,)?) => {$(
        #[derive(GraphQLQuery)]
        #[graphql(
            schema_path = "graphql/schema.graphql",
            query_path = $path,
            skip_serializing_none,
            custom_scalars_module = "crate::wire",
            extern_enums("CommittedFilter", "DatasetAction", "DatasetFormat", "LogicalType", "TransactionType")
        )]
        pub(crate) struct $name;
    )+};
}

query! {
    Transaction = "graphql/transaction.graphql",
    Transactions = "graphql/transactions.graphql",
    Datasets = "graphql/datasets.graphql",
    DatasetDetails = "graphql/dataset_details.graphql",
    CommittedCount = "graphql/committed_count.graphql",
    Probe = "graphql/probe.graphql",
}
