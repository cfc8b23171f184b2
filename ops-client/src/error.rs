//! One error for all clients: what went wrong, and what the failed call may have done.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// The result of a call to a system.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// How much of the server's own words an error keeps, in bytes.
const MAX_WORDS: usize = 2048;

/// What a failed call may have done to the system. The order is from the least to the most: the effect of many attempts is
/// the greatest of theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Certainly nothing: the call never reached the system, or was refused by it.
    None,
    /// Perhaps: the answer was lost, or says nothing about it. Look before anything is sent again.
    Possible,
    /// It happened; only the answer could not be read.
    Certain,
}

/// The kind of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The call was wrong before it was sent, or the server found it malformed (400, 422).
    Invalid,
    /// No such object (404).
    NotFound,
    /// The object is in a state that does not allow the call (409, 412).
    Conflict,
    /// No valid credential (401).
    Unauthenticated,
    /// A valid credential without the right (403).
    Forbidden,
    /// Too many calls (429).
    RateLimited,
    /// The system understood the call and said no.
    Rejected,
    /// The system is not there for the moment (5xx).
    Unavailable,
    /// No answer in time.
    Timeout,
    /// No connection: the name did not resolve, the port is closed, TLS failed.
    Connect,
    /// An answer that could not be read.
    Decode,
    /// Anything else.
    Other,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A failed call: opaque, one word wide, the same for every client.
///
/// `Display` is one line and never repeats its source. No secret is in it: URLs come without user info and query, and
/// what the server said is cut at 2 KiB.
///
/// ```
/// use ops_client::{Effect, Error, ErrorKind};
///
/// let error = Error::new("metapod.retract_committed_dataset", ErrorKind::Timeout, Effect::Possible).with_attempts(3);
/// assert!(error.is_retryable());
/// assert_eq!(error.to_string(), "metapod.retract_committed_dataset: Timeout (3 attempts)");
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    op: &'static str,
    kind: ErrorKind,
    effect: Effect,
    status: Option<u16>,
    target: Option<String>,
    request_id: Option<String>,
    message: Option<Cow<'static, str>>,
    words: Option<String>,
    attempts: u32,
    elapsed: Duration,
    retry_after: Option<Duration>,
    remedy: Option<Cow<'static, str>>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// A failure of the operation `op` (`system.verb`), with what it may have done.
    #[must_use]
    pub fn new(op: &'static str, kind: ErrorKind, effect: Effect) -> Self {
        Self(Box::new(Inner {
            op,
            kind,
            effect,
            status: None,
            target: None,
            request_id: None,
            message: None,
            words: None,
            attempts: 1,
            elapsed: Duration::ZERO,
            retry_after: None,
            remedy: None,
            source: None,
        }))
    }

    /// A call that was wrong before anything was sent.
    #[must_use]
    pub fn invalid(op: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(op, ErrorKind::Invalid, Effect::None).with_message(message)
    }

    /// With the HTTP status of the answer.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// With the method and address of the call; the caller has removed user info and query.
    #[must_use]
    pub fn with_target(mut self, target: impl Into<String>) -> Self {
        self.0.target = Some(target.into());
        self
    }

    /// With the id that the server gave to the request.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = Some(id.into());
        self
    }

    /// With our own words about what was wrong.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.0.message = Some(message.into());
        self
    }

    /// With the server's own words; at most 2 KiB are kept, on one line.
    #[must_use]
    pub fn with_words(mut self, words: impl AsRef<str>) -> Self {
        self.0.words = Some(one_line(words.as_ref()));
        self
    }

    /// With the number of times that the call was sent.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// With the time from the first attempt to the end.
    #[must_use]
    pub fn with_elapsed(mut self, elapsed: Duration) -> Self {
        self.0.elapsed = elapsed;
        self
    }

    /// With the server's wish when to come again.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// With what a person can do about it.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<Cow<'static, str>>) -> Self {
        self.0.remedy = Some(remedy.into());
        self
    }

    /// With the failure below this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same failure with another effect, where the caller knows better.
    #[must_use]
    pub fn with_effect(mut self, effect: Effect) -> Self {
        self.0.effect = effect;
        self
    }

    /// The same failure with another kind, where the caller knows better.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// The operation that failed, `system.verb`.
    pub fn op(&self) -> &'static str {
        self.0.op
    }

    /// The kind of the failure.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What the failed call may have done.
    pub fn effect(&self) -> Effect {
        self.0.effect
    }

    /// The HTTP status, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Method and address, without user info and query.
    pub fn target(&self) -> Option<&str> {
        self.0.target.as_deref()
    }

    /// The server's id of the request.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Our own words about it.
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// The server's own words, at most 2 KiB.
    pub fn words(&self) -> Option<&str> {
        self.0.words.as_deref()
    }

    /// How often the call was sent.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// From the first attempt to the end.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }

    /// When the server wants to be asked again.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What a person can do about it, where the runbook knows.
    pub fn remedy(&self) -> Option<&str> {
        self.0.remedy.as_deref()
    }

    /// Whether the same call may succeed later without anybody doing something. It says nothing about whether the call
    /// may be sent again: that depends on [`Error::effect`] and on the operation.
    pub fn is_retryable(&self) -> bool {
        matches!(self.0.kind, ErrorKind::RateLimited | ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Connect)
    }

    /// Whether the credential is the trouble (401, 403).
    pub fn is_auth(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Unauthenticated | ErrorKind::Forbidden)
    }

    /// Whether the object does not exist.
    pub fn is_not_found(&self) -> bool {
        self.0.kind == ErrorKind::NotFound
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = &*self.0;
        write!(f, "{}: ", e.op)?;
        if let Some(status) = e.status {
            write!(f, "{status} ")?;
        }
        write!(f, "{}", e.kind)?;
        if let Some(target) = &e.target {
            write!(f, " from {target}")?;
        }
        let mut details = Vec::new();
        if e.attempts > 1 {
            details.push(format!("{} attempts", e.attempts));
        }
        if !e.elapsed.is_zero() {
            details.push(format!("{:.1} s", e.elapsed.as_secs_f64()));
        }
        if let Some(id) = &e.request_id {
            details.push(format!("request {id}"));
        }
        if !details.is_empty() {
            write!(f, " ({})", details.join(", "))?;
        }
        if let Some(message) = &e.message {
            write!(f, ": {message}")?;
        }
        if let Some(words) = &e.words {
            write!(f, ": \"{words}\"")?;
        }
        if let Some(remedy) = &e.remedy {
            write!(f, " — {remedy}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = &*self.0;
        f.debug_struct("Error")
            .field("op", &e.op)
            .field("kind", &e.kind)
            .field("effect", &e.effect)
            .field("status", &e.status)
            .field("target", &e.target)
            .field("request_id", &e.request_id)
            .field("message", &e.message)
            .field("words", &e.words)
            .field("attempts", &e.attempts)
            .field("elapsed", &e.elapsed)
            .field("source", &e.source)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as _)
    }
}

/// Folds white space and control characters, and cuts at a character boundary.
fn one_line(words: &str) -> String {
    let mut line = String::new();
    for word in words.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if line.len() + word.len() + 1 > MAX_WORDS {
            let room = MAX_WORDS.saturating_sub(line.len() + 1);
            let end = (0..=room.min(word.len())).rev().find(|&i| word.is_char_boundary(i)).unwrap_or(0);
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word[..end]);
            line.push('…');
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_is_one_line_and_leaves_out_the_source() {
        let error = Error::new("metapod.retract", ErrorKind::Unavailable, Effect::Possible)
            .with_status(503)
            .with_target("POST https://metapod.example.com/api/x")
            .with_attempts(3)
            .with_elapsed(Duration::from_millis(2140))
            .with_words("try\nagain   later")
            .with_source("the cause below");
        assert_eq!(
            error.to_string(),
            "metapod.retract: 503 Unavailable from POST https://metapod.example.com/api/x (3 attempts, 2.1 s): \"try again later\""
        );
        assert_eq!(error.source().unwrap().to_string(), "the cause below");
    }

    #[test]
    fn words_are_bounded_and_cut_between_characters() {
        let error = Error::new("x.y", ErrorKind::Other, Effect::None).with_words("é".repeat(5000));
        let words = error.words().unwrap();
        assert!(words.len() <= MAX_WORDS + '…'.len_utf8());
        assert!(words.ends_with('…'));
    }

    #[test]
    fn one_word_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }
}
