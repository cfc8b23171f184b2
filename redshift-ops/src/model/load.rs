//! What was loaded into the warehouse, and what could not be.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A row of the Loads table: one table was loaded for one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Load {
    /// The table, by its name in the warehouse: `fraud_report_policy`.
    pub table: String,
    /// Metapod's transaction.
    pub transaction: String,
    /// When; `None` where the row does not tell.
    pub at: Option<Timestamp>,
}

impl Load {
    /// A table that was loaded for a transaction.
    pub fn new(table: impl Into<String>, transaction: impl Into<String>, at: Option<Timestamp>) -> Self {
        Self { table: table.into(), transaction: transaction.into(), at }
    }
}

/// Which loads are meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LoadFilter {
    /// Of these tables; of all where it is empty.
    pub tables: Vec<String>,
    /// For this transaction; for all where there is none.
    pub transaction: Option<String>,
    /// The newest first, at most so many; 100 unless told, never above 1,000.
    pub limit: u32,
}

impl Default for LoadFilter {
    fn default() -> Self {
        Self { tables: Vec::new(), transaction: None, limit: 100 }
    }
}

impl LoadFilter {
    /// The newest hundred.
    pub fn newest() -> Self {
        Self::default()
    }

    /// Of this table, too.
    #[must_use]
    pub fn of_table(mut self, table: impl Into<String>) -> Self {
        self.tables.push(table.into());
        self
    }

    /// For this transaction only.
    #[must_use]
    pub fn of_transaction(mut self, transaction: impl Into<String>) -> Self {
        self.transaction = Some(transaction.into());
        self
    }

    /// At most so many.
    #[must_use]
    pub fn at_most(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }

    /// Whether it takes this load.
    pub fn takes(&self, load: &Load) -> bool {
        (self.tables.is_empty() || self.tables.contains(&load.table))
            && self.transaction.as_ref().is_none_or(|transaction| *transaction == load.transaction)
    }
}

/// A row that `COPY` could not load. What stood in the row is not read: it is customers' data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LoadError {
    /// When.
    pub at: Timestamp,
    /// The table's object id.
    pub table: u32,
    /// The file.
    pub file: String,
    /// The line of the file, from 1; 0 where the format has none.
    pub line: u64,
    /// The column.
    pub column: String,
    /// Why, in the warehouse's words.
    pub reason: String,
}

impl LoadError {
    /// A row that was not loaded.
    pub fn new(at: Timestamp, file: impl Into<String>, column: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { at, table: 0, file: file.into(), line: 0, column: column.into(), reason: reason.into() }
    }
}
