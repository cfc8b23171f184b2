use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// What a run leaves behind on purpose, and what somebody must do about it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Obligation {
    /// Unique and stable: a later plan settles it by this name.
    pub id: String,
    /// What was left behind, and what is to be done.
    pub what: String,
    /// Who shall do it, where the configuration knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// How: a recipe and its question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Remedy>,
}

/// A recipe and the question to ask it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Remedy {
    /// The recipe's id.
    pub recipe: String,
    /// Its question, as JSON.
    #[serde(deserialize_with = "any_json")]
    pub question: Box<RawValue>,
}

/// Raw JSON inside of a tagged or flattened value: there a `RawValue` cannot be read directly.
fn any_json<'de, D: Deserializer<'de>>(from: D) -> Result<Box<RawValue>, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    serde_json::value::to_raw_value(&value).map_err(serde::de::Error::custom)
}

impl Obligation {
    /// Something left behind.
    pub fn new(id: impl Into<String>, what: impl Into<String>) -> Self {
        Self { id: id.into(), what: what.into(), owner: None, deadline: None, remedy: None }
    }

    /// With who shall do it.
    #[must_use]
    pub fn with_owner(mut self, owner: impl Into<String>) -> Self {
        self.owner = Some(owner.into());
        self
    }

    /// With the time until which it must be done.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Timestamp) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// With the recipe that settles it.
    #[must_use]
    pub fn with_remedy<R: crate::Recipe>(mut self, recipe: &R) -> Self {
        // A question that cannot be written as JSON cannot be asked either: planning it would say so.
        self.remedy =
            serde_json::value::to_raw_value(recipe).ok().map(|question| Remedy { recipe: R::ID.to_owned(), question });
        self
    }
}
