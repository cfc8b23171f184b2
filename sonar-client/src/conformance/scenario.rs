//! The scenario that all stages play: a nightly run in the middle, a custom transaction beside it, and the night before.

use jiff::Timestamp;
use jiff::civil::Date;
use ops_client::{Effect, Error, ErrorKind, Result};
use serde::Deserialize;

use crate::{
    Attribute, AttributeId, Dataset, DatasetAction, DatasetDetail, DatasetFormat, DatasetId, DatasetName, LogicalType,
    Partition, PartitionId, S3Path, Schema, Transaction, TransactionId, TransactionType,
};

/// Transactions with all their datasets. The shipped one lies in `conformance/scenario.json`, in the shape in which
/// GraphQL answers, so that a server by another hand can serve it as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scenario {
    /// Its transactions; the first is the one to look at.
    pub plays: Vec<Play>,
}

/// One transaction of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Play {
    /// The transaction.
    pub transaction: Transaction,
    /// All its datasets.
    pub datasets: Vec<DatasetDetail>,
}

impl Scenario {
    /// The shipped file, as text.
    pub const JSON: &'static str = include_str!("../../conformance/scenario.json");

    /// The shipped scenario.
    ///
    /// # Errors
    /// `Decode`, where the shipped file is broken.
    pub fn shipped() -> Result<Self> {
        Self::from_json(Self::JSON)
    }

    /// A scenario of one's own.
    ///
    /// # Errors
    /// `Decode`, where the text is no scenario.
    pub fn from_json(text: &str) -> Result<Self> {
        let file: File = serde_json::from_str(text).map_err(|error| {
            Error::new("sonar.conformance", ErrorKind::Decode, Effect::None)
                .with_message("the scenario cannot be read")
                .with_source(error)
        })?;
        Ok(Self { plays: file.transactions.into_iter().map(Play::from).collect() })
    }
}

#[derive(Deserialize)]
struct File {
    transactions: Vec<TransactionInFile>,
}

// These are written anew on purpose. The client's own types would share its mistakes.

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TransactionInFile {
    id: TransactionId,
    name: Option<String>,
    r#type: Option<TransactionType>,
    started_at: Option<Timestamp>,
    committed_at: Option<Timestamp>,
    target_date: Option<Date>,
    reference_date: Option<Date>,
    datasets: Vec<DatasetInFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DatasetInFile {
    id: DatasetId,
    name: DatasetName,
    committed: bool,
    committed_at: Option<Timestamp>,
    aborted_at: Option<Timestamp>,
    path: Option<S3Path>,
    format: Option<DatasetFormat>,
    schema: Option<SchemaInFile>,
    partitions: Vec<PartitionInFile>,
    actions: Vec<DatasetAction>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartitionInFile {
    id: PartitionId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaInFile {
    attributes: Vec<AttributeInFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AttributeInFile {
    id: AttributeId,
    name: String,
    logical_type: Option<LogicalType>,
    logical_sub_type: Option<LogicalType>,
    primary_key: Option<bool>,
    nullable: Option<bool>,
    description: Option<String>,
}

impl From<TransactionInFile> for Play {
    fn from(file: TransactionInFile) -> Self {
        let mut transaction = Transaction::new(file.id);
        transaction.name = file.name;
        transaction.transaction_type = file.r#type;
        transaction.started_at = file.started_at;
        transaction.committed_at = file.committed_at;
        transaction.target_date = file.target_date;
        transaction.reference_date = file.reference_date;
        Self { transaction, datasets: file.datasets.into_iter().map(DatasetDetail::from).collect() }
    }
}

impl From<DatasetInFile> for DatasetDetail {
    fn from(file: DatasetInFile) -> Self {
        let mut dataset = Dataset::new(file.id, file.name);
        dataset.committed = file.committed;
        dataset.committed_at = file.committed_at;
        dataset.aborted_at = file.aborted_at;
        dataset.path = file.path;
        dataset.format = file.format;
        let mut detail = Self::new(dataset);
        detail.schema =
            file.schema.map(|schema| Schema::new(schema.attributes.into_iter().map(Attribute::from).collect()));
        detail.partitions = file.partitions.into_iter().map(|partition| Partition::new(partition.id)).collect();
        detail.actions = file.actions;
        detail
    }
}

impl From<AttributeInFile> for Attribute {
    fn from(file: AttributeInFile) -> Self {
        let mut attribute = Self::new(file.name).with_id(file.id);
        attribute.logical_type = file.logical_type;
        attribute.logical_sub_type = file.logical_sub_type;
        attribute.primary_key = file.primary_key;
        attribute.nullable = file.nullable;
        attribute.description = file.description;
        attribute
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_scenario_looks_like_life() {
        let scenario = Scenario::shipped().unwrap();
        let nightly = &scenario.plays[0];
        assert!(nightly.transaction.id.looks_scheduled());
        for detail in &nightly.datasets {
            let (dataset, started) = (&detail.dataset, nightly.transaction.started_at.unwrap());
            assert_eq!(dataset.id.minted_at(), Some(started), "minted when the transaction was created");
            assert_eq!(dataset.committed, dataset.path.is_some() && detail.schema.is_some());
        }
        let duplicates: usize =
            nightly.datasets.iter().filter_map(|d| Some(d.schema.as_ref()?.duplicates().len())).sum();
        assert_eq!(duplicates, 1);
        assert!(nightly.datasets.iter().any(|detail| detail.dataset.aborted_at.is_some()));
    }
}
