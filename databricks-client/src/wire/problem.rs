//! The workspace's own words about a failure, in all their shapes, and what they mean where the status says too little.
//!
//! From documents: the codes, and that a run or a cluster that is not there is an `INVALID_PARAMETER_VALUE`. That the API
//! for commands names an exception of the server is known from what people report.

use ops_client::{Effect, Error, ErrorKind};
use serde::Deserialize;
use serde_json::Value;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    /// A word, or the status as a number.
    error_code: Option<Value>,
    message: Option<String>,
    /// Of the API for commands, and of OAuth.
    error: Option<String>,
    /// Of SCIM.
    detail: Option<String>,
}

/// The error with the readable part of the server's words, with its true kind, and with a remedy where there is one.
pub(crate) fn explain(error: Error) -> Error {
    let Some(words) = error.words() else { return error };
    let (code, message) = read(words);
    let error = match (&code, &message) {
        (Some(code), Some(message)) => error.with_words(format!("{code}: {message}")),
        (Some(only), None) | (None, Some(only)) => error.with_words(only),
        (None, None) => return error,
    };
    let (code, message) = (code.unwrap_or_default(), message.unwrap_or_default());
    match meaning(&code, &message) {
        Some(kind) => {
            let effect = if is_refusal(kind) { Effect::None } else { error.effect() };
            remedied(error.with_kind(kind).with_effect(effect), &code, &message)
        }
        None => error,
    }
}

/// Whether the token has ended, though the status is the one of a right that is missing.
pub(crate) fn says_token_ended(error: &Error) -> bool {
    let message = error.words().map(|words| read(words).1.unwrap_or_default()).unwrap_or_default();
    error.status() == Some(403) && (message.contains("Invalid access token") || message.contains("expired"))
}

/// Code and message; of words that were cut, the code alone.
fn read(words: &str) -> (Option<String>, Option<String>) {
    let Ok(problem) = serde_json::from_str::<Problem>(words) else { return (cut_code(words), None) };
    let code = match problem.error_code {
        Some(Value::String(code)) => Some(code),
        // A status says nothing new.
        _ => None,
    };
    let said = |text: Option<String>| text.filter(|text| !text.is_empty());
    (said(code), said(problem.message).or(said(problem.error)).or(said(problem.detail)))
}

fn cut_code(words: &str) -> Option<String> {
    let after = words.split_once("\"error_code\"")?.1.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let code = after.split_once('"')?.0;
    let is_code = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    is_code.then(|| code.to_owned())
}

fn meaning(code: &str, message: &str) -> Option<ErrorKind> {
    let says = |words: &str| message.contains(words);
    Some(match code {
        "RESOURCE_DOES_NOT_EXIST" | "NOT_FOUND" => ErrorKind::NotFound,
        "INVALID_PARAMETER_VALUE" | "BAD_REQUEST" if says("does not exist") || says("doesn't exist") => {
            ErrorKind::NotFound
        }
        "INVALID_PARAMETER_VALUE" | "BAD_REQUEST" | "MALFORMED_REQUEST" => ErrorKind::Invalid,
        "PERMISSION_DENIED" if says("Invalid access token") => ErrorKind::Unauthenticated,
        "PERMISSION_DENIED" => ErrorKind::Forbidden,
        "UNAUTHENTICATED" => ErrorKind::Unauthenticated,
        "RESOURCE_ALREADY_EXISTS" | "ALREADY_EXISTS" | "RESOURCE_CONFLICT" | "INVALID_STATE" => ErrorKind::Conflict,
        "RESOURCE_LIMIT_EXCEEDED"
        | "RESOURCE_LIMIT"
        | "RESOURCE_EXHAUSTED"
        | "REQUEST_LIMIT_EXCEEDED"
        | "QUOTA_EXCEEDED" => ErrorKind::RateLimited,
        "FEATURE_DISABLED" | "NOT_IMPLEMENTED" => ErrorKind::Rejected,
        "TEMPORARILY_UNAVAILABLE" => ErrorKind::Unavailable,
        "DEADLINE_EXCEEDED" => ErrorKind::Timeout,
        _ if says("Invalid access token") => ErrorKind::Unauthenticated,
        _ if says("ClusterNotReadyException") => ErrorKind::Conflict,
        _ if says("ContextNotFound") || says("CommandNotFound") || says("ClusterNotFound") => ErrorKind::NotFound,
        _ => return None,
    })
}

/// Whether such an answer says for certain that nothing happened.
fn is_refusal(kind: ErrorKind) -> bool {
    !matches!(kind, ErrorKind::Unavailable | ErrorKind::Timeout)
}

fn remedied(error: Error, code: &str, message: &str) -> Error {
    let remedy = match code {
        "PERMISSION_DENIED" if error.kind() == ErrorKind::Forbidden => {
            "ask for the right to this cluster, warehouse or path; who asks is told by `me`"
        }
        "FEATURE_DISABLED" => "the workspace does not offer this: where DBFS or its mounts are off, use a volume",
        _ if error.kind() == ErrorKind::Unauthenticated => {
            "the token was not accepted, it may have expired: get a new one"
        }
        _ if message.contains("ClusterNotReadyException") => "start the cluster, and wait until it is RUNNING",
        _ => return error,
    };
    // What was found out about this machine's clock is worth more.
    if error.remedy().is_some_and(|remedy| remedy.contains("clock")) { error } else { error.with_remedy(remedy) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16, kind: ErrorKind, effect: Effect, words: &str) -> Error {
        explain(Error::new("databricks.x", kind, effect).with_status(status).with_words(words))
    }

    #[test]
    fn each_code_has_its_kind() {
        for (status, words, kind, effect) in [
            (404, r#"{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"No file"}"#, ErrorKind::NotFound, Effect::None),
            (
                400,
                r#"{"error_code":"INVALID_PARAMETER_VALUE","message":"Run 7 does not exist."}"#,
                ErrorKind::NotFound,
                Effect::None,
            ),
            (400, r#"{"error_code":"INVALID_PARAMETER_VALUE","message":"bad path"}"#, ErrorKind::Invalid, Effect::None),
            (403, r#"{"error_code":"PERMISSION_DENIED","message":"no"}"#, ErrorKind::Forbidden, Effect::None),
            (403, r#"{"error_code":403,"message":"Invalid access token."}"#, ErrorKind::Unauthenticated, Effect::None),
            (429, r#"{"error_code":"RESOURCE_LIMIT_EXCEEDED","message":"slow"}"#, ErrorKind::RateLimited, Effect::None),
            (400, r#"{"error_code":"RESOURCE_ALREADY_EXISTS","message":"there"}"#, ErrorKind::Conflict, Effect::None),
            (
                503,
                r#"{"error_code":"TEMPORARILY_UNAVAILABLE","message":"later"}"#,
                ErrorKind::Unavailable,
                Effect::Possible,
            ),
            (
                500,
                r#"{"error":"ClusterNotReadyException: Cluster not in Running state"}"#,
                ErrorKind::Conflict,
                Effect::None,
            ),
            (500, r#"{"error":"ContextNotFound: 7"}"#, ErrorKind::NotFound, Effect::None),
            (500, r#"{"error_code":"INTERNAL_ERROR","message":"oh"}"#, ErrorKind::Other, Effect::Possible),
            (500, "no JSON", ErrorKind::Other, Effect::Possible),
        ] {
            let error =
                told(status, ErrorKind::Other, if status < 500 { Effect::None } else { Effect::Possible }, words);
            assert_eq!((error.kind(), error.effect()), (kind, effect), "{words}");
        }
    }

    #[test]
    fn words_are_made_readable_and_cut_ones_still_tell_their_code() {
        let error = told(404, ErrorKind::NotFound, Effect::None, r#"{"message": "No file", "error_code": "X_Y"}"#);
        assert_eq!(error.words(), Some("X_Y: No file"));
        let long = format!(r#"{{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "{}"}}"#, "x".repeat(5000));
        let error = told(400, ErrorKind::Invalid, Effect::None, &long);
        assert_eq!((error.kind(), error.words()), (ErrorKind::NotFound, Some("RESOURCE_DOES_NOT_EXIST")));
        for other in ["", "[]", "{}", "{\"error_code\": 7", "\"error_code\": \"é"] {
            assert_eq!(read(other), (None, None), "{other}");
        }
    }
}
