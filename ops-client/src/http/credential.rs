//! Who calls. A credential is opaque: it can be used and described, never read.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Identity;
use reqwest::header::HeaderValue;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::Deserialize;
use tokio::time::Instant;

use crate::{Effect, Error, ErrorKind, Result};

/// Gives a fresh token: asks a token service, runs a command, reads a file.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// A token that is valid now.
    ///
    /// # Errors
    /// What kept it from getting one. The text must not hold a secret.
    async fn token(&self) -> Result<SecretString>;
}

/// What a credential says about itself. Nothing here was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CredentialInfo {
    /// `none`, `bearer token`, `refreshed bearer token`, `user and password` or `client certificate`.
    pub kind: &'static str,
    /// Who: the `sub` of a JWT, the user of a password.
    pub subject: Option<String>,
    /// The `exp` of a JWT.
    pub expires_at: Option<SystemTime>,
}

/// Who calls. Its secret is wiped when it is dropped, and is never printed.
///
/// (The copy that goes into a request's header is marked sensitive, but lives in memory that is not wiped.)
#[derive(Clone)]
pub struct Credential(Arc<Kind>);

enum Kind {
    None,
    Bearer(SecretString),
    Refreshed(Refreshed),
    Basic { user: String, password: SecretString, encoded: SecretString },
    Certificate(SecretSlice<u8>),
}

struct Refreshed {
    source: Arc<dyn TokenSource>,
    tokens: Mutex<Tokens>,
    /// Held while a token is fetched, so that many callers with an old token fetch one new token together.
    gate: tokio::sync::Mutex<LastFailure>,
}

#[derive(Default)]
struct Tokens {
    now: Option<SecretString>,
    /// Kept so that it can be struck from what a server echoes.
    before: Option<SecretString>,
    generation: u64,
}

/// When the last fetch failed: whoever was waiting at that time shares the failure.
type LastFailure = Option<Instant>;

/// A header to send, and which token it holds.
pub(super) struct Authorization {
    pub(super) header: Option<HeaderValue>,
    pub(super) generation: u64,
}

impl Credential {
    /// Nobody in particular.
    pub fn none() -> Self {
        Self(Arc::new(Kind::None))
    }

    /// A token, sent as `Authorization: Bearer`.
    pub fn bearer(token: SecretString) -> Self {
        Self(Arc::new(Kind::Bearer(trimmed(&token))))
    }

    /// A token that `source` renews: before the first call where there is no `initial` one, and once for each call that is
    /// answered with 401. Calls that are refused side by side renew it once.
    pub fn bearer_with_refresh(initial: Option<SecretString>, source: Arc<dyn TokenSource>) -> Self {
        let tokens = Tokens { now: initial.as_ref().map(trimmed), ..Tokens::default() };
        Self(Arc::new(Kind::Refreshed(Refreshed {
            source,
            tokens: Mutex::new(tokens),
            gate: tokio::sync::Mutex::new(None),
        })))
    }

    /// A user and a password.
    pub fn basic(user: impl Into<String>, password: SecretString) -> Self {
        let user = user.into();
        let plain = Zeroizing::new(format!("{user}:{}", password.expose_secret()));
        let encoded = SecretString::from(STANDARD.encode(plain.as_bytes()));
        Self(Arc::new(Kind::Basic { user, password, encoded }))
    }

    /// A client certificate and its key, both in one PEM text, the key without passphrase.
    pub fn client_certificate_pem(pem: impl Into<SecretSlice<u8>>) -> Self {
        Self(Arc::new(Kind::Certificate(pem.into())))
    }

    /// What it says about itself, read from the token without verifying it.
    pub fn describe(&self) -> CredentialInfo {
        let kind = self.kind();
        let (subject, expires_at) = match &*self.0 {
            Kind::Bearer(token) => claims(token),
            Kind::Refreshed(refreshed) => refreshed.tokens().now.as_ref().map(claims).unwrap_or_default(),
            Kind::Basic { user, .. } => (Some(user.clone()), None),
            Kind::None | Kind::Certificate(_) => (None, None),
        };
        CredentialInfo { kind, subject, expires_at }
    }

    fn kind(&self) -> &'static str {
        match &*self.0 {
            Kind::None => "none",
            Kind::Bearer(_) => "bearer token",
            Kind::Refreshed(_) => "refreshed bearer token",
            Kind::Basic { .. } => "user and password",
            Kind::Certificate(_) => "client certificate",
        }
    }

    pub(super) fn identity(&self, op: &'static str) -> Result<Option<Identity>> {
        let Kind::Certificate(pem) = &*self.0 else { return Ok(None) };
        // The cause is left out: it may quote the key.
        let wrong = "the client certificate is not a PEM text with a certificate and a key without passphrase";
        Identity::from_pem(pem.expose_secret()).map(Some).map_err(|_| Error::invalid(op, wrong))
    }

    /// The header to send now; fetches the first token where there is none yet.
    pub(super) async fn authorization(&self, op: &'static str, limit: Duration) -> Result<Authorization> {
        let plain = |header| Authorization { header: Some(header), generation: 0 };
        match &*self.0 {
            Kind::None | Kind::Certificate(_) => Ok(Authorization { header: None, generation: 0 }),
            Kind::Bearer(token) => header(op, "Bearer", token).map(plain),
            Kind::Basic { encoded, .. } => header(op, "Basic", encoded).map(plain),
            Kind::Refreshed(refreshed) => {
                if refreshed.tokens().now.is_none() {
                    refreshed.renew(op, 0, limit).await?;
                }
                let tokens = refreshed.tokens();
                let token = tokens.now.as_ref().ok_or_else(|| no_token(op))?;
                Ok(Authorization { header: Some(header(op, "Bearer", token)?), generation: tokens.generation })
            }
        }
    }

    /// Renews the token that was refused. `false` where this credential cannot.
    pub(super) async fn renew(&self, op: &'static str, refused: u64, limit: Duration) -> Result<bool> {
        let Kind::Refreshed(refreshed) = &*self.0 else { return Ok(false) };
        refreshed.renew(op, refused, limit).await.map(|()| true)
    }

    /// Strikes our secrets from a server's words: some servers echo what they were sent.
    pub(super) fn scrub(&self, words: &str) -> String {
        let mut words = words.to_owned();
        let mut strike = |secret: &SecretString| {
            if !secret.expose_secret().is_empty() && words.contains(secret.expose_secret()) {
                words = words.replace(secret.expose_secret(), "[secret]");
            }
        };
        match &*self.0 {
            Kind::None | Kind::Certificate(_) => {}
            Kind::Bearer(token) => strike(token),
            Kind::Basic { password, encoded, .. } => {
                strike(password);
                strike(encoded);
            }
            Kind::Refreshed(refreshed) => {
                let tokens = refreshed.tokens();
                tokens.now.iter().chain(&tokens.before).for_each(strike);
            }
        }
        words
    }
}

impl Refreshed {
    fn tokens(&self) -> MutexGuard<'_, Tokens> {
        // Nothing panics while it is held; and a token is whole at any time.
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn renew(&self, op: &'static str, refused: u64, limit: Duration) -> Result<()> {
        let asked = Instant::now();
        let mut failed = self.gate.lock().await;
        {
            let tokens = self.tokens();
            if tokens.generation != refused && tokens.now.is_some() {
                return Ok(());
            }
        }
        if failed.is_some_and(|at| at >= asked) {
            return Err(no_token(op));
        }
        let fetched = match tokio::time::timeout(limit, self.source.token()).await {
            Ok(fetched) => fetched.map_err(|error| no_token(op).with_source(error)),
            Err(_) => Err(no_token(op).with_message(format!("no new token came within {} s", limit.as_secs()))),
        };
        match fetched {
            Ok(token) => {
                let mut tokens = self.tokens();
                tokens.before = tokens.now.replace(trimmed(&token));
                tokens.generation += 1;
                *failed = None;
                Ok(())
            }
            Err(error) => {
                *failed = Some(Instant::now());
                Err(error)
            }
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({})", self.kind())
    }
}

fn no_token(op: &'static str) -> Error {
    Error::new(op, ErrorKind::Unauthenticated, Effect::None)
        .with_message("no valid token could be fetched")
        .with_attempts(0)
        .with_remedy("log in again, so that a new token can be issued")
}

fn header(op: &'static str, scheme: &str, secret: &SecretString) -> Result<HeaderValue> {
    let text = Zeroizing::new(format!("{scheme} {}", secret.expose_secret()));
    let mut value = HeaderValue::from_str(&text)
        .map_err(|_| Error::invalid(op, "the token holds characters that a header cannot carry").with_attempts(0))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A token read from a file ends with a line feed more often than not.
fn trimmed(token: &SecretString) -> SecretString {
    SecretString::from(token.expose_secret().trim())
}

/// Subject and end of a JWT; nothing for any other token.
fn claims(token: &SecretString) -> (Option<String>, Option<SystemTime>) {
    #[derive(Deserialize)]
    struct Claims {
        sub: Option<String>,
        exp: Option<f64>,
    }
    let mut parts = token.expose_secret().split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return (None, None);
    };
    let Ok(payload) = URL_SAFE_NO_PAD.decode(payload).map(Zeroizing::new) else { return (None, None) };
    let Ok(Claims { sub, exp }) = serde_json::from_slice(&payload) else { return (None, None) };
    let subject = sub.map(|sub| sub.chars().filter(|c| !c.is_control()).take(128).collect());
    let expires_at = exp
        .and_then(|exp| Duration::try_from_secs_f64(exp).ok())
        .and_then(|exp| SystemTime::UNIX_EPOCH.checked_add(exp));
    (subject, expires_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(payload: &str) -> SecretString {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload)).into()
    }

    #[test]
    fn a_jwt_names_its_subject_and_its_end() {
        let info =
            Credential::bearer(jwt(r#"{"sub":"on-call","exp":1760000000.5,"scope":["metapod-admin"]}"#)).describe();
        assert_eq!(info.kind, "bearer token");
        assert_eq!(info.subject.as_deref(), Some("on-call"));
        assert_eq!(info.expires_at, Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1_760_000_000_500)));
    }

    #[test]
    fn a_token_that_is_no_jwt_says_nothing() {
        for token in ["opaque", "a.b", "a.b.c.d", "a.!!.c", "e30.bm90IGpzb24.x", ""] {
            let info = Credential::bearer(token.into()).describe();
            assert_eq!((info.subject, info.expires_at), (None, None), "{token}");
        }
        for wild in [r#"{"exp":-1}"#, r#"{"exp":1e300}"#, r#"{"exp":"soon"}"#] {
            assert_eq!(Credential::bearer(jwt(wild)).describe().expires_at, None, "{wild}");
        }
    }

    #[test]
    fn debug_prints_the_kind_only() {
        let planted = "planted-secret";
        for credential in [
            Credential::none(),
            Credential::bearer(planted.into()),
            Credential::basic("someone", planted.into()),
            Credential::client_certificate_pem(planted.as_bytes().to_vec()),
        ] {
            let printed = format!("{credential:?} {:?}", credential.describe());
            assert!(!printed.contains("planted"), "{printed}");
        }
    }

    #[test]
    fn an_echoed_secret_is_struck() {
        let basic = Credential::basic("someone", "planted".into());
        assert_eq!(basic.scrub("you sent c29tZW9uZTpwbGFudGVk, planted"), "you sent [secret], [secret]");
        assert_eq!(Credential::bearer("".into()).scrub("as it is"), "as it is");
    }

    #[test]
    fn a_certificate_that_is_none_is_refused_without_being_quoted() {
        let error = Credential::client_certificate_pem(b"planted".to_vec()).identity("x.y").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("planted"));
    }
}
