//! What API v1 says when it does not do it: a problem document; in places a web page.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::super::ask::json;
use crate::refusal::Refusal;

const DOCS: &str = "https://airflow.apache.org/docs/apache-airflow/2.11.2/stable-rest-api-ref.html#section/Errors/";

#[derive(Debug)]
pub(super) struct Wrong {
    status: u16,
    title: Value,
    detail: Value,
    kind: String,
    page: bool,
}

impl Wrong {
    pub(super) fn new(status: u16, title: impl Into<Value>, detail: impl Into<Value>) -> Self {
        let anchor = match status {
            400 => "BadRequest",
            403 => "PermissionDenied",
            404 => "NotFound",
            409 => "AlreadyExists",
            _ => "Unknown",
        };
        Self { status, title: title.into(), detail: detail.into(), kind: format!("{DOCS}{anchor}"), page: false }
    }

    pub(super) fn bad(detail: impl Into<String>) -> Self {
        let detail: String = detail.into();
        Self::new(400, "Bad Request", detail)
    }

    pub(super) fn missing(title: &str, detail: impl Into<Value>) -> Self {
        Self::new(404, title, detail)
    }

    pub(super) fn forbidden() -> Self {
        Self::new(403, "Forbidden", Value::Null)
    }

    pub(super) fn no_route() -> Self {
        let detail = "The requested URL was not found on the server. If you entered the URL manually please check your \
                      spelling and try again.";
        Self { kind: "about:blank".to_owned(), ..Self::new(404, "Not Found", detail) }
    }

    /// Where the real one answers with a web page.
    pub(super) fn page(status: u16) -> Self {
        Self { page: true, ..Self::new(status, Value::Null, Value::Null) }
    }

    pub(super) fn response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        if self.page {
            let text = format!("<!doctype html>\n<html lang=en>\n<title>{status}</title>\n<h1>{status}</h1>\n");
            return (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response();
        }
        let Self { title, detail, kind, .. } = self;
        let problem = json!({"detail": detail, "status": status.as_u16(), "title": title, "type": kind});
        json(status, "application/problem+json", &problem, true)
    }
}

impl From<Refusal> for Wrong {
    fn from(refusal: Refusal) -> Self {
        let title = match refusal {
            Refusal::NotFound(_) => "Not Found",
            Refusal::Conflict(_) => "Conflict",
            Refusal::Forbidden(_) => "Forbidden",
            _ => "Bad Request",
        };
        Self::new(refusal.status(), title, refusal.words())
    }
}

/// That a body has no other fields than these, and has the required ones, in Python's words.
pub(super) fn fields(body: &Map<String, Value>, known: &[&str], required: &[&str]) -> Result<(), Wrong> {
    let unknown = body.keys().filter(|name| !known.contains(&name.as_str()));
    let unknown = unknown.map(|name| format!("'{name}': ['Unknown field.']"));
    let missing = required.iter().filter(|name| !body.contains_key(**name));
    let missing = missing.map(|name| format!("'{name}': ['Missing data for required field.']"));
    let complaints: Vec<String> = missing.chain(unknown).collect();
    if complaints.is_empty() { Ok(()) } else { Err(Wrong::bad(format!("{{{}}}", complaints.join(", ")))) }
}

/// A truth value of a body.
pub(super) fn truth(body: &Map<String, Value>, name: &str, otherwise: bool) -> Result<bool, Wrong> {
    match body.get(name) {
        None => Ok(otherwise),
        Some(Value::Bool(value)) => Ok(*value),
        Some(other) => Err(Wrong::bad(format!("{other} is not of type 'boolean' - '{name}'"))),
    }
}
