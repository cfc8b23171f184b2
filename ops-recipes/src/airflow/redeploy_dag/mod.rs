//! «Re-deploying the DAG during a run»: jobs of a run begin anew with what is deployed now.

mod deploys;
mod look;
mod plan;
mod reads;
mod step;

use std::collections::HashSet;

use airflow_client::{RunKey, TaskFilter, TaskId, TaskState};
use metapod_model::TransactionId;
use ops_client::Result;
use ops_plan::{Draft, Finding, Observed, Recipe};
use serde::{Deserialize, Serialize};
use sonar_client::DatasetFilter;

use self::deploys::same;
pub use self::deploys::{Build, Deploys};
pub use self::reads::{RedeployReads, RedeployWrites};
pub use self::step::{Gone, RedeployStep, Unchanged};
use super::change::{DagChange, Seen};
use super::{DagKnowledge, RunView};
use crate::datasets::{DatasetChange, proof};
use crate::words::names;

/// Alert texts and symptoms that this recipe answers.
pub const ALERTS: &[&str] =
    &["re-deploying the dag during a run", "redeploy the dag", "kill the job and clear it", "old configuration runs"];

/// Runs jobs of a run anew with what is deployed now; on request, all that is committed is taken back in between.
///
/// A clear alone would not do: a job that runs keeps its old configuration. So its processes are killed, by the ids that were
/// captured, and only when they have ended is anything cleared. The tasks are marked failed *first*: a job that is killed while
/// its task has retries left is started again by itself, and would write beside what is taken back.
///
/// What stops it: a task that the DAG does not have, a scheduler that does not work, a credential without the right; a newer
/// process of a job that was killed; datasets that were committed since the plan (a new plan shows them). What it asks: whether
/// the version is the one that is meant (`version`), what else was built in between (`changes`), and, where something is taken
/// back, whether another job of the same run may go on writing (`live-writer`).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RedeployDag {
    /// The run.
    pub run: RunKey,
    /// The jobs, by the ids of their tasks.
    pub tasks: Vec<TaskId>,
    /// The version that they shall run.
    #[serde(default)]
    pub version: Option<String>,
    /// The transaction of which everything that is committed is taken back before.
    #[serde(default)]
    pub retract: Option<TransactionId>,
    /// Whether they run the DAG's newest version instead of the one that the run is pinned to (Airflow 3.1 and later).
    #[serde(default)]
    pub on_latest_version: bool,
    /// How many retractions run at once.
    #[serde(default = "ten")]
    pub concurrency: usize,
    /// What the configuration knows.
    #[serde(default)]
    pub knowledge: DagKnowledge,
}

fn ten() -> usize {
    10
}

impl RedeployDag {
    /// Runs these jobs of `run` anew.
    pub fn new(run: RunKey, tasks: Vec<TaskId>) -> Self {
        Self {
            run,
            tasks,
            version: None,
            retract: None,
            on_latest_version: false,
            concurrency: ten(),
            knowledge: DagKnowledge::default(),
        }
    }

    /// That shall run this version.
    #[must_use]
    pub fn wanting(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// After all that is committed in this transaction was taken back.
    #[must_use]
    pub fn retracting(mut self, transaction: TransactionId) -> Self {
        self.retract = Some(transaction);
        self
    }

    /// With the DAG's newest version.
    #[must_use]
    pub fn on_latest_version(mut self) -> Self {
        self.on_latest_version = true;
        self
    }

    /// With what the configuration knows.
    #[must_use]
    pub fn with_knowledge(mut self, knowledge: DagKnowledge) -> Self {
        self.knowledge = knowledge;
        self
    }
}

impl Recipe for RedeployDag {
    const ID: &'static str = "redeploy-dag";
    const VERSION: u32 = 1;
    type Reads = RedeployReads;
    type Writes = RedeployWrites;
    type Action = RedeployStep;

    async fn plan(&self, reads: &RedeployReads, draft: Draft<RedeployStep>) -> Result<Draft<RedeployStep>> {
        plan::plan(self, reads, draft).await
    }

    async fn observe(&self, reads: &RedeployReads, actions: &[&RedeployStep]) -> Result<Vec<Observed>> {
        look::observe(reads, &self.run, actions).await
    }

    async fn perform(&self, writes: &RedeployWrites, action: &RedeployStep) -> Result<()> {
        action.perform(writes).await
    }

    async fn verify(&self, reads: &RedeployReads, done: &[&RedeployStep]) -> Result<Vec<Finding>> {
        let airflow = &reads.airflow.airflow;
        let mut findings = Vec::new();
        let tasks = airflow.task_instances(&self.run, &TaskFilter::all()).await?;
        let graph = airflow.graph(&self.run.dag).await?;
        let view = RunView::new(&graph, &tasks);
        let cleared = done.iter().filter_map(|step| match step {
            RedeployStep::Dag(DagChange::Clear(clear)) => Some(clear),
            _ => None,
        });
        for seen in cleared.flat_map(|clear| &clear.tasks).filter(|seen| self.tasks.contains(&seen.task.task)) {
            let now = tasks.iter().find(|task| task.key == seen.task);
            findings.push(new_try(seen, now.map(|task| task.try_number), &view));
        }
        findings.extend(self.shows_version(reads).await?);
        findings.extend(self.nothing_committed(reads, done).await?);
        Ok(findings)
    }
}

/// Whether a task has begun anew, or waits for its turn.
fn new_try(seen: &Seen, now: Option<u32>, view: &RunView<'_>) -> Finding {
    const GUARD: &str = "new-try";
    let state = view.state(&seen.task.task);
    let id = &seen.task;
    let waits = view.graph().upstream(&seen.task.task).any(|before| !view.state(before).is_final());
    if now.is_some_and(|number| number > seen.try_number) {
        Finding::pass(GUARD, format!("{id} has a new try, and is {state}"))
    } else if waits {
        Finding::pass(GUARD, format!("{id} is {state}: it waits for what comes before it"))
    } else if state == TaskState::NoStatus || state.is_live() {
        Finding::warn(GUARD, format!("{id} is {state}: its new try has not begun yet"))
    } else {
        Finding::block(GUARD, format!("{id} is {state}, without a new try"))
    }
}

impl RedeployDag {
    /// Whether the new processes run the version that was wanted.
    async fn shows_version(&self, reads: &RedeployReads) -> Result<Option<Finding>> {
        const GUARD: &str = "version";
        let (Some(wanted), Some(jobs)) = (&self.version, &reads.airflow.jobs) else { return Ok(None) };
        let run = reads.airflow.airflow.dag_run(&self.run).await?;
        let jobs = jobs.live(&run, &self.tasks.iter().map(ToString::to_string).collect::<Vec<_>>()).await?;
        let alive: Vec<_> = jobs.iter().filter(|job| job.is_alive() && job.ours != Some(false)).collect();
        let old: Vec<String> = alive
            .iter()
            .filter(|job| job.version.as_deref().is_some_and(|version| !same(version, wanted)))
            .map(|job| format!("{} ({})", job.job, job.version.as_deref().unwrap_or_default()))
            .collect();
        Ok(Some(if !old.is_empty() {
            Finding::block(GUARD, format!("another version than {wanted} runs: {}", names(old)))
        } else if alive.is_empty() {
            Finding::warn(GUARD, "no new process is alive yet, so none shows its version")
        } else if alive.iter().any(|job| job.version.is_none()) {
            Finding::warn(GUARD, "the new processes do not say which version they run")
        } else {
            Finding::pass(GUARD, format!("{wanted} runs"))
        }))
    }

    async fn nothing_committed(&self, reads: &RedeployReads, done: &[&RedeployStep]) -> Result<Option<Finding>> {
        let retracted: HashSet<_> = done
            .iter()
            .filter_map(|step| match step {
                RedeployStep::Dataset(change @ DatasetChange::Retract(_)) => Some(change.dataset()),
                _ => None,
            })
            .collect();
        let Some(transaction) = self.retract.filter(|_| !retracted.is_empty()) else { return Ok(None) };
        let now = look::sources(reads)?.sonar.datasets(transaction, &DatasetFilter::committed()).await?;
        Ok(Some(proof::none_committed(&now, &retracted)))
    }
}
