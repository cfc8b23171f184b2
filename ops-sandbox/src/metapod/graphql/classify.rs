//! Which operation a document is: it decides which fault is meant for it, and under what it is counted.

use async_graphql::parser::types::{ExecutableDocument, Field, OperationType, Selection, SelectionSet};
use async_graphql::{Positioned, Value, Variables};
use uuid::Uuid;

use crate::Operation;

/// What is asked, and about which subject; nil where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) operation: Operation,
    pub(crate) subject: Uuid,
}

/// Looks at the first field of the document's first operation: the documents of the clients have one of each.
///
/// `as_sonar` tells through which door it came. A query about a transaction alone is the only one that both clients ask.
pub(crate) fn asked(document: &ExecutableDocument, variables: &Variables, as_sonar: bool) -> Asked {
    let nothing = Asked { operation: Operation::SonarProbe, subject: Uuid::nil() };
    let Some((_, operation)) = document.operations.iter().next() else { return nothing };
    let Some(field) = fields(&operation.node.selection_set).next() else { return nothing };
    let argument = |name: &str| {
        let (_, value) = field.arguments.iter().find(|(argument, _)| argument.node == name)?;
        value.node.clone().into_const_with(|name| variables.get(&name).cloned().ok_or(())).ok()
    };
    let id = |value: Option<Value>| match value {
        Some(Value::String(text)) => Uuid::try_parse(&text).unwrap_or_default(),
        _ => Uuid::nil(),
    };
    let of_input = |name: &str| match argument("input") {
        Some(Value::Object(mut input)) => id(input.swap_remove(name)),
        _ => Uuid::nil(),
    };
    let (operation, subject) = match (operation.node.ty, field.name.node.as_str()) {
        (OperationType::Mutation, "createTransaction") => (Operation::CreateTransaction, Uuid::nil()),
        (OperationType::Mutation, _) => (Operation::CommitDataset, of_input("datasetId")),
        (_, "allTransactions") => (Operation::SonarTransactions, Uuid::nil()),
        (_, "transaction") => (of_transaction(field, as_sonar), id(argument("transactionId"))),
        _ => (Operation::SonarProbe, Uuid::nil()),
    };
    Asked { operation, subject }
}

fn of_transaction(field: &Field, as_sonar: bool) -> Operation {
    let child = |name: &str| fields(&field.selection_set).find(|field| field.name.node == name);
    if let Some(datasets) = child("datasets") {
        let long = ["schema", "partitions"];
        let details = fields(&datasets.selection_set).any(|field| long.contains(&field.name.node.as_str()));
        return if details { Operation::SonarDetails } else { Operation::SonarDatasets };
    }
    match child("datasetConnection") {
        Some(_) => Operation::SonarCommittedCount,
        None if as_sonar => Operation::SonarTransaction,
        None => Operation::MetapodTransaction,
    }
}

fn fields(set: &Positioned<SelectionSet>) -> impl Iterator<Item = &Field> {
    set.node.items.iter().filter_map(|selection| match &selection.node {
        Selection::Field(field) => Some(&field.node),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    const ID: &str = "59d180d4-e41a-4a30-ab34-bac476b95761";

    fn of(text: &str) -> (Operation, bool) {
        let variables = Variables::from_json(json!({"id": ID, "input": {"datasetId": ID}}));
        let asked = asked(&parse_query(text).unwrap(), &variables, true);
        (asked.operation, asked.subject == Uuid::try_parse(ID).unwrap())
    }

    #[test]
    fn documents_are_told_apart() {
        let cases = [
            ("{ __typename }", Operation::SonarProbe, false),
            ("{ allTransactions { edges { node { id } } } }", Operation::SonarTransactions, false),
            ("query($id: ID!) { transaction(transactionId: $id) { id } }", Operation::SonarTransaction, true),
            ("query($id: ID!) { transaction(transactionId: $id) { datasets { id } } }", Operation::SonarDatasets, true),
            (
                "query($id: ID!) { transaction(transactionId: $id) { datasets { id schema { attributes { id } } } } }",
                Operation::SonarDetails,
                true,
            ),
            (
                "query($id: ID!) { transaction(transactionId: $id) { datasetConnection { numCommittedDatasets } } }",
                Operation::SonarCommittedCount,
                true,
            ),
            (
                "mutation($input: CommitDatasetInput) { commitDataset(input: $input) { id } }",
                Operation::CommitDataset,
                true,
            ),
            (
                "mutation { createTransaction(input: {type: CUSTOM, datasetNames: []}) { id } }",
                Operation::CreateTransaction,
                false,
            ),
        ];
        for (text, operation, subject) in cases {
            assert_eq!(of(text), (operation, subject), "{text}");
        }
    }
}
