//! What travels: the scalars, and the way from the generated types to our own.

use ops_client::ErrorKind;
use serde::Serialize;

use crate::queries::{committed_count, dataset_details, datasets, transaction, transactions};
use crate::{
    Attribute, Dataset, DatasetDetail, DatasetFilter, DatasetName, Partition, S3Path, Schema, State, Transaction,
    TransactionId,
};

/// The schema's instant.
pub(crate) type DateTime = jiff::Timestamp;
/// The schema's day.
pub(crate) type Date = jiff::civil::Date;

/// Which datasets are asked for; left out, all are.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) enum CommittedFilter {
    #[serde(rename = "ONLY_COMMITTED")]
    Committed,
    #[serde(rename = "ONLY_UNCOMMITTED")]
    Uncommitted,
    #[serde(rename = "ONLY_ABORTED")]
    Aborted,
}

impl From<State> for CommittedFilter {
    fn from(state: State) -> Self {
        match state {
            State::Committed => Self::Committed,
            State::Uncommitted => Self::Uncommitted,
            State::Aborted => Self::Aborted,
        }
    }
}

/// An answer that decodes but is not what it should be. It names the place and never quotes the server: what it sent may
/// echo a secret.
#[derive(Debug)]
pub(crate) struct Misfit {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
}

impl Misfit {
    fn at(place: &str, why: &str) -> Self {
        Self { kind: ErrorKind::Decode, message: format!("the answer cannot be read at `{place}`: {why}") }
    }

    fn no_transaction() -> Self {
        Self { kind: ErrorKind::NotFound, message: "there is no such transaction".to_owned() }
    }
}

type Fit<T> = std::result::Result<T, Misfit>;

/// Turns a `null` in a list into an error: what is missing there cannot be counted, nor named.
fn each<R, T>(list: Vec<Option<R>>, place: &str, one: impl Fn(R, &dyn Fn(&str) -> String) -> Fit<T>) -> Fit<Vec<T>> {
    let whole = list.into_iter().enumerate().map(|(index, element)| {
        let field = |name: &str| format!("{place}[{index}]{}{name}", if name.is_empty() { "" } else { "." });
        match element {
            Some(element) => one(element, &field),
            None => Err(Misfit::at(&field(""), "it is null")),
        }
    });
    whole.collect()
}

fn fit<T, E>(parsed: std::result::Result<T, E>, place: impl FnOnce() -> String, wanted: &str) -> Fit<T> {
    parsed.map_err(|_| Misfit::at(&place(), &format!("it is not {wanted}")))
}

const DATASETS: &str = "data.transaction.datasets";

/// The generated types of different queries are different types with the same fields.
macro_rules! transaction {
    ($raw:expr, $field:expr) => {{
        let raw = $raw;
        let mut transaction = Transaction::new(fit(raw.id.parse(), || $field("id"), "a transaction's id")?);
        transaction.name = raw.name;
        transaction.transaction_type = raw.type_;
        transaction.started_at = raw.started_at;
        transaction.committed_at = raw.committed_at;
        transaction.target_date = raw.target_date;
        transaction.reference_date = raw.reference_date;
        transaction
    }};
}

macro_rules! dataset {
    ($raw:expr, $field:expr) => {{
        let raw = $raw;
        let id = fit(raw.id.parse(), || $field("id"), "a dataset's id")?;
        let name = fit(DatasetName::try_from(raw.name), || $field("name"), "a dataset's name")?;
        let mut dataset = Dataset::new(id, name);
        // A release that does not tell it tells when.
        dataset.committed = raw.committed.unwrap_or(raw.committed_at.is_some());
        dataset.committed_at = raw.committed_at;
        dataset.aborted_at = raw.aborted_at;
        dataset.path = match raw.path {
            Some(path) => Some(fit(S3Path::try_from(path), || $field("path"), "an S3 path")?),
            None => None,
        };
        dataset.format = raw.format;
        dataset
    }};
}

pub(crate) fn transaction(data: transaction::ResponseData, asked: TransactionId) -> Fit<Transaction> {
    let raw = data.transaction.ok_or_else(Misfit::no_transaction)?;
    let found = transaction!(raw, |name| format!("data.transaction.{name}"));
    if found.id == asked { Ok(found) } else { Err(Misfit::at("data.transaction.id", "it is another transaction")) }
}

pub(crate) fn transactions(data: transactions::ResponseData) -> Fit<Vec<Transaction>> {
    let place = "data.allTransactions.edges";
    let edges = data.all_transactions.and_then(|connection| connection.edges);
    let edges = edges.ok_or_else(|| Misfit::at(place, "it is null"))?;
    each(edges, place, |edge, field| {
        let node = edge.node.ok_or_else(|| Misfit::at(&field("node"), "it is null"))?;
        Ok(transaction!(node, |name| field(&format!("node.{name}"))))
    })
}

pub(crate) fn datasets(data: datasets::ResponseData) -> Fit<Vec<Dataset>> {
    let transaction = data.transaction.ok_or_else(Misfit::no_transaction)?;
    let list = transaction.datasets.ok_or_else(|| Misfit::at(DATASETS, "it is null"))?;
    each(list, DATASETS, |raw, field| Ok(dataset!(raw, field)))
}

pub(crate) fn details(data: dataset_details::ResponseData) -> Fit<Vec<DatasetDetail>> {
    let transaction = data.transaction.ok_or_else(Misfit::no_transaction)?;
    let list = transaction.datasets.ok_or_else(|| Misfit::at(DATASETS, "it is null"))?;
    each(list, DATASETS, |mut raw, field| {
        let schema = match raw.schema.take() {
            Some(schema) => Some(Schema::new(attributes(schema, &field("schema.attributes"))?)),
            None => None,
        };
        let partitions = each(raw.partitions.take().unwrap_or_default(), &field("partitions"), |raw, field| {
            Ok(Partition::new(fit(raw.id.parse(), || field("id"), "a partition's id")?))
        })?;
        let actions = each(raw.actions.take().unwrap_or_default(), &field("actions"), |action, _| Ok(action))?;
        let mut detail = DatasetDetail::new(dataset!(raw, field));
        detail.schema = schema;
        detail.partitions = partitions;
        detail.actions = actions;
        Ok(detail)
    })
}

fn attributes(schema: dataset_details::DatasetDetailsTransactionDatasetsSchema, place: &str) -> Fit<Vec<Attribute>> {
    each(schema.attributes.unwrap_or_default(), place, |raw, field| {
        let mut attribute = Attribute::new(raw.name);
        attribute.id = match raw.id {
            Some(id) => Some(fit(id.parse(), || field("id"), "an attribute's id")?),
            None => None,
        };
        attribute.logical_type = raw.logical_type;
        attribute.logical_sub_type = raw.logical_sub_type;
        attribute.primary_key = raw.primary_key;
        attribute.nullable = raw.nullable;
        attribute.description = raw.description;
        Ok(attribute)
    })
}

pub(crate) fn committed_count(data: committed_count::ResponseData) -> Fit<u64> {
    let place = "data.transaction.datasetConnection.numCommittedDatasets";
    let transaction = data.transaction.ok_or_else(Misfit::no_transaction)?;
    let count = transaction.dataset_connection.and_then(|connection| connection.num_committed_datasets);
    let count = count.ok_or_else(|| Misfit::at(place, "it is null"))?;
    fit(u64::try_from(count), || place.to_owned(), "a number of datasets")
}

/// The variables of the short list.
pub(crate) fn datasets_of(transaction: TransactionId, filter: &DatasetFilter) -> datasets::Variables {
    datasets::Variables {
        id: transaction.to_string(),
        committed: filter.state.map(CommittedFilter::from),
        names: filter.names.as_deref().map(texts),
    }
}

/// The variables of the long list.
pub(crate) fn details_of(transaction: TransactionId, names: &[DatasetName]) -> dataset_details::Variables {
    dataset_details::Variables { id: transaction.to_string(), names: texts(names) }
}

fn texts(names: &[DatasetName]) -> Vec<String> {
    names.iter().map(DatasetName::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_id_is_named_by_its_place_and_not_quoted() {
        let body = r#"{"transaction": {"datasets": [
            {"id": "5a5fe3c0-a60c-42d2-8918-5d950ee88136", "name": "dataset/a", "committed": false},
            {"id": "planted-secret", "name": "dataset/b", "committed": false}]}}"#;
        let misfit = datasets(serde_json::from_str(body).unwrap()).unwrap_err();
        assert_eq!(misfit.kind, ErrorKind::Decode);
        assert_eq!(
            misfit.message,
            "the answer cannot be read at `data.transaction.datasets[1].id`: it is not a dataset's id"
        );
    }

    #[test]
    fn null_where_an_object_belongs() {
        let place = |body| datasets(serde_json::from_str(body).unwrap()).unwrap_err();
        assert_eq!(place(r#"{"transaction": null}"#).kind, ErrorKind::NotFound);
        assert!(place(r#"{"transaction": {"datasets": null}}"#).message.contains("`data.transaction.datasets`"));
        assert!(place(r#"{"transaction": {"datasets": [null]}}"#).message.contains("`data.transaction.datasets[0]`"));
    }

    #[test]
    fn words_that_came_later_are_kept() {
        let body = r#"{"transaction": {"datasets": [
            {"id": "5a5fe3c0-a60c-42d2-8918-5d950ee88136", "name": "dataset/a", "format": "ORC", "later": {},
             "committedAt": "2018-01-18T00:01:04Z"}]}}"#;
        let read = datasets(serde_json::from_str(body).unwrap()).unwrap();
        assert_eq!(read[0].format.as_ref().unwrap().as_str(), "ORC");
        assert!(read[0].committed, "it says when, so it is");
    }
}
