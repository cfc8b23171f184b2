//! «Manually commit a dataset to metapod».

mod make;
mod step;

use std::collections::HashMap;

use dataset_files::{FileFormat, Look};
use jiff::{SignedDuration, Timestamp};
use metapod_model::{CommitFormat, DatasetName, S3Path, TransactionId};
use ops_client::{ErrorKind, Result};
use ops_plan::{Draft, Finding, Obligation, Observed, Recipe};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sonar_client::{Dataset, DatasetFilter, Transaction};

pub use self::make::{Made, MakeFile};
use self::make::{Planned, Workshop};
pub use self::step::EmptyStep;
use super::change::{BY_HAND, Commit, Committed, DatasetChange, Retract, Why, by_hand_look_at_all};
use super::knowledge::Knowledge;
use super::live_writer::live_writer;
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
    /// The empty file, or where one is made.
    pub empty: Empty,
    /// What the configuration knows.
    #[serde(default)]
    pub knowledge: Knowledge,
}

/// The empty file that a dataset is committed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Empty {
    /// One that is there. It has the columns that it has, whatever the dataset's are.
    There(EmptyFile),
    /// One that is made, with the columns of the dataset.
    Made(Made),
}

impl From<EmptyFile> for Empty {
    fn from(file: EmptyFile) -> Self {
        Self::There(file)
    }
}

impl From<Made> for Empty {
    fn from(made: Made) -> Self {
        Self::Made(made)
    }
}

impl Empty {
    fn format(&self) -> CommitFormat {
        match self {
            Self::There(file) => file.format,
            Self::Made(_) => CommitFormat::Parquet,
        }
    }
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
    /// Commits `empty` for `dataset`: an [`EmptyFile`] that is there, or one that is [`Made`].
    pub fn new(transaction: TransactionId, dataset: DatasetName, empty: impl Into<Empty>) -> Self {
        Self { transaction, dataset, empty: empty.into(), knowledge: Knowledge::default() }
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
    const VERSION: u32 = 2;
    type Reads = CommitEmptyReads;
    type Writes = MetapodWrites;
    type Action = EmptyStep;

    async fn plan(&self, reads: &CommitEmptyReads, mut draft: Draft<EmptyStep>) -> Result<Draft<EmptyStep>> {
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
        let mut committed = vec![dataset];
        let (more, mut findings) = self.successors(successors, &there);
        committed.extend(more);
        let meant: Vec<&DatasetName> = committed.iter().map(|dataset| &dataset.name).collect();
        findings.push(self.critical(&meant));
        let jobs = reads.jobs.as_ref();
        findings.push(live_writer(jobs, &self.knowledge, self.transaction, meant.iter().copied(), false).await);
        findings.extend(self.twin(&there));
        let mut makes = Vec::new();
        let mut paths = Vec::new();
        match &self.empty {
            Empty::There(file) => {
                findings.push(looked_at(reads, file).await);
                paths.resize(committed.len(), file.path.clone());
            }
            Empty::Made(made) => {
                for name in &meant {
                    match self.made(reads, made, &transaction, name).await {
                        Ok(Planned { path, make, finding }) => {
                            findings.push(finding);
                            makes.extend(make.map(|make| EmptyStep::Make(Box::new(make))));
                            paths.push(path);
                        }
                        Err(finding) => findings.push(finding),
                    }
                }
            }
        }
        let commits: Vec<EmptyStep> =
            committed.iter().zip(paths).map(|(dataset, path)| self.commit(dataset, path, next_run)).collect();
        for finding in findings {
            draft.finding(finding);
        }
        if committed.len() > 1 {
            let what = format!("commit {} and {} empty", self.dataset, count(committed.len() - 1, "successor"));
            let title = opening::title(&draft, self.transaction, &what);
            draft.title(title);
        }
        draft.one_by_one();
        draft.note("Whoever reads these datasets in this run finds no rows, and no error.");
        draft.note(BY_HAND);
        let owner = self.knowledge.owner(&self.dataset).unwrap_or("the owner (not configured)");
        draft.later(format!("Tell {owner}: {} is empty in this run.", self.dataset));
        draft.later("Keep it out of the next run: comment the dataset out or remove the model; deploy only after this run ends.");
        if !makes.is_empty() {
            draft.note("What is made stays where it is, also when the commit is taken back: nobody reads it then.");
            draft.phase("make the files", makes);
        }
        draft.phase_at("commit empty", 1, commits);
        Ok(draft)
    }

    async fn observe(&self, reads: &CommitEmptyReads, actions: &[&EmptyStep]) -> Result<Vec<Observed>> {
        let changes: Vec<&DatasetChange> = actions.iter().filter_map(|step| step.as_dataset()).collect();
        let mut seen = look::observe(&*reads.sonar, self.transaction, &changes).await?.into_iter();
        let mut observed = Vec::with_capacity(actions.len());
        for step in actions {
            observed.push(match step {
                EmptyStep::Make(make) => make.observe(reads.files.as_deref()).await?,
                EmptyStep::Dataset(_) => {
                    seen.next().unwrap_or_else(|| Observed::Drifted("it was not looked at".into()))
                }
            });
        }
        Ok(observed)
    }

    async fn perform(&self, writes: &MetapodWrites, action: &EmptyStep) -> Result<()> {
        match action {
            EmptyStep::Make(make) => make.perform(writes.files.as_deref()).await,
            EmptyStep::Dataset(change) => writes.perform(change).await,
        }
    }

    async fn verify(&self, reads: &CommitEmptyReads, done: &[&EmptyStep]) -> Result<Vec<Finding>> {
        let asked = done.iter().filter_map(|step| step.name().cloned()).collect();
        let now = reads.sonar.datasets(self.transaction, &DatasetFilter::committed().named(asked)).await?;
        let changes = || done.iter().filter_map(|step| step.as_dataset());
        let mut findings: Vec<Finding> =
            restored(&now, changes().filter_map(DatasetChange::as_commit)).into_iter().collect();
        let retracted = changes().filter_map(|change| match change {
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

    fn undo(&self, action: &EmptyStep, _before: Option<&RawValue>) -> Option<EmptyStep> {
        let commit = action.as_dataset()?.as_commit()?;
        Some(EmptyStep::Dataset(DatasetChange::Retract(Retract {
            transaction: commit.transaction,
            dataset: commit.dataset,
            name: commit.name.clone(),
            // Whenever it was: with that path it is the empty file, with another one it is real data and is left alone.
            before: Committed::at(commit.path.clone()),
        })))
    }

    async fn review_undo(&self, reads: &CommitEmptyReads, mut draft: Draft<EmptyStep>) -> Result<Draft<EmptyStep>> {
        let names: Vec<DatasetName> = draft.actions().iter().filter_map(|step| step.name().cloned()).collect();
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

    fn obligation(&self, action: &EmptyStep) -> Option<Obligation> {
        let commit = action.as_dataset()?.as_commit()?;
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
    fn commit(&self, dataset: &Dataset, path: S3Path, next_run: Option<Timestamp>) -> EmptyStep {
        EmptyStep::Dataset(DatasetChange::Commit(Box::new(Commit {
            transaction: self.transaction,
            dataset: dataset.id,
            name: dataset.name.clone(),
            path,
            format: self.empty.format(),
            schema: None,
            actions: Vec::new(),
            why: Why::Empty { next_run },
        })))
    }

    /// The file that is made for a dataset.
    async fn made(
        &self,
        reads: &CommitEmptyReads,
        made: &Made,
        transaction: &Transaction,
        dataset: &DatasetName,
    ) -> std::result::Result<Planned, Finding> {
        let block = |text: String, advice: &'static str| Err(Finding::block("empty-file", text).with_advice(advice));
        if is_avro(dataset) {
            return block(
                format!("no Avro file is made, and {dataset} is one"),
                "commit it with an empty Avro file that is there",
            );
        }
        let (Some(files), Some(makes)) = (reads.files.as_deref(), reads.makes.as_deref()) else {
            return block("no way to the files is configured".into(), "configure where the buckets are");
        };
        Workshop { sonar: &*reads.sonar, files, makes }.plan(made, transaction, dataset).await
    }

    /// Whether a committed dataset has the very file that this commits.
    fn is_ours(&self, path: Option<&S3Path>) -> bool {
        match &self.empty {
            Empty::There(file) => path == Some(&file.path),
            Empty::Made(made) => {
                path.is_some_and(|path| made.path(self.transaction, &self.dataset).is_ok_and(|ours| ours == *path))
            }
        }
    }

    /// The dataset, if it waits for a commit. Otherwise the draft says why not.
    fn may_be_committed<'a>(
        &self,
        draft: &mut Draft<EmptyStep>,
        there: &HashMap<&DatasetName, &'a Dataset>,
    ) -> Option<&'a Dataset> {
        let Some(&dataset) = there.get(&self.dataset) else {
            let text = format!("{} is not in this transaction", self.dataset);
            draft.finding(Finding::block("dataset", text).with_advice("look the name up in Sonar"));
            return None;
        };
        if dataset.committed {
            let at = dataset.committed_at.map_or("at an unknown time".into(), utc);
            if self.is_ours(dataset.path.as_ref()) {
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
    fn successors<'a>(
        &self,
        successors: Option<Vec<DatasetName>>,
        there: &HashMap<&DatasetName, &'a Dataset>,
    ) -> (Vec<&'a Dataset>, Vec<Finding>) {
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
                Some(_) if is_avro(name) != (self.empty.format() == CommitFormat::Avro) => other_format.push(name),
                Some(dataset) => actions.push(*dataset),
            }
        }
        let mut findings = Vec::new();
        if !actions.is_empty() {
            let text = format!(
                "made from it, so empty too: {}",
                names(actions.iter().map(|dataset: &&Dataset| &dataset.name))
            );
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
                self.empty.format(),
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

    /// The warehouse loads the twin in Avro, and an empty Parquet file is no Avro file.
    fn twin(&self, there: &HashMap<&DatasetName, &Dataset>) -> Option<Finding> {
        const ADVICE: &str = "commit the twin with an empty Avro file, or the load waits";
        let parquet = self.empty.format() == CommitFormat::Parquet;
        if is_avro(&self.dataset) == parquet {
            let text = format!("{} is to be committed as {}", self.dataset, self.empty.format());
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

/// What lies where the configuration says that an empty file lies.
async fn looked_at(reads: &CommitEmptyReads, file: &EmptyFile) -> Finding {
    const GUARD: &str = "empty-file";
    let EmptyFile { path, format } = file;
    let asks =
        |text: String| Finding::ask("no-evidence", text, "right when you have seen that the file exists and is empty");
    let Some(files) = reads.files.as_deref() else {
        return asks(format!("nobody looked whether {path} exists and is empty"));
    };
    let missing =
        || Finding::block(GUARD, format!("{path} does not exist")).with_advice("the configured path is out of date");
    match files.look(path).await {
        // No such bucket.
        Err(error) if error.is_not_found() => return missing(),
        Err(error) => return asks(format!("{path} cannot be looked at: {error}")),
        Ok(Look::Missing) => return missing(),
        Ok(Look::Folder { .. }) => return Finding::block(GUARD, format!("{path} is no file: it is a folder")),
        Ok(_) => {}
    }
    let there = match files.describe(path).await {
        Ok(there) => there,
        Err(error) if error.kind() == ErrorKind::Decode => {
            let why = error.message().unwrap_or("it cannot be read").to_owned();
            return Finding::block(GUARD, format!("{path} is no file of a dataset: {why}"));
        }
        Err(error) => return asks(format!("{path} cannot be looked at: {error}")),
    };
    let wanted = if *format == CommitFormat::Parquet { FileFormat::Parquet } else { FileFormat::Avro };
    if there.format != wanted {
        return Finding::block(GUARD, format!("{path} is a file in {}, not in {wanted}", there.format));
    }
    match there.rows {
        Some(0) => Finding::pass(GUARD, format!("{path} exists, a file in {wanted} of no rows")),
        Some(rows) => {
            let rows = count(usize::try_from(rows).unwrap_or(usize::MAX), "row");
            Finding::block(GUARD, format!("{path} is not empty: it has {rows}"))
        }
        None => asks(format!("{path} exists; nobody knows whether it is empty without reading all of it")),
    }
}
