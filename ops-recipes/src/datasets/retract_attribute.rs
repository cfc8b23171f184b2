//! «Removing bad data from Metapod»: attributes and indexed attributes.

use std::collections::HashSet;
use std::fmt;

use jiff::Timestamp;
use metapod_model::{AttributeId, DatasetName, IndexedAttributeId, Schema, TransactionId};
use ops_client::{Error, Result};
use ops_plan::{Action, Danger, Draft, Finding, Observed, Recipe, Repeat};
use serde::{Deserialize, Serialize};
use sonar_client::{DatasetDetail, SonarRead};

use super::change::{BY_HAND, by_hand_look, by_hand_post};
use super::knowledge::Knowledge;
use super::live_writer::live_writer;
use super::{MetapodWrites, RetractReads, opening};
use crate::words::{count, fit, names, utc};

/// Alert texts and symptoms that this recipe answers.
pub const ALERTS: &[&str] = &["duplicate attribute", "duplicated attribute", "issue with the schema"];

/// Takes attributes out of the schema of one committed dataset, for good.
///
/// The runbook: «Removing bad data from Metapod». Without ids it proposes the duplicates: every attribute whose name an
/// earlier one bears. Schemas with duplicates are also the runbook's own example for retracting the whole dataset, which
/// can be taken back; the plan offers that too.
///
/// What stops it: a dataset that is not committed or has no schema, ids that are not in that schema, attributes whose ids
/// Sonar does not tell, and indexed attributes: no query returns them, so their effect cannot be seen. For these the plan
/// holds the calls to make by hand. What it asks: `live-writer`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RetractAttribute {
    /// The transaction.
    pub transaction: TransactionId,
    /// The dataset.
    pub dataset: DatasetName,
    /// Which attributes.
    pub selection: AttributeSelection,
    /// What the configuration knows.
    #[serde(default)]
    pub knowledge: Knowledge,
}

/// Which attributes are meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AttributeSelection {
    /// Every attribute whose name an earlier attribute bears already.
    Duplicates,
    /// These.
    Attributes(Vec<AttributeId>),
    /// These indexed ones; their ids come from elsewhere, no query returns them.
    Indexed(Vec<IndexedAttributeId>),
}

impl RetractAttribute {
    /// Takes the selected attributes out of the schema of `dataset`.
    pub fn new(transaction: TransactionId, dataset: DatasetName, selection: AttributeSelection) -> Self {
        Self { transaction, dataset, selection, knowledge: Knowledge::default() }
    }

    /// With what the configuration knows.
    #[must_use]
    pub fn with_knowledge(mut self, knowledge: Knowledge) -> Self {
        self.knowledge = knowledge;
        self
    }

    /// The dataset as it is; `None` where the transaction does not have it.
    async fn look(&self, sonar: &dyn SonarRead) -> Result<Option<DatasetDetail>> {
        let found = sonar.details(self.transaction, std::slice::from_ref(&self.dataset)).await?;
        Ok(found.into_iter().find(|detail| detail.dataset.name == self.dataset))
    }
}

/// An attribute is taken out of a schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AttributeChange {
    /// An attribute of the schema.
    #[non_exhaustive]
    Attribute {
        /// The transaction.
        transaction: TransactionId,
        /// The dataset.
        dataset: DatasetName,
        /// The attribute.
        id: AttributeId,
        /// Its name.
        name: String,
        /// Its type.
        logical_type: Option<String>,
        /// When the dataset was committed that had it.
        committed_at: Option<Timestamp>,
    },
    /// An indexed attribute.
    #[non_exhaustive]
    Indexed {
        /// The transaction.
        transaction: TransactionId,
        /// The dataset.
        dataset: DatasetName,
        /// The indexed attribute.
        id: IndexedAttributeId,
    },
}

impl fmt::Display for AttributeChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute { dataset, id, name, logical_type, .. } => {
                let of_type = logical_type.as_ref().map_or(String::new(), |kind| format!(" ({})", fit(kind, 10)));
                let id = id.to_string();
                let tail = id.get(id.len().saturating_sub(12)..).unwrap_or_default();
                write!(f, "retract attribute {}{of_type} …{tail} of {}", fit(name, 20), fit(dataset.as_str(), 30))
            }
            Self::Indexed { dataset, id, .. } => {
                write!(f, "retract indexed attribute {id} of {}", fit(dataset.as_str(), 30))
            }
        }
    }
}

impl Action for AttributeChange {
    fn key(&self) -> String {
        match self {
            Self::Attribute { id, .. } => format!("retract-attribute:{id}"),
            Self::Indexed { id, .. } => format!("retract-indexed-attribute:{id}"),
        }
    }

    fn danger(&self) -> Danger {
        Danger::Irreversible
    }

    fn repeat(&self) -> Repeat {
        Repeat::Safe
    }

    fn by_hand(&self) -> String {
        let (kind, id, transaction, dataset) = match self {
            Self::Attribute { transaction, dataset, id, .. } => ("attribute", id.to_string(), transaction, dataset),
            Self::Indexed { transaction, dataset, id } => ("indexed-attribute", id.to_string(), transaction, dataset),
        };
        let call = by_hand_post(&format!("api/migrations/retract/{kind}/{id}"), None);
        format!("{call}\n{}", by_hand_look(*transaction, dataset))
    }
}

impl Recipe for RetractAttribute {
    const ID: &'static str = "retract-attribute";
    const VERSION: u32 = 1;
    type Reads = RetractReads;
    type Writes = MetapodWrites;
    type Action = AttributeChange;

    async fn plan(&self, reads: &RetractReads, mut draft: Draft<AttributeChange>) -> Result<Draft<AttributeChange>> {
        let title = opening::title(&draft, self.transaction, &format!("retract attributes of {}", self.dataset));
        draft.title(title);
        if opening::open(&mut draft, &reads.sonar, &reads.metapod, self.transaction).await?.is_none() {
            return Ok(draft);
        }
        draft.note(BY_HAND);
        if let AttributeSelection::Indexed(ids) = &self.selection {
            self.plan_indexed(&mut draft, ids);
            return Ok(draft);
        }
        let answer = self.look(&*reads.sonar).await;
        let Some(found) = opening::population(&mut draft, self.transaction, answer)? else { return Ok(draft) };
        let (detail, schema) = match with_schema(&self.dataset, found) {
            Ok(found) => found,
            Err(finding) => {
                draft.finding(finding);
                return Ok(draft);
            }
        };
        draft.population(schema.attributes.len());
        let actions = match self.chosen(&detail, &schema) {
            Ok(actions) => actions,
            Err(finding) => {
                draft.finding(finding);
                return Ok(draft);
            }
        };
        let what =
            format!("retract {} of {} of {}", actions.len(), count(schema.attributes.len(), "attribute"), self.dataset);
        let title = opening::title(&draft, self.transaction, &what);
        draft.title(title);
        if actions.is_empty() {
            draft.finding(Finding::pass("selection", "nothing to retract: no attribute's name comes twice"));
            return Ok(draft);
        }
        for finding in doubts(&schema, &actions) {
            draft.finding(finding);
        }
        let meant = std::iter::once(&self.dataset);
        let finding = live_writer(reads.jobs.as_ref(), &self.knowledge, self.transaction, meant, true).await;
        draft.finding(finding);
        draft.one_by_one();
        draft.note("This cannot be taken back.");
        let environment = draft.target().environment.clone();
        draft.note(format!(
            "The other way, which can be taken back: retract the whole dataset and have it computed anew — \
             retract-datasets --env {environment} --transaction {} --name {}",
            self.transaction, self.dataset
        ));
        draft.later("Mend what wrote the attribute twice, or the next run brings it back.");
        draft.phase_at("retract attributes", 1, actions);
        Ok(draft)
    }

    async fn observe(&self, reads: &RetractReads, actions: &[&AttributeChange]) -> Result<Vec<Observed>> {
        let found = self.look(&*reads.sonar).await?;
        let ids: HashSet<AttributeId> = (found.as_ref())
            .and_then(|detail| detail.schema.as_ref())
            .map(|schema| schema.attributes.iter().filter_map(|attribute| attribute.id).collect())
            .unwrap_or_default();
        let observed = actions.iter().map(|action| {
            let AttributeChange::Attribute { id, committed_at, .. } = action else {
                return Observed::Drifted("no query shows indexed attributes".into());
            };
            let Some(detail) = &found else {
                return Observed::Drifted("Sonar no longer lists the dataset in this transaction".into());
            };
            match &detail.schema {
                None => Observed::Drifted("the dataset has no schema any more: it was retracted".into()),
                Some(_) if *committed_at != detail.dataset.committed_at => {
                    let at = detail.dataset.committed_at.map_or("at an unknown time".into(), utc);
                    Observed::Drifted(format!("the dataset was committed again, {at}"))
                }
                Some(_) if ids.contains(id) => Observed::Pending,
                Some(_) => Observed::Done,
            }
        });
        Ok(observed.collect())
    }

    async fn perform(&self, writes: &MetapodWrites, action: &AttributeChange) -> Result<()> {
        match action {
            AttributeChange::Attribute { id, .. } => writes.metapod.retract_attribute(*id).await,
            AttributeChange::Indexed { .. } => Err(Error::invalid(
                "metapod.retract_indexed_attribute",
                "the effect on an indexed attribute cannot be seen; it is left to a person",
            )),
        }
    }

    async fn verify(&self, reads: &RetractReads, done: &[&AttributeChange]) -> Result<Vec<Finding>> {
        let found = self.look(&*reads.sonar).await?;
        let (_, schema) = match with_schema(&self.dataset, found) {
            Ok(found) => found,
            Err(finding) => return Ok(vec![finding]),
        };
        let gone: HashSet<AttributeId> = done
            .iter()
            .filter_map(|action| match action {
                AttributeChange::Attribute { id, .. } => Some(*id),
                AttributeChange::Indexed { .. } => None,
            })
            .collect();
        let left = schema.attributes.iter().filter(|a| a.id.is_some_and(|id| gone.contains(&id)));
        let left = names(left.map(|attribute| &attribute.name));
        let mut findings = vec![if left.is_empty() {
            Finding::pass(
                "schema",
                format!("{} left, none of the retracted ones", count(schema.attributes.len(), "attribute")),
            )
        } else {
            Finding::block("schema", format!("still in the schema: {left}"))
        }];
        let twice = names(schema.duplicates().iter().map(|attribute| &attribute.name));
        findings.push(if twice.is_empty() {
            Finding::pass("duplicates", "no attribute's name comes twice")
        } else {
            Finding::warn("duplicates", format!("these names still come twice: {twice}"))
        });
        Ok(findings)
    }
}

impl RetractAttribute {
    /// The calls for a person: no plan of ours may run what it cannot see.
    fn plan_indexed(&self, draft: &mut Draft<AttributeChange>, ids: &[IndexedAttributeId]) {
        let (transaction, dataset) = (self.transaction, &self.dataset);
        let mut seen = HashSet::new();
        let actions: Vec<AttributeChange> = (ids.iter())
            .filter(|id| seen.insert(**id))
            .map(|&id| AttributeChange::Indexed { transaction, dataset: dataset.clone(), id })
            .collect();
        let text = match actions.len() {
            0 => "no id was given".into(),
            number => {
                format!("{}: no query returns them, so their effect cannot be seen", count(number, "indexed attribute"))
            }
        };
        draft.finding(Finding::block("unseen", text).with_advice("make the calls by hand (--by-hand prints them)"));
        draft.phase_at("retract indexed attributes, by hand", 1, actions);
    }

    fn chosen(&self, detail: &DatasetDetail, schema: &Schema) -> Result<Vec<AttributeChange>, Finding> {
        let attributes = match &self.selection {
            AttributeSelection::Duplicates => schema.duplicates(),
            AttributeSelection::Attributes(ids) if ids.is_empty() => {
                return Err(Finding::block("selection", "no id was given"));
            }
            AttributeSelection::Attributes(ids) => {
                let wanted: HashSet<AttributeId> = ids.iter().copied().collect();
                let found: Vec<_> =
                    schema.attributes.iter().filter(|a| a.id.is_some_and(|id| wanted.contains(&id))).collect();
                let there: HashSet<_> = found.iter().filter_map(|attribute| attribute.id).collect();
                let missing: Vec<_> = ids.iter().filter(|id| !there.contains(id)).collect();
                if !missing.is_empty() {
                    let text = format!("not in the schema of {}: {}", self.dataset, names(missing));
                    return Err(Finding::block("provenance", text).with_advice("look at the schema in Sonar"));
                }
                found
            }
            AttributeSelection::Indexed(_) => Vec::new(),
        };
        let change = |attribute: &metapod_model::Attribute| {
            let id = attribute.id.ok_or_else(|| {
                let text = format!("Sonar does not tell the id of attribute {}", attribute.name);
                Finding::block("ids", text).with_advice("retract the whole dataset, or give the attribute's id")
            })?;
            Ok(AttributeChange::Attribute {
                transaction: self.transaction,
                dataset: self.dataset.clone(),
                id,
                name: attribute.name.clone(),
                logical_type: attribute.logical_type.as_ref().map(|kind| kind.as_str().to_owned()),
                committed_at: detail.dataset.committed_at,
            })
        };
        attributes.into_iter().map(change).collect()
    }
}

fn with_schema(name: &DatasetName, found: Option<DatasetDetail>) -> Result<(DatasetDetail, Schema), Finding> {
    let Some(mut detail) = found else {
        return Err(Finding::block("dataset", format!("{name} is not in this transaction")));
    };
    match detail.schema.take() {
        Some(schema) if detail.dataset.committed => Ok((detail, schema)),
        _ => Err(Finding::block("dataset", format!("{name} is not committed, so it has no schema"))),
    }
}

/// What a person should look at twice.
fn doubts(schema: &Schema, actions: &[AttributeChange]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut alone = Vec::new();
    let mut differ = Vec::new();
    let go: HashSet<AttributeId> = actions
        .iter()
        .filter_map(|action| match action {
            AttributeChange::Attribute { id, .. } => Some(*id),
            AttributeChange::Indexed { .. } => None,
        })
        .collect();
    for action in actions {
        let AttributeChange::Attribute { name, logical_type, .. } = action else { continue };
        let stays = |a: &&metapod_model::Attribute| a.name == *name && a.id.is_none_or(|id| !go.contains(&id));
        let others: Vec<_> = schema.attributes.iter().filter(stays).collect();
        if others.is_empty() {
            alone.push(name);
        }
        for other in others {
            let kind = other.logical_type.as_ref().map(|kind| kind.as_str());
            if kind != logical_type.as_deref() {
                differ.push(format!("{name}: {} goes, {} stays", said(logical_type.as_deref()), said(kind)));
            }
        }
    }
    if !alone.is_empty() {
        let text = format!("the only attributes of their name, the column is lost: {}", names(alone));
        findings.push(Finding::warn("only-one", text));
    }
    if !differ.is_empty() {
        let text = format!("the two differ in type: {}", names(differ));
        findings.push(Finding::warn("types", text).with_advice("be sure which is right; ids choose the other"));
    }
    findings
}

fn said(kind: Option<&str>) -> &str {
    kind.unwrap_or("no type")
}
