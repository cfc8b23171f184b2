//! What a store's failures mean.

use metapod_model::S3Path;
use ops_client::{Effect, Error, ErrorKind};

/// The error of a call; `effect` is what it may have done where the store does not say.
pub(crate) fn failed(op: &'static str, path: &S3Path, error: object_store::Error, effect: Effect) -> Error {
    let text = chain(&error);
    let (status, words) = said(&text);
    let kind = match code(words.as_deref()).unwrap_or_default() {
        "ExpiredToken" | "TokenRefreshRequired" | "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken" => {
            ErrorKind::Unauthenticated
        }
        "NoSuchBucket" | "NoSuchKey" => ErrorKind::NotFound,
        "AccessDenied" => ErrorKind::Forbidden,
        _ => kind(&error, status, &text),
    };
    let message = match kind {
        ErrorKind::NotFound if code(words.as_deref()) == Some("NoSuchBucket") => "there is no such bucket",
        ErrorKind::NotFound => "there is no such file",
        ErrorKind::Conflict if effect == Effect::None => "the file was replaced while it was read",
        ErrorKind::Conflict => "something is there already, and is not overwritten",
        ErrorKind::Forbidden => "the credentials do not allow it",
        ErrorKind::Unauthenticated => "the credentials are not accepted: they are wrong, or have expired",
        ErrorKind::Invalid => "the store refuses the call",
        ErrorKind::RateLimited => "the store is asked too often",
        ErrorKind::Unavailable => "the store does not answer for the moment",
        ErrorKind::Timeout => "the store did not answer in time",
        ErrorKind::Connect => "the store is not reached",
        _ => "the store failed",
    };
    // Below 500 it was refused; what was never connected was never sent.
    let refused = status.is_some_and(|status| status < 500)
        || matches!(kind, ErrorKind::Conflict | ErrorKind::Forbidden | ErrorKind::Invalid | ErrorKind::Connect);
    let mut failure = Error::new(op, kind, if refused { Effect::None } else { effect })
        .with_target(path.as_str())
        .with_message(message);
    if let Some(status) = status {
        failure = failure.with_status(status);
    }
    if let Some(words) = words {
        failure = failure.with_words(words);
    } else if !matches!(kind, ErrorKind::NotFound | ErrorKind::Conflict) {
        failure = failure.with_words(crate::words(text));
    }
    match kind {
        ErrorKind::Unauthenticated => failure.with_remedy("log in again, and pass fresh credentials"),
        ErrorKind::Forbidden => failure.with_remedy(
            "it takes s3:GetObject and s3:ListBucket; without the second, what is missing looks forbidden",
        ),
        _ => failure,
    }
}

fn kind(error: &object_store::Error, status: Option<u16>, text: &str) -> ErrorKind {
    use object_store::Error as Store;
    match error {
        Store::NotFound { .. } => ErrorKind::NotFound,
        Store::AlreadyExists { .. } | Store::Precondition { .. } | Store::NotModified { .. } => ErrorKind::Conflict,
        Store::PermissionDenied { .. } => ErrorKind::Forbidden,
        Store::Unauthenticated { .. } => ErrorKind::Unauthenticated,
        Store::InvalidPath { .. } => ErrorKind::Invalid,
        _ => match status {
            Some(400) => ErrorKind::Invalid,
            Some(401) => ErrorKind::Unauthenticated,
            Some(403) => ErrorKind::Forbidden,
            Some(404) => ErrorKind::NotFound,
            Some(409 | 412) => ErrorKind::Conflict,
            Some(429) => ErrorKind::RateLimited,
            Some(500..) => ErrorKind::Unavailable,
            // A bucket of another region.
            _ if text.contains("incorrectly configured region") => ErrorKind::Invalid,
            _ if text.contains("timed out") => ErrorKind::Timeout,
            _ if text.contains("error trying to connect") || text.contains("onnection refused") => ErrorKind::Connect,
            _ => ErrorKind::Other,
        },
    }
}

fn code(words: Option<&str>) -> Option<&str> {
    words.map(|words| words.split_once(':').map_or(words, |(code, _)| code))
}

/// The status of an answer, and the code and sentence of its body. The store's crate keeps both in texts.
fn said(text: &str) -> (Option<u16>, Option<String>) {
    let status = text
        .split_once("non-2xx status code: ")
        .and_then(|(_, rest)| rest.get(..3))
        .and_then(|digits| digits.parse().ok())
        .or_else(|| {
            // What an answer with status 200 had in its body is an error of the server, too.
            text.contains("Server returned error response: ").then_some(500)
        });
    let tag = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(inner, _)| inner.to_owned())
    };
    let words = match (tag("Code"), tag("Message")) {
        (Some(code), Some(message)) => Some(format!("{code}: {message}")),
        (code, message) => code.or(message),
    };
    (status, words)
}

/// The error and those below it, as one text.
fn chain(error: &object_store::Error) -> String {
    let mut text = error.to_string();
    let mut below = std::error::Error::source(error);
    while let Some(error) = below {
        let words = error.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        below = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(error: object_store::Error, effect: Effect) -> Error {
        failed("files.put_new", &"s3://lake/x".parse().unwrap(), error, effect)
    }

    fn answered(status: &str, body: &str) -> Box<dyn std::error::Error + Send + Sync> {
        format!("Error performing PUT https://lake.example.com/x in 1ms - Server returned non-2xx status code: {status}: {body}").into()
    }

    #[test]
    fn a_write_that_was_refused_had_no_effect_and_one_that_was_lost_may_have() {
        let refused =
            object_store::Error::AlreadyExists { path: "x".into(), source: answered("412 Precondition Failed", "") };
        let error = of(refused, Effect::Possible);
        assert_eq!((error.kind(), error.effect(), error.status()), (ErrorKind::Conflict, Effect::None, Some(412)));

        let broken = object_store::Error::Generic { store: "S3", source: answered("503 Service Unavailable", "") };
        let error = of(broken, Effect::Possible);
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Unavailable, Effect::Possible));

        let lost = object_store::Error::Generic { store: "S3", source: "operation timed out".into() };
        assert_eq!((of(lost, Effect::Possible).kind()), ErrorKind::Timeout);
    }

    #[test]
    fn credentials_are_told_apart() {
        let body = |code: &str| format!("<Error><Code>{code}</Code><Message>It is so.</Message></Error>");
        for (status, code, kind) in [
            ("400 Bad Request", "ExpiredToken", ErrorKind::Unauthenticated),
            ("403 Forbidden", "ExpiredToken", ErrorKind::Unauthenticated),
            ("403 Forbidden", "InvalidAccessKeyId", ErrorKind::Unauthenticated),
            ("403 Forbidden", "AccessDenied", ErrorKind::Forbidden),
        ] {
            let source = answered(status, &body(code));
            let error = if status.starts_with("403") {
                object_store::Error::PermissionDenied { path: "x".into(), source }
            } else {
                object_store::Error::Generic { store: "S3", source }
            };
            let error = of(error, Effect::Possible);
            assert_eq!((error.kind(), error.effect()), (kind, Effect::None), "{code}");
            assert_eq!(error.words().unwrap(), format!("{code}: It is so."));
        }
    }
}
