//! Logins that AWS makes for a quarter of an hour.

#[cfg(feature = "sql")]
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ops_aws::Idempotency;
use secrecy::SecretString;

use super::wire::{known, timestamp, unreadable};
use super::{ClusterClient, named};
use crate::{ClusterId, Result};

/// A login that ends so soon is replaced.
#[cfg(feature = "sql")]
const SPARE: SignedDuration = SignedDuration::from_secs(60);
/// As short as the service allows.
const LASTS: Duration = Duration::from_secs(900);

/// A user and a password that AWS made, for some minutes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Credentials {
    /// The user as the warehouse knows it: `IAM:name`. It is sent literally.
    pub user: String,
    /// The password.
    pub password: SecretString,
    /// Until when it opens new sessions.
    pub expires: Timestamp,
}

impl ClusterClient {
    /// A login of a user of the database, who must be there already. The caller needs `redshift:GetClusterCredentials` for this
    /// user. It is asked for as often as its password is needed: each one is a new password, and the old ones stay valid.
    ///
    /// # Errors
    /// `NotFound` where there is no such cluster, `Forbidden` without the right; otherwise every kind of a read.
    pub async fn credentials(&self, cluster: &ClusterId, user: &str, database: &str) -> Result<Credentials> {
        const OP: &str = "redshift.credentials";
        named(OP, cluster)?;
        let request = self.redshift.get_cluster_credentials().cluster_identifier(cluster.as_str());
        let request = request.db_user(user).db_name(database).auto_create(false);
        let seconds = i32::try_from(LASTS.as_secs()).unwrap_or(i32::MAX);
        let request = request.duration_seconds(seconds);
        let call = self.aws.call(OP, Idempotency::Read).known(known);
        let made = call.send(|| request.clone().send()).await?;
        let (Some(user), Some(password)) = (made.db_user, made.db_password) else {
            return Err(unreadable(OP, "the answer has no user or no password"));
        };
        let lasts = SignedDuration::try_from(LASTS).unwrap_or_default();
        let expires = made.expiration.as_ref().and_then(timestamp).unwrap_or_else(|| Timestamp::now() + lasts);
        Ok(Credentials { user, password: SecretString::from(password), expires })
    }

    /// A login that is made anew whenever the last one is about to end: what a connection over the wire takes.
    #[cfg(feature = "sql")]
    pub fn login(&self, cluster: ClusterId, user: impl Into<String>, database: impl Into<String>) -> TemporaryLogin {
        TemporaryLogin {
            client: self.clone(),
            cluster,
            user: user.into(),
            database: database.into(),
            last: Arc::default(),
        }
    }
}

/// A login that AWS makes anew whenever the last one is about to end.
#[cfg(feature = "sql")]
#[derive(Clone, Debug)]
pub struct TemporaryLogin {
    client: ClusterClient,
    cluster: ClusterId,
    user: String,
    database: String,
    last: Arc<tokio::sync::Mutex<Option<Credentials>>>,
}

#[cfg(feature = "sql")]
#[async_trait::async_trait]
impl crate::sql::LoginSource for TemporaryLogin {
    async fn login(&self) -> Result<crate::sql::Login> {
        let mut last = self.last.lock().await;
        let lasts = |made: &&Credentials| made.expires.duration_since(Timestamp::now()) > SPARE;
        let made = match last.as_ref().filter(lasts) {
            Some(made) => made.clone(),
            None => last.insert(self.client.credentials(&self.cluster, &self.user, &self.database).await?).clone(),
        };
        Ok(crate::sql::Login::new(made.user, made.password))
    }

    async fn refused(&self) {
        *self.last.lock().await = None;
    }
}
