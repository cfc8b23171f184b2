//! What was found: columns, and rows of cells.

use std::fmt;

use serde_json::{Number, Value as Json};

/// What was found. Each row has as many cells as there are columns.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// What stands in each place of a row.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
    /// Whether there may be more: Metabase says so, or there are as many rows as it gives at most, or as the query's limit
    /// lets through. Who counts rows must look here first.
    pub may_be_cut: bool,
}

impl Answer {
    /// Rows that are all there are.
    pub fn new(columns: Vec<Column>, rows: Vec<Vec<Cell>>) -> Self {
        Self { columns, rows, may_be_cut: false }
    }

    /// With whether there may be more.
    #[must_use]
    pub fn with_more(mut self, may_be_cut: bool) -> Self {
        self.may_be_cut = may_be_cut;
        self
    }
}

/// What stands in one place of each row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// The name that the database knows, `table_name`.
    pub name: String,
    /// The name that people see, `Table Name`.
    pub display_name: String,
    /// What it holds, in Metabase's words.
    pub base_type: String,
}

impl Column {
    /// A column that is shown by its own name.
    pub fn new(name: impl Into<String>, base_type: impl Into<String>) -> Self {
        let name = name.into();
        Self { display_name: name.clone(), name, base_type: base_type.into() }
    }

    /// With the name that people see.
    #[must_use]
    pub fn shown_as(mut self, name: impl Into<String>) -> Self {
        self.display_name = name.into();
        self
    }
}

/// One place of a row. Days and instants are texts, in the time zone that Metabase reports in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cell {
    /// Nothing.
    Null,
    /// A truth.
    Bool(bool),
    /// A number that a machine can hold.
    Number(Number),
    /// A text; also a whole number that is too large for a machine's, by its digits.
    Text(String),
    /// An array or an object, as JSON.
    Json(String),
}

impl Cell {
    /// The text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The whole number, where it is one: also one that travels as a text, as Metabase sends those over 2^53.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Number(number) => number.as_i64(),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// Whether there is nothing.
    pub fn is_null(&self) -> bool {
        *self == Self::Null
    }
}

impl fmt::Display for Cell {
    /// As it is; nothing, where there is nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Bool(value) => value.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) | Self::Json(text) => text.fmt(f),
        }
    }
}

impl From<Json> for Cell {
    fn from(value: Json) -> Self {
        match value {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(value),
            Json::Number(number) => Self::Number(number),
            Json::String(text) => Self::Text(text),
            nested => Self::Json(nested.to_string()),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number.into())
    }
}

impl From<bool> for Cell {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
