//! What a call is about, as the log has it.

use metabase_client::{CardId, DatabaseId, TableId};
use uuid::Uuid;

/// What a call to Metabase is about. Each thing has its own UUID in the log, made from its number (version 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Nothing in particular.
    Everything,
    /// A database.
    Database(DatabaseId),
    /// A table.
    Table(TableId),
    /// A saved question.
    Question(CardId),
}

impl About {
    /// What stands for it in the log.
    pub fn subject(self) -> Uuid {
        let name = match self {
            Self::Everything => return Uuid::nil(),
            Self::Database(id) => format!("metabase/databases/{id}"),
            Self::Table(id) => format!("metabase/tables/{id}"),
            Self::Question(id) => format!("metabase/questions/{id}"),
        };
        Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
    }
}
