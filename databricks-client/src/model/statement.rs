//! SQL statements.

use super::words::words;
use crate::{StatementId, Table, WarehouseId};

/// So many rows are asked for unless said.
const USUAL_ROWS: u32 = 1000;

words! {
    /// How a statement stands.
    StatementState {
        /// It waits, maybe for its warehouse to start.
        Pending = "PENDING",
        /// It runs.
        Running = "RUNNING",
        /// It is over, and its rows are there.
        Succeeded = "SUCCEEDED",
        /// It has failed.
        Failed = "FAILED",
        /// Somebody has ended it.
        Canceled = "CANCELED",
        /// It has succeeded, and its rows were forgotten.
        Closed = "CLOSED",
    }
}

impl StatementState {
    /// Whether nothing more will happen.
    pub fn has_ended(&self) -> bool {
        !matches!(self, Self::Pending | Self::Running | Self::Other(_))
    }
}

/// A statement that shall be run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sql {
    /// By which warehouse.
    pub warehouse: WarehouseId,
    /// What, with `:name` where a parameter belongs.
    pub statement: String,
    /// What belongs there. The server puts it in: nothing needs to be quoted.
    pub parameters: Vec<SqlParameter>,
    /// How many rows shall come back, at most.
    pub row_limit: u32,
}

impl Sql {
    /// This statement. At most 1000 rows come back.
    pub fn new(warehouse: WarehouseId, statement: impl Into<String>) -> Self {
        Self { warehouse, statement: statement.into(), parameters: Vec::new(), row_limit: USUAL_ROWS }
    }

    /// With one more parameter.
    #[must_use]
    pub fn with_parameter(mut self, parameter: SqlParameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// With at most so many rows, one at least.
    #[must_use]
    pub fn with_row_limit(mut self, rows: u32) -> Self {
        self.row_limit = rows.max(1);
        self
    }
}

/// A parameter of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqlParameter {
    /// Its name, without the colon.
    pub name: String,
    /// Its value as a text; nothing for NULL.
    pub value: Option<String>,
    /// Its type, such as `DATE`; nothing for `STRING`.
    pub kind: Option<String>,
}

impl SqlParameter {
    /// A text.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: Some(value.into()), kind: None }
    }

    /// NULL.
    pub fn null(name: impl Into<String>) -> Self {
        Self { name: name.into(), value: None, kind: None }
    }

    /// Read as this type.
    #[must_use]
    pub fn with_kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = Some(kind.into());
        self
    }
}

/// How a statement stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statement {
    /// Which one.
    pub id: StatementId,
    /// How it stands.
    pub state: StatementState,
    /// Why it has failed.
    pub error: Option<StatementError>,
    /// What it found, where it has succeeded.
    pub table: Option<Table>,
}

/// Why a statement has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatementError {
    /// The server's word for it, such as `BAD_REQUEST`.
    pub code: String,
    /// The server's words.
    pub message: String,
}

impl StatementError {
    /// This failure.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}

impl Statement {
    /// A statement that has found nothing yet.
    pub fn new(id: StatementId, state: StatementState) -> Self {
        Self { id, state, error: None, table: None }
    }

    /// With what it found.
    #[must_use]
    pub fn with_table(mut self, table: Table) -> Self {
        self.table = Some(table);
        self
    }

    /// With the reason of its failure.
    #[must_use]
    pub fn with_error(mut self, error: StatementError) -> Self {
        self.error = Some(error);
        self
    }
}
