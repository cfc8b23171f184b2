//! «Retracting datasets in bulk», «Removing bad data from Metapod» (the committed information of a dataset).

use std::collections::HashSet;

use futures_util::future::join;
use futures_util::{TryStreamExt, pin_mut};
use metapod_model::{CommitFormat, DatasetAction, DatasetId, Schema, TransactionId};
use ops_client::Result;
use ops_plan::{Draft, Finding, Observed, Recipe};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sonar_client::{Dataset, DatasetDetail, DatasetFilter};

use super::change::{BY_HAND, Commit, Committed, DatasetChange, Retract, Why, by_hand_look_at_all};
use super::knowledge::Knowledge;
use super::live_writer::live_writer;
use super::selection::Selection;
use super::{DatasetReads, MetapodWrites, look, opening, pages, proof, restoring};
use crate::words::count;

/// Alert texts and symptoms that this recipe answers.
pub const ALERTS: &[&str] = &["retracting datasets in bulk", "bad data has been committed", "removing bad data"];

/// Retracts committed datasets of one transaction.
///
/// The runbook: «Retracting datasets in bulk», and «Removing bad data from Metapod» for one dataset. Answers alerts and
/// notes about bad data that was committed.
///
/// What stops it: a transaction that Sonar or Metapod does not know; ids or names that are not of this transaction; an
/// answer with errors (half a list is no population); an empty selection. What it asks: whether a live job would write the
/// same datasets again (`live-writer`), and, at approval, whether so large a share is meant (`share`).
///
/// Each action knows the commit that it takes back, by path and time. A dataset that was committed again since is another
/// commit, and is left alone.
///
/// Undo commits the same files again. That is no restoration: the time of the commit and the partitions' ids change, and
/// every consumer is notified once more.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RetractDatasets {
    /// The transaction.
    pub transaction: TransactionId,
    /// Which of its datasets.
    pub selection: Selection,
    /// What is kept for an undo.
    #[serde(default)]
    pub facts: Facts,
    /// How many calls run at once.
    #[serde(default = "ten")]
    pub concurrency: usize,
    /// What the configuration knows.
    #[serde(default)]
    pub knowledge: Knowledge,
}

/// What is kept of each dataset, beyond path, format and time, for an undo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Facts {
    /// Schema, actions and the number of partitions: read in pages, kept in a file beside the plan.
    #[default]
    WithSchema,
    /// Nothing more: faster for very many datasets; an undo commits without a schema.
    WithoutSchema,
}

fn ten() -> usize {
    10
}

impl RetractDatasets {
    /// Retracts the selected datasets of a transaction, ten at once.
    pub fn new(transaction: TransactionId, selection: Selection) -> Self {
        Self { transaction, selection, facts: Facts::default(), concurrency: ten(), knowledge: Knowledge::default() }
    }

    /// With what is kept for an undo.
    #[must_use]
    pub fn with_facts(mut self, facts: Facts) -> Self {
        self.facts = facts;
        self
    }

    /// With so many calls at once.
    #[must_use]
    pub fn with_concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls;
        self
    }

    /// With what the configuration knows.
    #[must_use]
    pub fn with_knowledge(mut self, knowledge: Knowledge) -> Self {
        self.knowledge = knowledge;
        self
    }
}

/// What [`RetractDatasets`] reads from.
pub type RetractReads = DatasetReads;

/// What is kept of a dataset for an undo.
#[derive(Debug, Serialize, Deserialize)]
struct Before {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    schema: Option<Schema>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    actions: Vec<DatasetAction>,
    partitions: usize,
}

impl Recipe for RetractDatasets {
    const ID: &'static str = "retract-datasets";
    const VERSION: u32 = 1;
    type Reads = RetractReads;
    type Writes = MetapodWrites;
    type Action = DatasetChange;

    async fn plan(&self, reads: &RetractReads, mut draft: Draft<DatasetChange>) -> Result<Draft<DatasetChange>> {
        let title = opening::title(&draft, self.transaction, &format!("retract {}", self.selection.words()));
        draft.title(title);
        if let Some(problem) = self.selection.empty() {
            let advice = "say which datasets; «all» is a choice of its own";
            draft.finding(Finding::block("selection", problem).with_advice(advice));
            return Ok(draft);
        }
        if opening::open(&mut draft, &reads.sonar, &reads.metapod, self.transaction).await?.is_none() {
            return Ok(draft);
        }
        let filter = self.selection.filter();
        let answer = opening::datasets(&mut draft, &reads.sonar, self.transaction, &filter).await?;
        let Some(datasets) = answer else { return Ok(draft) };
        let chosen = self.selection.choose(datasets);
        draft.population(chosen.population);
        for finding in chosen.findings {
            draft.finding(finding);
        }
        if draft.is_blocked() {
            return Ok(draft);
        }
        let what = format!(
            "retract {} of {} ({})",
            chosen.datasets.len(),
            count(chosen.population, "committed dataset"),
            self.selection.words()
        );
        let title = opening::title(&draft, self.transaction, &what);
        draft.title(title);
        if chosen.datasets.is_empty() {
            draft.finding(Finding::pass("selection", "nothing to retract: none of the selected datasets is committed"));
            return Ok(draft);
        }
        if self.selection.is_named() {
            draft.one_by_one();
        }
        let meant = chosen.datasets.iter().map(|dataset| &dataset.name);
        let named = self.selection.is_named();
        let finding = live_writer(reads.jobs.as_ref(), &self.knowledge, self.transaction, meant, named).await;
        draft.finding(finding);
        if self.facts == Facts::WithSchema {
            self.keep_before(reads, &mut draft, &chosen.datasets).await?;
        }
        draft.note(format!("numCommittedDatasets before: {}.", chosen.population));
        draft.note(
            "An undo commits the same files again, which is no restoration: committedAt and the partitions' ids change, \
             consumers are notified again, archives may append twice, and files in ephemeral buckets live a week.",
        );
        draft.note(BY_HAND);
        draft.note(by_hand_look_at_all(self.transaction));
        draft.later(
            "Run the jobs again that write these datasets: a retracted dataset is computed anew in its transaction.",
        );
        draft.later("Tell the owners of the datasets, and of what is made from them, that they will change.");
        let retract = |dataset: Dataset| {
            let before = Committed::of(&dataset);
            DatasetChange::Retract(Retract {
                transaction: self.transaction,
                dataset: dataset.id,
                name: dataset.name,
                before,
            })
        };
        let actions = chosen.datasets.into_iter().map(retract).collect();
        draft.phase_at("retract", self.concurrency, actions);
        Ok(draft)
    }

    async fn observe(&self, reads: &RetractReads, actions: &[&DatasetChange]) -> Result<Vec<Observed>> {
        look::observe(&*reads.sonar, self.transaction, actions).await
    }

    async fn perform(&self, writes: &MetapodWrites, action: &DatasetChange) -> Result<()> {
        writes.perform(action).await
    }

    async fn verify(&self, reads: &RetractReads, done: &[&DatasetChange]) -> Result<Vec<Finding>> {
        let (now, number) = join(
            reads.sonar.datasets(self.transaction, &DatasetFilter::committed()),
            reads.sonar.committed_count(self.transaction),
        )
        .await;
        let now = now?;
        let mut findings = Vec::new();
        let retracted: HashSet<DatasetId> = done
            .iter()
            .filter(|change| matches!(change, DatasetChange::Retract(_)))
            .map(|change| change.dataset())
            .collect();
        if !retracted.is_empty() {
            findings.push(proof::none_committed(&now, &retracted));
            findings.push(proof::new_since(&self.selection, &now, &retracted));
            if self.facts == Facts::WithSchema {
                let names = done.iter().map(|change| change.name().clone()).collect();
                findings.push(proof::schemas_gone(&reads.sonar, self.transaction, names).await?);
            }
        }
        let commits = done.iter().filter_map(|change| change.as_commit());
        findings.extend(proof::restored(&now, commits));
        findings.push(match number {
            Ok(number) => Finding::pass("count", format!("numCommittedDatasets now: {number}")),
            Err(error) => Finding::warn("count", format!("numCommittedDatasets cannot be read: {error}")),
        });
        Ok(findings)
    }

    fn undo(&self, action: &DatasetChange, before: Option<&RawValue>) -> Option<DatasetChange> {
        let DatasetChange::Retract(retract) = action else { return None };
        let path = retract.before.path.clone()?;
        let format = CommitFormat::try_from(retract.before.format.as_ref()?).ok()?;
        let before = before.and_then(|before| serde_json::from_str::<Before>(before.get()).ok());
        let (schema, actions) = before.map(|before| (before.schema, before.actions)).unwrap_or_default();
        Some(DatasetChange::Commit(Box::new(Commit {
            transaction: retract.transaction,
            dataset: retract.dataset,
            name: retract.name.clone(),
            path,
            format,
            schema,
            actions,
            why: Why::Restore { committed_at: retract.before.committed_at },
        })))
    }

    async fn review_undo(&self, reads: &RetractReads, mut draft: Draft<DatasetChange>) -> Result<Draft<DatasetChange>> {
        let number = draft.actions().len();
        let what = format!("commit {} again", count(number, "retracted dataset"));
        let title = opening::title(&draft, self.transaction, &what);
        draft.title(title);
        if number == 0 || opening::open(&mut draft, &reads.sonar, &reads.metapod, self.transaction).await?.is_none() {
            return Ok(draft);
        }
        let commits: Vec<&Commit> = draft.actions().iter().filter_map(DatasetChange::as_commit).collect();
        let mut findings = restoring::doubts(&commits);
        findings.extend(restoring::old_files(reads.files.as_ref(), &commits, draft.now()).await);
        let meant = commits.iter().map(|commit| &commit.name);
        findings.push(live_writer(reads.jobs.as_ref(), &self.knowledge, self.transaction, meant, false).await);
        for finding in findings {
            draft.finding(finding);
        }
        draft.note(BY_HAND);
        draft.later("Check the loads of these datasets: they were notified twice.");
        Ok(draft)
    }
}

impl RetractDatasets {
    /// Keeps what a commit held beyond the short facts, page by page; no more than a few pages are in memory.
    async fn keep_before(
        &self,
        reads: &RetractReads,
        draft: &mut Draft<DatasetChange>,
        chosen: &[Dataset],
    ) -> Result<()> {
        let wanted: HashSet<DatasetId> = chosen.iter().map(|dataset| dataset.id).collect();
        let names = chosen.iter().map(|dataset| dataset.name.clone()).collect();
        let pages = pages::details(&reads.sonar, self.transaction, names);
        pin_mut!(pages);
        let mut kept = 0;
        while let Some(page) = pages.try_next().await? {
            for DatasetDetail { dataset, schema, partitions, actions, .. } in page {
                if wanted.contains(&dataset.id) {
                    let before = Before { schema, actions, partitions: partitions.len() };
                    draft.keep(&format!("retract:{}", dataset.id), &before)?;
                    kept += 1;
                }
            }
        }
        if kept < wanted.len() {
            let text = format!(
                "of {} Sonar told no schema; an undo would commit without",
                count(wanted.len() - kept, "dataset")
            );
            draft.finding(Finding::warn("before", text));
        }
        Ok(())
    }
}
