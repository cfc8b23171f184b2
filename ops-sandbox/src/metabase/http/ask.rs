//! Queries and parameters, read strictly: what the sandbox does not know it refuses.

use metabase_client::{DatabaseId, FieldId, Filter, Parameter, Query, TableId, Value};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::refusal::Refusal;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dataset {
    database: i64,
    #[serde(rename = "type")]
    kind: String,
    query: Inner,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Inner {
    source_table: i64,
    filter: Option<Json>,
    #[serde(default)]
    order_by: Vec<(String, Json)>,
    #[serde(default)]
    fields: Vec<Json>,
    limit: Option<u32>,
}

/// The query of a request.
pub(super) fn query(body: &[u8]) -> Result<Query, Refusal> {
    let Dataset { database, kind, query } = serde_json::from_slice(body).map_err(|error| wrong(&error))?;
    if kind != "query" {
        return Err(wrong(&format!("a query of type {kind}")));
    }
    let mut asked = Query::new(DatabaseId::new(database), TableId::new(query.source_table));
    asked.filter = query.filter.as_ref().map(filter).transpose()?;
    asked.limit = query.limit;
    for (direction, by) in &query.order_by {
        asked = match direction.as_str() {
            "asc" => asked.ascending(field(by)?),
            "desc" => asked.descending(field(by)?),
            other => return Err(wrong(&format!("rows ordered {other}"))),
        };
    }
    asked.fields = query.fields.iter().map(field).collect::<Result<_, _>>()?;
    Ok(asked)
}

/// `["field", 7, null]`.
fn field(json: &Json) -> Result<FieldId, Refusal> {
    match json.as_array().map(Vec::as_slice) {
        Some([Json::String(word), Json::Number(id), Json::Null]) if word == "field" => {
            id.as_i64().map(FieldId::new).ok_or_else(|| wrong(json))
        }
        _ => Err(wrong(json)),
    }
}

fn filter(json: &Json) -> Result<Filter, Refusal> {
    let parts = json.as_array().map(Vec::as_slice).unwrap_or_default();
    let [Json::String(word), rest @ ..] = parts else { return Err(wrong(json)) };
    Ok(match (word.as_str(), rest) {
        ("and", [_, _, ..]) => Filter::All(rest.iter().map(filter).collect::<Result<_, _>>()?),
        ("=", [by, one]) => Filter::Is(field(by)?, value(one)?),
        ("=", [by, many @ ..]) if !many.is_empty() => {
            Filter::OneOf(field(by)?, many.iter().map(value).collect::<Result<_, _>>()?)
        }
        ("!=", [by, one]) => Filter::IsNot(field(by)?, value(one)?),
        ("contains", [by, Json::String(part)]) => Filter::Contains(field(by)?, part.clone()),
        _ => return Err(wrong(json)),
    })
}

fn value(json: &Json) -> Result<Value, Refusal> {
    Value::deserialize(json).map_err(|_| wrong(json))
}

#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    parameters: Vec<ParameterIn>,
}

#[derive(Deserialize)]
struct ParameterIn {
    #[serde(rename = "type")]
    kind: String,
    target: (String, (String, String)),
    value: Json,
}

/// The parameters of a request.
pub(super) fn parameters(body: &[u8]) -> Result<Vec<Parameter>, Refusal> {
    let Question { parameters } = serde_json::from_slice(body).map_err(|error| wrong(&error))?;
    parameters.iter().map(parameter).collect()
}

fn parameter(given: &ParameterIn) -> Result<Parameter, Refusal> {
    let (target, (word, tag)) = &given.target;
    if word != "template-tag" {
        return Err(wrong(&format!("a target of {word}")));
    }
    let values = match &given.value {
        Json::Array(values) => values.iter().map(value).collect::<Result<Vec<_>, _>>()?,
        one => vec![value(one)?],
    };
    // Operators are for field filters only.
    match (target.as_str(), given.kind.as_str(), values.as_slice()) {
        ("variable", "text" | "number" | "boolean" | "date/single", [one]) => Ok(Parameter::new(tag, one.clone())),
        ("dimension", "string/=" | "number/=" | "boolean/=", _) => Ok(Parameter::field_filter(tag, values)),
        _ => Err(wrong(&format!("a {target} of type {}", given.kind))),
    }
}

fn wrong(what: &dyn std::fmt::Display) -> Refusal {
    Refusal::Invalid(format!("Invalid input: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_refused() {
        let asked =
            |query: &str| super::query(format!(r#"{{"database": 1, "type": "query", "query": {query}}}"#).as_bytes());
        assert!(asked(r#"{"source-table": 1}"#).is_ok());
        for wrong in [
            "7",
            "{}",
            r#"{"source-table": "card__1"}"#,
            r#"{"source-table": 1, "joins": []}"#,
            r#"{"source-table": 1, "filter": []}"#,
            r#"{"source-table": 1, "filter": ["and", ["=", ["field", 1, null], 1]]}"#,
            r#"{"source-table": 1, "filter": ["=", ["field", 1, null]]}"#,
            r#"{"source-table": 1, "filter": ["=", ["field", 1], 1]}"#,
            r#"{"source-table": 1, "filter": ["=", ["field", 1, null], null]}"#,
            r#"{"source-table": 1, "filter": ["like", ["field", 1, null], "a"]}"#,
            r#"{"source-table": 1, "order-by": [["up", ["field", 1, null]]]}"#,
            r#"{"source-table": 1, "limit": -1}"#,
        ] {
            assert!(matches!(asked(wrong), Err(Refusal::Invalid(_))), "{wrong}");
        }
        assert!(parameters(br#"{"ignore_cache": true, "parameters": []}"#).is_ok());
        let variable =
            r#"{"parameters": [{"type": "string/=", "target": ["variable", ["template-tag", "a"]], "value": "x"}]}"#;
        assert!(parameters(variable.as_bytes()).is_err());
    }
}
