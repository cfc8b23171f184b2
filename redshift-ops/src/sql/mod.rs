//! SQL: one port, two transports, and a warehouse on top of either.
//!
//! | transport | needs | when |
//! |---|---|---|
//! | [`WireSql`]: PostgreSQL's protocol over TLS | a network path; a password, or one that AWS makes | the cluster's connections are all taken: a superuser still has some |
//! | [`DataApiSql`]: the Redshift Data API (feature `data-api`) | the right to use it, and nothing else | the rule |

#[cfg(feature = "data-api")]
mod data_api;
mod loads;
mod login;
mod meter;
mod refusal;
mod rows;
mod statement;
mod texts;
mod warehouse;
mod wire;

use async_trait::async_trait;
use ops_client::Result;
use ops_client::retry::Idempotency;

#[cfg(feature = "data-api")]
pub use self::data_api::DataApiSql;
pub use self::loads::LoadsTable;
pub use self::login::{Login, LoginSource};
pub use self::rows::{Row, Rows};
pub use self::statement::{Statement, Unquotable};
pub use self::warehouse::Warehouse;
pub use self::wire::{SqlLimits, WireSql, WireSqlBuilder};

/// A way to send SQL to a warehouse. Every value of an answer is text, as the simple protocol has it.
#[async_trait]
pub trait Sql: Send + Sync {
    /// Where it goes, for people: no user info, no password.
    fn address(&self) -> &str;

    /// Sends one statement, in a transaction of its own. `op` names the operation in errors; what may be sent again is said by
    /// `idempotency`.
    ///
    /// # Errors
    /// Every [`ErrorKind`](crate::ErrorKind); the effect of a read is always `None`.
    async fn query(&self, op: &'static str, idempotency: Idempotency, statement: &Statement) -> Result<Rows>;
}
