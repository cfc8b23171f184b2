//! Who calls: by a personal access token, or as a machine by a token of OAuth. Nothing of it is secret: it guards a sandbox.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

/// Tokens that are kept.
const MOST_TOKENS: usize = 10_000;

/// One who may call. Each has `dapi_` and its name for a personal access token, and its name for a client id and a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Person {
    Admin,
    /// May read, and change nothing.
    Viewer,
}

impl Person {
    const ALL: [Self; 2] = [Self::Admin, Self::Viewer];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Viewer => "viewer",
        }
    }
}

/// Who has logged in, and whether that is asked for.
#[derive(Debug, Default)]
pub(crate) struct Logins {
    required: AtomicBool,
    /// How long a token is good, in milliseconds; 0 is an hour.
    lifetime: AtomicU64,
    tokens: Mutex<HashMap<String, (Person, Instant)>>,
}

impl Logins {
    /// From now on only who is known is answered; before, whoever says nothing is the admin.
    pub(crate) fn require(&self, lifetime: Duration) {
        self.lifetime.store(u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.required.store(true, Ordering::Relaxed);
    }

    /// From now on no token of OAuth is good.
    pub(crate) fn forget(&self) {
        self.tokens().clear();
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<String, (Person, Instant)>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lasts(&self) -> Duration {
        match self.lifetime.load(Ordering::Relaxed) {
            0 => Duration::from_secs(60 * 60),
            millis => Duration::from_millis(millis),
        }
    }

    /// A token for who brings a client id and its secret, and how long it is good.
    pub(super) fn token(&self, headers: &HeaderMap) -> Option<(String, Duration)> {
        let given = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
        let known = |person: &Person| given == STANDARD.encode(format!("{0}:{0}", person.name()));
        let person = Person::ALL.into_iter().find(known)?;
        let (token, lasts) = (format!("oauth-{}", Uuid::new_v4()), self.lasts());
        let mut tokens = self.tokens();
        if tokens.len() >= MOST_TOKENS {
            tokens.clear();
        }
        tokens.insert(token.clone(), (person, Instant::now() + lasts));
        Some((token, lasts))
    }

    /// Who calls; nobody where that is not known.
    pub(super) fn who(&self, headers: &HeaderMap) -> Option<Person> {
        let Some(given) = headers.get(AUTHORIZATION) else {
            return (!self.required.load(Ordering::Relaxed)).then_some(Person::Admin);
        };
        let token = given.to_str().ok()?.strip_prefix("Bearer ")?;
        if let Some(name) = token.strip_prefix("dapi_") {
            return Person::ALL.into_iter().find(|person| person.name() == name);
        }
        let tokens = self.tokens();
        tokens.get(token).filter(|(_, end)| Instant::now() < *end).map(|(person, _)| *person)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(given: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, given.parse().unwrap());
        headers
    }

    #[test]
    fn who_is_let_in() {
        let logins = Logins::default();
        assert_eq!(logins.who(&HeaderMap::new()), Some(Person::Admin));
        logins.require(Duration::from_secs(60));
        assert_eq!(logins.who(&HeaderMap::new()), None);
        assert_eq!(logins.who(&headers("Bearer dapi_viewer")), Some(Person::Viewer));
        assert_eq!(logins.who(&headers("Bearer x")), None);
        assert!(logins.token(&headers("Basic YWRtaW46eA==")).is_none());
        let (token, lasts) = logins.token(&headers("Basic YWRtaW46YWRtaW4=")).unwrap();
        assert_eq!(lasts, Duration::from_secs(60));
        assert_eq!(logins.who(&headers(&format!("Bearer {token}"))), Some(Person::Admin));
        logins.forget();
        assert_eq!(logins.who(&headers(&format!("Bearer {token}"))), None);
    }
}
