//! What an answer means that is not the wanted one.

use std::time::{Duration, SystemTime};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::date_time::{DateTime, Format};
use aws_smithy_types::error::ErrorMetadata;

use super::{Known, code, words};
use crate::{Effect, Error, ErrorKind};

/// A clock that is off by more than this is named. (The services refuse what is signed five minutes off.)
const MAX_SKEW: Duration = Duration::from_secs(60);

/// A refusal that the SDK could read; without a code, it is none of AWS.
pub(super) fn refused(op: &'static str, meta: &ErrorMetadata, raw: &HttpResponse, known: Known) -> Error {
    let Some(code) = meta.code() else { return strange(op, raw) };
    let status = raw.status().as_u16();
    let message = meta.message().unwrap_or_default();
    let kind = known(code, message).unwrap_or_else(|| code::kind(code, status));
    let certain = (400..500).contains(&status) && kind != ErrorKind::Timeout;
    let effect = if certain || kind == ErrorKind::RateLimited { Effect::None } else { Effect::Possible };
    let mut error = Error::new(op, kind, effect).with_words(words::clean(&format!("{code}: {message}")));
    if let Some(remedy) = remedy(kind, code, raw) {
        error = error.with_remedy(remedy);
    }
    let id = meta.extra("aws_request_id").or_else(|| header(raw, "x-amzn-requestid"));
    framed(error, raw, id)
}

/// An answer that the SDK could not read.
pub(super) fn unreadable(op: &'static str, raw: &HttpResponse) -> Error {
    if raw.status().is_success() {
        // What was not read whole is not kept.
        if raw.body().bytes().is_none() {
            let error = Error::new(op, ErrorKind::Unavailable, Effect::Possible);
            return framed(error.with_message("the answer broke off"), raw, header(raw, "x-amzn-requestid"));
        }
        let error = Error::new(op, ErrorKind::Decode, Effect::Possible);
        return framed(described(error, raw), raw, header(raw, "x-amzn-requestid"));
    }
    strange(op, raw)
}

/// A refusal that is none of AWS: a proxy's, a stand-in's, a login page.
fn strange(op: &'static str, raw: &HttpResponse) -> Error {
    let status = raw.status().as_u16();
    let kind = match status {
        401 => ErrorKind::Unauthenticated,
        403 => ErrorKind::Forbidden,
        407 | 300..=399 => ErrorKind::Rejected,
        429 => ErrorKind::RateLimited,
        502..=504 => ErrorKind::Unavailable,
        _ => ErrorKind::Decode,
    };
    let effect = if (400..500).contains(&status) { Effect::None } else { Effect::Possible };
    framed(described(Error::new(op, kind, effect), raw), raw, header(raw, "x-amzn-requestid"))
}

fn described(error: Error, raw: &HttpResponse) -> Error {
    let body = raw.body().bytes().unwrap_or_default();
    let page = header(raw, "content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("html"))
        || body
            .trim_ascii_start()
            .get(..5)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"<html") || start.eq_ignore_ascii_case(b"<!doc"));
    let what = if page { "the answer is an HTML page" } else { "the answer is not one of AWS" };
    foreign(error, what)
}

pub(super) fn foreign(error: Error, what: &'static str) -> Error {
    error.with_message(what).with_remedy("check the endpoint; a proxy may have answered")
}

fn framed(mut error: Error, raw: &HttpResponse, id: Option<&str>) -> Error {
    error = error.with_status(raw.status().as_u16());
    if let Some(id) = id {
        error = error.with_request_id(words::clean(&id.chars().take(128).collect::<String>()));
    }
    let after = header(raw, "x-amz-retry-after").and_then(|ms| ms.trim().parse().ok().map(Duration::from_millis));
    let after = after.or_else(|| header(raw, "retry-after")?.trim().parse().ok().map(Duration::from_secs));
    match after {
        Some(after) => error.with_retry_after(after),
        None => error,
    }
}

fn header<'a>(raw: &'a HttpResponse, name: &str) -> Option<&'a str> {
    raw.headers().get(name)
}

/// What a person can do about a refused credential.
fn remedy(kind: ErrorKind, code: &str, raw: &HttpResponse) -> Option<String> {
    if !matches!(kind, ErrorKind::Unauthenticated | ErrorKind::Forbidden) {
        return None;
    }
    let date = header(raw, "date").and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
    if let Some(server) = date.and_then(|date| SystemTime::try_from(date).ok()) {
        let (off, word) = match SystemTime::now().duration_since(server) {
            Ok(ahead) => (ahead, "ahead of"),
            Err(behind) => (behind.duration(), "behind"),
        };
        if off > MAX_SKEW {
            return Some(format!("this machine's clock is {} s {word} the service's: set it right", off.as_secs()));
        }
    }
    match kind {
        ErrorKind::Unauthenticated if code.contains("Expired") => {
            Some("the credential expired: log in again".to_owned())
        }
        ErrorKind::Unauthenticated => {
            Some("the credential was not accepted: log in, or name another profile".to_owned())
        }
        _ => None,
    }
}
