//! What no system knows: who owns a dataset, which job writes it, what is made from it. It comes from configuration, and
//! is part of the question, so that a run that is resumed asks the same.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use metapod_model::DatasetName;
use serde::{Deserialize, Serialize};

/// What the configuration knows of datasets.
///
/// ```
/// use ops_recipes::datasets::{Knowledge, NamePattern, Owner, Successors, Writer};
///
/// let knowledge = Knowledge::new()
///     .with_owner(Owner::new("dataset/fx-*", "fx-team@example.com").critical())
///     .with_writer(Writer::new("dataset/fx-*", "spark-fx-model"))
///     .with_successors(vec![Successors::new("dataset/fx-model".parse()?, vec!["model/fx-model".parse()?])]);
/// let name = "dataset/fx-model".parse()?;
/// assert!(knowledge.is_critical(&name));
/// assert_eq!(knowledge.owner(&name), Some("fx-team@example.com"));
/// assert_eq!(knowledge.writers_of(&name).collect::<Vec<_>>(), ["spark-fx-model"]);
/// # Ok::<(), metapod_model::ParseError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Knowledge {
    /// Who owns which datasets; the first that matches says it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<Owner>,
    /// Which job writes which datasets; all that match count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub writers: Vec<Writer>,
    /// What is made from which dataset. `None`: not known at all. With a list, a dataset that is not in it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successors: Option<Vec<Successors>>,
}

/// A dataset's name, or the beginning of names followed by `*`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NamePattern(String);

impl NamePattern {
    /// Whether the pattern covers this name.
    pub fn covers(&self, name: &DatasetName) -> bool {
        match self.0.strip_suffix('*') {
            Some(start) => name.as_str().starts_with(start),
            None => name.as_str() == self.0,
        }
    }
}

impl<T: Into<String>> From<T> for NamePattern {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who owns some datasets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Owner {
    /// Which datasets.
    pub datasets: NamePattern,
    /// Who: a team, an address, a channel.
    pub owner: String,
    /// Whether the business waits for them every morning.
    #[serde(default)]
    pub critical: bool,
}

impl Owner {
    /// These datasets belong to `owner`.
    pub fn new(datasets: impl Into<NamePattern>, owner: impl Into<String>) -> Self {
        Self { datasets: datasets.into(), owner: owner.into(), critical: false }
    }

    /// The business waits for them every morning.
    #[must_use]
    pub fn critical(mut self) -> Self {
        self.critical = true;
        self
    }
}

/// Which job writes some datasets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Writer {
    /// Which datasets.
    pub datasets: NamePattern,
    /// The job's name.
    pub job: String,
}

impl Writer {
    /// These datasets are written by `job`.
    pub fn new(datasets: impl Into<NamePattern>, job: impl Into<String>) -> Self {
        Self { datasets: datasets.into(), job: job.into() }
    }
}

/// What is made from a dataset, directly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Successors {
    /// The dataset.
    pub dataset: DatasetName,
    /// The datasets and models that read it.
    pub successors: Vec<DatasetName>,
}

impl Successors {
    /// These are made from `dataset`.
    pub fn new(dataset: DatasetName, successors: Vec<DatasetName>) -> Self {
        Self { dataset, successors }
    }
}

impl Knowledge {
    /// Knows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more owner.
    #[must_use]
    pub fn with_owner(mut self, owner: Owner) -> Self {
        self.owners.push(owner);
        self
    }

    /// With one more writer.
    #[must_use]
    pub fn with_writer(mut self, writer: Writer) -> Self {
        self.writers.push(writer);
        self
    }

    /// With all successors that there are.
    #[must_use]
    pub fn with_successors(mut self, successors: Vec<Successors>) -> Self {
        self.successors = Some(successors);
        self
    }

    /// Who owns a dataset.
    pub fn owner(&self, name: &DatasetName) -> Option<&str> {
        self.owners.iter().find(|owner| owner.datasets.covers(name)).map(|owner| owner.owner.as_str())
    }

    /// Whether the business waits for a dataset. Policies always count (attested in the runbook).
    pub fn is_critical(&self, name: &DatasetName) -> bool {
        name.family() == "policy" || self.owners.iter().any(|owner| owner.critical && owner.datasets.covers(name))
    }

    /// The jobs that write a dataset.
    pub fn writers_of<'a>(&'a self, name: &'a DatasetName) -> impl Iterator<Item = &'a str> {
        self.writers.iter().filter(|writer| writer.datasets.covers(name)).map(|writer| writer.job.as_str())
    }

    /// All that is made from a dataset, directly or not, ordered by name, without the dataset itself. `None` where the
    /// configuration does not know.
    pub fn all_successors_of(&self, name: &DatasetName) -> Option<Vec<DatasetName>> {
        self.lineage().map(|lineage| lineage.all_successors_of(name))
    }

    /// What is made from what, for many questions.
    pub(crate) fn lineage(&self) -> Option<Lineage<'_>> {
        let mut edges: HashMap<&DatasetName, Vec<&DatasetName>> = HashMap::new();
        for edge in self.successors.as_ref()? {
            edges.entry(&edge.dataset).or_default().extend(&edge.successors);
        }
        Some(Lineage(edges))
    }
}

/// What is made from what.
pub(crate) struct Lineage<'a>(HashMap<&'a DatasetName, Vec<&'a DatasetName>>);

impl Lineage<'_> {
    pub(crate) fn all_successors_of(&self, name: &DatasetName) -> Vec<DatasetName> {
        let mut found = BTreeSet::new();
        let mut open = vec![name];
        while let Some(next) = open.pop() {
            for &successor in self.0.get(next).into_iter().flatten() {
                // A circle in the configuration must not turn for ever.
                if successor != name && found.insert(successor) {
                    open.push(successor);
                }
            }
        }
        found.into_iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> DatasetName {
        text.parse().unwrap()
    }

    #[test]
    fn a_pattern_is_a_name_or_a_beginning() {
        assert!(NamePattern::from("contract-*").covers(&name("contract-billing/bills")));
        assert!(!NamePattern::from("dataset/fx").covers(&name("dataset/fx-model")));
    }

    #[test]
    fn policies_are_critical_without_configuration() {
        assert!(Knowledge::new().is_critical(&name("policy/limits")));
        assert!(!Knowledge::new().is_critical(&name("dataset/limits")));
    }

    #[test]
    fn successors_are_followed_and_circles_end() {
        let knowledge = Knowledge::new().with_successors(vec![
            Successors::new(name("a"), vec![name("b")]),
            Successors::new(name("b"), vec![name("c"), name("a")]),
        ]);
        assert_eq!(knowledge.all_successors_of(&name("a")).unwrap(), [name("b"), name("c")]);
        assert_eq!(knowledge.all_successors_of(&name("x")).unwrap(), []);
        assert_eq!(Knowledge::new().all_successors_of(&name("a")), None);
    }
}
