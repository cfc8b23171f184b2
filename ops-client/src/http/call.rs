//! One call in the making: built without sending anything.

use std::fmt;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request, Url};
use serde::Serialize;

use super::send::{Prepared, deliver};
use super::{Endpoint, Idempotency, LineLimits, Lines, Reply};
use crate::{Error, Result};

/// Longer paths are refused by most servers, and no id is that long.
const MAX_PATH: usize = 8 * 1024;
/// Most paths are no longer.
const USUAL_PATH: usize = 128;

/// A call in the making: path, query, body, and whether it may be sent again.
#[must_use = "nothing is sent before `send`"]
pub struct Call {
    endpoint: Endpoint,
    op: &'static str,
    method: Method,
    path: String,
    template: &'static str,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    idempotency: Idempotency,
    body: Option<Vec<u8>>,
    timeout: Duration,
    max_body: usize,
    accepted: Option<u16>,
    /// The first thing that was wrong with the call.
    wrong: Option<Error>,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("op", &self.op)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("idempotency", &self.idempotency)
            .finish_non_exhaustive()
    }
}

impl Call {
    pub(super) fn new(endpoint: Endpoint, op: &'static str, method: Method) -> Self {
        let reads = matches!(method, Method::GET | Method::HEAD);
        let idempotency = if reads { Idempotency::Read } else { Idempotency::Once };
        let (timeout, max_body) = (endpoint.limits().total, endpoint.limits().max_body);
        // With room for the usual path and the usual headers: a call is made tens of thousands of times.
        let mut path = String::with_capacity(USUAL_PATH);
        path.push_str(endpoint.base().path().trim_end_matches('/'));
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        Self {
            endpoint,
            op,
            method,
            path,
            template: "",
            query: Vec::new(),
            headers,
            idempotency,
            body: None,
            timeout,
            max_body,
            accepted: None,
            wrong: None,
        }
    }

    /// Goes down the path: each segment is encoded whole. An empty one, `.` and `..` make the call `Invalid`.
    pub fn segments(mut self, segments: &[&str]) -> Self {
        for segment in segments {
            if matches!(*segment, "" | "." | "..") {
                let message = format!("\"{segment}\" cannot be a part of a path");
                return self.refuse(message);
            }
            self.path.push('/');
            encode_segment(segment, &mut self.path);
            if self.path.len() > MAX_PATH {
                return self.refuse(format!("the path is longer than {MAX_PATH} bytes"));
            }
        }
        self
    }

    /// Ends the path with a slash, for servers to which that is another path.
    pub fn folder(mut self) -> Self {
        self.path.push('/');
        self
    }

    /// The path with its ids left out, for logs and metrics.
    pub fn template(mut self, template: &'static str) -> Self {
        self.template = template;
        self
    }

    /// Adds to the query.
    pub fn query(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.query.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Sends this header. Not for secrets: those belong in a [`Credential`](super::Credential).
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        match (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            (Ok(name), Ok(value)) => {
                self.headers.insert(name, value);
                self
            }
            _ => self.refuse(format!("the header {name} cannot be sent")),
        }
    }

    /// Whether it may be sent again. Unless said, GET and HEAD read, and anything else is sent once.
    pub fn idempotency(mut self, idempotency: Idempotency) -> Self {
        self.idempotency = idempotency;
        self
    }

    /// With a JSON body.
    pub fn json<T: Serialize + ?Sized>(self, body: &T) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => self.body("application/json", body),
            Err(error) => self.refuse(format!("the body cannot be written as JSON: {error}")),
        }
    }

    /// With a body of another type.
    pub fn body(mut self, content_type: &'static str, body: Vec<u8>) -> Self {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        self.body = Some(body);
        self
    }

    /// With an empty body, as `curl -d ''` has it: a length of zero and no content type.
    pub fn empty(mut self) -> Self {
        self.headers.remove(CONTENT_TYPE);
        self.headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        self.body = None;
        self
    }

    /// With another time limit for one attempt.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// With another limit for the answer, in bytes.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Takes an answer of this status as an answer, not as a failure: a login may be answered with a redirect (which is
    /// still not followed).
    pub fn accept_status(mut self, status: u16) -> Self {
        self.accepted = Some(status);
        self
    }

    /// Sends it, again where that is allowed, and reads the whole answer.
    ///
    /// # Errors
    /// As the table of [`http`](super) says. A reply that is returned has a status of 200 to 299, or the one that was
    /// [accepted](Self::accept_status).
    pub async fn send(self) -> Result<Reply> {
        Ok(deliver(self.prepare(false)?).await?.reply)
    }

    /// Sends it, again where that is allowed, until an answer begins, and reads its lines one by one, within these limits
    /// instead of those of the endpoint.
    ///
    /// # Errors
    /// As [`send`](Self::send), but for what belongs to the body.
    pub async fn lines(self, limits: LineLimits) -> Result<Lines> {
        Ok(Lines::new(deliver(self.prepare(true)?).await?, limits))
    }

    fn refuse(mut self, message: String) -> Self {
        self.wrong.get_or_insert_with(|| Error::invalid(self.op, message).with_attempts(0));
        self
    }

    fn prepare(self, open: bool) -> Result<Prepared> {
        if let Some(wrong) = self.wrong {
            return Err(wrong);
        }
        let mut url = self.endpoint.base().clone();
        url.set_path(&self.path);
        let target = format!("{} {url}", self.method);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let mut request = Request::new(self.method, url);
        *request.headers_mut() = self.headers;
        *request.body_mut() = self.body.map(reqwest::Body::from);
        Ok(Prepared {
            endpoint: self.endpoint,
            op: self.op,
            template: self.template,
            idempotency: self.idempotency,
            target,
            request,
            timeout: self.timeout,
            max_body: self.max_body,
            accepted: self.accepted,
            open,
        })
    }
}

/// Everything but letters, digits and `-._~` travels as `%XX`. (The URL crate's own way drops tabs and line feeds, so that
/// `.\t.` would become `..`.)
fn encode_segment(segment: &str, path: &mut String) {
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push('%');
            for nibble in [byte >> 4, byte & 15] {
                path.push(char::from(b"0123456789ABCDEF"[usize::from(nibble)]));
            }
        }
    }
}

/// Where a redirect points to, without what may be secret in it.
pub(super) fn bare_location(base: &Url, location: &str) -> Option<String> {
    let mut url = base.join(location).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    // Both can only fail for addresses that have no host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Some(url.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Environment, ErrorKind};

    fn path_of(base: &str, segments: &[&str]) -> Result<Url> {
        let endpoint = Endpoint::builder(Environment::new("test"), base).build().unwrap();
        endpoint.get("x.y").segments(segments).prepare(false).map(|call| call.request.url().clone())
    }

    #[test]
    fn segments_are_encoded_whole() {
        let url = path_of("https://example.com/base/", &["api", "a/b", "%2f", "é?#", "x y"]).unwrap();
        assert_eq!(url.as_str(), "https://example.com/base/api/a%2Fb/%252f/%C3%A9%3F%23/x%20y");
        assert_eq!(path_of("https://example.com", &["..."]).unwrap().path(), "/...");
        assert_eq!(path_of("https://example.com", &[".\t."]).unwrap().path(), "/.%09.");
    }

    #[test]
    fn what_would_change_the_path_is_refused() {
        for wrong in ["", ".", ".."] {
            let error = path_of("https://example.com", &["api", wrong, "x"]).unwrap_err();
            assert_eq!((error.kind(), error.attempts()), (ErrorKind::Invalid, 0), "{wrong:?}");
        }
        assert!(path_of("https://example.com", &[&"x".repeat(MAX_PATH)]).is_err());
    }

    proptest! {
        #[test]
        fn an_id_stays_one_segment(id in r"(\PC|[./\\%?#\t\n]|%2[eEfF]){1,40}") {
            prop_assume!(!matches!(id.as_str(), "." | ".."));
            let endpoint = Endpoint::builder(Environment::new("test"), "http://localhost/base").build().unwrap();
            let call = endpoint.get("x.y").segments(&["api", &id, "end"]).prepare(false).unwrap();
            let segments: Vec<&str> = call.request.url().path_segments().unwrap().collect();
            prop_assert_eq!(segments.len(), 4);
            prop_assert_eq!((segments[0], segments[1], segments[3]), ("base", "api", "end"));
            prop_assert_eq!(decoded(segments[2]), id.as_bytes());
        }
    }

    fn decoded(segment: &str) -> Vec<u8> {
        let mut bytes = segment.bytes();
        let mut out = Vec::new();
        while let Some(byte) = bytes.next() {
            if byte == b'%' {
                let hex = [bytes.next().unwrap(), bytes.next().unwrap()];
                out.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
            } else {
                out.push(byte);
            }
        }
        out
    }

    #[test]
    fn a_location_is_named_without_its_query() {
        let base = Url::parse("https://metapod.example.com/api/x").unwrap();
        let bare = |location| bare_location(&base, location).unwrap();
        assert_eq!(bare("/login?token=planted#x"), "https://metapod.example.com/login");
        assert_eq!(bare("https://u:planted@sso.example.com/a?b"), "https://sso.example.com/a");
    }
}
