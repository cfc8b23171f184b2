//! What an answer, or the lack of one, means: kind, effect, words, remedy.

use std::time::{Duration, SystemTime};

use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, LOCATION, RETRY_AFTER};

use super::call::bare_location;
use super::{Credential, retry};
use crate::{Effect, Error, ErrorKind};

/// A clock that is off by more than this is a known cause of 401 and 403 (attested in the runbook for 403).
const MAX_SKEW: Duration = Duration::from_secs(30);

/// An answer whose status is not 2xx, as an error with the effect of a write.
pub(super) fn refused(
    op: &'static str,
    credential: &Credential,
    url: &Url,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
) -> Error {
    let (kind, effect) = meaning(status);
    let mut error = Error::new(op, kind, effect).with_status(status);
    if let Some(id) = request_id(headers) {
        error = error.with_request_id(credential.scrub(&id));
    }
    let server_time = server_time(headers);
    if let Some(after) = text(headers, RETRY_AFTER.as_str()).and_then(|value| retry::retry_after(value, server_time)) {
        error = error.with_retry_after(after);
    }
    if (300..400).contains(&status) {
        let location = text(headers, LOCATION.as_str()).and_then(|location| bare_location(url, location));
        let location = credential.scrub(&location.unwrap_or_else(|| "nowhere".to_owned()));
        error = error
            .with_message(format!("redirected to {}; redirects are not followed", cut(&location, 300)))
            .with_remedy("check the address; a redirect to a login page means that the credential was not accepted");
    } else if is_html(headers, body) {
        error = error.with_message(credential.scrub(&html_message(body)));
    } else if !body.is_empty() {
        error = error.with_words(credential.scrub(&String::from_utf8_lossy(body)));
    }
    match remedy(status, credential, server_time, SystemTime::now()) {
        Some(remedy) => error.with_remedy(remedy),
        None => error,
    }
}

/// No answer at all, or one that broke off, as an error with the effect of a write.
pub(super) fn unanswered(op: &'static str, error: reqwest::Error) -> Error {
    // The URL is named elsewhere, without its query.
    let error = error.without_url();
    if !error.is_connect() {
        return Error::new(op, ErrorKind::Unavailable, Effect::Possible)
            .with_message("the connection broke before the answer came")
            .with_source(error);
    }
    let (message, remedy) = if error.is_timeout() {
        ("no connection in time", "check the address and the VPN")
    } else if error.is_dns() {
        ("the name did not resolve", "check the address and the VPN; after a deploy, a cached stack name may be stale")
    } else if chain(&error).contains("certificate") {
        (
            "TLS failed",
            "check the address; a private CA must be given as a CA bundle, a client certificate may have expired",
        )
    } else {
        ("no connection", "check the address, and that the system runs")
    };
    Error::new(op, ErrorKind::Connect, Effect::None).with_message(message).with_remedy(remedy).with_source(error)
}

fn meaning(status: u16) -> (ErrorKind, Effect) {
    match status {
        // Some systems answer a change that they made with «see over there».
        301..=303 => (ErrorKind::Rejected, Effect::Possible),
        400 | 422 => (ErrorKind::Invalid, Effect::None),
        401 => (ErrorKind::Unauthenticated, Effect::None),
        403 => (ErrorKind::Forbidden, Effect::None),
        404 => (ErrorKind::NotFound, Effect::None),
        408 => (ErrorKind::Timeout, Effect::Possible),
        409 | 412 => (ErrorKind::Conflict, Effect::None),
        429 => (ErrorKind::RateLimited, Effect::None),
        300..=499 => (ErrorKind::Rejected, Effect::None),
        500..=599 => (ErrorKind::Unavailable, Effect::Possible),
        _ => (ErrorKind::Other, Effect::Possible),
    }
}

fn remedy(status: u16, credential: &Credential, server_time: Option<SystemTime>, now: SystemTime) -> Option<String> {
    if !matches!(status, 401 | 403) {
        return None;
    }
    if let Some((offset, word)) = server_time.and_then(|server| skew(server, now)) {
        return Some(format!("this machine's clock is {} s {word} the server's: set it right", offset.as_secs()));
    }
    let info = credential.describe();
    Some(match (status, info.expires_at) {
        (_, Some(end)) if end < now => {
            format!("the token expired on {}: get a new one", httpdate::fmt_http_date(end))
        }
        (401, _) if info.kind == "none" => "no credential was given: give one".to_owned(),
        (401, _) => format!("the {} was not accepted, it may have expired: get a new one", info.kind),
        _ => "the credential is valid but lacks the right: ask for the scope, or use another credential".to_owned(),
    })
}

fn skew(server: SystemTime, now: SystemTime) -> Option<(Duration, &'static str)> {
    let found = match now.duration_since(server) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(behind) => (behind.duration(), "behind"),
    };
    (found.0 > MAX_SKEW).then_some(found)
}

pub(super) fn server_time(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(text(headers, DATE.as_str())?).ok()
}

/// The id that the server, or what stands before it, gave to the request.
pub(super) fn request_id(headers: &HeaderMap) -> Option<String> {
    ["x-request-id", "x-correlation-id", "x-amzn-requestid", "x-amz-request-id"]
        .iter()
        .find_map(|name| text(headers, name))
        .map(|id| cut(id, 128).to_owned())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

pub(super) fn is_html(headers: &HeaderMap, body: &[u8]) -> bool {
    text(headers, CONTENT_TYPE.as_str()).is_some_and(|kind| kind.to_ascii_lowercase().contains("html"))
        || body.trim_ascii_start().first() == Some(&b'<')
}

/// A page is for a browser: only its title is worth a line.
pub(super) fn html_message(body: &[u8]) -> String {
    let page = String::from_utf8_lossy(&body[..body.len().min(4096)]);
    let lower = page.to_ascii_lowercase();
    let title = lower.find("<title>").map(|at| at + "<title>".len()).and_then(|from| {
        let to = lower[from..].find('<')? + from;
        Some(page[from..to].split_whitespace().collect::<Vec<_>>().join(" "))
    });
    match title.filter(|title| !title.is_empty()) {
        Some(title) => format!("the answer is an HTML page, \"{}\"", cut(&title, 100)),
        None => "the answer is an HTML page".to_owned(),
    }
}

/// The first `max` bytes, or a little less: never half a character.
pub(super) fn cut(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

/// All the words of an error and of what lies below it.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skewed_clock_is_named() {
        let server = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let told = |ahead: i64| {
            let now = server.checked_add_signed(ahead);
            remedy(403, &Credential::none(), Some(server), now).unwrap()
        };
        assert_eq!(told(90), "this machine's clock is 90 s ahead of the server's: set it right");
        assert_eq!(told(-45), "this machine's clock is 45 s behind the server's: set it right");
        assert!(told(10).contains("lacks the right"));
    }

    trait Signed {
        fn checked_add_signed(self, seconds: i64) -> SystemTime;
    }

    impl Signed for SystemTime {
        fn checked_add_signed(self, seconds: i64) -> SystemTime {
            let by = Duration::from_secs(seconds.unsigned_abs());
            if seconds < 0 { self - by } else { self + by }
        }
    }

    #[test]
    fn a_page_is_named_by_its_title() {
        assert_eq!(html_message(b"<HTML><Title> Sign\n in</Title>"), "the answer is an HTML page, \"Sign in\"");
        assert_eq!(html_message(b"<html>"), "the answer is an HTML page");
        assert_eq!(html_message("<title>é\u{130}".as_bytes()), "the answer is an HTML page");
    }

    #[test]
    fn a_cut_keeps_characters_whole() {
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 9), "aé");
    }
}
