//! What a saved question is asked with.

use crate::Value;

/// A value for a variable of a saved question. Only questions written in SQL have such.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter {
    /// The variable's name, as it stands in the SQL between double braces.
    pub tag: String,
    /// What the variable is to the question.
    pub kind: Kind,
    /// The value, or the values of a field filter.
    pub values: Vec<Value>,
    /// What the value is, in Metabase's words (`date/single`), where it is not what it looks like.
    pub value_type: Option<String>,
}

/// What a variable is to its question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Its value is put in the place of the variable.
    Variable,
    /// A field filter: a field is one of the values.
    FieldFilter,
}

impl Parameter {
    /// A value that is put in the place of a variable.
    pub fn new(tag: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { tag: tag.into(), kind: Kind::Variable, values: vec![value.into()], value_type: None }
    }

    /// Values for a field filter.
    pub fn field_filter<V: Into<Value>>(tag: impl Into<String>, values: impl IntoIterator<Item = V>) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        Self { tag: tag.into(), kind: Kind::FieldFilter, values, value_type: None }
    }

    /// With what the value is, in Metabase's words: `date/single`, `string/contains`.
    #[must_use]
    pub fn with_type(mut self, value_type: impl Into<String>) -> Self {
        self.value_type = Some(value_type.into());
        self
    }

    /// Why it cannot be asked with, where that is so.
    pub fn contradiction(&self) -> Option<&'static str> {
        if self.tag.trim().is_empty() {
            return Some("a variable has no name");
        }
        self.values.is_empty().then_some("a variable has no value, which would mean its default, or all")
    }
}
