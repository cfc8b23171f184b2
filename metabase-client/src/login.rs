//! Logging in with a user and a password, for a session.

use std::fmt;

use async_trait::async_trait;
use ops_client::http::{Endpoint, ExposeSecret, Idempotency, Login, Pass, SecretString};
use ops_client::{Effect, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

const OP: &str = "metabase.log_in";
const SESSION: &str = "x-metabase-session";

pub(crate) struct PasswordLogin {
    endpoint: Endpoint,
    user: String,
    password: SecretString,
}

impl PasswordLogin {
    pub(crate) fn new(endpoint: Endpoint, user: String, password: SecretString) -> Self {
        Self { endpoint, user, password }
    }
}

#[async_trait]
impl Login for PasswordLogin {
    async fn log_in(&self) -> Result<Pass> {
        #[derive(Serialize)]
        struct Ask<'a> {
            username: &'a str,
            password: &'a str,
        }
        #[derive(Deserialize)]
        struct Session {
            id: String,
        }
        let ask = Ask { username: &self.user, password: self.password.expose_secret() };
        let call = self.endpoint.post(OP).segments(&["api", "session"]).template("/api/session").json(&ask);
        // Logging in changes nothing that matters: it is sent again as a read is.
        let reply = call.idempotency(Idempotency::Read).send().await.map_err(bare)?;
        let Session { id } = reply.json().map_err(bare)?;
        if id.is_empty() {
            let error = reply.error(ErrorKind::Decode, Effect::None, "");
            return Err(error.with_message("the login was accepted, but no session came with it"));
        }
        Ok(Pass::header(SESSION, id.into()))
    }

    /// Metabase says 401 to whoever is not logged in, and 403 to whoever lacks a right.
    fn has_ended(&self, refusal: &Error) -> bool {
        refusal.status() == Some(401)
    }
}

impl fmt::Debug for PasswordLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordLogin").field("user", &self.user).finish_non_exhaustive()
    }
}

/// An error of the login without the server's words: they may repeat what was sent.
fn bare(error: Error) -> Error {
    let mut bare =
        Error::new(OP, error.kind(), Effect::None).with_attempts(error.attempts()).with_elapsed(error.elapsed());
    if let Some(status) = error.status() {
        bare = bare.with_status(status);
    }
    if let Some(target) = error.target() {
        bare = bare.with_target(target);
    }
    match error.kind() {
        // Metabase says 401 (in older releases 400) also to who tried too often.
        ErrorKind::Unauthenticated | ErrorKind::Invalid => bare
            .with_kind(ErrorKind::Unauthenticated)
            .with_message("the user or the password was not accepted, or was tried too often")
            .with_remedy("check the user and the password; where people log in elsewhere, an API key is needed"),
        ErrorKind::Decode => bare.with_message("the answer to the login cannot be read"),
        _ => match error.remedy() {
            Some(remedy) => bare.with_remedy(remedy.to_owned()),
            None => bare,
        },
    }
}
