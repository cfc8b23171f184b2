//! Which run of a DAG belongs to which transaction. No system says it: the day does, and sometimes what the run was given.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use airflow_client::{
    AirflowRead, DagId, DagRun, ExecutionDate, RunFilter, RunKey, RunState, TargetDate, TaskFilter, TaskId, TaskState,
};
use async_trait::async_trait;
use jiff::Timestamp;
use metapod_model::{Transaction, TransactionId, TransactionType};
use ops_client::{Error, ErrorKind, Result};
use sonar_client::{DatasetFilter, SonarRead};

use super::outputs::{Output, Outputs};
use crate::datasets::{Job, JobState, Jobs, Knowledge};
use crate::words::names;

const DAY: i64 = 86_400;

/// The jobs of a transaction, as the task instances of its run tell: a job has its task's id (attested).
///
/// The run of a daily transaction is the one whose execution date is the day before the target date; a run that was given
/// the transaction's id belongs to it in any case. Where several runs may be meant, or the transaction is of another kind,
/// only what is live in them is told: nobody knows which transaction it works for.
#[derive(Clone)]
pub struct AirflowJobs {
    airflow: Arc<dyn AirflowRead>,
    sonar: Arc<dyn SonarRead>,
    dag: DagId,
}

impl fmt::Debug for AirflowJobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AirflowJobs").field("dag", &self.dag).finish_non_exhaustive()
    }
}

impl AirflowJobs {
    /// The jobs that this DAG runs. Sonar knows the transactions' target dates.
    pub fn new(airflow: Arc<dyn AirflowRead>, sonar: Arc<dyn SonarRead>, dag: DagId) -> Self {
        Self { airflow, sonar, dag }
    }
}

#[async_trait]
impl Jobs for AirflowJobs {
    async fn jobs(&self, transaction: TransactionId) -> Result<Vec<Job>> {
        const OP: &str = "airflow.jobs";
        let transaction = self.sonar.transaction(transaction).await?;
        let Some(target) = transaction.target_date.map(TargetDate::new) else {
            return Err(unknown(OP, format!("the transaction {} has no target date", transaction.id)));
        };
        let runs = about(&*self.airflow, &self.dag, target).await?;
        let of_the_day: Vec<RunKey> = runs.iter().map(|run| run.key.clone()).collect();
        let (runs, known) = belonging(runs, &transaction);
        if runs.is_empty() {
            return Err(unknown(OP, format!("{} has no run of target date {target}", self.dag)));
        }
        // A run by hand has no date, or that of the moment in which it was made: it may work for any transaction.
        let active = RunFilter::of(self.dag.clone()).in_state(RunState::Queued).in_state(RunState::Running);
        let by_hand = |run: &DagRun| !matches!(run.run_type.as_deref(), Some("scheduled" | "backfill"));
        let others = self.airflow.dag_runs(&active).await?.into_iter();
        let others: Vec<DagRun> = others.filter(|run| by_hand(run) && !of_the_day.contains(&run.key)).collect();
        let mut jobs: BTreeMap<TaskId, JobState> = BTreeMap::new();
        for (run, known) in runs.iter().map(|run| (run, known)).chain(others.iter().map(|run| (run, false))) {
            for task in self.airflow.task_instances(&run.key, &TaskFilter::all()).await? {
                let Some(state) = state(&task.state).filter(|state| known || state.is_live()) else { continue };
                let said = jobs.entry(task.key.task).or_insert(state);
                // Of a mapped task the most important instance counts.
                if weight(state) > weight(*said) {
                    *said = state;
                }
            }
        }
        Ok(jobs.into_iter().map(|(task, state)| Job::new(task.as_str(), state)).collect())
    }
}

/// What tasks write, as the configuration knows and Sonar shows.
#[derive(Clone)]
pub struct SonarOutputs {
    sonar: Arc<dyn SonarRead>,
    knowledge: Knowledge,
}

impl fmt::Debug for SonarOutputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SonarOutputs").field("writers", &self.knowledge.writers.len()).finish_non_exhaustive()
    }
}

impl SonarOutputs {
    /// From Sonar, and from what is known of who writes what.
    pub fn new(sonar: Arc<dyn SonarRead>, knowledge: Knowledge) -> Self {
        Self { sonar, knowledge }
    }

    /// The transaction of a run: the one that it was given, or else the only daily one of its day.
    async fn transaction(&self, run: &DagRun) -> Result<Transaction> {
        const OP: &str = "sonar.outputs";
        let all = self.sonar.transactions().await?;
        if let Some(given) = all.iter().find(|transaction| was_given(run, transaction.id)) {
            return Ok(given.clone());
        }
        let Some(target) = run.execution_date.and_then(ExecutionDate::target_date) else {
            return Err(unknown(OP, format!("the run {} is of no day, so nobody knows its transaction", run.key.run)));
        };
        let daily = |one: &&Transaction| {
            one.transaction_type == Some(TransactionType::Daily) && one.target_date == Some(target.date())
        };
        let daily: Vec<&Transaction> = all.iter().filter(daily).collect();
        match daily.as_slice() {
            [only] => Ok((*only).clone()),
            [] => Err(unknown(OP, format!("there is no DAILY transaction of target date {target}"))),
            several => {
                let ids = names(several.iter().map(|one| one.id));
                Err(unknown(OP, format!("there are several DAILY transactions of target date {target}: {ids}")))
            }
        }
    }
}

#[async_trait]
impl Outputs for SonarOutputs {
    async fn outputs(&self, run: &DagRun, tasks: &[TaskId]) -> Result<Option<Vec<Output>>> {
        let known = |task: &TaskId| self.knowledge.writers.iter().any(|writer| writer.job == task.as_str());
        if !tasks.iter().all(known) {
            return Ok(None);
        }
        let transaction = self.transaction(run).await?;
        let datasets = self.sonar.datasets(transaction.id, &DatasetFilter::all()).await?;
        let mut outputs: Vec<Output> = datasets
            .iter()
            .filter(|dataset| {
                let mut writers = self.knowledge.writers_of(&dataset.name);
                writers.any(|writer| tasks.iter().any(|task| task.as_str() == writer))
            })
            .map(|dataset| Output::new(dataset.name.to_string(), dataset.committed))
            .collect();
        outputs.sort();
        Ok(Some(outputs))
    }
}

fn unknown(op: &'static str, text: String) -> Error {
    Error::invalid(op, text).with_kind(ErrorKind::NotFound)
}

/// The runs of a DAG whose execution date is the day before.
pub(crate) async fn about(airflow: &dyn AirflowRead, dag: &DagId, target: TargetDate) -> Result<Vec<DagRun>> {
    let Some(midnight) = target.execution_date() else { return Ok(Vec::new()) };
    // A nightly run begins at midnight; one by hand may be about any time of that day.
    let end = Timestamp::from_second(midnight.timestamp().as_second() + DAY - 1);
    let end = end.map_or(midnight, ExecutionDate::new);
    airflow.dag_runs(&RunFilter::of(dag.clone()).about(midnight, end)).await
}

/// The runs that may belong to a transaction, and whether it is known that they do.
fn belonging(runs: Vec<DagRun>, transaction: &Transaction) -> (Vec<DagRun>, bool) {
    let given: Vec<DagRun> = runs.iter().filter(|run| was_given(run, transaction.id)).cloned().collect();
    if !given.is_empty() {
        return (given, true);
    }
    let daily = matches!(transaction.transaction_type, None | Some(TransactionType::Daily));
    let known = daily && runs.len() == 1;
    (runs, known)
}

/// Whether a run was given the id of a transaction, under whatever name.
fn was_given(run: &DagRun, transaction: TransactionId) -> bool {
    let id = transaction.to_string();
    run.conf.as_ref().is_some_and(|conf| conf.to_string().contains(&id))
}

/// What a task's state says of its job; `None` for one that was passed over or is no longer there.
fn state(state: &TaskState) -> Option<JobState> {
    Some(match state {
        TaskState::NoStatus => JobState::NotReached,
        TaskState::Scheduled | TaskState::Queued | TaskState::AwaitingInput => JobState::Waiting,
        TaskState::Running | TaskState::Restarting | TaskState::Deferred | TaskState::UpForReschedule => {
            JobState::Running
        }
        TaskState::UpForRetry => JobState::UpForRetry,
        TaskState::Success => JobState::Succeeded,
        TaskState::Failed => JobState::Failed,
        TaskState::UpstreamFailed => JobState::UpstreamFailed,
        TaskState::Skipped | TaskState::Removed => return None,
        // A state of a later Airflow may be a live one.
        _ => JobState::Waiting,
    })
}

/// What may write counts most, what is well least.
fn weight(state: JobState) -> u8 {
    match state {
        JobState::Running => 6,
        JobState::UpForRetry => 5,
        JobState::Waiting => 4,
        JobState::Failed => 3,
        JobState::UpstreamFailed => 2,
        JobState::NotReached => 1,
        JobState::Succeeded => 0,
    }
}
