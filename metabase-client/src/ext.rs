//! What follows from the port's answers, for every implementation of it.

use async_trait::async_trait;
use ops_client::{Effect, Error, ErrorKind, Result};

use crate::{Database, MetabaseRead, Table, find};

/// Conveniences over [`MetabaseRead`].
#[async_trait]
pub trait MetabaseReadExt: MetabaseRead {
    /// The database of this name, as people say it.
    ///
    /// # Errors
    /// `NotFound`, listing what is there; `Invalid` where the name fits several, listing those; otherwise as
    /// [`MetabaseRead::databases`].
    async fn find_database(&self, name: &str) -> Result<Database> {
        find::database(&self.databases().await?, name).cloned()
    }

    /// A table as people say it: database, schema, table. Two calls, of which the second may be large: keep what it finds.
    ///
    /// # Errors
    /// As [`find_database`](Self::find_database) for each of the names; otherwise as [`MetabaseRead::metadata`].
    async fn find_table(&self, database: &str, schema: &str, table: &str) -> Result<Table> {
        let database = self.find_database(database).await?;
        self.metadata(database.id).await?.table(Some(schema), table).cloned()
    }

    /// The same from one text, as the runbook has it: `Belo Monte - Meta - Loads`.
    ///
    /// # Errors
    /// `Invalid` where the text has not three parts; otherwise as [`find_table`](Self::find_table).
    async fn find_spoken(&self, place: &str) -> Result<Table> {
        let parts: Vec<&str> = place.split(" - ").map(str::trim).collect();
        match parts[..] {
            [database, schema, table] => self.find_table(database, schema, table).await,
            _ => Err(Error::new("metabase.find", ErrorKind::Invalid, Effect::None)
                .with_message(format!("\"{place}\" is not «database - schema - table»"))
                .with_attempts(0)),
        }
    }
}

#[async_trait]
impl<T: MetabaseRead + ?Sized> MetabaseReadExt for T {}
