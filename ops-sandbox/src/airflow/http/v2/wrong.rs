//! What API v2 says when it does not do it: `{"detail": ..}`, a text, a list of complaints, or an object.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::super::ask::json;
use crate::refusal::Refusal;

#[derive(Debug)]
pub(super) struct Wrong {
    status: u16,
    detail: Value,
}

impl Wrong {
    pub(super) fn new(status: u16, detail: impl Into<Value>) -> Self {
        Self { status, detail: detail.into() }
    }

    /// One complaint about the request.
    pub(super) fn invalid(kind: &str, place: &[&str], message: impl Into<String>, input: Value) -> Self {
        let message: String = message.into();
        Self::new(422, json!([{"type": kind, "loc": place, "msg": message, "input": input}]))
    }

    /// A rule about the body as a whole.
    pub(super) fn rule(message: &str, body: &Map<String, Value>) -> Self {
        let message = format!("Value error, {message}");
        Self::new(
            422,
            json!([{"type": "value_error", "loc": ["body"], "msg": message, "input": body, "ctx": {"error": {}}}]),
        )
    }

    pub(super) fn response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        json(status, "application/json", &json!({"detail": self.detail}), false)
    }
}

impl From<Refusal> for Wrong {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.status(), refusal.words())
    }
}

/// That a body has no other fields than these, and has the required ones.
pub(super) fn fields(body: &Map<String, Value>, known: &[&str], required: &[&str]) -> Result<(), Wrong> {
    let mut complaints = Vec::new();
    for name in required.iter().filter(|name| !body.contains_key(**name)) {
        complaints.push(json!({"type": "missing", "loc": ["body", name], "msg": "Field required", "input": body}));
    }
    for (name, value) in body.iter().filter(|(name, _)| !known.contains(&name.as_str())) {
        let message = "Extra inputs are not permitted";
        complaints.push(json!({"type": "extra_forbidden", "loc": ["body", name], "msg": message, "input": value}));
    }
    if complaints.is_empty() { Ok(()) } else { Err(Wrong::new(422, complaints)) }
}

/// A truth value of a body.
pub(super) fn truth(body: &Map<String, Value>, name: &str, otherwise: bool) -> Result<bool, Wrong> {
    match body.get(name) {
        None => Ok(otherwise),
        Some(Value::Bool(value)) => Ok(*value),
        Some(other) => {
            let message = "Input should be a valid boolean, unable to interpret input";
            Err(Wrong::invalid("bool_parsing", &["body", name], message, other.clone()))
        }
    }
}
