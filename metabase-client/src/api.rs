//! The port: what a program may ask of Metabase. Nothing here changes anything.

use async_trait::async_trait;
use ops_client::{Probe, Result};

use crate::{Answer, CardId, Database, DatabaseId, Metadata, Parameter, Query, User};

/// Reading Metabase. What names mean is told by [`MetabaseReadExt`](crate::MetabaseReadExt).
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait MetabaseRead: Send + Sync {
    /// That it answers, and its version. No login is needed, and none is tried: [`me`](Self::me) tells whether that works.
    ///
    /// # Errors
    /// Every [`ErrorKind`](ops_client::ErrorKind) of a read; the effect is always `None`.
    async fn probe(&self) -> Result<Probe>;

    /// Who asks.
    ///
    /// # Errors
    /// As [`MetabaseRead::probe`].
    async fn me(&self) -> Result<User>;

    /// The databases that who asks may see.
    ///
    /// # Errors
    /// As [`MetabaseRead::probe`].
    async fn databases(&self) -> Result<Vec<Database>>;

    /// The tables of a database, with their fields.
    ///
    /// # Errors
    /// `NotFound` where there is no such database; otherwise as [`MetabaseRead::probe`].
    async fn metadata(&self, database: DatabaseId) -> Result<Metadata>;

    /// Rows of a table.
    ///
    /// # Errors
    /// `Invalid` for a query that has a [contradiction](Query::contradiction); `Rejected` where the query failed, with the
    /// words of the database; otherwise as [`MetabaseRead::probe`].
    async fn query(&self, query: &Query) -> Result<Answer>;

    /// What a saved question finds, asked anew: nothing is taken from a cache.
    ///
    /// # Errors
    /// `NotFound` where there is no such question; otherwise as [`MetabaseRead::query`].
    async fn question(&self, card: CardId, parameters: &[Parameter]) -> Result<Answer>;
}
