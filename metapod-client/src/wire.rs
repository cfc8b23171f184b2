//! What travels: the GraphQL documents with their variables and answers, and the bodies of the REST routes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    CommitDataset, Component, CreateTransaction, CreatedDataset, CreatedTransaction, DatasetAction, DatasetId,
    DatasetName, Health, LogicalType, Schema, Transaction, TransactionId, TransactionType,
};

// The argument is attested; the fields were all seen in queries.
pub(crate) const TRANSACTION: &str = "query GetTransaction($id: ID!) { \
    transaction(transactionId: $id) { id name type startedAt committedAt targetDate referenceDate } }";

// Attested as a mutation with one input and an object with `id` as its answer.
pub(crate) const COMMIT_DATASET: &str =
    "mutation CommitDataset($input: CommitDatasetInput!) { commitDataset(input: $input) { id } }";

// The document was not seen; its variables and what is read from its answer were. The name of the input is assumed.
pub(crate) const CREATE_TRANSACTION: &str = "mutation CreateTransaction($input: CreateTransactionInput!) { \
    createTransaction(input: $input) { id datasets { id name } } }";

/// What travels to the GraphQL endpoint.
#[derive(Serialize)]
pub(crate) struct Question<V> {
    pub(crate) query: &'static str,
    pub(crate) variables: V,
}

#[derive(Serialize)]
pub(crate) struct ById {
    pub(crate) id: TransactionId,
}

#[derive(Serialize)]
pub(crate) struct WithInput<I> {
    pub(crate) input: I,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CommitInput<'a> {
    transaction_id: TransactionId,
    dataset_id: DatasetId,
    format: &'static str,
    path: &'a str,
    // What is not set is left out: `null` may mean something else than nothing.
    #[serde(skip_serializing_if = "<[DatasetAction]>::is_empty")]
    actions: &'a [DatasetAction],
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<SchemaInput<'a>>,
}

#[derive(Serialize)]
struct SchemaInput<'a> {
    attributes: Vec<AttributeInput<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AttributeInput<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    logical_type: Option<&'a LogicalType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logical_sub_type: Option<&'a LogicalType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_key: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nullable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
}

impl<'a> From<&'a CommitDataset> for CommitInput<'a> {
    fn from(commit: &'a CommitDataset) -> Self {
        Self {
            transaction_id: commit.transaction,
            dataset_id: commit.dataset,
            format: commit.format.as_str(),
            path: commit.path.as_str(),
            actions: &commit.actions,
            schema: commit.schema.as_ref().map(SchemaInput::from),
        }
    }
}

impl<'a> From<&'a Schema> for SchemaInput<'a> {
    fn from(schema: &'a Schema) -> Self {
        // The ids stay behind: Metapod mints them at the commit (assumed).
        let attributes = schema.attributes.iter().map(|attribute| AttributeInput {
            name: &attribute.name,
            logical_type: attribute.logical_type.as_ref(),
            logical_sub_type: attribute.logical_sub_type.as_ref(),
            primary_key: attribute.primary_key,
            nullable: attribute.nullable,
            description: attribute.description.as_deref(),
        });
        Self { attributes: attributes.collect() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateInput<'a> {
    #[serde(rename = "type")]
    transaction_type: &'static str,
    dataset_names: &'a [DatasetName],
}

impl<'a> From<&'a CreateTransaction> for CreateInput<'a> {
    fn from(create: &'a CreateTransaction) -> Self {
        Self { transaction_type: create.transaction_type.as_str(), dataset_names: &create.datasets }
    }
}

/// The body of a copy; the key is attested.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct CopyBody<'a> {
    pub(crate) uncommitted_datasets: &'a [DatasetName],
}

#[derive(Deserialize)]
pub(crate) struct TransactionData {
    pub(crate) transaction: Option<TransactionAnswer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TransactionAnswer {
    pub(crate) id: TransactionId,
    name: Option<String>,
    r#type: Option<TransactionType>,
    started_at: Option<Timestamp>,
    committed_at: Option<Timestamp>,
    target_date: Option<Date>,
    reference_date: Option<Date>,
}

impl From<TransactionAnswer> for Transaction {
    fn from(answer: TransactionAnswer) -> Self {
        let mut transaction = Self::new(answer.id);
        transaction.name = answer.name;
        transaction.transaction_type = answer.r#type;
        transaction.started_at = answer.started_at;
        transaction.committed_at = answer.committed_at;
        transaction.target_date = answer.target_date;
        transaction.reference_date = answer.reference_date;
        transaction
    }
}

/// The answer's object is attested with an `id`, of what is not known: that there is one is all that counts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CommitData {
    pub(crate) commit_dataset: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateData {
    pub(crate) create_transaction: Option<CreateAnswer>,
}

#[derive(Deserialize)]
pub(crate) struct CreateAnswer {
    id: TransactionId,
    datasets: Vec<CreatedAnswer>,
}

#[derive(Deserialize)]
struct CreatedAnswer {
    id: DatasetId,
    name: DatasetName,
}

impl From<CreateAnswer> for CreatedTransaction {
    fn from(answer: CreateAnswer) -> Self {
        let datasets = answer.datasets.into_iter().map(|dataset| CreatedDataset::new(dataset.id, dataset.name));
        Self::new(answer.id, datasets.collect())
    }
}

#[derive(Deserialize)]
pub(crate) struct VersionAnswer {
    version: Option<String>,
}

impl VersionAnswer {
    /// A build from somebody's desk says literally `MISSING`.
    pub(crate) fn known(self) -> Option<String> {
        self.version.filter(|version| !version.is_empty() && version != "MISSING")
    }
}

/// An array of two: the whole, and its parts.
#[derive(Deserialize)]
pub(crate) struct HealthAnswer(bool, BTreeMap<String, ComponentAnswer>);

/// Its `checks` may be a text, a map or a list: not read.
#[derive(Deserialize)]
struct ComponentAnswer {
    healthy: bool,
}

impl From<HealthAnswer> for Health {
    fn from(HealthAnswer(healthy, components): HealthAnswer) -> Self {
        let components = components.into_iter().map(|(name, component)| Component::new(name, component.healthy));
        Self::new(healthy, components.collect())
    }
}

/// The id in the answer to a copy, whose shape is not documented: the bare id, a JSON text, or an object that has it under
/// one of the names that the platform uses elsewhere.
pub(crate) fn copied_id(body: &[u8]) -> Option<TransactionId> {
    let text = match serde_json::from_slice::<Value>(body) {
        Ok(Value::String(text)) => text,
        Ok(Value::Object(object)) => {
            let names = ["id", "transaction-id", "transactionId", "transaction_id"];
            let mut found = names.iter().filter_map(|name| object.get(*name)?.as_str());
            let id = found.next()?;
            // Two names with two ids: which is the new one is anybody's guess.
            found.all(|other| other == id).then(|| id.to_owned())?
        }
        Ok(_) => return None,
        Err(_) => std::str::from_utf8(body).ok()?.to_owned(),
    };
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "10b090f0-fd8a-4b34-b5c2-89fb29f0bf22";

    #[test]
    fn a_copied_id_is_found_in_any_likely_shape() {
        for body in [
            ID.to_owned(),
            format!("{ID}\n"),
            format!("\"{ID}\""),
            format!("{{\"id\":\"{ID}\"}}"),
            format!("{{\"transaction-id\":\"{ID}\",\"type\":\"COPIED\"}}"),
            format!("{{\"transactionId\":\"{ID}\",\"id\":\"{ID}\"}}"),
        ] {
            assert_eq!(copied_id(body.as_bytes()), Some(ID.parse().unwrap()), "{body}");
        }
        for body in [
            "",
            "ok",
            "{}",
            "[]",
            "null",
            "\"x\"",
            "{\"id\":7}",
            "{\"id\":\"10b090f0-fd8a-4b34-b5c2-89fb29f0bf22\",\"transaction-id\":\"20b090f0-fd8a-4b34-b5c2-89fb29f0bf22\"}",
        ] {
            assert_eq!(copied_id(body.as_bytes()), None, "{body}");
        }
    }
}
