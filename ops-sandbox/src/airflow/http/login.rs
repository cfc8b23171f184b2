//! Who calls: tokens of Airflow 3, sessions and passwords of Airflow 2. Nothing of it is secret: it guards a sandbox.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use uuid::Uuid;

/// How long a token is still taken after its end (measured).
const LEEWAY: u64 = 10;

/// Sessions that are kept.
const MOST_SESSIONS: usize = 10_000;

/// One who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// May do everything.
    Admin,
    /// May read everything.
    Viewer,
}

impl User {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Viewer => "viewer",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Admin, Self::Viewer].into_iter().find(|user| user.name() == name)
    }

    /// Both have their name for a password.
    fn with_password(name: &str, password: &str) -> Option<Self> {
        Self::named(name).filter(|user| user.name() == password)
    }
}

/// Why nobody is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stranger {
    /// No credential of the right kind.
    Nobody,
    /// A token that has ended.
    Expired,
    /// A token that was not signed here.
    Forged,
}

/// Who has logged in, and whether that is asked for.
#[derive(Debug)]
pub(crate) struct Logins {
    required: bool,
    lifetime: Duration,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// Another key after each restart.
    key: u128,
    minted: u64,
    sessions: HashMap<String, Session>,
}

#[derive(Debug)]
struct Session {
    csrf: String,
    user: Option<User>,
}

impl Logins {
    pub(crate) fn new(required: bool, lifetime: Duration) -> Self {
        Self { required, lifetime, kept: Mutex::default() }
    }

    /// Whoever logged in must do so again, as after a restart without a configured key.
    pub(crate) fn forget(&self) {
        let mut kept = self.kept();
        kept.key += 1;
        kept.sessions.clear();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who calls, where that is asked for; otherwise whoever names no other user is the admin.
    fn or_admin(&self, known: Result<User, Stranger>) -> Result<User, Stranger> {
        if self.required { known } else { Ok(known.unwrap_or(User::Admin)) }
    }

    /// A token for a user; none where the password is wrong.
    pub(crate) fn token(&self, name: &str, password: &str) -> Option<String> {
        let user = User::with_password(name, password)?;
        let mut kept = self.kept();
        kept.minted += 1;
        let (now, encode) = (seconds(), |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string()));
        let head = encode(&json!({"alg": "HS512", "kid": "not-used", "typ": "JWT"}));
        let claims = encode(&json!({
            "sub": user.name(),
            "role": user.name(),
            "jti": format!("{:032x}", kept.minted),
            "aud": "apache-airflow",
            "nbf": now,
            "exp": now + self.lifetime.as_secs(),
            "iat": now,
        }));
        let signature = kept.sign(&format!("{head}.{claims}"));
        Some(format!("{head}.{claims}.{signature}"))
    }

    /// Who calls Airflow 3: by a token in the header, or in a cookie.
    pub(crate) fn by_token(&self, headers: &HeaderMap) -> Result<User, Stranger> {
        let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let known = match bearer.map(str::to_owned).or_else(|| cookie(headers, "_token")) {
            Some(token) => self.judge(&token, seconds()),
            None => Err(Stranger::Nobody),
        };
        self.or_admin(known)
    }

    fn judge(&self, token: &str, now: u64) -> Result<User, Stranger> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Stranger::Forged)?;
        if self.kept().sign(signed) != signature {
            return Err(Stranger::Forged);
        }
        let claims = signed.split_once('.').and_then(|(_, claims)| URL_SAFE_NO_PAD.decode(claims).ok());
        let claims: Value = claims.and_then(|claims| serde_json::from_slice(&claims).ok()).ok_or(Stranger::Forged)?;
        let user = claims["sub"].as_str().and_then(User::named).ok_or(Stranger::Forged)?;
        let ends = claims["exp"].as_u64().unwrap_or(0);
        if now > ends + LEEWAY { Err(Stranger::Expired) } else { Ok(user) }
    }

    /// Who calls Airflow 2: by a password with each call, or by the cookie of a session.
    pub(crate) fn by_session(&self, headers: &HeaderMap) -> Result<User, Stranger> {
        let basic = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
        let known = match basic {
            Some(basic) => basic_user(basic),
            None => cookie(headers, "session").and_then(|id| self.kept().sessions.get(&id)?.user),
        };
        self.or_admin(known.ok_or(Stranger::Nobody))
    }

    /// A session of nobody, and the word that its login form must bring back.
    pub(crate) fn open_session(&self) -> (String, String) {
        let mut kept = self.kept();
        if kept.sessions.len() >= MOST_SESSIONS {
            kept.sessions.clear();
        }
        let (id, csrf) = (kept.mint("session"), kept.mint("csrf"));
        kept.sessions.insert(id.clone(), Session { csrf: csrf.clone(), user: None });
        (id, csrf)
    }

    /// The session of one who sent the form; an error where the form is not this session's, none where the password is
    /// wrong.
    pub(crate) fn submit(&self, headers: &HeaderMap, form: &[(String, String)]) -> Result<Option<String>, ()> {
        let field = |name: &str| form.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
        let mut kept = self.kept();
        let session = cookie(headers, "session").and_then(|id| kept.sessions.get(&id)).ok_or(())?;
        if session.csrf != field("csrf_token") {
            return Err(());
        }
        let Some(user) = User::with_password(field("username"), field("password")) else { return Ok(None) };
        let (id, csrf) = (kept.mint("session"), kept.mint("csrf"));
        kept.sessions.insert(id.clone(), Session { csrf, user: Some(user) });
        Ok(Some(id))
    }
}

impl Kept {
    /// What only this server can make of a text.
    fn sign(&self, text: &str) -> String {
        let bytes = Uuid::new_v5(&Uuid::from_u128(self.key), text.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes.as_bytes().repeat(4))
    }

    fn mint(&mut self, kind: &str) -> String {
        self.minted += 1;
        let id = Uuid::new_v5(&Uuid::from_u128(self.key), format!("{kind} {}", self.minted).as_bytes());
        format!("{id}.{}", &self.sign(&id.to_string())[..27])
    }
}

fn basic_user(basic: &str) -> Option<User> {
    let text = String::from_utf8(STANDARD.decode(basic).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    User::with_password(name, password)
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

/// The real time: clients compare a token's end with their own clock.
fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_ends_and_cannot_be_forged() {
        let logins = Logins::new(true, Duration::from_secs(60));
        let token = logins.token("viewer", "viewer").unwrap();
        let now = seconds();
        assert_eq!(logins.judge(&token, now), Ok(User::Viewer));
        assert_eq!(logins.judge(&token, now + 65), Ok(User::Viewer), "within the leeway");
        assert_eq!(logins.judge(&token, now + 75), Err(Stranger::Expired));
        let (signed, _) = token.rsplit_once('.').unwrap();
        for forged in [format!("{signed}.x"), "x".to_owned(), "a.b.c".to_owned()] {
            assert_eq!(logins.judge(&forged, now), Err(Stranger::Forged));
        }
        logins.forget();
        assert_eq!(logins.judge(&token, now), Err(Stranger::Forged));
        assert_eq!(logins.token("admin", "wrong"), None);
    }

    #[test]
    fn a_form_needs_its_own_session() {
        let logins = Logins::new(true, Duration::from_secs(60));
        let (id, csrf) = logins.open_session();
        let mut headers = HeaderMap::new();
        let form = |csrf: &str, password: &str| {
            [("csrf_token", csrf), ("username", "admin"), ("password", password)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        assert_eq!(logins.submit(&headers, &form(&csrf, "admin")), Err(()));
        headers.insert(COOKIE, format!("a=b; session={id}").parse().unwrap());
        assert_eq!(logins.by_session(&headers), Err(Stranger::Nobody));
        assert_eq!(logins.submit(&headers, &form("x", "admin")), Err(()));
        assert_eq!(logins.submit(&headers, &form(&csrf, "x")), Ok(None));
        let session = logins.submit(&headers, &form(&csrf, "admin")).unwrap().unwrap();
        headers.insert(COOKIE, format!("session={session}").parse().unwrap());
        assert_eq!(logins.by_session(&headers), Ok(User::Admin));
    }
}
