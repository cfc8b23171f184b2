//! Queries and parameters, in the language that Metabase takes them in.

use serde_json::{Value as Json, json};

use crate::{FieldId, Filter, Kind, Order, Parameter, Query, Value};

/// The body of `POST /api/dataset`.
pub(crate) fn dataset(query: &Query) -> Json {
    let mut asked = json!({"source-table": query.table});
    if let Some(wanted) = &query.filter {
        asked["filter"] = filter(wanted);
    }
    if !query.order.is_empty() {
        asked["order-by"] = query.order.iter().map(order).collect();
    }
    if !query.fields.is_empty() {
        asked["fields"] = query.fields.iter().copied().map(field).collect();
    }
    if let Some(limit) = query.limit {
        asked["limit"] = limit.into();
    }
    json!({"database": query.database, "type": "query", "query": asked})
}

/// The body of `POST /api/card/:id/query`.
pub(crate) fn question(parameters: &[Parameter]) -> Json {
    json!({"ignore_cache": true, "parameters": parameters.iter().map(parameter).collect::<Vec<_>>()})
}

fn field(id: FieldId) -> Json {
    json!(["field", id, null])
}

fn order(order: &Order) -> Json {
    json!([if order.descending { "desc" } else { "asc" }, field(order.field)])
}

fn filter(wanted: &Filter) -> Json {
    match wanted {
        Filter::Is(id, value) => json!(["=", field(*id), value]),
        Filter::IsNot(id, value) => json!(["!=", field(*id), value]),
        Filter::Contains(id, part) => json!(["contains", field(*id), part]),
        // More than one value behind `=` means any of them.
        Filter::OneOf(id, values) => {
            let head = [json!("="), field(*id)];
            head.into_iter().chain(values.iter().map(|value| json!(value))).collect()
        }
        Filter::All(all) => match all.as_slice() {
            [one] => filter(one),
            all => std::iter::once(json!("and")).chain(all.iter().map(filter)).collect(),
        },
    }
}

fn parameter(given: &Parameter) -> Json {
    let tag = json!(["template-tag", given.tag]);
    let first = given.values.first();
    let (target, usual, value) = match given.kind {
        Kind::Variable => {
            let usual = match first {
                Some(Value::Number(_)) => "number",
                Some(Value::Bool(_)) => "boolean",
                _ => "text",
            };
            (json!(["variable", tag]), usual, json!(first))
        }
        Kind::FieldFilter => {
            let usual = match first {
                Some(Value::Number(_)) => "number/=",
                Some(Value::Bool(_)) => "boolean/=",
                _ => "string/=",
            };
            (json!(["dimension", tag]), usual, json!(given.values))
        }
    };
    json!({"type": given.value_type.as_deref().unwrap_or(usual), "target": target, "value": value})
}
