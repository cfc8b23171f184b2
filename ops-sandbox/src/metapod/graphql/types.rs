//! What queries answer with. Where the schema is nullable so are these types.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use metapod_client as model;

use super::list::Datasets;
use super::words::{
    CommittedFilter, CompactedStatus, Country, DatasetAction, DatasetFormat, Date, DateTime, LogicalType,
    TransactionType,
};
use crate::World;
use crate::metapod::{self, Facts};

/// A transaction: its own facts are taken once, its datasets when they are asked for.
pub(super) struct Transaction {
    world: World,
    id: model::TransactionId,
    name: Option<String>,
    kind: TransactionType,
    started_at: jiff::Timestamp,
    committed_at: Option<jiff::Timestamp>,
    target_date: Option<jiff::civil::Date>,
    reference_date: Option<jiff::civil::Date>,
}

impl Transaction {
    pub(super) fn of(world: &World, found: &metapod::Transaction) -> Self {
        Self {
            world: world.clone(),
            id: found.id,
            name: found.name.clone(),
            kind: (&found.kind).into(),
            started_at: found.started_at,
            committed_at: found.committed_at(),
            target_date: found.target_date,
            reference_date: found.reference_date,
        }
    }

    pub(super) fn find(world: &World, id: model::TransactionId) -> Option<Self> {
        world.state().catalogue.transaction(id).map(|found| Self::of(world, found))
    }
}

#[Object]
impl Transaction {
    async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    async fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    async fn r#type(&self) -> Option<TransactionType> {
        Some(self.kind)
    }

    async fn started_at(&self) -> Option<DateTime> {
        Some(DateTime(self.started_at))
    }

    async fn committed_at(&self) -> Option<DateTime> {
        self.committed_at.map(DateTime)
    }

    async fn target_date(&self) -> Option<Date> {
        self.target_date.map(Date)
    }

    async fn reference_date(&self) -> Option<Date> {
        self.reference_date.map(Date)
    }

    /// The world's datasets belong to no country: a list of countries restricts to none of them.
    async fn datasets(
        &self,
        ctx: &Context<'_>,
        dataset_names: Option<Vec<Option<String>>>,
        committed: Option<CommittedFilter>,
        countries: Option<Vec<Option<Country>>>,
    ) -> Option<Datasets> {
        if countries.is_some_and(|countries| !countries.is_empty()) {
            return Some(Datasets::new(ctx, Vec::new()));
        }
        // A text that is no name is no dataset's name. An empty list restricts nothing: assumed, and the reason why no
        // client should send one.
        let names: Option<Vec<model::DatasetName>> = dataset_names
            .filter(|names| !names.is_empty())
            .map(|names| names.into_iter().flatten().filter_map(|name| name.parse().ok()).collect());
        let state = self.world.state();
        let chosen = state.catalogue.transaction(self.id)?.chosen(committed.map(Into::into), names.as_deref());
        drop(state);
        Some(Datasets::new(ctx, chosen))
    }

    async fn dataset_connection(&self) -> Option<DatasetConnection> {
        let committed = self.world.committed(self.id);
        Some(DatasetConnection { num_committed_datasets: i32::try_from(committed).ok() })
    }
}

#[derive(SimpleObject)]
pub(super) struct DatasetConnection {
    num_committed_datasets: Option<i32>,
}

#[derive(SimpleObject)]
pub(super) struct TransactionConnection {
    pub(super) edges: Option<Vec<Option<TransactionEdge>>>,
}

#[derive(SimpleObject)]
pub(super) struct TransactionEdge {
    pub(super) node: Option<Transaction>,
}

/// A dataset as it was when it was asked for.
pub(super) struct Dataset(pub(super) Arc<metapod::Dataset>);

impl Dataset {
    fn facts(&self) -> Option<&Facts> {
        self.0.facts.as_deref()
    }
}

#[Object]
impl Dataset {
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    async fn name(&self) -> &str {
        self.0.name.as_str()
    }

    async fn transaction_id(&self) -> Option<ID> {
        Some(self.0.transaction.to_string().into())
    }

    async fn committed(&self) -> Option<bool> {
        Some(self.facts().is_some())
    }

    async fn committed_at(&self) -> Option<DateTime> {
        self.facts().map(|facts| DateTime(facts.at))
    }

    async fn aborted_at(&self) -> Option<DateTime> {
        self.0.aborted_at.map(DateTime)
    }

    async fn path(&self) -> Option<&str> {
        self.facts()?.path.as_ref().map(model::S3Path::as_str)
    }

    async fn format(&self) -> Option<DatasetFormat> {
        self.facts().map(|facts| facts.format.into())
    }

    async fn schema(&self) -> Option<Schema> {
        let schema = self.facts()?.schema.as_ref()?;
        Some(Schema { attributes: Some(schema.attributes.iter().map(Attribute::of).map(Some).collect()) })
    }

    async fn partitions(&self) -> Option<Vec<Option<Partition>>> {
        let partitions = self.facts().map(|facts| facts.partitions.as_slice()).unwrap_or_default();
        Some(partitions.iter().map(|partition| Some(Partition { id: partition.id.to_string().into() })).collect())
    }

    async fn actions(&self) -> Option<Vec<Option<DatasetAction>>> {
        Some(self.facts()?.actions.iter().map(DatasetAction::of).collect())
    }

    async fn country(&self) -> Option<String> {
        None
    }

    async fn compaction(&self) -> Option<Compaction> {
        None
    }
}

#[derive(SimpleObject)]
pub(super) struct Partition {
    id: ID,
}

#[derive(SimpleObject)]
pub(super) struct Schema {
    attributes: Option<Vec<Option<Attribute>>>,
}

#[derive(SimpleObject)]
pub(super) struct Attribute {
    id: Option<ID>,
    name: String,
    logical_type: Option<LogicalType>,
    logical_sub_type: Option<LogicalType>,
    primary_key: Option<bool>,
    nullable: Option<bool>,
    description: Option<String>,
}

impl Attribute {
    fn of(attribute: &model::Attribute) -> Self {
        Self {
            id: attribute.id.map(|id| id.to_string().into()),
            name: attribute.name.clone(),
            logical_type: attribute.logical_type.as_ref().and_then(LogicalType::of),
            logical_sub_type: attribute.logical_sub_type.as_ref().and_then(LogicalType::of),
            primary_key: attribute.primary_key,
            nullable: attribute.nullable,
            description: attribute.description.clone(),
        }
    }
}

/// The world has no series yet: the schema names them all the same.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(super) struct DatasetSeries {
    name: Option<String>,
    num_datasets: Option<i32>,
}

#[ComplexObject]
impl DatasetSeries {
    async fn datasets(&self, compacted_status: Option<CompactedStatus>) -> Option<Vec<Option<Dataset>>> {
        let _ = compacted_status;
        None
    }
}

#[derive(SimpleObject)]
pub(super) struct DatasetSeriesConnection {
    pub(super) edges: Option<Vec<Option<DatasetSeries>>>,
}

/// The world has no compactions yet: the schema names them all the same.
#[derive(SimpleObject)]
pub(super) struct Compaction {
    id: Option<ID>,
    applied_at: Option<DateTime>,
    status: Option<String>,
    dataset_series_name: Option<String>,
    transaction: Option<Transaction>,
}
