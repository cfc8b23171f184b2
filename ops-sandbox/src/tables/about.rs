//! What a call is about, as the log has it.

use dynamodb_ops::TableName;
use uuid::Uuid;

/// What a call about tables is about. Each table has its own UUID in the log, made from its name (version 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About<'a> {
    /// Nothing in particular.
    Everything,
    /// A table.
    Table(&'a TableName),
}

impl About<'_> {
    /// What stands for it in the log.
    pub fn subject(self) -> Uuid {
        match self {
            Self::Everything => Uuid::nil(),
            Self::Table(name) => Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("dynamodb/tables/{name}").as_bytes()),
        }
    }
}
