//! As whom a session is opened.

use async_trait::async_trait;
use ops_client::Result;
use secrecy::SecretString;

/// A user and a password.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password.
    pub password: SecretString,
}

impl Login {
    /// This user, with this password.
    pub fn new(user: impl Into<String>, password: SecretString) -> Self {
        Self { user: user.into(), password }
    }
}

/// Where the login of the next session comes from.
#[async_trait]
pub trait LoginSource: Send + Sync {
    /// A login that is valid now.
    ///
    /// # Errors
    /// Where it cannot be had. Nothing was sent to the warehouse then.
    async fn login(&self) -> Result<Login>;

    /// The last one was refused: it is not given again.
    async fn refused(&self) {}
}

#[async_trait]
impl LoginSource for Login {
    async fn login(&self) -> Result<Login> {
        Ok(self.clone())
    }
}
