//! «Manually commit a dataset to metapod».

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use metapod_model::{CommitFormat, DatasetName, S3Path, TransactionId};
use ops_client::Result;
use ops_plan::{Draft, Finding, Obligation, Observed, Recipe};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sonar_client::{Dataset, DatasetFilter, Transaction};

use super::change::{BY_HAND, Commit, Committed, DatasetChange, Retract, Why, by_hand_look_at_all};
use super::knowledge::Knowledge;
use super::live_writer::live_writer;
use super::objects::ParquetLook;
use super::proof::restored;
use super::subjects::{avro_twin, is_avro};
use super::{DatasetReads, MetapodWrites, look, opening};
use crate::words::{count, names, utc};

/// Alert texts and symptoms that this recipe answers.
pub const ALERTS: &[&str] =
    &["manually commit a dataset", "commit an empty dataset", "dataset without downstream dependencies fails"];

/// A run follows the one before by a day (attested for the nightly run; assumed for others).
const A_DAY: SignedDuration = SignedDuration::from_hours(24);
/// How the id of the obligation begins; the transaction and the name follow.
const KEEP_OUT: &str = "keep-out-of-next-run";

/// Commits an empty file for a dataset that fails, so that this run goes on without it.
///
/// The runbook: «Manually commit a dataset to metapod». Meant for datasets that nothing is made from; what is made from it
/// is committed empty too, because it would otherwise be computed from nothing.
///
/// What stops it: a dataset that is not in the transaction, or that is committed with real data; a file that does not
/// exist or has rows. What it asks: whether a job would still write the dataset (`live-writer`), what is made from it where
/// that is not configured (`successors`), whether a critical dataset may be empty (`critical`), and the file where nobody
/// could look at it (`no-evidence`).
///
/// Undo retracts the empty commit, unless real data has come since. It leaves the duty to keep the dataset out of the next
/// run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CommitEmptyDataset {
    /// The transaction.
    pub transaction: TransactionId,
    /// The dataset.
    pub dataset: DatasetName,
    /// The empty file.
    pub empty: EmptyFile,
    /// What the configuration knows.
    #[serde(default)]
    pub knowledge: Knowledge,
}

/// An empty file, from the configuration: it has moved before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EmptyFile {
    /// Where it lies.
    pub path: S3Path,
    /// Its format.
    pub format: CommitFormat,
}

impl EmptyFile {
    /// An empty Parquet file.
    pub fn parquet(path: S3Path) -> Self {
        Self { path, format: CommitFormat::Parquet }
    }

    /// An empty Avro file.
    pub fn avro(path: S3Path) -> Self {
        Self { path, format: CommitFormat::Avro }
    }
}

impl CommitEmptyDataset {
    /// Commits `empty` for `dataset`.
    pub fn new(transaction: TransactionId, dataset: DatasetName, empty: EmptyFile) -> Self {
        Self { transaction, dataset, empty, knowledge: Knowledge::default() }
    }

    /// With what the configuration knows.
    #[must_use]
    pub fn with_knowledge(mut self, knowledge: Knowledge) -> Self {
        self.knowledge = knowledge;
        self
    }
}

/// What [`CommitEmptyDataset`] reads from.
pub type CommitEmptyReads = DatasetReads;

impl Recipe for CommitEmptyDataset {
    const ID: &'static str = "commit-empty-dataset";
    const VERSION: u32 = 1;
    type Reads = CommitEmptyReads;
    type Writes = MetapodWrites;
    type Action = DatasetChange;

    async fn plan(&self, reads: &CommitEmptyReads, mut draft: Draft<DatasetChange>) -> Result<Draft<DatasetChange>> {
        let title = opening::title(&draft, self.transaction, &format!("commit {} empty", self.dataset));
        draft.title(title);
        let opened = opening::open(&mut draft, &reads.sonar, &reads.metapod, self.transaction).await?;
        let Some(transaction) = opened else { return Ok(draft) };
        let successors = self.knowledge.all_successors_of(&self.dataset);
        let mut asked = vec![self.dataset.clone()];
        asked.extend(avro_twin(&self.dataset));
        asked.extend(successors.iter().flatten().cloned());
        asked.sort_unstable();
        asked.dedup();
        let filter = DatasetFilter::all().named(asked);
        let answer = opening::datasets(&mut draft, &reads.sonar, self.transaction, &filter).await?;
        let Some(found) = answer else { return Ok(draft) };
        let there: HashMap<&DatasetName, &Dataset> = found.iter().map(|dataset| (&dataset.name, dataset)).collect();
        let Some(dataset) = self.may_be_committed(&mut draft, &there) else { return Ok(draft) };
        let next_run = transaction.started_at.and_then(|at| at.checked_add(A_DAY).ok());
        let mut actions = vec![self.commit(dataset, next_run)];
        let (more, mut findings) = self.successors(successors, &there, next_run);
        actions.extend(more);
        let meant: Vec<&DatasetName> = actions.iter().map(DatasetChange::name).collect();
        findings.push(self.critical(&meant));
        let jobs = reads.jobs.as_ref();
        findings.push(live_writer(jobs, &self.knowledge, self.transaction, meant.iter().copied(), false).await);
        findings.push(self.file(reads).await);
        findings.extend(self.twin(&there));
        for finding in findings {
            draft.finding(finding);
        }
        if actions.len() > 1 {
            let what = format!("commit {} and {} empty", self.dataset, count(actions.len() - 1, "successor"));
            let title = opening::title(&draft, self.transaction, &what);
            draft.title(title);
        }
        draft.one_by_one();
        draft.note("Whoever reads these datasets in this run finds no rows, and no error.");
        draft.note(BY_HAND);
        let owner = self.knowledge.owner(&self.dataset).unwrap_or("the owner (not configured)");
        draft.later(format!("Tell {owner}: {} is empty in this run.", self.dataset));
        draft.later("Keep it out of the next run: comment the dataset out or remove the model; deploy only after this run ends.");
        draft.phase_at("commit empty", 1, actions);
        Ok(draft)
    }

    async fn observe(&self, reads: &CommitEmptyReads, actions: &[&DatasetChange]) -> Result<Vec<Observed>> {
        look::observe(&*reads.sonar, self.transaction, actions).await
    }

    async fn perform(&self, writes: &MetapodWrites, action: &DatasetChange) -> Result<()> {
        writes.perform(action).await
    }

    async fn verify(&self, reads: &CommitEmptyReads, done: &[&DatasetChange]) -> Result<Vec<Finding>> {
        let asked = done.iter().map(|change| change.name().clone()).collect();
        let now = reads.sonar.datasets(self.transaction, &DatasetFilter::committed().named(asked)).await?;
        let commits = done.iter().filter_map(|change| change.as_commit());
        let mut findings: Vec<Finding> = restored(&now, commits).into_iter().collect();
        let retracted = done.iter().filter_map(|change| match change {
            DatasetChange::Retract(retract) => Some(retract),
            DatasetChange::Commit(_) => None,
        });
        for retract in retracted {
            let still = now.iter().any(|dataset| dataset.id == retract.dataset && retract.before.is_still(dataset));
            findings.push(if still {
                Finding::block("retracted", format!("{} is still committed with the empty file", retract.name))
            } else {
                Finding::pass("retracted", format!("{} is no longer committed with the empty file", retract.name))
            });
        }
        Ok(findings)
    }

    fn undo(&self, action: &DatasetChange, _before: Option<&RawValue>) -> Option<DatasetChange> {
        let DatasetChange::Commit(commit) = action else { return None };
        Some(DatasetChange::Retract(Retract {
            transaction: commit.transaction,
            dataset: commit.dataset,
            name: commit.name.clone(),
            // Whenever it was: with that path it is the empty file, with another one it is real data and is left alone.
            before: Committed::at(commit.path.clone()),
        }))
    }

    async fn review_undo(
        &self,
        reads: &CommitEmptyReads,
        mut draft: Draft<DatasetChange>,
    ) -> Result<Draft<DatasetChange>> {
        let names: Vec<DatasetName> = draft.actions().iter().map(|change| change.name().clone()).collect();
        let what = format!("retract {}", count(names.len(), "empty commit"));
        let title = opening::title(&draft, self.transaction, &what);
        draft.title(title);
        if names.is_empty() {
            return Ok(draft);
        }
        opening::open(&mut draft, &reads.sonar, &reads.metapod, self.transaction).await?;
        draft.note("A dataset in which real data has come since is left as it is.");
        draft.note(BY_HAND);
        draft.note(by_hand_look_at_all(self.transaction));
        draft.later("Run the job again that writes the dataset, or its readers wait for it.");
        Ok(draft)
    }

    fn obligation(&self, action: &DatasetChange) -> Option<Obligation> {
        let DatasetChange::Commit(commit) = action else { return None };
        let Why::Empty { next_run } = commit.why else { return None };
        let what = format!(
            "keep {} out of the next run: tell its owner, comment it out or remove the model, deploy after this run ends",
            commit.name
        );
        let mut obligation = Obligation::new(format!("{KEEP_OUT}/{}/{}", commit.transaction, commit.name), what);
        if let Some(owner) = self.knowledge.owner(&commit.name) {
            obligation = obligation.with_owner(owner);
        }
        if let Some(next_run) = next_run {
            obligation = obligation.with_deadline(next_run);
        }
        Some(obligation)
    }

    /// Settled when a later run of the same kind has begun without the dataset.
    async fn still_owed(&self, reads: &CommitEmptyReads, obligation: &Obligation) -> Result<bool> {
        let prefix = format!("{KEEP_OUT}/{}/", self.transaction);
        let name: Option<DatasetName> = obligation.id.strip_prefix(&prefix).and_then(|name| name.parse().ok());
        let Some(name) = name else { return Ok(true) };
        let (this, all) =
            futures_util::future::try_join(reads.sonar.transaction(self.transaction), reads.sonar.transactions())
                .await?;
        let Some(next) = latest_after(&this, &all) else { return Ok(true) };
        let found = reads.sonar.datasets(next.id, &DatasetFilter::all().named(vec![name])).await?;
        Ok(!found.is_empty())
    }
}

/// The youngest transaction of the same kind that began later.
fn latest_after<'a>(this: &Transaction, all: &'a [Transaction]) -> Option<&'a Transaction> {
    all.iter()
        .filter(|other| other.transaction_type == this.transaction_type && other.started_at > this.started_at)
        .max_by_key(|other| other.started_at)
}

impl CommitEmptyDataset {
    fn commit(&self, dataset: &Dataset, next_run: Option<Timestamp>) -> DatasetChange {
        DatasetChange::Commit(Box::new(Commit {
            transaction: self.transaction,
            dataset: dataset.id,
            name: dataset.name.clone(),
            path: self.empty.path.clone(),
            format: self.empty.format,
            schema: None,
            actions: Vec::new(),
            why: Why::Empty { next_run },
        }))
    }

    /// The dataset, if it waits for a commit. Otherwise the draft says why not.
    fn may_be_committed<'a>(
        &self,
        draft: &mut Draft<DatasetChange>,
        there: &HashMap<&DatasetName, &'a Dataset>,
    ) -> Option<&'a Dataset> {
        let Some(&dataset) = there.get(&self.dataset) else {
            let text = format!("{} is not in this transaction", self.dataset);
            draft.finding(Finding::block("dataset", text).with_advice("look the name up in Sonar"));
            return None;
        };
        if dataset.committed {
            let at = dataset.committed_at.map_or("at an unknown time".into(), utc);
            if dataset.path.as_ref() == Some(&self.empty.path) {
                let text = format!("nothing to do: {} is committed with this file already, {at}", self.dataset);
                draft.finding(Finding::pass("dataset", text));
            } else {
                let text = format!("{} is committed with other data, {at}", self.dataset);
                let advice = "retract it first, if an empty dataset is really better";
                draft.finding(Finding::block("dataset", text).with_advice(advice));
            }
            return None;
        }
        if let Some(at) = dataset.aborted_at {
            let text =
                format!("{} was aborted {}: it is not computed again, and needs no empty file", self.dataset, utc(at));
            draft.finding(Finding::block("dataset", text));
            return None;
        }
        draft.finding(Finding::pass("dataset", format!("{} is in this transaction, not committed", self.dataset)));
        Some(dataset)
    }

    /// What is made from the dataset: empty too.
    fn successors(
        &self,
        successors: Option<Vec<DatasetName>>,
        there: &HashMap<&DatasetName, &Dataset>,
        next_run: Option<Timestamp>,
    ) -> (Vec<DatasetChange>, Vec<Finding>) {
        const GUARD: &str = "successors";
        let Some(successors) = successors else {
            let text = format!("what is made from {} is not configured, and Metapod does not know", self.dataset);
            let right = "right when you know that nothing is made from it, or have told the owners of what is";
            return (Vec::new(), vec![Finding::ask(GUARD, text, right)]);
        };
        if successors.is_empty() {
            let text = format!("nothing is made from {}", self.dataset);
            return (Vec::new(), vec![Finding::pass(GUARD, text)]);
        }
        let (mut actions, mut committed, mut other_format, mut absent) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for name in &successors {
            match there.get(name) {
                None => absent.push(name),
                Some(dataset) if dataset.committed || dataset.aborted_at.is_some() => committed.push(name),
                Some(_) if is_avro(name) != (self.empty.format == CommitFormat::Avro) => other_format.push(name),
                Some(dataset) => actions.push(self.commit(dataset, next_run)),
            }
        }
        let mut findings = Vec::new();
        if !actions.is_empty() {
            let text = format!("made from it, so empty too: {}", names(actions.iter().map(DatasetChange::name)));
            findings.push(Finding::warn(GUARD, text).with_advice("tell their owners before"));
        }
        if !committed.is_empty() {
            let text =
                format!("made from it, but committed or aborted already, left as they are: {}", names(committed));
            findings.push(Finding::warn("committed-successors", text));
        }
        if !other_format.is_empty() {
            let text = format!(
                "made from it, but in another format than the {} file: {}",
                self.empty.format,
                names(other_format)
            );
            findings
                .push(Finding::warn("format", text).with_advice("commit each with an empty file of its own format"));
        }
        if !absent.is_empty() {
            findings.push(Finding::pass("absent-successors", format!("not in this transaction: {}", names(absent))));
        }
        (actions, findings)
    }

    fn critical(&self, meant: &[&DatasetName]) -> Finding {
        let critical = |name: &&&DatasetName| self.knowledge.is_critical(name);
        let said = |name: &&DatasetName| match self.knowledge.owner(name) {
            Some(owner) => format!("{name} (owner: {owner})"),
            None => name.to_string(),
        };
        let all = names(meant.iter().filter(critical).map(said));
        if all.is_empty() {
            return Finding::pass("critical", "no critical dataset is made empty");
        }
        let right = "right when the owner accepts an empty dataset; otherwise the cause must be mended at once";
        Finding::ask("critical", format!("critical: {all}"), right)
    }

    async fn file(&self, reads: &CommitEmptyReads) -> Finding {
        let EmptyFile { path, format } = &self.empty;
        let right = "right when you have seen that the file exists and is empty";
        let asks = |text: String| Finding::ask("no-evidence", text, right);
        let Some(objects) = reads.objects.as_ref() else {
            return asks(format!("nobody looked whether {path} exists and is empty"));
        };
        match objects.look(path).await {
            Err(error) => asks(format!("{path} cannot be looked at: {error}")),
            Ok(ParquetLook::Missing) => Finding::block("empty-file", format!("{path} does not exist"))
                .with_advice("the configured path is out of date"),
            Ok(ParquetLook::Rows(0)) if *format == CommitFormat::Parquet => {
                Finding::pass("empty-file", format!("{path} exists, a Parquet file of no rows"))
            }
            Ok(ParquetLook::Rows(0)) => Finding::block("empty-file", format!("{path} is a Parquet file, not {format}")),
            Ok(ParquetLook::Rows(rows)) => Finding::block(
                "empty-file",
                format!("{path} is not empty: it has {}", count(usize::try_from(rows).unwrap_or(usize::MAX), "row")),
            ),
            Ok(ParquetLook::Other(what)) if *format == CommitFormat::Parquet => {
                Finding::block("empty-file", format!("{path} is no Parquet file: {what}"))
            }
            Ok(ParquetLook::Other(_)) => {
                asks(format!("{path} exists; whether an Avro file is empty cannot be seen here"))
            }
        }
    }

    /// The warehouse loads the twin in Avro, and an empty Parquet file is no Avro file.
    fn twin(&self, there: &HashMap<&DatasetName, &Dataset>) -> Option<Finding> {
        const ADVICE: &str = "commit the twin with an empty Avro file, or the load waits";
        let parquet = self.empty.format == CommitFormat::Parquet;
        if is_avro(&self.dataset) == parquet {
            let text = format!("{} is to be committed as {}", self.dataset, self.empty.format);
            return Some(
                Finding::warn("twin", text).with_advice("names that end in -avro are Avro, the others are not"),
            );
        }
        let twin = avro_twin(&self.dataset)?;
        let dataset = there.get(&twin)?;
        (!dataset.committed).then(|| {
            Finding::warn("twin", format!("{twin}, which the warehouse loads, is not committed either"))
                .with_advice(ADVICE)
        })
    }
}
