//! One rung as a recipe: what the recipe for it plans, with the ladder's own guards before.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use airflow_client::{RunKey, TaskFilter as AirflowTasks};
use aurora_client::{JobKey, Task, TaskFilter, TaskStatus};
use ops_client::Result;
use ops_plan::{Action, Danger, Draft, Finding, Obligation, Observed, Recipe, Repeat, Subject};
use serde::{Deserialize, Serialize};

use super::{RecoverReads, RecoverWrites, Rung};
use crate::aurora::{CreateJob, CycleMachines, JobChange, ReplaceMachine, ScaleStep, ScaleUp};
use crate::words::{count, names};

/// What a ladder is climbed for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Ladder {
    /// The transaction.
    pub transaction: String,
    /// The job that is created again.
    pub job: JobKey,
    /// The group of the machines that its tasks run on.
    pub group: String,
    /// The run in Airflow, where there is one.
    #[serde(default)]
    pub run: Option<RunKey>,
    /// The job that scales the cluster.
    #[serde(default)]
    pub scale_job: Option<JobKey>,
    /// The label that holds a job's transaction.
    pub transaction_label: String,
    /// The label that holds a job's version.
    pub version_label: String,
}

impl Ladder {
    /// For this transaction: its job, and the machines.
    pub fn new(transaction: impl Into<String>, job: JobKey, group: impl Into<String>) -> Self {
        Self {
            transaction: transaction.into(),
            job,
            group: group.into(),
            run: None,
            scale_job: None,
            transaction_label: "metapod_transaction".to_owned(),
            version_label: "version".to_owned(),
        }
    }

    /// With the run in Airflow.
    #[must_use]
    pub fn with_run(mut self, run: RunKey) -> Self {
        self.run = Some(run);
        self
    }

    /// With the job that scales the cluster.
    #[must_use]
    pub fn with_scale_job(mut self, job: JobKey) -> Self {
        self.scale_job = Some(job);
        self
    }

    /// Whether a task works for the transaction.
    pub(super) fn is_ours(&self, task: &Task) -> bool {
        match task.config.label(&self.transaction_label) {
            Some(said) => said == self.transaction,
            None => task.config.mentions(&self.transaction) == Some(true),
        }
    }
}

/// How a rung is climbed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Climb {
    /// The machines are cycled.
    Cycle(CycleMachines),
    /// The job is created again.
    Create(CreateJob, Rung),
    /// The cluster is scaled up.
    ScaleUp(ScaleUp),
}

/// One rung of the ladder. Its run belongs to the ladder by its question.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RecoverRun {
    /// The ladder.
    pub ladder: Ladder,
    /// The rung.
    pub climb: Climb,
}

impl RecoverRun {
    /// The machines are cycled.
    pub fn cycle(ladder: Ladder, cycle: CycleMachines) -> Self {
        Self { ladder, climb: Climb::Cycle(cycle) }
    }

    /// The job is created again, as this rung.
    ///
    /// The run ends when the job has begun: what becomes of it decides about the next rung.
    pub fn create(ladder: Ladder, rung: Rung, create: CreateJob) -> Self {
        Self { ladder, climb: Climb::Create(create, rung) }
    }

    /// The cluster is scaled up.
    pub fn scale_up(ladder: Ladder, scale: ScaleUp) -> Self {
        Self { ladder, climb: Climb::ScaleUp(scale) }
    }

    /// Which rung it is.
    pub fn rung(&self) -> Rung {
        match &self.climb {
            Climb::Cycle(_) => Rung::Cycle,
            Climb::Create(_, rung) => *rung,
            Climb::ScaleUp(_) => Rung::ScaleUp,
        }
    }
}

/// A step of a rung: one of the recipe that climbs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RungStep {
    /// A machine is replaced.
    Cycle(ReplaceMachine),
    /// The job is created, or has begun.
    Job(JobChange),
    /// The cluster is scaled.
    Scale(ScaleStep),
}

impl RungStep {
    fn action(&self) -> &dyn AnyAction {
        match self {
            Self::Cycle(action) => action,
            Self::Job(action) => action,
            Self::Scale(action) => action,
        }
    }
}

/// What is asked of every action, whatever its type.
trait AnyAction: fmt::Display {
    fn key(&self) -> String;
    fn danger(&self) -> Danger;
    fn repeat(&self) -> Repeat;
    fn settle(&self) -> Duration;
    fn by_hand(&self) -> String;
}

impl<A: Action> AnyAction for A {
    fn key(&self) -> String {
        Action::key(self)
    }

    fn danger(&self) -> Danger {
        Action::danger(self)
    }

    fn repeat(&self) -> Repeat {
        Action::repeat(self)
    }

    fn settle(&self) -> Duration {
        Action::settle(self)
    }

    fn by_hand(&self) -> String {
        Action::by_hand(self)
    }
}

impl fmt::Display for RungStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The ladder goes on as soon as the job has begun.
            Self::Job(JobChange::Reach(reach)) => write!(f, "wait until {} has begun", reach.job),
            _ => self.action().fmt(f),
        }
    }
}

impl Action for RungStep {
    fn key(&self) -> String {
        self.action().key()
    }

    fn danger(&self) -> Danger {
        self.action().danger()
    }

    fn repeat(&self) -> Repeat {
        self.action().repeat()
    }

    fn settle(&self) -> Duration {
        self.action().settle()
    }

    fn by_hand(&self) -> String {
        self.action().by_hand()
    }
}

fn cycles<'a>(steps: &[&'a RungStep]) -> Vec<&'a ReplaceMachine> {
    steps.iter().filter_map(|step| if let RungStep::Cycle(action) = step { Some(action) } else { None }).collect()
}

fn jobs<'a>(steps: &[&'a RungStep]) -> Vec<&'a JobChange> {
    steps.iter().filter_map(|step| if let RungStep::Job(action) = step { Some(action) } else { None }).collect()
}

fn scales<'a>(steps: &[&'a RungStep]) -> Vec<&'a ScaleStep> {
    steps.iter().filter_map(|step| if let RungStep::Scale(action) = step { Some(action) } else { None }).collect()
}

impl Recipe for RecoverRun {
    const ID: &'static str = "recover-run";
    const VERSION: u32 = 1;
    type Reads = RecoverReads;
    type Writes = RecoverWrites;
    type Action = RungStep;

    async fn plan(&self, reads: &RecoverReads, mut draft: Draft<RungStep>) -> Result<Draft<RungStep>> {
        let (rung, ladder) = (self.rung(), &self.ladder);
        // One ladder at a time: two people must not climb for the same transaction.
        draft.subject(Subject::new("transaction", &ladder.transaction));
        draft.note(format!(
            "Rung {} of {}: {rung}. Transaction {}.",
            rung.number(),
            Rung::ALL.len(),
            ladder.transaction
        ));
        let mut draft = match &self.climb {
            Climb::Cycle(cycle) => {
                draft.finding(other_runs(reads, ladder, cycle).await);
                draft.filled_by(cycle, &reads.cluster.fleet, RungStep::Cycle).await?
            }
            Climb::Create(create, _) => {
                draft.finding(other_writers(reads, ladder).await);
                draft.filled_by(create, &reads.cluster.aurora, RungStep::Job).await?
            }
            Climb::ScaleUp(scale) => draft.filled_by(scale, &reads.cluster, RungStep::Scale).await?,
        };
        let title = format!("{} · {} · rung {}: {rung}", draft.target(), ladder.job, rung.number());
        draft.title(title);
        Ok(draft)
    }

    async fn observe(&self, reads: &RecoverReads, actions: &[&RungStep]) -> Result<Vec<Observed>> {
        match &self.climb {
            Climb::Cycle(cycle) => cycle.observe(&reads.cluster.fleet, &cycles(actions)).await,
            Climb::Create(create, _) => {
                let changes = jobs(actions);
                let seen = create.observe(&reads.cluster.aurora, &changes).await?;
                let begun = |(change, observed): (&JobChange, Observed)| match (change, observed) {
                    // It has ended badly, so it has begun: that is what the next rung is for.
                    (JobChange::Reach(_), Observed::Drifted(_)) => Observed::Done,
                    (_, observed) => observed,
                };
                Ok(changes.into_iter().zip(seen).map(begun).collect())
            }
            Climb::ScaleUp(scale) => scale.observe(&reads.cluster, &scales(actions)).await,
        }
    }

    async fn perform(&self, writes: &RecoverWrites, action: &RungStep) -> Result<()> {
        match (&self.climb, action) {
            (Climb::Cycle(cycle), RungStep::Cycle(action)) => cycle.perform(&writes.fleet, action).await,
            (Climb::Create(create, _), RungStep::Job(action)) => create.perform(&writes.aurora, action).await,
            (Climb::ScaleUp(scale), RungStep::Scale(action)) => scale.perform(&writes.aurora, action).await,
            _ => Err(ops_client::Error::invalid("recover.perform", "this action is of another rung")),
        }
    }

    async fn verify(&self, reads: &RecoverReads, done: &[&RungStep]) -> Result<Vec<Finding>> {
        match &self.climb {
            Climb::Cycle(cycle) => cycle.verify(&reads.cluster.fleet, &cycles(done)).await,
            Climb::ScaleUp(scale) => scale.verify(&reads.cluster, &scales(done)).await,
            Climb::Create(..) => {
                let Some(JobChange::Create(create)) = jobs(done).first() else { return Ok(Vec::new()) };
                let tasks = reads.cluster.aurora.aurora.tasks(&TaskFilter::of_job(&create.job)).await?;
                let made = tasks
                    .iter()
                    .filter(|task| task.config.label(aurora_client::NewJob::NONCE) == Some(create.nonce.as_str()));
                let made: Vec<&Task> = made.collect();
                let failed = made.iter().filter(|task| task.status == TaskStatus::Failed).count();
                Ok(vec![match (made.len(), failed) {
                    (0, _) => Finding::block("job", format!("no task of {} is known", create.job)),
                    (_, 0) => Finding::pass("job", format!("{} was created, and has begun", create.job)),
                    _ => Finding::warn(
                        "job",
                        format!("{} has begun, and {} already", create.job, count(failed, "failure")),
                    ),
                }])
            }
        }
    }

    fn obligation(&self, action: &RungStep) -> Option<Obligation> {
        match (&self.climb, action) {
            (Climb::ScaleUp(scale), RungStep::Scale(action)) => scale.obligation(action),
            _ => None,
        }
    }

    async fn still_owed(&self, reads: &RecoverReads, obligation: &Obligation) -> Result<bool> {
        match &self.climb {
            Climb::ScaleUp(scale) => scale.still_owed(&reads.cluster, obligation).await,
            _ => Ok(true),
        }
    }
}

/// Whether other runs work on the machines.
async fn other_runs(reads: &RecoverReads, ladder: &Ladder, cycle: &CycleMachines) -> Finding {
    const GUARD: &str = "other-runs";
    const RIGHT: &str = "right when those runs may lose their jobs, or begin them anew";
    match on_machines(reads, cycle).await {
        Err(error) => Finding::ask(GUARD, format!("which runs work on these machines is not known: {error}"), RIGHT),
        Ok(None) => Finding::ask(GUARD, "which runs work on these machines was not looked at", RIGHT),
        Ok(Some(tasks)) => {
            let mut others: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for task in tasks.iter().filter(|task| !ladder.is_ours(task)) {
                let whose = task
                    .config
                    .label(&ladder.transaction_label)
                    .map_or_else(|| "of no transaction".to_owned(), |transaction| format!("transaction {transaction}"));
                others.entry(whose).or_default().insert(task.job.name().to_owned());
            }
            if others.is_empty() {
                return Finding::pass(GUARD, "no other run works on these machines");
            }
            let said = others.into_iter().map(|(whose, jobs)| format!("{whose}: {}", names(jobs)));
            Finding::ask(
                GUARD,
                format!("others work on these machines: {}", said.collect::<Vec<_>>().join("; ")),
                RIGHT,
            )
        }
    }
}

async fn on_machines(reads: &RecoverReads, cycle: &CycleMachines) -> Result<Option<Vec<Task>>> {
    let fleet = &reads.cluster.fleet;
    let (Some(aurora), Some(mesos)) = (&fleet.aurora, &fleet.mesos) else { return Ok(None) };
    let group = match fleet.fleet.group(&cycle.group).await {
        // The recipe itself says so.
        Err(error) if error.is_not_found() => return Ok(Some(Vec::new())),
        group => group?,
    };
    let meant: BTreeSet<&str> = group
        .machines
        .iter()
        .filter(|machine| !cycle.exclude.contains(&machine.id))
        .map(|machine| machine.id.as_str())
        .collect();
    let seen = mesos.look().await?;
    let hosts = seen.agents.iter().filter(|agent| agent.attributes.iter().any(|(_, id)| meant.contains(id.as_str())));
    match TaskFilter::on_hosts(hosts.map(|agent| agent.hostname.clone())) {
        None => Ok(None),
        Some(filter) => Ok(Some(aurora.tasks(&filter.active()).await?)),
    }
}

/// Whether others write what the job would write: other jobs of the transaction, and tasks that Airflow starts again by itself.
async fn other_writers(reads: &RecoverReads, ladder: &Ladder) -> Finding {
    const GUARD: &str = "live-writer";
    const RIGHT: &str = "right when none of them writes what the job writes";
    let aurora = &*reads.cluster.aurora.aurora;
    let filter = TaskFilter::of_environment(ladder.job.role(), ladder.job.environment()).active().brief();
    let tasks = match aurora.tasks(&filter).await {
        Ok(tasks) => tasks,
        Err(error) => return Finding::ask(GUARD, format!("who writes is not known: {error}"), RIGHT),
    };
    let ours = tasks.iter().filter(|task| ladder.is_ours(task) && task.job != ladder.job);
    let mut writers: BTreeSet<String> = ours.map(|task| task.job.to_string()).collect();
    if let (Some(run), Some(airflow)) = (&ladder.run, &reads.airflow) {
        match airflow.task_instances(run, &AirflowTasks::all()).await {
            Ok(tasks) => writers.extend(
                tasks
                    .iter()
                    .filter(|task| task.state.is_live())
                    .map(|task| format!("{} ({} in Airflow)", task.key, task.state)),
            ),
            Err(error) => {
                return Finding::ask(GUARD, format!("what Airflow goes on with is not known: {error}"), RIGHT);
            }
        }
    }
    if writers.is_empty() {
        return Finding::pass(GUARD, "no other job of the transaction is alive");
    }
    Finding::ask(GUARD, format!("others work for the transaction: {}", names(writers)), RIGHT)
}
