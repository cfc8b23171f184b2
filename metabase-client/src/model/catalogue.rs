//! What can be asked about: databases, their tables, the tables' fields. And who asks.

use crate::{DatabaseId, FieldId, TableId, UserId};

/// A database that Metabase is connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Database {
    /// Its id.
    pub id: DatabaseId,
    /// The name that people see.
    pub name: String,
    /// What kind of database it is, `redshift`, where that is told.
    pub engine: Option<String>,
}

impl Database {
    /// A database of no particular kind.
    pub fn new(id: DatabaseId, name: impl Into<String>) -> Self {
        Self { id, name: name.into(), engine: None }
    }

    /// With its kind.
    #[must_use]
    pub fn with_engine(mut self, engine: impl Into<String>) -> Self {
        self.engine = Some(engine.into());
        self
    }
}

/// A database with the tables that are not hidden.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    /// The database.
    pub database: Database,
    /// Its tables.
    pub tables: Vec<Table>,
}

impl Metadata {
    /// A database with these tables.
    pub fn new(database: Database, tables: Vec<Table>) -> Self {
        Self { database, tables }
    }
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Table {
    /// Its id.
    pub id: TableId,
    /// The database that it is in.
    pub database: DatabaseId,
    /// The schema that it is in, where its database has such.
    pub schema: Option<String>,
    /// The name that the database knows, `loads`.
    pub name: String,
    /// The name that people see, `Loads`.
    pub display_name: String,
    /// Its fields.
    pub fields: Vec<Field>,
}

impl Table {
    /// A table without fields that is shown by its own name.
    pub fn new(id: TableId, database: DatabaseId, schema: Option<String>, name: impl Into<String>) -> Self {
        let name = name.into();
        Self { id, database, schema, display_name: name.clone(), name, fields: Vec::new() }
    }

    /// With the name that people see.
    #[must_use]
    pub fn shown_as(mut self, name: impl Into<String>) -> Self {
        self.display_name = name.into();
        self
    }

    /// With these fields.
    #[must_use]
    pub fn with_fields(mut self, fields: Vec<Field>) -> Self {
        self.fields = fields;
        self
    }
}

/// A field: a column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field {
    /// Its id.
    pub id: FieldId,
    /// The name that the database knows, `table_name`.
    pub name: String,
    /// The name that people see, `Table Name`.
    pub display_name: String,
    /// What it holds, in Metabase's words: `type/Text`, `type/Integer`, `type/DateTime`.
    pub base_type: String,
}

impl Field {
    /// A field that is shown by its own name.
    pub fn new(id: FieldId, name: impl Into<String>, base_type: impl Into<String>) -> Self {
        let name = name.into();
        Self { id, display_name: name.clone(), name, base_type: base_type.into() }
    }

    /// With the name that people see.
    #[must_use]
    pub fn shown_as(mut self, name: impl Into<String>) -> Self {
        self.display_name = name.into();
        self
    }
}

/// Who asks, as Metabase has it. An API key has a user of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their address, with which they log in.
    pub email: String,
    /// Their name, where there is one.
    pub name: Option<String>,
    /// Whether they may do everything.
    pub superuser: bool,
}

impl User {
    /// A user without a name and without special rights.
    pub fn new(id: UserId, email: impl Into<String>) -> Self {
        Self { id, email: email.into(), name: None, superuser: false }
    }
}
