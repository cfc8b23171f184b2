//! «Determining if it was the dataset or model that failed», «Determining if a dataset or model is business critical».

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use futures_util::future::join3;
use jiff::Timestamp;
use metapod_model::{DatasetName, TransactionId};
use ops_client::Result;
use serde::{Deserialize, Serialize};
use sonar_client::{Dataset, DatasetFilter, SonarRead, Transaction};

use super::jobs::{JobState, Jobs};
use super::knowledge::{Knowledge, Lineage};
use super::subjects::{Kind, Subject, subject_of};

/// Alert texts and symptoms that this recipe answers.
pub const ALERTS: &[&str] =
    &["dataset or model that failed", "uncommitted dataset", "job failed", "task failed", "dag run failed"];

/// Says what failed in a run: the dataset, or only the model made from it; what is critical; what to do next. It reads and
/// changes nothing.
///
/// The runbook: «Determining if it was the dataset or model that failed» and «Determining if a dataset or model is
/// business critical or can be fixed without time-pressure».
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TriageFailure {
    /// The transaction.
    pub transaction: TransactionId,
    /// What the configuration knows.
    #[serde(default)]
    pub knowledge: Knowledge,
}

/// What [`TriageFailure`] reads from.
#[derive(Clone)]
#[non_exhaustive]
pub struct TriageReads {
    /// Sonar.
    pub sonar: Arc<dyn SonarRead>,
    /// What runs the jobs; without it nobody can tell what failed from what is not reached yet.
    pub jobs: Option<Arc<dyn Jobs>>,
}

impl fmt::Debug for TriageReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TriageReads").field("jobs", &self.jobs.is_some()).finish_non_exhaustive()
    }
}

impl TriageReads {
    /// From Sonar.
    pub fn new(sonar: Arc<dyn SonarRead>) -> Self {
        Self { sonar, jobs: None }
    }

    /// With what runs the jobs.
    #[must_use]
    pub fn with_jobs(mut self, jobs: Arc<dyn Jobs>) -> Self {
        self.jobs = Some(jobs);
        self
    }
}

/// What failed in a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Triage {
    /// Where, as the caller names it.
    pub environment: String,
    /// The transaction.
    pub transaction: Transaction,
    /// When it was looked at.
    pub at: Timestamp,
    /// How many of its datasets are committed.
    pub committed: usize,
    /// How many it has.
    pub total: usize,
    /// How many uncommitted datasets are merely not reached yet.
    pub not_reached: usize,
    /// What is missing, by subject: what surely failed first, and of that the critical first.
    pub subjects: Vec<SubjectReport>,
    /// Why the jobs could not be seen, where they could not.
    pub blind: Option<String>,
}

/// What is missing of one subject.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SubjectReport {
    /// The subject.
    pub subject: Subject,
    /// Which part failed.
    pub failed: Failed,
    /// Whether it failed at all.
    pub standing: Standing,
    /// The jobs that say so, with their states.
    pub evidence: Vec<String>,
    /// Its uncommitted datasets.
    pub uncommitted: Vec<DatasetName>,
    /// Whether the business waits for it.
    pub critical: bool,
    /// Who owns it, where that is configured.
    pub owner: Option<String>,
    /// What is made from it outside of the subject; `None` where that is not configured.
    pub downstream: Option<Vec<DatasetName>>,
}

/// Which part of a subject failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Failed {
    /// The dataset; there is no model, or it follows.
    Dataset,
    /// The dataset, and so the model that is made from it.
    DatasetAndModel,
    /// The model alone: its dataset is committed.
    Model,
    /// Only a twin in another format: the data is committed.
    Twin,
}

/// Whether a subject failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Standing {
    /// A job of its failed, or ended without committing it.
    Failed,
    /// Its job was not started, because something before it failed.
    Held,
    /// Nobody can tell: the jobs are not seen, or not known.
    CannotTell,
    /// Its job runs or waits: not reached yet.
    NotReached,
}

impl TriageFailure {
    /// Looks at a transaction.
    pub fn new(transaction: TransactionId) -> Self {
        Self { transaction, knowledge: Knowledge::default() }
    }

    /// With what the configuration knows.
    #[must_use]
    pub fn with_knowledge(mut self, knowledge: Knowledge) -> Self {
        self.knowledge = knowledge;
        self
    }

    /// Looks. `environment` is how the caller calls the place, `now` the time.
    ///
    /// # Errors
    /// When Sonar does not answer, or knows no such transaction. Jobs that cannot be seen are no error: the answer says so.
    pub async fn look(&self, reads: &TriageReads, environment: &str, now: Timestamp) -> Result<Triage> {
        let jobs = async {
            match &reads.jobs {
                None => Err("no system of jobs is configured".to_owned()),
                Some(jobs) => jobs.jobs(self.transaction).await.map_err(|error| error.to_string()),
            }
        };
        let (transaction, datasets, jobs) = join3(
            reads.sonar.transaction(self.transaction),
            reads.sonar.datasets(self.transaction, &DatasetFilter::all()),
            jobs,
        )
        .await;
        let (transaction, datasets) = (transaction?, datasets?);
        let (states, blind) = match jobs {
            Ok(jobs) => (jobs.into_iter().map(|job| (job.name, job.state)).collect(), None),
            Err(why) => (HashMap::new(), Some(why)),
        };
        let mut subjects = self.subjects(&datasets, &states);
        let not_reached =
            subjects.iter().filter(|s| s.standing == Standing::NotReached).map(|s| s.uncommitted.len()).sum();
        subjects.sort_by(|a, b| {
            (a.standing, !a.critical, a.failed, &a.subject).cmp(&(b.standing, !b.critical, b.failed, &b.subject))
        });
        let committed = datasets.iter().filter(|dataset| dataset.committed).count();
        Ok(Triage {
            environment: environment.to_owned(),
            transaction,
            at: now,
            committed,
            total: datasets.len(),
            not_reached,
            subjects,
            blind,
        })
    }

    fn subjects(&self, datasets: &[Dataset], states: &HashMap<String, JobState>) -> Vec<SubjectReport> {
        let mut groups: BTreeMap<Subject, Vec<(&Dataset, Kind, bool)>> = BTreeMap::new();
        for dataset in datasets {
            let (subject, kind, twin) = subject_of(&dataset.name);
            groups.entry(subject).or_default().push((dataset, kind, twin));
        }
        let lineage = self.knowledge.lineage();
        groups
            .into_iter()
            .filter_map(|(subject, parts)| self.report(subject, &parts, states, lineage.as_ref()))
            .collect()
    }

    fn report(
        &self,
        subject: Subject,
        parts: &[(&Dataset, Kind, bool)],
        states: &HashMap<String, JobState>,
        lineage: Option<&Lineage<'_>>,
    ) -> Option<SubjectReport> {
        // An aborted dataset was given up on purpose: nothing waits for it.
        let open: Vec<_> =
            parts.iter().filter(|(dataset, ..)| !dataset.committed && dataset.aborted_at.is_none()).collect();
        if open.is_empty() {
            return None;
        }
        let missing = |kind: Kind, twin: bool| open.iter().any(|(_, k, t)| *k == kind && *t == twin);
        let failed = match (missing(Kind::Dataset, false), missing(Kind::Model, false)) {
            (true, true) => Failed::DatasetAndModel,
            (true, false) => Failed::Dataset,
            (false, true) => Failed::Model,
            (false, false) => Failed::Twin,
        };
        let mut uncommitted: Vec<DatasetName> = open.iter().map(|(dataset, ..)| dataset.name.clone()).collect();
        uncommitted.sort_unstable();
        let (standing, evidence) = self.standing(&uncommitted, states);
        let inside: HashSet<&DatasetName> = parts.iter().map(|(dataset, ..)| &dataset.name).collect();
        let downstream = lineage.map(|lineage| {
            let mut all: Vec<DatasetName> = (uncommitted.iter())
                .flat_map(|name| lineage.all_successors_of(name))
                .filter(|name| !inside.contains(name))
                .collect();
            all.sort_unstable();
            all.dedup();
            all
        });
        Some(SubjectReport {
            failed,
            standing,
            evidence,
            critical: uncommitted.iter().any(|name| self.knowledge.is_critical(name)),
            owner: uncommitted.iter().find_map(|name| self.knowledge.owner(name)).map(str::to_owned),
            downstream,
            subject,
            uncommitted,
        })
    }

    /// The worst that the jobs of these datasets say.
    fn standing(&self, uncommitted: &[DatasetName], states: &HashMap<String, JobState>) -> (Standing, Vec<String>) {
        let mut jobs: BTreeMap<&str, JobState> = BTreeMap::new();
        for writer in uncommitted.iter().flat_map(|name| self.knowledge.writers_of(name)) {
            if let Some((job, state)) = states.get_key_value(writer) {
                jobs.insert(job, *state);
            }
        }
        let of = |state: JobState| match state {
            // A job that ended well and did not commit its dataset is no success.
            JobState::Failed | JobState::Succeeded => Standing::Failed,
            JobState::UpstreamFailed => Standing::Held,
            JobState::NotReached | JobState::Waiting | JobState::Running | JobState::UpForRetry => Standing::NotReached,
        };
        let standing = jobs.values().map(|state| of(*state)).min().unwrap_or(Standing::CannotTell);
        (standing, jobs.iter().map(|(job, state)| format!("{job} {state}")).collect())
    }
}

impl Triage {
    /// Whether anything failed, or may have: then a program ends with the exit code for «found something».
    pub fn found_something(&self) -> bool {
        self.subjects.iter().any(|subject| subject.standing != Standing::NotReached)
    }
}
