//! Rows that a command or a statement has found.

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, in the server's words: `STRING`, `DECIMAL(10,2)`, `"long"`, …
    pub kind: String,
}

impl Column {
    /// A column of this name and type.
    pub fn new(name: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { name: name.into(), kind: kind.into() }
    }
}

/// Rows. A cell is a text; nothing where it is NULL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Table {
    /// What the cells of a row are.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Vec<Option<String>>>,
    /// Whether there are more rows than these.
    pub truncated: bool,
}

impl Table {
    /// All rows that there are.
    pub fn new(columns: Vec<Column>, rows: Vec<Vec<Option<String>>>) -> Self {
        Self { columns, rows, truncated: false }
    }

    /// Not all rows that there are.
    #[must_use]
    pub fn truncated(mut self) -> Self {
        self.truncated = true;
        self
    }
}
