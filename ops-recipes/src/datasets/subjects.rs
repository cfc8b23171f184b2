//! What belongs together: a dataset, its twins in other formats, and the model that is made from it bear one name.

use std::fmt;

use metapod_model::DatasetName;
use serde::{Deserialize, Serialize};

/// Endings of twins: the same data in another format.
const TWINS: [&str; 2] = ["-csv-gz", "-avro"];

/// What a name is a part of. `dataset/x`, `dataset/x-csv-gz`, `model/x` and `model/x-avro` are parts of one subject;
/// `policy/x` is a subject of its own, and so is every other family.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Subject {
    /// The family; none for datasets and the models made from them.
    pub family: Option<String>,
    /// The name without family and twin's ending.
    pub name: String,
}

/// Which part of its subject a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The data.
    Dataset,
    /// The model that is made from it.
    Model,
}

/// The subject of a name, which part of it the name is, and whether it is a twin in another format.
///
/// ```
/// use ops_recipes::datasets::subject_of;
///
/// let subject = |text: &str| subject_of(&text.parse().unwrap()).0.to_string();
/// assert_eq!(subject("model/fx-model-avro"), "fx-model");
/// assert_eq!(subject("dataset/fx-model-csv-gz"), "fx-model");
/// assert_eq!(subject("policy/fx-model"), "policy/fx-model");
/// ```
pub fn subject_of(name: &DatasetName) -> (Subject, Kind, bool) {
    let rest = name.rest();
    let bare = TWINS.iter().find_map(|twin| rest.strip_suffix(twin)).filter(|bare| !bare.is_empty());
    let (family, kind) = match name.family() {
        "dataset" => (None, Kind::Dataset),
        "model" => (None, Kind::Model),
        other => (Some(other.to_owned()), Kind::Dataset),
    };
    (Subject { family, name: bare.unwrap_or(rest).to_owned() }, kind, bare.is_some())
}

/// The twin in Avro, which is what the warehouse loads.
pub(crate) fn avro_twin(name: &DatasetName) -> Option<DatasetName> {
    (!is_avro(name)).then(|| format!("{name}-avro").parse().ok()).flatten()
}

/// Whether a name is that of an Avro twin.
pub(crate) fn is_avro(name: &DatasetName) -> bool {
    name.as_str().ends_with("-avro")
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.family {
            Some(family) if !family.is_empty() => write!(f, "{family}/{}", self.name),
            _ => f.write_str(&self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_of_the_runbook_are_one() {
        let parts = ["dataset/fx-model", "dataset/fx-model-csv-gz", "model/fx-model", "model/fx-model-avro"]
            .map(|text| subject_of(&text.parse().unwrap()));
        assert!(parts.iter().all(|(subject, ..)| *subject == parts[0].0));
        assert_eq!(
            parts.map(|(_, kind, twin)| (kind, twin)),
            [(Kind::Dataset, false), (Kind::Dataset, true), (Kind::Model, false), (Kind::Model, true)]
        );
    }

    #[test]
    fn a_policy_is_not_a_dataset() {
        let of = |text: &str| subject_of(&text.parse().unwrap()).0;
        assert_ne!(of("policy/x"), of("dataset/x"));
        assert_eq!(of("policy/x-avro"), of("policy/x"));
        assert_ne!(of("contract-billing/bills"), of("raw-billing/bills"));
    }

    #[test]
    fn an_ending_alone_is_a_name() {
        let (subject, _, twin) = subject_of(&"dataset/-avro".parse().unwrap());
        assert_eq!((subject.name.as_str(), twin), ("-avro", false));
    }
}
