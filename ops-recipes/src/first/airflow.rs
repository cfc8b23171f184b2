//! Airflow among the systems that are looked at first.

use std::fmt;
use std::sync::Arc;

use airflow_client::{AirflowRead, DagFilter, DagId, DagRun, RunFilter, RunState, TaskFilter, TaskInstance, TaskState};
use async_trait::async_trait;
use futures_util::future::{join, join_all, join3};
use jiff::{SignedDuration, Timestamp};
use ops_client::{Error, Result};

use super::checkup::{Holder, check_up};
use super::{Access, Checkup, Severity, Sign, System};
use crate::words::{count, fit, names, shell};

/// A run that goes on for longer overruns (assumed; see [`AirflowSystem::with_limits`]).
const OVERRUN: SignedDuration = SignedDuration::from_hours(14);
/// What waits for longer waits for something that does not come (attested for jobs of the platform).
const WAITING: SignedDuration = SignedDuration::from_mins(20);
/// Older runs are no longer tonight's business.
const RECENT: SignedDuration = SignedDuration::from_hours(48);
/// So many runs are looked into; of the others it is told that they are there.
const LOOKED_INTO: usize = 20;
/// A line of a stack trace is told no longer.
const LINE: usize = 160;

/// Airflow, as the first looks see it.
#[derive(Clone)]
pub struct AirflowSystem {
    airflow: Arc<dyn AirflowRead>,
    writer: Option<Arc<dyn AirflowRead>>,
    writer_elsewhere: bool,
    environment: String,
    address: String,
    dags: Vec<DagId>,
    holder: Holder,
    overrun: SignedDuration,
    waiting: SignedDuration,
}

impl fmt::Debug for AirflowSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AirflowSystem")
            .field("address", &self.address)
            .field("dags", &self.dags)
            .finish_non_exhaustive()
    }
}

impl AirflowSystem {
    /// Airflow of an environment at an address (no user info in it; it is printed).
    pub fn new(airflow: Arc<dyn AirflowRead>, environment: impl Into<String>, address: impl Into<String>) -> Self {
        Self {
            airflow,
            writer: None,
            writer_elsewhere: false,
            environment: environment.into(),
            address: address.into(),
            dags: Vec::new(),
            holder: Holder::default(),
            overrun: OVERRUN,
            waiting: WAITING,
        }
    }

    /// With the credential that changes runs, where that is another one: only whether it may is asked.
    #[must_use]
    pub fn with_writer(mut self, writer: Arc<dyn AirflowRead>) -> Self {
        self.writer = Some(writer);
        self
    }

    /// Another credential changes runs, which is not at hand: whether it may is not known.
    #[must_use]
    pub fn with_writer_elsewhere(mut self) -> Self {
        self.writer_elsewhere = true;
        self
    }

    /// Looks only at these DAGs. Without them at all.
    #[must_use]
    pub fn watching(mut self, dags: impl IntoIterator<Item = DagId>) -> Self {
        self.dags.extend(dags);
        self
    }

    /// With what the credential says of itself.
    #[must_use]
    pub fn with_holder(mut self, who: Option<String>, expires: Option<Timestamp>) -> Self {
        self.holder = Holder { who, expires };
        self
    }

    /// With how long a run may take, and how long a run or a task may wait in a queue.
    #[must_use]
    pub fn with_limits(mut self, overrun: SignedDuration, waiting: SignedDuration) -> Self {
        (self.overrun, self.waiting) = (overrun, waiting);
        self
    }

    /// The runs in this state, the newest first.
    async fn runs(&self, state: RunState, since: Option<Timestamp>) -> Result<Vec<DagRun>> {
        let narrow = |filter: RunFilter| {
            let filter = filter.in_state(state.clone());
            since.map_or(filter.clone(), |at| filter.started_from(at))
        };
        if self.dags.is_empty() {
            return self.airflow.dag_runs(&narrow(RunFilter::of_every_dag())).await;
        }
        let filters: Vec<RunFilter> = self.dags.iter().map(|dag| narrow(RunFilter::of(dag.clone()))).collect();
        let mut all = Vec::new();
        for found in join_all(filters.iter().map(|filter| self.airflow.dag_runs(filter))).await {
            all.extend(found?);
        }
        Ok(all)
    }

    /// The words that name a run to a program.
    fn args(&self, run: &DagRun) -> String {
        let [environment, dag, run] = [&self.environment, run.key.dag.as_str(), run.key.run.as_str()].map(shell);
        format!("--env {environment} --dag {dag} --run {run}")
    }

    /// What is wrong with a run that failed, or goes on.
    async fn run(&self, run: &DagRun, now: Timestamp) -> Result<Vec<Sign>> {
        let filter = [TaskState::Failed, TaskState::UpstreamFailed, TaskState::Queued]
            .into_iter()
            .fold(TaskFilter::all(), TaskFilter::in_state);
        let tasks = self.airflow.task_instances(&run.key, &filter).await?;
        let of = |state: TaskState| tasks.iter().filter(move |task| task.state == state);
        let day = run.execution_date.and_then(|date| date.target_date());
        let day = day.map_or(String::new(), |day| format!(" of {day}"));
        let name = format!("{}{day}", run.key.dag);
        let mut signs = Vec::new();
        let mut failed: Vec<&TaskInstance> = of(TaskState::Failed).collect();
        // The first that failed is the likely cause of the rest.
        failed.sort_by_key(|task| (task.ended_at.is_none(), task.ended_at));
        let held = of(TaskState::UpstreamFailed).count();
        if let Some(first) = failed.first() {
            let behind = if held > 0 { format!(", {held} upstream_failed behind") } else { String::new() };
            let all = names(failed.iter().map(|task| &task.key));
            let what = format!("{name}: the run is {}; failed: {all}{behind}", run.state);
            let mut sign = Sign::new(Severity::Broken, what).next(format!(
                "unblock-downstream {} --task {}",
                self.args(run),
                shell(&first.key.to_string())
            ));
            sign.since = first.ended_at.or(run.ended_at);
            signs.push(sign);
        } else if run.state == RunState::Failed {
            let what = format!("{name}: the run is failed, though no task of it is: somebody stopped it");
            let mut sign = Sign::new(Severity::Odd, what).next(format!("dag-run {}", self.args(run)));
            sign.since = run.ended_at;
            signs.push(sign);
        }
        if run.state == RunState::Running {
            let long = run.started_at.filter(|at| now.duration_since(*at) > self.overrun);
            if let Some(since) = long {
                let sign = Sign::new(Severity::Stuck, format!("{name}: the run overruns")).since(since);
                signs.push(sign.next(format!("dag-run {}", self.args(run))));
            }
            signs.extend(self.waiting(&name, run, of(TaskState::Queued), now));
        }
        Ok(signs)
    }

    /// Tasks that wait for a worker.
    fn waiting<'a>(
        &self,
        name: &str,
        run: &DagRun,
        queued: impl Iterator<Item = &'a TaskInstance>,
        now: Timestamp,
    ) -> Option<Sign> {
        let long = |task: &&TaskInstance| task.queued_at.is_some_and(|at| now.duration_since(at) > self.waiting);
        let waiting: Vec<&TaskInstance> = queued.filter(long).collect();
        let since = waiting.iter().filter_map(|task| task.queued_at).min()?;
        let pools: std::collections::BTreeSet<&str> = waiting.iter().filter_map(|task| task.pool.as_deref()).collect();
        let pools = if pools.is_empty() { String::new() } else { format!(" (pool {})", names(pools)) };
        let what = format!("{name}: waits for a worker{pools}: {}", names(waiting.iter().map(|task| &task.key)));
        Some(Sign::new(Severity::Stuck, what).since(since).next(format!("dag-run {}", self.args(run))))
    }

    /// A run that waits for a place.
    fn queued(&self, run: &DagRun, now: Timestamp) -> Option<Sign> {
        let since = run.queued_at.filter(|at| now.duration_since(*at) > self.waiting)?;
        let what = format!(
            "{}: the run {} waits in the queue: no place is free, or the DAG is paused",
            run.key.dag, run.key.run
        );
        Some(Sign::new(Severity::Stuck, what).since(since).next(format!("dag-run {}", self.args(run))))
    }
}

/// What a trace ends with: the kind of the exception, and no more, because its words may hold a connection's password.
fn reason(trace: &str) -> &str {
    let last = trace.lines().rev().map(str::trim).find(|line| !line.is_empty());
    let kind = last.map_or("", |line| line.split_once(':').map_or(line, |(kind, _)| kind));
    let is_name = !kind.is_empty() && kind.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_'));
    if is_name { kind } else { "Airflow's page says why" }
}

#[async_trait]
impl System for AirflowSystem {
    fn name(&self) -> &str {
        "Airflow"
    }

    fn address(&self) -> &str {
        &self.address
    }

    async fn check_up(&self) -> Result<Checkup> {
        let all = DagFilter::all();
        let (probe, dags) = join(self.airflow.probe(), self.airflow.dags(&all)).await;
        let asked = self.dags.first().or_else(|| dags.as_ref().ok()?.first().map(|dag| &dag.id));
        let write = match asked {
            _ if self.writer_elsewhere && self.writer.is_none() => {
                Access::Unknown("another credential changes runs, and was not asked".into())
            }
            None => Access::Unknown("there is no DAG to ask about".into()),
            Some(dag) => match self.writer.as_ref().unwrap_or(&self.airflow).may_change(dag).await {
                Ok(true) => Access::Yes,
                Ok(false) => Access::No(format!("the credential may not change runs of {dag}")),
                Err(error) => Access::Unknown(format!("whether runs of {dag} may be changed is not known: {error}")),
            },
        };
        check_up(probe, dags.map(drop), write, &self.holder)
    }

    async fn signs(&self, now: Timestamp) -> Result<Vec<Sign>> {
        let mut signs = Vec::new();
        let recent = now.checked_sub(RECENT).ok();
        let (health, files) = join(self.airflow.health(), self.airflow.import_errors()).await;
        let (failed, running, queued) = join3(
            self.runs(RunState::Failed, recent),
            self.runs(RunState::Running, None),
            self.runs(RunState::Queued, None),
        )
        .await;
        if let (Err(error), Err(_), Err(_)) = (&failed, &running, &queued) {
            return Err(
                Error::invalid("airflow.signs", format!("no run can be looked at: {error}")).with_kind(error.kind())
            );
        }
        // What can be seen is told, also where something else cannot.
        let mut blind = |what: &str, error: &Error| {
            signs.push(Sign::new(Severity::Odd, format!("{what} cannot be looked at: {error}")));
        };
        let mut told =
            |what: &str, runs: Result<Vec<DagRun>>| runs.inspect_err(|error| blind(what, error)).unwrap_or_default();
        let failed = told("runs that failed", failed);
        let running = told("runs that go on", running);
        let queued = told("runs that wait", queued);
        let health =
            health.inspect_err(|error| blind("how it feels", error)).map_or_else(|_| Vec::new(), |health| health.parts);
        let files = files.inspect_err(|error| blind("files that it cannot read", error)).unwrap_or_default();
        for part in health.iter().filter(|part| part.healthy == Some(false)) {
            let mut sign = Sign::new(Severity::Broken, format!("says that its {} is not well", part.name))
                .next(format!("doctor --env {}", self.environment));
            sign.since = part.heartbeat;
            signs.push(sign);
        }
        for error in files {
            let what = format!("cannot read {}: {}", error.file, fit(reason(&error.trace), LINE));
            let mut sign = Sign::new(Severity::Odd, what);
            sign.since = error.at;
            signs.push(sign);
        }
        let looked: Vec<&DagRun> = running.iter().chain(&failed).collect();
        for found in join_all(looked.iter().take(LOOKED_INTO).map(|run| self.run(run, now))).await {
            match found {
                Ok(found) => signs.extend(found),
                Err(error) => signs.push(Sign::new(Severity::Odd, format!("a run cannot be looked into: {error}"))),
            }
        }
        if let Some(more) = looked.len().checked_sub(LOOKED_INTO).filter(|more| *more > 0) {
            let what = format!("{} more that failed or go on were not looked into", count(more, "run"));
            signs.push(Sign::new(Severity::Odd, what));
        }
        signs.extend(queued.iter().filter_map(|run| self.queued(run, now)));
        Ok(signs)
    }
}
