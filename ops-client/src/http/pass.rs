//! What shows who calls, and how another one is got when it has ended.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::{AUTHORIZATION, COOKIE, HeaderName, HeaderValue};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::time::Instant;

use crate::{Effect, Error, ErrorKind, Result};

/// A pass that tells its end is renewed this long before it, or when a tenth of its life is left, whichever is later.
const MARGIN: Duration = Duration::from_secs(60);

/// Logs in: gives a pass, and knows which refusals mean that it has ended.
#[async_trait]
pub trait Login: Send + Sync {
    /// A pass that is valid now.
    ///
    /// # Errors
    /// What kept it from getting one. The text must not hold a secret.
    async fn log_in(&self) -> Result<Pass>;

    /// Whether this refusal of a call (it has a status) means that the pass has ended: the call is then sent once more, with
    /// a new one. It must not be said of an answer that may have had an effect.
    fn has_ended(&self, refusal: &Error) -> bool;
}

/// What a call shows to say who calls: one header. Its secret is wiped when it is dropped, and is never printed.
#[derive(Clone)]
pub struct Pass {
    name: String,
    lead: String,
    secret: SecretString,
    /// How long after it was asked for it should be renewed.
    due: Option<Duration>,
}

impl Pass {
    /// `Authorization: Bearer` with a token. That of a JWT is known to end.
    pub fn bearer(token: SecretString) -> Self {
        // A token read from a file ends with a line feed more often than not.
        let token = SecretString::from(token.expose_secret().trim());
        let lasts = claims(&token).and_then(|claims| Duration::try_from_secs_f64(claims.exp? - claims.iat?).ok());
        let due = lasts.map(|lasts| lasts - MARGIN.min(lasts / 10));
        Self { due, ..Self::new(AUTHORIZATION.as_str(), "Bearer ", token) }
    }

    /// A cookie.
    pub fn cookie(name: &str, value: SecretString) -> Self {
        Self::new(COOKIE.as_str(), &format!("{name}="), value)
    }

    /// A header of any name.
    pub fn header(name: &str, value: SecretString) -> Self {
        Self::new(name, "", value)
    }

    /// Renewed so long after it was asked for, whatever it says of itself: for who was told how long it lasts.
    #[must_use]
    pub fn renewed_after(mut self, time: Duration) -> Self {
        self.due = Some(time);
        self
    }

    pub(super) fn new(name: &str, lead: &str, secret: SecretString) -> Self {
        Self { name: name.to_owned(), lead: lead.to_owned(), secret, due: None }
    }

    pub(super) fn secret(&self) -> &SecretString {
        &self.secret
    }

    /// The header, marked sensitive.
    pub(super) fn to_header(&self, op: &'static str) -> Result<(HeaderName, HeaderValue)> {
        let wrong = |what| Error::invalid(op, what).with_attempts(0);
        let name = HeaderName::from_bytes(self.name.as_bytes())
            .map_err(|_| wrong("the credential's header has a name that cannot be sent"))?;
        let text = Zeroizing::new(format!("{}{}", self.lead, self.secret.expose_secret()));
        let mut value =
            HeaderValue::from_str(&text).map_err(|_| wrong("the token holds characters that a header cannot carry"))?;
        value.set_sensitive(true);
        Ok((name, value))
    }

    /// Subject and end, where it is a JWT. Nothing here was verified.
    pub(super) fn claims(&self) -> (Option<String>, Option<SystemTime>) {
        let Some(Claims { sub, exp, .. }) = claims(&self.secret) else { return (None, None) };
        let subject = sub.map(|sub| sub.chars().filter(|c| !c.is_control()).take(128).collect());
        let expires_at = exp
            .and_then(|exp| Duration::try_from_secs_f64(exp).ok())
            .and_then(|exp| SystemTime::UNIX_EPOCH.checked_add(exp));
        (subject, expires_at)
    }
}

impl std::fmt::Debug for Pass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pass({})", self.name)
    }
}

#[derive(Deserialize)]
struct Claims {
    sub: Option<String>,
    exp: Option<f64>,
    iat: Option<f64>,
}

/// What a JWT says; nothing for any other token.
fn claims(token: &SecretString) -> Option<Claims> {
    let mut parts = token.expose_secret().split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    let payload = URL_SAFE_NO_PAD.decode(payload).map(Zeroizing::new).ok()?;
    serde_json::from_slice(&payload).ok()
}

/// Passes that a login renews.
pub(super) struct Renewed {
    login: Arc<dyn Login>,
    passes: Mutex<Passes>,
    /// Held while a pass is fetched, so that many callers with an old one fetch a new one together.
    gate: tokio::sync::Mutex<LastFailure>,
}

#[derive(Default)]
pub(super) struct Passes {
    pub(super) now: Option<Pass>,
    /// Kept so that it can be struck from what a server echoes.
    pub(super) before: Option<Pass>,
    generation: u64,
    /// When it should be renewed although nobody refused it. By our own clock: the server's may be wrong.
    due: Option<Instant>,
}

/// When the last fetch failed, and how: whoever was waiting at that time shares the failure.
type LastFailure = Option<(Instant, ErrorKind)>;

impl Renewed {
    pub(super) fn new(initial: Option<Pass>, login: Arc<dyn Login>) -> Self {
        let passes = Passes { now: initial, ..Passes::default() };
        Self { login, passes: Mutex::new(passes), gate: tokio::sync::Mutex::new(None) }
    }

    pub(super) fn passes(&self) -> MutexGuard<'_, Passes> {
        // Nothing panics while it is held; and a pass is whole at any time.
        self.passes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn has_ended(&self, refusal: &Error) -> bool {
        self.login.has_ended(refusal)
    }

    /// The pass to show now, and which one it is.
    pub(super) async fn current(&self, op: &'static str, limit: Duration) -> Result<(Pass, u64)> {
        let (missing, due, generation) = {
            let passes = self.passes();
            (passes.now.is_none(), passes.due.is_some_and(|due| due <= Instant::now()), passes.generation)
        };
        if missing {
            self.renew(op, generation, limit).await?;
        } else if due {
            // Where that fails, the old one may still do: if not, its refusal tells.
            let _ = self.renew(op, generation, limit).await;
        }
        let passes = self.passes();
        match &passes.now {
            Some(pass) => Ok((pass.clone(), passes.generation)),
            None => Err(no_pass(op, ErrorKind::Unauthenticated)),
        }
    }

    /// Renews the pass that was refused, unless somebody else just did.
    pub(super) async fn renew(&self, op: &'static str, refused: u64, limit: Duration) -> Result<()> {
        let asked = Instant::now();
        let mut failed = self.gate.lock().await;
        {
            let passes = self.passes();
            if passes.generation != refused && passes.now.is_some() {
                return Ok(());
            }
        }
        if let Some((_, kind)) = failed.filter(|(at, _)| *at >= asked) {
            return Err(no_pass(op, kind));
        }
        let begun = Instant::now();
        let fetched = match tokio::time::timeout(limit, self.login.log_in()).await {
            Ok(fetched) => fetched.map_err(|error| no_pass(op, error.kind()).with_source(error)),
            Err(_) => Err(no_pass(op, ErrorKind::Unauthenticated)
                .with_message(format!("no new token came within {} s", limit.as_secs()))),
        };
        match fetched {
            Ok(pass) => {
                let mut passes = self.passes();
                passes.due = pass.due.and_then(|due| begun.checked_add(due));
                passes.before = passes.now.replace(pass);
                passes.generation += 1;
                *failed = None;
                Ok(())
            }
            Err(error) => {
                *failed = Some((Instant::now(), error.kind()));
                Err(error)
            }
        }
    }
}

fn no_pass(op: &'static str, kind: ErrorKind) -> Error {
    let error = Error::new(op, kind, Effect::None).with_message("no valid token could be fetched").with_attempts(0);
    match kind {
        ErrorKind::Unauthenticated => error.with_remedy("log in again, so that a new token can be issued"),
        _ => error,
    }
}
