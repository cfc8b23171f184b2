//! «Retracting datasets in bulk», «Removing bad data from Metapod» (the committed information of a dataset).

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use futures_util::future::join;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use metapod_client::{CommitDataset, MetapodRead};
use metapod_model::{CommitFormat, DatasetAction, DatasetId, DatasetName, Schema, TransactionId};
use ops_client::Result;
use ops_plan::{Draft, Finding, Observed, Recipe};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sonar_client::{Dataset, DatasetDetail, DatasetFilter, SonarRead};

use super::change::{BY_HAND, Commit, Committed, DatasetChange, Retract, Why};
use super::jobs::Jobs;
use super::knowledge::Knowledge;
use super::live_writer::live_writer;
use super::objects::{ParquetLook, ParquetProbe};
use super::selection::Selection;
use super::{MetapodWrites, look, opening};
use crate::words::{count, names, utc};

/// Alert texts and symptoms that this recipe answers.
pub const ALERTS: &[&str] = &["retracting datasets in bulk", "bad data has been committed", "removing bad data"];

/// How many datasets one query for schemas asks about.
const PAGE: usize = 500;
/// How many of those queries are on their way at once.
const PAGES_AT_ONCE: usize = 3;
/// Files in ephemeral buckets are deleted after a week (attested).
const EPHEMERAL: SignedDuration = SignedDuration::from_hours(7 * 24);
/// So many old files are looked at one by one before an undo.
const LOOKED_AT: usize = 500;

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
#[derive(Clone)]
#[non_exhaustive]
pub struct RetractReads {
    /// Sonar.
    pub sonar: Arc<dyn SonarRead>,
    /// Metapod, which must know the same transaction.
    pub metapod: Arc<dyn MetapodRead>,
    /// What runs the jobs; without it a person answers for live writers.
    pub jobs: Option<Arc<dyn Jobs>>,
    /// Where the files lie; without it a person answers for old files before an undo.
    pub objects: Option<Arc<dyn ParquetProbe>>,
}

impl fmt::Debug for RetractReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sonar: _, metapod: _, jobs, objects } = self;
        f.debug_struct("RetractReads")
            .field("jobs", &jobs.is_some())
            .field("objects", &objects.is_some())
            .finish_non_exhaustive()
    }
}

impl RetractReads {
    /// From these two.
    pub fn new(sonar: Arc<dyn SonarRead>, metapod: Arc<dyn MetapodRead>) -> Self {
        Self { sonar, metapod, jobs: None, objects: None }
    }

    /// With what runs the jobs.
    #[must_use]
    pub fn with_jobs(mut self, jobs: Arc<dyn Jobs>) -> Self {
        self.jobs = Some(jobs);
        self
    }

    /// With where the files lie.
    #[must_use]
    pub fn with_objects(mut self, objects: Arc<dyn ParquetProbe>) -> Self {
        self.objects = Some(objects);
        self
    }
}

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
        perform(writes, action).await
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
            findings.push(self.still_committed(&now, &retracted));
            findings.push(self.new_since(&now, &retracted));
            if self.facts == Facts::WithSchema {
                findings.push(self.schemas_gone(reads, done).await?);
            }
        }
        let commits = done.iter().filter_map(|change| match change {
            DatasetChange::Commit(commit) => Some(&**commit),
            DatasetChange::Retract(_) => None,
        });
        findings.extend(restored(&now, commits));
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
        let commits: Vec<&Commit> = (draft.actions().iter())
            .filter_map(|change| match change {
                DatasetChange::Commit(commit) => Some(&**commit),
                DatasetChange::Retract(_) => None,
            })
            .collect();
        let mut findings = vec![Finding::warn(
            "no-restoration",
            "consumers are notified again (loads, serving); committedAt and the partitions' ids will be new",
        )];
        let archived =
            names(commits.iter().filter(|c| c.actions.contains(&DatasetAction::CreateArchive)).map(|c| &c.name));
        if !archived.is_empty() {
            let text = format!("CREATE_ARCHIVE is run again, so these archives may hold the day twice: {archived}");
            findings.push(Finding::warn("archive", text));
        }
        let bare = commits.iter().filter(|commit| commit.schema.is_none()).count();
        if bare > 0 {
            let text = format!("{} will be committed without a schema: none was kept", count(bare, "dataset"));
            findings.push(Finding::warn("schema", text));
        }
        let old: Vec<&Commit> = commits.iter().copied().filter(|commit| is_old(commit, draft.now())).collect();
        if !old.is_empty() {
            findings.push(files_still_there(reads.objects.as_ref(), &old).await);
        }
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
        let pages: Vec<Vec<DatasetName>> =
            chosen.chunks(PAGE).map(|page| page.iter().map(|dataset| dataset.name.clone()).collect()).collect();
        let wanted: HashSet<DatasetId> = chosen.iter().map(|dataset| dataset.id).collect();
        let mut answers = stream::iter(pages)
            .map(|page| {
                let sonar = Arc::clone(&reads.sonar);
                let transaction = self.transaction;
                async move { sonar.details(transaction, &page).await }
            })
            .buffered(PAGES_AT_ONCE);
        let mut kept = 0;
        while let Some(page) = answers.try_next().await? {
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

    fn still_committed(&self, now: &[Dataset], retracted: &HashSet<DatasetId>) -> Finding {
        let again: Vec<String> = (now.iter())
            .filter(|dataset| retracted.contains(&dataset.id))
            .map(|dataset| match dataset.committed_at {
                Some(at) => format!("{} (committed {})", dataset.name, utc(at)),
                None => dataset.name.to_string(),
            })
            .collect();
        if again.is_empty() {
            return Finding::pass("retracted", format!("none of {} is committed", count(retracted.len(), "dataset")));
        }
        let text = format!("{} of {} are committed again: {}", again.len(), retracted.len(), names(again));
        Finding::block("retracted", text).with_advice("a live job writes them; stop it, then plan again")
    }

    /// What the same question would choose today.
    fn new_since(&self, now: &[Dataset], retracted: &HashSet<DatasetId>) -> Finding {
        let meant = self.selection.test();
        let new: Vec<&DatasetName> = (now.iter())
            .filter(|dataset| !retracted.contains(&dataset.id) && meant(dataset))
            .map(|dataset| &dataset.name)
            .collect();
        if new.is_empty() {
            return Finding::pass("new-since", "nothing else that was selected is committed");
        }
        let text =
            format!("{} of the selection committed since the plan, or left out of it: {}", new.len(), names(new));
        Finding::warn("new-since", text).with_advice("plan again if they are meant too")
    }

    async fn schemas_gone(&self, reads: &RetractReads, done: &[&DatasetChange]) -> Result<Finding> {
        let mut left = Vec::new();
        let mut looked_at = 0;
        let pages: Vec<Vec<DatasetName>> =
            done.chunks(PAGE).map(|page| page.iter().map(|change| change.name().clone()).collect()).collect();
        let mut answers = stream::iter(pages)
            .map(|page| {
                let sonar = Arc::clone(&reads.sonar);
                let transaction = self.transaction;
                async move { sonar.details(transaction, &page).await }
            })
            .buffered(PAGES_AT_ONCE);
        while let Some(page) = answers.try_next().await? {
            looked_at += page.len();
            // A dataset that is committed again is named already.
            left.extend(
                page.into_iter().filter(|d| !d.dataset.committed && d.schema.is_some()).map(|d| d.dataset.name),
            );
        }
        Ok(if left.is_empty() {
            Finding::pass("schema", format!("schema is null for {}", count(looked_at, "dataset")))
        } else {
            Finding::block("schema", format!("{} uncommitted, yet with a schema: {}", left.len(), names(left)))
        })
    }
}

pub(crate) async fn perform(writes: &MetapodWrites, action: &DatasetChange) -> Result<()> {
    match action {
        DatasetChange::Retract(retract) => writes.metapod.retract_committed_dataset(retract.dataset).await,
        DatasetChange::Commit(commit) => {
            let Commit { transaction, dataset, path, format, schema, actions, .. } = &**commit;
            let mut wire =
                CommitDataset::new(*transaction, *dataset, *format, path.clone()).with_actions(actions.clone());
            wire.schema = schema.clone();
            writes.metapod.commit_dataset(&wire).await
        }
    }
}

/// Whether every committed dataset shows the path that was meant.
pub(crate) fn restored<'a>(now: &[Dataset], commits: impl Iterator<Item = &'a Commit>) -> Option<Finding> {
    let seen: std::collections::HashMap<DatasetId, &Dataset> =
        now.iter().map(|dataset| (dataset.id, dataset)).collect();
    let (mut number, mut wrong) = (0, Vec::new());
    for commit in commits {
        number += 1;
        match seen.get(&commit.dataset) {
            None => wrong.push(format!("{} is not committed", commit.name)),
            Some(dataset) if dataset.path.as_ref() != Some(&commit.path) => {
                wrong.push(format!("{} is committed with another path", commit.name));
            }
            Some(_) => {}
        }
    }
    match (number, wrong.is_empty()) {
        (0, _) => None,
        (_, true) => Some(Finding::pass(
            "committed",
            format!("{} committed with the path that was meant", count(number, "dataset")),
        )),
        (_, false) => Some(Finding::block("committed", names(wrong))),
    }
}

fn is_old(commit: &Commit, now: Timestamp) -> bool {
    match commit.why {
        // Of an unknown age: perhaps old.
        Why::Restore { committed_at } => committed_at.is_none_or(|at| now.duration_since(at) > EPHEMERAL),
        Why::Empty { .. } => false,
    }
}

async fn files_still_there(objects: Option<&Arc<dyn ParquetProbe>>, old: &[&Commit]) -> Finding {
    const GUARD: &str = "no-evidence";
    let these = format!("{} more than 7 days old", count(old.len(), "commit"));
    let right = "right when you have seen that the files still exist; ephemeral buckets delete after a week";
    let Some(objects) = objects else {
        let text =
            format!("{these}, nobody looked whether the files still exist: {}", names(old.iter().map(|c| &c.path)));
        return Finding::ask(GUARD, text, right);
    };
    let mut looks = stream::iter(old.iter().take(LOOKED_AT).map(|commit| commit.path.clone()).collect::<Vec<_>>())
        .map(|path| {
            let objects = Arc::clone(objects);
            async move { (objects.look(&path).await, path) }
        })
        .buffered(10);
    let mut gone = Vec::new();
    let mut unseen = old.len().saturating_sub(LOOKED_AT);
    while let Some((look, path)) = looks.next().await {
        match look {
            Ok(ParquetLook::Missing) => gone.push(path),
            Ok(_) => {}
            Err(_) => unseen += 1,
        }
    }
    if !gone.is_empty() {
        let text = format!("{} of {these} have no files any more: {}", gone.len(), names(gone));
        Finding::ask(GUARD, text, "right when those datasets are computed anew before anybody reads them")
    } else if unseen > 0 {
        Finding::ask(GUARD, format!("{these}; {unseen} of their files could not be looked at"), right)
    } else {
        Finding::pass("old-files", format!("{these}; all their files still exist"))
    }
}
