//! The ports: what a program may ask of tables and their capacity, and what it may change there.

use async_trait::async_trait;
use ops_client::{Probe, Result};

use crate::{AccountLimits, CapacityChange, Place, ScalingChange, ScalingTarget, Table, TableName, Usage, Window};

/// Reading tables, and what is known of their use. Nothing here changes anything.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait TablesRead: Send + Sync {
    /// That the service answers.
    ///
    /// # Errors
    /// Every [`ErrorKind`](ops_client::ErrorKind) of a read; the effect is always `None`.
    async fn probe(&self) -> Result<Probe>;

    /// One table, and its indexes.
    ///
    /// # Errors
    /// `NotFound` where there is none; otherwise as [`TablesRead::probe`].
    async fn table(&self, name: &TableName) -> Result<Table>;

    /// The names of the tables that begin so, sorted.
    ///
    /// # Errors
    /// As [`TablesRead::probe`].
    async fn tables(&self, prefix: &str) -> Result<Vec<TableName>>;

    /// How much the account may have in this region.
    ///
    /// # Errors
    /// As [`TablesRead::probe`].
    async fn limits(&self) -> Result<AccountLimits>;

    /// What a table, or an index of it, was asked for, by the minute: of a day at most, and of the last 15 days.
    /// CloudWatch tells it a minute or two later; the minute that is running is not over.
    ///
    /// # Errors
    /// `Invalid` where the window is none, or longer than a day; `Unavailable` where only a part is told. Otherwise as
    /// [`TablesRead::probe`]. A table that is not there has no use, and is no error here.
    async fn usage(&self, table: &TableName, place: &Place, window: &Window) -> Result<Usage>;

    /// What scales the table and its indexes by itself: the table first, then the indexes by name, reads before writes.
    ///
    /// # Errors
    /// As [`TablesRead::probe`]. A table that is not there has none.
    async fn scaling(&self, table: &TableName) -> Result<Vec<ScalingTarget>>;
}

/// Changing capacity. A program that only previews never holds this.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait TablesWrite: Send + Sync {
    /// Sets both units of a table or of an index. Both are always sent, so both are read right before: where they are
    /// not as they were seen, somebody else was faster, and nothing is sent. It has begun when this returns: until the
    /// table is `ACTIVE` again, the old units are told. It is never sent twice where it may have worked.
    ///
    /// # Errors
    /// `Conflict` where the units are not as seen, or the table is changed at this moment; `RateLimited` where it may
    /// not be lowered now; `Invalid` where the units are as wanted already, are none, or the table is paid by request;
    /// `NotFound` where there is no such table or index. Otherwise every kind. The effect says what may have happened.
    async fn set_capacity(&self, table: &TableName, change: &CapacityChange) -> Result<()>;

    /// Sets the bounds within which a table or an index scales by itself. The bounds are read right before, as the
    /// units are.
    ///
    /// # Errors
    /// `Conflict` where the bounds are not as seen, `Invalid` where the lower one is 0 or above the higher one,
    /// `NotFound` where it does not scale by itself. Otherwise every kind.
    async fn set_scaling(&self, table: &TableName, change: &ScalingChange) -> Result<()>;
}
