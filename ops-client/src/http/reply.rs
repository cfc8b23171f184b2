//! An answer that was read whole.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;
use serde::Deserialize;

use super::judge::{self, cut};
use super::{Endpoint, Idempotency};
use crate::{Effect, Error, ErrorKind, Result};

/// An answer with a status of 200 to 299, or with the one that was accepted besides, read whole.
pub struct Reply {
    pub(super) endpoint: Endpoint,
    pub(super) op: &'static str,
    pub(super) target: String,
    pub(super) idempotency: Idempotency,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    pub(super) attempts: u32,
    pub(super) elapsed: Duration,
}

impl Reply {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The body.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The body, to keep.
    pub fn into_bytes(self) -> Vec<u8> {
        self.body
    }

    /// The body as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// A header, where it was sent and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// All headers of a name that are text.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
    }

    /// The server's `Date`.
    pub fn server_time(&self) -> Option<SystemTime> {
        judge::server_time(&self.headers)
    }

    /// How often the call was sent.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// From the first attempt to the end.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// `Decode`, naming the place in the document. The effect of a write is then `Certain`: the system said yes, only the
    /// answer could not be read. Where the answer is an HTML page it is `Possible`: somebody else may have answered.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        // Keeping track of the place costs a third more: only after a failure.
        serde_json::from_slice(&self.body).map_err(|plain| self.undecodable::<T>(&plain))
    }

    /// Refuses an HTML page, where the answer does not matter otherwise: it may come from a proxy, with a good status.
    ///
    /// # Errors
    /// `Decode`, with the effect `Possible` of a write: nobody knows whether the call went further.
    pub fn refuse_page(&self) -> Result<()> {
        if judge::is_html(&self.headers, &self.body) { Err(self.page()) } else { Ok(()) }
    }

    /// A failure that this answer tells of although its status is well, such as the errors of a GraphQL answer. `words` are
    /// the server's; what they echo of our credential is struck. A read has no effect whatever is said here.
    pub fn error(&self, kind: ErrorKind, effect: Effect, words: &str) -> Error {
        let error = self.failure(kind, effect);
        if words.is_empty() { error } else { error.with_words(self.endpoint.credential().scrub(words)) }
    }

    /// Words of this answer, with what they echo of our credential struck: for what is shown though nothing failed.
    pub fn scrub(&self, words: &str) -> String {
        self.endpoint.credential().scrub(words)
    }

    pub(super) fn failure(&self, kind: ErrorKind, effect: Effect) -> Error {
        let effect = if self.idempotency == Idempotency::Read { Effect::None } else { effect };
        let error = Error::new(self.op, kind, effect)
            .with_status(self.status)
            .with_target(self.target.clone())
            .with_attempts(self.attempts)
            .with_elapsed(self.elapsed);
        match judge::request_id(&self.headers) {
            Some(id) => error.with_request_id(self.endpoint.credential().scrub(&id)),
            None => error,
        }
    }

    fn page(&self) -> Error {
        self.failure(ErrorKind::Decode, Effect::Possible)
            .with_message(self.endpoint.credential().scrub(&judge::html_message(&self.body)))
            .with_remedy("check the address, and whether a proxy or a login page stands in between")
    }

    #[cold]
    fn undecodable<'a, T: Deserialize<'a>>(&'a self, plain: &serde_json::Error) -> Error {
        if judge::is_html(&self.headers, &self.body) {
            return self.page();
        }
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return self.failure(ErrorKind::Decode, Effect::Certain).with_message("the answer is empty");
        }
        let mut json = serde_json::Deserializer::from_slice(&self.body);
        let message = match serde_path_to_error::deserialize::<_, T>(&mut json) {
            Err(found) => {
                let (path, inner) = (found.path().to_string(), found.inner().to_string());
                let place = if path == "." { "its top".to_owned() } else { format!("`{}`", cut(&path, 200)) };
                format!("the answer cannot be read at {place}: {}", cut(&inner, 300))
            }
            // The value is whole, but something follows it.
            Ok(_) => format!("the answer cannot be read: {}", cut(&plain.to_string(), 300)),
        };
        // serde quotes what it found: no source is kept, and what is ours is struck.
        let message = self.endpoint.credential().scrub(&message);
        self.failure(ErrorKind::Decode, Effect::Certain).with_message(message)
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("op", &self.op)
            .field("target", &self.target)
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .field("attempts", &self.attempts)
            .field("elapsed", &self.elapsed)
            .finish_non_exhaustive()
    }
}
