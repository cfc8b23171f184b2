//! Who calls: by an API key, or by a session. Nothing of it is secret: it guards a sandbox.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;
use metabase_client::{User, UserId};
use serde::Deserialize;
use uuid::Uuid;

/// Sessions that are kept.
const MOST_SESSIONS: usize = 10_000;

/// One who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Person {
    Admin,
    Viewer,
}

impl Person {
    fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Viewer => "viewer",
        }
    }

    pub(crate) fn user(self) -> User {
        let mut user = User::new(UserId::new(self as i64 + 1), format!("{}@example.com", self.name()));
        user.name = Some(self.name().to_owned());
        user.superuser = self == Self::Admin;
        user
    }

    /// By name or address. Both have their name for a password.
    fn with_password(user: &str, password: &str) -> Option<Self> {
        let name = user.strip_suffix("@example.com").unwrap_or(user);
        Self::all().find(|person| person.name() == name && person.name() == password)
    }

    /// Both have `mb_` and their name for an API key.
    fn with_key(key: &str) -> Option<Self> {
        let name = key.strip_prefix("mb_")?;
        Self::all().find(|person| person.name() == name)
    }

    fn all() -> impl Iterator<Item = Self> {
        [Self::Admin, Self::Viewer].into_iter()
    }
}

/// Who has logged in, and whether that is asked for.
#[derive(Debug, Default)]
pub(crate) struct Logins {
    required: AtomicBool,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    begun: u64,
    sessions: HashMap<String, Person>,
}

impl Logins {
    /// From now on only who is known is answered; before, whoever says nothing is the admin.
    pub(crate) fn require(&self) {
        self.required.store(true, Ordering::Relaxed);
    }

    /// From now on no session is good.
    pub(crate) fn forget(&self) {
        self.kept().sessions.clear();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session for who sends a user and a password; none where they are wrong.
    pub(super) fn begin(&self, body: &[u8]) -> Option<String> {
        #[derive(Deserialize)]
        struct Ask {
            username: String,
            password: String,
        }
        let ask: Ask = serde_json::from_slice(body).ok()?;
        let person = Person::with_password(&ask.username, &ask.password)?;
        let mut kept = self.kept();
        if kept.sessions.len() >= MOST_SESSIONS {
            kept.sessions.clear();
        }
        kept.begun += 1;
        let name = format!("metabase/sessions/{}", kept.begun);
        let session = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).to_string();
        kept.sessions.insert(session.clone(), person);
        Some(session)
    }

    /// Who calls.
    pub(super) fn person(&self, headers: &HeaderMap) -> Option<Person> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let by_session = header("x-metabase-session").and_then(|session| self.kept().sessions.get(session).copied());
        let known = by_session.or_else(|| header("x-api-key").and_then(Person::with_key));
        let anybody = (!self.required.load(Ordering::Relaxed)).then_some(Person::Admin);
        known.or(anybody)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_good_until_it_is_forgotten() {
        let logins = Logins::default();
        let mut headers = HeaderMap::new();
        assert_eq!(logins.person(&headers), Some(Person::Admin));
        logins.require();
        assert_eq!(logins.person(&headers), None);
        assert_eq!(logins.begin(br#"{"username": "viewer", "password": "wrong"}"#), None);
        assert_eq!(logins.begin(b"viewer"), None);
        let session = logins.begin(br#"{"username": "viewer@example.com", "password": "viewer"}"#).unwrap();
        headers.insert("x-metabase-session", session.parse().unwrap());
        assert_eq!(logins.person(&headers), Some(Person::Viewer));
        logins.forget();
        assert_eq!(logins.person(&headers), None);
        headers.insert("x-api-key", "mb_admin".parse().unwrap());
        assert_eq!(logins.person(&headers), Some(Person::Admin));
    }
}
