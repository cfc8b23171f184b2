//! Airflow's own words about a failure: `{title, detail}` of API v1, `{detail}` of API v2, in all their shapes.

use ops_client::{Error, ErrorKind};
use serde::Deserialize;
use serde_json::Value;

const BAD_TOKEN: &str = "Invalid JWT token";

/// The error with the readable part of the server's words, and with a truer kind where the status says too little.
pub(super) fn explain(error: Error, v1: bool) -> Error {
    let error = if is_bad_token(&error) {
        error
            .with_kind(ErrorKind::Unauthenticated)
            .with_remedy("the token was signed by another key, as after a restart of the server: get a new one")
    } else if v1
        && error.status() == Some(403)
        && error.remedy().is_none_or(|remedy| remedy.contains("lacks the right"))
    {
        error.with_remedy(
            "Airflow 2 says the same to whoever is not logged in and to whoever lacks the right: check both",
        )
    } else {
        error
    };
    match error.words().and_then(readable) {
        Some(words) => error.with_words(words),
        None => error,
    }
}

/// Whether Airflow 3 says that it did not sign the token.
pub(crate) fn is_bad_token(error: &Error) -> bool {
    error.status() == Some(403) && error.words().is_some_and(|words| words.contains(BAD_TOKEN))
}

/// Whether this is the 403 of Airflow 2 which says nothing: not logged in, or not allowed.
pub(crate) fn is_wordless_refusal(error: &Error) -> bool {
    error.status() == Some(403)
        && error.words().and_then(|words| serde_json::from_str::<Problem>(words).ok()).is_some_and(|problem| {
            problem.title.as_deref() == Some("Forbidden") && problem.detail.as_ref().is_none_or(Value::is_null)
        })
}

#[derive(Deserialize)]
struct Problem {
    title: Option<String>,
    detail: Option<Value>,
    error: Option<String>,
}

/// Nothing where the words are none of Airflow's (or were cut).
fn readable(words: &str) -> Option<String> {
    let Problem { title, detail, error } = serde_json::from_str(words).ok()?;
    let detail = detail.as_ref().and_then(text);
    match (title.filter(|title| !title.is_empty()), detail.or(error)) {
        (Some(title), Some(detail)) => Some(format!("{title}: {detail}")),
        (title, detail) => title.or(detail),
    }
}

/// A text; a list of complaints about the request; an object with a message.
fn text(detail: &Value) -> Option<String> {
    match detail {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(complaints) => {
            let complaints: Vec<String> = complaints.iter().filter_map(complaint).collect();
            (!complaints.is_empty()).then(|| complaints.join("; "))
        }
        Value::Object(object) => {
            let word = |name: &str| object.get(name).and_then(Value::as_str);
            match (word("reason"), word("message").or_else(|| word("msg")).or_else(|| word("statement"))) {
                (Some(reason), Some(message)) => Some(format!("{reason}: {message}")),
                (reason, message) => reason.or(message).map(str::to_owned).or_else(|| Some(detail.to_string())),
            }
        }
        other => Some(other.to_string()),
    }
}

/// `{loc: ["body", "dry_run"], msg: "Extra inputs are not permitted"}`: where, and what. What was sent is not repeated.
fn complaint(complaint: &Value) -> Option<String> {
    let Some(message) = complaint.get("msg").and_then(Value::as_str) else { return text(complaint) };
    let place = complaint.get("loc").and_then(Value::as_array).map(|place| {
        let steps = place.iter().map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned));
        steps.collect::<Vec<_>>().join(".")
    });
    Some(match place.filter(|place| !place.is_empty()) {
        Some(place) => format!("{place}: {message}"),
        None => message.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_shapes_are_read() {
        for (words, read) in [
            (r#"{"detail": null, "status": 404, "title": "Task instance not found"}"#, "Task instance not found"),
            (r#"{"detail": "no such run", "title": "DAGRun not found"}"#, "DAGRun not found: no such run"),
            (r#"{"detail": "Forbidden"}"#, "Forbidden"),
            (r#"{"detail": ["one", "two"]}"#, "one; two"),
            (
                r#"{"detail": [{"type": "extra_forbidden", "loc": ["body", "tasks", 0], "msg": "Extra inputs", "input": 1}]}"#,
                "body.tasks.0: Extra inputs",
            ),
            (
                r#"{"detail": {"reason": "Unique constraint violation", "message": "exists"}}"#,
                "Unique constraint violation: exists",
            ),
            (r#"{"detail": {"code": 7}}"#, r#"{"code":7}"#),
            (r#"{"error": "/api/v1 has been removed"}"#, "/api/v1 has been removed"),
        ] {
            assert_eq!(readable(words).as_deref(), Some(read), "{words}");
        }
        for other in ["", "Internal Server Error", "{\"detail\": \"cut of", "[]", "{}", r#"{"detail": []}"#] {
            assert_eq!(readable(other), None, "{other}");
        }
    }
}
