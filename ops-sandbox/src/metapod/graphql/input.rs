//! What mutations are given.

use async_graphql::{ID, InputObject};
use metapod_client as model;

use super::words::{DatasetAction, DatasetFormat, LogicalType, TransactionType};

#[derive(InputObject)]
pub(super) struct CreateTransactionInput {
    pub(super) r#type: TransactionType,
    pub(super) dataset_names: Option<Vec<Option<String>>>,
}

#[derive(InputObject)]
pub(super) struct CommitDatasetInput {
    pub(super) transaction_id: ID,
    pub(super) dataset_id: ID,
    pub(super) format: DatasetFormat,
    pub(super) path: Option<String>,
    pub(super) actions: Option<Vec<Option<DatasetAction>>>,
    pub(super) schema: Option<SchemaInput>,
}

#[derive(InputObject)]
pub(super) struct SchemaInput {
    attributes: Option<Vec<Option<AttributeInput>>>,
}

impl From<SchemaInput> for model::Schema {
    fn from(schema: SchemaInput) -> Self {
        let attributes = schema.attributes.into_iter().flatten().flatten();
        Self::new(attributes.map(model::Attribute::from).collect())
    }
}

#[derive(InputObject)]
pub(super) struct AttributeInput {
    name: String,
    logical_type: Option<LogicalType>,
    logical_sub_type: Option<LogicalType>,
    primary_key: Option<bool>,
    nullable: Option<bool>,
    description: Option<String>,
}

impl From<AttributeInput> for model::Attribute {
    fn from(given: AttributeInput) -> Self {
        let mut attribute = Self::new(given.name);
        attribute.logical_type = given.logical_type.map(Into::into);
        attribute.logical_sub_type = given.logical_sub_type.map(Into::into);
        attribute.primary_key = given.primary_key;
        attribute.nullable = given.nullable;
        attribute.description = given.description;
        attribute
    }
}

#[derive(InputObject)]
pub(super) struct UnapplyCompactionInput {
    pub(super) compaction_id: ID,
}
