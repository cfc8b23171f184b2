//! How one logs in where a bearer token is not the way: by a user and a password, by another token, by a header.

use ops_client::Result;
use ops_client::http::{Credential, ExposeSecret, SecretString};
use serde::Deserialize;

use crate::secrets::Reference;

/// A login, as it stands in a file: its secrets only by reference.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub enum Login {
    /// As a person does: the system gives a token or a session for it.
    Password {
        /// The user.
        user: String,
        /// Where the password is found.
        password: Reference,
        /// Sent with every call instead (HTTP basic authentication).
        basic: bool,
    },
    /// A bearer token.
    Token(Reference),
    /// A header that a proxy, or the system itself, asks for.
    Header {
        /// Its name.
        name: String,
        /// Where its value is found.
        value: Reference,
    },
}

/// A login as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    user: Option<String>,
    password: Option<Reference>,
    #[serde(default)]
    basic: bool,
    token: Option<Reference>,
    header: Option<String>,
    value: Option<Reference>,
}

impl TryFrom<Written> for Login {
    type Error = &'static str;

    fn try_from(written: Written) -> std::result::Result<Self, Self::Error> {
        let Written { user, password, basic, token, header, value } = written;
        match (user, password, token, header, value) {
            (Some(user), Some(password), None, None, None) => Ok(Self::Password { user, password, basic }),
            (None, None, Some(token), None, None) if !basic => Ok(Self::Token(token)),
            (None, None, None, Some(name), Some(value)) if !basic => Ok(Self::Header { name, value }),
            _ => Err("a login is { user = \"NAME\", password = … }, { token = … } or { header = \"NAME\", value = … }"),
        }
    }
}

/// A login whose secret was read.
#[derive(Debug)]
pub enum Read {
    /// A user and a password, for the client to log in with.
    Account(String, SecretString),
    /// What goes with every call.
    Credential(Credential),
}

impl Login {
    /// Reads the secret.
    ///
    /// # Errors
    /// `Unauthenticated`, where it is not there; the secret is not quoted.
    pub async fn read(&self) -> Result<Read> {
        let plain = |secret: SecretString| SecretString::from(secret.expose_secret().trim());
        Ok(match self {
            Self::Password { user, password, basic } => {
                let password = plain(password.read().await?);
                if *basic {
                    Read::Credential(Credential::basic(user, password))
                } else {
                    Read::Account(user.clone(), password)
                }
            }
            Self::Token(token) => Read::Credential(token.bearer().await?),
            Self::Header { name, value } => Read::Credential(Credential::header(name, plain(value.read().await?))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Settings {
        login: Login,
    }

    #[test]
    fn each_way_is_written_down_in_one_way() {
        for (text, wants) in [
            (r#"{ user = "ops", password = { env = "P" } }"#, "Password"),
            (r#"{ user = "ops", password = { env = "P" }, basic = true }"#, "basic: true"),
            (r#"{ token = { file = "t" } }"#, "Token"),
            (r#"{ header = "x-auth", value = { env = "V" } }"#, "Header"),
        ] {
            let settings: Settings = toml::from_str(&format!("login = {text}")).unwrap();
            assert!(format!("{:?}", settings.login).contains(wants), "{settings:?}");
        }
        for wrong in [
            r#"{ user = "ops" }"#,
            r#"{ user = "ops", password = "planted" }"#,
            r#"{ user = "ops", token = { env = "T" } }"#,
            r#"{ token = { env = "T" }, basic = true }"#,
            r#"{ name = "ops" }"#,
            "{}",
        ] {
            let error = toml::from_str::<Settings>(&format!("login = {wrong}")).unwrap_err();
            assert!(!error.message().contains("planted"), "{error}");
        }
    }
}
