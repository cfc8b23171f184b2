//! A request, taken apart.

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::server::form::{decoded, pairs};

/// A request to either API.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) method: String,
    /// The segments of the path, decoded.
    pub(super) path: Vec<String>,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Ask {
    /// Reads a request whole. The server bounds its size.
    pub(super) async fn read(request: Request) -> Result<Self, StatusCode> {
        let (parts, body) = request.into_parts();
        let limit = crate::server::MAX_REQUEST;
        let body = axum::body::to_bytes(body, limit).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
        let path = parts.uri.path().trim_start_matches('/');
        Ok(Self {
            method: parts.method.as_str().to_owned(),
            path: path.split('/').map(|segment| decoded(segment, false)).collect(),
            query: pairs(parts.uri.query().unwrap_or_default()),
            headers: parts.headers,
            body,
        })
    }

    pub(super) fn segments(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    /// The last value of a parameter.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values of a parameter.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn accepts(&self) -> &str {
        self.headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*")
    }

    /// The body as a JSON object; none where it is something else.
    pub(super) fn object(&self) -> Option<Map<String, Value>> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => Some(object),
            _ => None,
        }
    }
}

/// An instant in an answer: six digits behind the second, or none.
pub(super) fn date(at: Timestamp) -> String {
    if at.subsec_nanosecond() == 0 { at.to_string() } else { format!("{at:.6}") }
}

/// What is answered.
#[derive(Debug)]
pub(super) enum Answer {
    /// JSON, with 200.
    Json(Value),
    /// JSON, with 201.
    Made(Value),
    /// 204.
    Nothing,
    /// Something else, with 200.
    Text(&'static str, String),
}

impl Answer {
    pub(super) fn response(self, pretty: bool) -> Response {
        match self {
            Self::Json(value) => json(StatusCode::OK, "application/json", &value, pretty),
            Self::Made(value) => json(StatusCode::CREATED, "application/json", &value, pretty),
            Self::Nothing => StatusCode::NO_CONTENT.into_response(),
            Self::Text(kind, text) => ([(CONTENT_TYPE, kind)], text).into_response(),
        }
    }
}

/// A JSON document; Airflow 2 sets it in lines.
pub(super) fn json(status: StatusCode, kind: &'static str, value: &Value, pretty: bool) -> Response {
    let text = if pretty { format!("{value:#}\n") } else { value.to_string() };
    (status, [(CONTENT_TYPE, kind)], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_has_six_digits_or_none() {
        assert_eq!(date("2026-11-25T00:00:00Z".parse().unwrap()), "2026-11-25T00:00:00Z");
        assert_eq!(date("2026-11-25T00:00:00.5Z".parse().unwrap()), "2026-11-25T00:00:00.500000Z");
    }
}
