//! Logging in with a user and a password: a token of Airflow 3, a web session of Airflow 2.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use ops_client::http::{Call, Endpoint, ExposeSecret, Idempotency, Login, Pass, Reply, SecretString};
use ops_client::{Effect, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use crate::detect::Detect;
use crate::wire::problem;

const OP: &str = "airflow.log_in";
/// The cookie that holds Airflow 2's session.
const COOKIE: &str = "session";

pub(crate) struct PasswordLogin {
    endpoint: Endpoint,
    detect: Arc<Detect>,
    user: String,
    password: SecretString,
}

impl PasswordLogin {
    pub(crate) fn new(endpoint: Endpoint, detect: Arc<Detect>, user: String, password: SecretString) -> Self {
        Self { endpoint, detect, user, password }
    }

    /// `POST /auth/token`, whichever auth manager stands behind it (measured: simple and FAB).
    async fn token(&self) -> Result<Pass> {
        #[derive(Serialize)]
        struct Ask<'a> {
            username: &'a str,
            password: &'a str,
        }
        #[derive(Deserialize)]
        struct Token {
            access_token: String,
        }
        let ask = Ask { username: &self.user, password: self.password.expose_secret() };
        let call = self.endpoint.post(OP).segments(&["auth", "token"]).template("/auth/token").json(&ask);
        let reply = self.send(call).await?;
        let Token { access_token } = reply.json().map_err(bare)?;
        Ok(Pass::bearer(access_token.into()))
    }

    /// The form of the web pages: its page brings a hidden word and a first session, its answer the session that counts.
    async fn session(&self) -> Result<Pass> {
        let page = self.send(self.form(self.endpoint.get(OP))).await?;
        let csrf = csrf_token(&page.text())
            .ok_or_else(|| refused("the login page has no form that can be filled in").with_status(page.status()))?;
        let first = session_cookie(&page)
            .ok_or_else(|| refused("the login page began no session").with_status(page.status()))?;
        let mut body = String::new();
        for (name, value) in
            [("csrf_token", &*csrf), ("username", &*self.user), ("password", self.password.expose_secret())]
        {
            form_field(&mut body, name, value);
        }
        // The cookie goes as a credential: that is where secrets belong.
        let endpoint = self.endpoint.with_credential(cookie(first));
        let post = self.form(endpoint.post(OP)).accept_status(302);
        let reply = self.send(post.body("application/x-www-form-urlencoded", body.into_bytes())).await?;
        // A wrong password brings the form again: by 200, or by a redirect to it (measured on 2.11.2).
        let to = reply.header("location").unwrap_or_default();
        let to = to.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        if reply.status() != 302 || to.ends_with("/login") {
            return Err(refused("the user or the password was not accepted").with_status(reply.status()));
        }
        match session_cookie(&reply) {
            Some(session) => Ok(Pass::cookie(COOKIE, session)),
            None => Err(refused("the login was accepted, but no session came with it").with_status(reply.status())),
        }
    }

    fn form(&self, call: Call) -> Call {
        call.segments(&["login"]).folder().template("/login/").header("accept", "text/html")
    }

    /// Logging in changes nothing that matters: it is sent again as a read is.
    async fn send(&self, call: Call) -> Result<Reply> {
        call.idempotency(Idempotency::Read).send().await.map_err(bare)
    }
}

#[async_trait]
impl Login for PasswordLogin {
    async fn log_in(&self) -> Result<Pass> {
        if self.detect.release(OP).await?.major == 2 { self.session().await } else { self.token().await }
    }

    /// Airflow 3 says 401 to a token that expired and 403 to one that it did not sign (it forgets its key where that is not
    /// configured); Airflow 2 says 403 to whoever is not logged in, in the same words as to whoever lacks a right.
    fn has_ended(&self, refusal: &Error) -> bool {
        match refusal.status() {
            Some(401) => true,
            Some(403) => problem::is_bad_token(refusal) || problem::is_wordless_refusal(refusal),
            _ => false,
        }
    }
}

impl fmt::Debug for PasswordLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordLogin").field("user", &self.user).finish_non_exhaustive()
    }
}

fn cookie(session: SecretString) -> ops_client::http::Credential {
    ops_client::http::Credential::header("cookie", format!("{COOKIE}={}", session.expose_secret()).into())
}

fn refused(message: &'static str) -> Error {
    Error::new(OP, ErrorKind::Unauthenticated, Effect::None)
        .with_message(message)
        .with_remedy("check the user and the password, and that this Airflow has accounts of its own")
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
        ErrorKind::Unauthenticated => bare
            .with_message("the user or the password was not accepted")
            .with_remedy("check the user and the password, and that this Airflow has accounts of its own"),
        ErrorKind::NotFound => bare.with_message("this Airflow has no login by user and password"),
        ErrorKind::Decode => bare.with_message("the answer to the login cannot be read"),
        _ => match error.remedy() {
            Some(remedy) => bare.with_remedy(remedy.to_owned()),
            None => bare,
        },
    }
}

/// The value of the hidden field. Its attributes come in any order.
fn csrf_token(page: &str) -> Option<String> {
    let field = page.split('<').find(|tag| tag.starts_with("input") && tag.contains("name=\"csrf_token\""))?;
    let value = field.split_once("value=\"")?.1.split_once('"')?.0;
    (!value.is_empty()).then(|| value.to_owned())
}

/// The last one that is set counts.
fn session_cookie(reply: &Reply) -> Option<SecretString> {
    let cookies = reply.headers("set-cookie");
    let value =
        cookies.filter_map(|cookie| cookie.strip_prefix(COOKIE)?.strip_prefix('=')?.split(';').next()).last()?;
    (!value.is_empty()).then(|| value.into())
}

/// Everything but letters, digits and `-._` travels as `%XX`.
fn form_field(body: &mut String, name: &str, value: &str) {
    if !body.is_empty() {
        body.push('&');
    }
    body.push_str(name);
    body.push('=');
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            body.push(char::from(byte));
        } else {
            body.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hidden_field_is_found_wherever_its_attributes_stand() {
        let page = "<form><input id=\"csrf_token\" name=\"csrf_token\" type=\"hidden\" value=\"a.b-c\"></form>";
        assert_eq!(csrf_token(page).as_deref(), Some("a.b-c"));
        let other = "<input value=\"x\" name=\"other\"><input value=\"a\" type=\"hidden\" name=\"csrf_token\"/>";
        assert_eq!(csrf_token(other).as_deref(), Some("a"));
        for none in ["", "<input name=\"csrf_token\">", "<input name=\"csrf_token\" value=\"\">", "csrf_token"] {
            assert_eq!(csrf_token(none), None, "{none}");
        }
    }

    #[test]
    fn a_form_carries_any_password() {
        let mut body = String::new();
        form_field(&mut body, "username", "a b");
        form_field(&mut body, "password", "&=+%é");
        assert_eq!(body, "username=a%20b&password=%26%3D%2B%25%C3%A9");
    }
}
