//! Which datasets of a transaction are meant.

use std::collections::{HashMap, HashSet};

use metapod_model::{DatasetId, DatasetName};
use ops_plan::Finding;
use serde::{Deserialize, Serialize};
use sonar_client::{Dataset, DatasetFilter};

use super::ids::IdList;
use crate::words::{count, names};

/// Which datasets of a transaction are meant. «All» is a choice of its own: nothing that is empty ever means it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Selection {
    /// Every dataset that is committed when the plan is made.
    AllCommitted,
    /// Those with these names.
    Names(Vec<DatasetName>),
    /// Those whose names begin so.
    Prefix(String),
    /// Those with these ids, from a file or a list.
    Ids(IdList),
}

/// What a selection comes to in a transaction as it is.
pub(crate) struct Chosen {
    /// The committed ones that are meant, by name.
    pub(crate) datasets: Vec<Dataset>,
    /// How many of the transaction's datasets are committed.
    pub(crate) population: usize,
    /// What must be said about the choice.
    pub(crate) findings: Vec<Finding>,
}

impl Selection {
    /// The selection in a few words.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::AllCommitted => "all committed".into(),
            Self::Names(list) => format!("named: {}", names(list)),
            Self::Prefix(start) => format!("names that begin with {start}"),
            Self::Ids(list) => format!("ids from {}", list.from),
        }
    }

    /// Whether single datasets were named, not a mass of them.
    pub(crate) fn is_named(&self) -> bool {
        matches!(self, Self::Names(_))
    }

    /// Whether the selection says nothing, which is never «all».
    pub(crate) fn empty(&self) -> Option<&'static str> {
        match self {
            Self::Names(names) if names.is_empty() => Some("no name was given"),
            Self::Prefix(start) if start.is_empty() => Some("the prefix is empty"),
            Self::Ids(list) if list.ids.is_empty() => Some("no id was given"),
            _ => None,
        }
    }

    /// The one query that answers it. Where single datasets were asked for, those that are not committed must be seen too.
    pub(crate) fn filter(&self) -> DatasetFilter {
        match self {
            Self::AllCommitted | Self::Prefix(_) => DatasetFilter::committed(),
            Self::Names(_) | Self::Ids(_) => DatasetFilter::all(),
        }
    }

    /// Whether a dataset is meant.
    pub(crate) fn test(&self) -> impl Fn(&Dataset) -> bool + '_ {
        let names: HashSet<&DatasetName> = match self {
            Self::Names(names) => names.iter().collect(),
            _ => HashSet::new(),
        };
        let ids: HashSet<DatasetId> = match self {
            Self::Ids(list) => list.ids.iter().map(|listed| listed.id).collect(),
            _ => HashSet::new(),
        };
        move |dataset| match self {
            Self::AllCommitted => true,
            Self::Names(_) => names.contains(&dataset.name),
            Self::Prefix(start) => dataset.name.as_str().starts_with(start.as_str()),
            Self::Ids(_) => ids.contains(&dataset.id),
        }
    }

    /// Chooses from the answer to [`Selection::filter`].
    pub(crate) fn choose(&self, datasets: Vec<Dataset>) -> Chosen {
        let population = datasets.iter().filter(|dataset| dataset.committed).count();
        let meant = self.test();
        let mut findings = Vec::new();
        let mut chosen: Vec<Dataset> = datasets.into_iter().filter(|dataset| meant(dataset)).collect();
        self.absent(&chosen, &mut findings);
        let idle: Vec<&DatasetName> =
            chosen.iter().filter(|dataset| !dataset.committed).map(|dataset| &dataset.name).collect();
        if !idle.is_empty() {
            let text = format!("{} not committed, so left out: {}", count(idle.len(), "dataset"), names(idle));
            findings.push(Finding::warn("uncommitted", text));
        }
        chosen.retain(|dataset| dataset.committed);
        // Names first: a plan is read by people, and two plans of the same world must be alike.
        chosen.sort_unstable_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        chosen.dedup_by(|a, b| a.id == b.id);
        Chosen { datasets: chosen, population, findings }
    }

    /// What was asked for and is not in the transaction.
    fn absent(&self, found: &[Dataset], findings: &mut Vec<Finding>) {
        match self {
            Self::Names(wanted) => {
                let there: HashSet<&DatasetName> = found.iter().map(|dataset| &dataset.name).collect();
                let missing: Vec<&DatasetName> = wanted.iter().filter(|name| !there.contains(name)).collect();
                if !missing.is_empty() {
                    let text = format!("not in this transaction: {}", names(missing));
                    findings.push(Finding::block("names", text).with_advice("look the names up in Sonar"));
                }
            }
            Self::Ids(list) => {
                let there: HashMap<DatasetId, &DatasetName> =
                    found.iter().map(|dataset| (dataset.id, &dataset.name)).collect();
                let missing: Vec<DatasetId> =
                    list.ids.iter().map(|listed| listed.id).filter(|id| !there.contains_key(id)).collect();
                let of = format!("{} of {}", missing.len(), list.ids.len());
                if missing.is_empty() {
                    let text = format!("{} of {}, all of this transaction", count(list.ids.len(), "id"), list.from);
                    findings.push(Finding::pass("provenance", text));
                } else {
                    let text = format!("{of} ids of {} are not of this transaction: {}", list.from, names(missing));
                    let advice = "the list belongs to another transaction or environment; ask Sonar for it again";
                    findings.push(Finding::block("provenance", text).with_advice(advice));
                }
                let renamed: Vec<String> = (list.ids.iter())
                    .filter_map(|listed| {
                        let (said, name) = (listed.name.as_ref()?, there.get(&listed.id)?);
                        (said != *name).then(|| format!("{said} is {name}"))
                    })
                    .collect();
                if !renamed.is_empty() {
                    let text = format!("{} names something else than Sonar: {}", list.from, names(renamed));
                    findings.push(Finding::warn("renamed", text));
                }
            }
            Self::AllCommitted | Self::Prefix(_) => {}
        }
    }
}
