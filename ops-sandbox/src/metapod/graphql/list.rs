//! The list of datasets. Tens of thousands of them are asked for at once, so the short facts are written straight into
//! the answer; GraphQL's own way, a future for each field of each dataset, is taken where more is asked for.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::resolve_list;
use async_graphql::{Context, ContextSelectionSet, Name, OutputType, Positioned, ServerResult, Value};

use super::types::Dataset;
use super::words::DateTime;
use crate::metapod;

pub(super) struct Datasets {
    chosen: Vec<Arc<metapod::Dataset>>,
    /// What is asked of each dataset; none where it is more than short facts.
    columns: Option<Vec<(Name, Column)>>,
}

#[derive(Clone, Copy)]
enum Column {
    Typename,
    Id,
    Name,
    TransactionId,
    Committed,
    CommittedAt,
    AbortedAt,
    Path,
    Format,
    Country,
}

impl Datasets {
    pub(super) fn new(ctx: &Context<'_>, chosen: Vec<Arc<metapod::Dataset>>) -> Self {
        let mut columns = Vec::new();
        for field in ctx.field().selection_set() {
            let key = Name::new(field.alias().unwrap_or(field.name()));
            match Column::of(field.name()) {
                // The same key twice is the same field, else the query were not valid.
                Some(_) if columns.iter().any(|(name, _)| *name == key) => {}
                Some(column) => columns.push((key, column)),
                None => return Self { chosen, columns: None },
            }
        }
        Self { chosen, columns: Some(columns) }
    }
}

impl Column {
    fn of(field: &str) -> Option<Self> {
        Some(match field {
            "__typename" => Self::Typename,
            "id" => Self::Id,
            "name" => Self::Name,
            "transactionId" => Self::TransactionId,
            "committed" => Self::Committed,
            "committedAt" => Self::CommittedAt,
            "abortedAt" => Self::AbortedAt,
            "path" => Self::Path,
            "format" => Self::Format,
            "country" => Self::Country,
            _ => return None,
        })
    }

    fn of_dataset(self, dataset: &metapod::Dataset) -> Value {
        let facts = dataset.facts.as_deref();
        let text = |text: Option<String>| text.map_or(Value::Null, Value::String);
        match self {
            Self::Typename => Value::String(Dataset::type_name().into_owned()),
            Self::Id => Value::String(dataset.id.to_string()),
            Self::Name => Value::String(dataset.name.as_str().to_owned()),
            Self::TransactionId => Value::String(dataset.transaction.to_string()),
            Self::Committed => Value::Boolean(facts.is_some()),
            Self::CommittedAt => text(facts.map(|facts| DateTime(facts.at).text())),
            Self::AbortedAt => text(dataset.aborted_at.map(|at| DateTime(at).text())),
            Self::Path => text(facts.and_then(|facts| Some(facts.path.as_ref()?.as_str().to_owned()))),
            Self::Format => facts.map_or(Value::Null, |facts| Value::Enum(Name::new(facts.format.as_str()))),
            Self::Country => Value::Null,
        }
    }
}

/// `[Dataset]!`, as a list of nullable datasets is.
impl OutputType for Datasets {
    fn type_name() -> Cow<'static, str> {
        Vec::<Option<Dataset>>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<Option<Dataset>>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let Some(columns) = &self.columns else {
            let datasets = self.chosen.iter().cloned().map(Dataset);
            return resolve_list(ctx, field, datasets, Some(self.chosen.len())).await;
        };
        let row = |dataset: &Arc<metapod::Dataset>| {
            let mut row = IndexMap::with_capacity(columns.len());
            row.extend(columns.iter().map(|(key, column)| (key.clone(), column.of_dataset(dataset))));
            Value::Object(row)
        };
        Ok(Value::List(self.chosen.iter().map(row).collect()))
    }
}
