//! Who calls. A credential is opaque: it can be used and described, never read.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Identity;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use super::pass::Renewed;
use super::{Login, Pass};
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
    /// `none`, `bearer token`, `refreshed bearer token`, `user and password`, `header`, `login` or `client certificate`.
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
    /// One pass for ever.
    Fixed {
        kind: &'static str,
        pass: Pass,
    },
    Basic {
        user: String,
        password: SecretString,
        pass: Pass,
    },
    Renewed {
        kind: &'static str,
        renewed: Renewed,
    },
    Certificate(SecretSlice<u8>),
}

/// A header to send, and which pass it holds.
pub(super) struct Authorization {
    pub(super) header: Option<(HeaderName, HeaderValue)>,
    pub(super) generation: u64,
}

/// A token source is a login whose passes end with a 401.
struct Tokens(Arc<dyn TokenSource>);

#[async_trait]
impl Login for Tokens {
    async fn log_in(&self) -> Result<Pass> {
        // Whatever ails the token service: to the caller of this system it is the lack of a token.
        self.0.token().await.map(Pass::bearer).map_err(|error| {
            Error::new("token", ErrorKind::Unauthenticated, Effect::None)
                .with_message("the token source failed")
                .with_source(error)
        })
    }

    fn has_ended(&self, refusal: &Error) -> bool {
        refusal.status() == Some(401)
    }
}

impl Credential {
    /// Nobody in particular.
    pub fn none() -> Self {
        Self(Arc::new(Kind::None))
    }

    /// A token, sent as `Authorization: Bearer`.
    pub fn bearer(token: SecretString) -> Self {
        Self(Arc::new(Kind::Fixed { kind: "bearer token", pass: Pass::bearer(token) }))
    }

    /// A header of the caller's own, such as a proxy wants it.
    pub fn header(name: &str, value: SecretString) -> Self {
        Self(Arc::new(Kind::Fixed { kind: "header", pass: Pass::header(name, value) }))
    }

    /// A token that `source` renews: before the first call where there is no `initial` one, shortly before the end that a
    /// JWT names, and once for each call that is answered with 401. Calls that are refused side by side renew it once.
    pub fn bearer_with_refresh(initial: Option<SecretString>, source: Arc<dyn TokenSource>) -> Self {
        let renewed = Renewed::new(initial.map(Pass::bearer), Arc::new(Tokens(source)));
        Self(Arc::new(Kind::Renewed { kind: "refreshed bearer token", renewed }))
    }

    /// A pass that `login` gives: before the first call, shortly before its end, and once for each call whose refusal says
    /// that it has ended. Calls that are refused side by side log in once.
    pub fn login(login: Arc<dyn Login>) -> Self {
        Self(Arc::new(Kind::Renewed { kind: "login", renewed: Renewed::new(None, login) }))
    }

    /// A user and a password.
    pub fn basic(user: impl Into<String>, password: SecretString) -> Self {
        let user = user.into();
        let plain = Zeroizing::new(format!("{user}:{}", password.expose_secret()));
        let encoded = SecretString::from(STANDARD.encode(plain.as_bytes()));
        Self(Arc::new(Kind::Basic { user, password, pass: Pass::new(AUTHORIZATION.as_str(), "Basic ", encoded) }))
    }

    /// A client certificate and its key, both in one PEM text, the key without passphrase.
    pub fn client_certificate_pem(pem: impl Into<SecretSlice<u8>>) -> Self {
        Self(Arc::new(Kind::Certificate(pem.into())))
    }

    /// What it says about itself, read from the token without verifying it.
    pub fn describe(&self) -> CredentialInfo {
        let kind = self.kind();
        let (subject, expires_at) = match &*self.0 {
            Kind::Fixed { pass, .. } => pass.claims(),
            Kind::Renewed { renewed, .. } => renewed.passes().now.as_ref().map(Pass::claims).unwrap_or_default(),
            Kind::Basic { user, .. } => (Some(user.clone()), None),
            Kind::None | Kind::Certificate(_) => (None, None),
        };
        CredentialInfo { kind, subject, expires_at }
    }

    fn kind(&self) -> &'static str {
        match &*self.0 {
            Kind::None => "none",
            Kind::Fixed { kind, .. } | Kind::Renewed { kind, .. } => kind,
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

    /// The header to send now; fetches the first pass where there is none yet.
    pub(super) async fn authorization(&self, op: &'static str, limit: Duration) -> Result<Authorization> {
        let (header, generation) = match &*self.0 {
            Kind::None | Kind::Certificate(_) => (None, 0),
            Kind::Fixed { pass, .. } | Kind::Basic { pass, .. } => (Some(pass.to_header(op)?), 0),
            Kind::Renewed { renewed, .. } => {
                let (pass, generation) = renewed.current(op, limit).await?;
                (Some(pass.to_header(op)?), generation)
            }
        };
        Ok(Authorization { header, generation })
    }

    /// Whether this refusal means that another pass should be fetched. Never where this credential cannot.
    pub(super) fn has_ended(&self, refusal: &Error) -> bool {
        matches!(&*self.0, Kind::Renewed { renewed, .. } if refusal.status().is_some() && renewed.has_ended(refusal))
    }

    /// Fetches another pass than the one that was refused.
    pub(super) async fn renew(&self, op: &'static str, refused: u64, limit: Duration) -> Result<()> {
        match &*self.0 {
            Kind::Renewed { renewed, .. } => renewed.renew(op, refused, limit).await,
            _ => Ok(()),
        }
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
            Kind::Fixed { pass, .. } => strike(pass.secret()),
            Kind::Basic { password, pass, .. } => {
                strike(password);
                strike(pass.secret());
            }
            Kind::Renewed { renewed, .. } => {
                let passes = renewed.passes();
                passes.now.iter().chain(&passes.before).map(Pass::secret).for_each(strike);
            }
        }
        words
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({})", self.kind())
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

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
            Credential::header("x-someone", planted.into()),
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
