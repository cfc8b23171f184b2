//! What follows from the ports' answers, for every implementation of them.

use std::future::Future;

use async_trait::async_trait;
use jiff::SignedDuration;
use ops_client::Result;

use crate::{
    AirflowRead, DagId, DagRun, ExecutionDate, RunFilter, RunKey, RunState, TargetDate, TaskFilter, TaskInstance,
    TaskState,
};

/// So many failed looks in a row end a wait.
const FAILED_LOOKS: u32 = 5;

/// Conveniences over [`AirflowRead`].
#[async_trait]
pub trait AirflowReadExt: AirflowRead {
    /// The newest run of a DAG, where it has one.
    ///
    /// # Errors
    /// As [`AirflowRead::dag_runs`].
    async fn latest_run(&self, dag: &DagId) -> Result<Option<DagRun>> {
        Ok(self.dag_runs(&RunFilter::of(dag.clone()).at_most(1)).await?.pop())
    }

    /// The run that is about this instant, where there is one.
    ///
    /// # Errors
    /// As [`AirflowRead::dag_runs`].
    async fn run_about(&self, dag: &DagId, date: ExecutionDate) -> Result<Option<DagRun>> {
        Ok(self.dag_runs(&RunFilter::of(dag.clone()).about(date, date).at_most(1)).await?.pop())
    }

    /// The runs of a daily DAG that people name by this day: those about an instant of the day before, in UTC. Usually one;
    /// a run that was made by hand may stand beside it. Those about nothing (Airflow 3) are not among them.
    ///
    /// # Errors
    /// As [`AirflowRead::dag_runs`].
    async fn runs_on(&self, dag: &DagId, target: TargetDate) -> Result<Vec<DagRun>> {
        let Some(from) = target.execution_date() else { return Ok(Vec::new()) };
        // Airflow counts in microseconds.
        let day = SignedDuration::from_hours(24) - SignedDuration::from_micros(1);
        let Ok(to) = from.timestamp().checked_add(day) else { return Ok(Vec::new()) };
        self.dag_runs(&RunFilter::of(dag.clone()).about(from, ExecutionDate::new(to))).await
    }

    /// The runs of a DAG that have not ended, the newest first: each takes one of its slots, or waits for one.
    ///
    /// # Errors
    /// As [`AirflowRead::dag_runs`].
    async fn active_runs(&self, dag: &DagId) -> Result<Vec<DagRun>> {
        let active = RunFilter::of(dag.clone()).in_state(RunState::Queued).in_state(RunState::Running);
        self.dag_runs(&active.at_most(usize::MAX)).await
    }

    /// The tasks of a run that are `failed` or `upstream_failed`.
    ///
    /// # Errors
    /// As [`AirflowRead::task_instances`].
    async fn failed_tasks(&self, run: &RunKey) -> Result<Vec<TaskInstance>> {
        let failed = TaskFilter::all().in_state(TaskState::Failed).in_state(TaskState::UpstreamFailed);
        self.task_instances(run, &failed).await
    }

    /// Looks at a run until it is as wanted, and waits for what `pause` gives between two looks. It has no clock and no end
    /// of its own: the caller's runtime has.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use airflow_client::{AirflowRead, AirflowReadExt, DagRun, Result, RunKey};
    ///
    /// async fn ended(airflow: &dyn AirflowRead, run: &RunKey) -> Result<DagRun> {
    ///     let pause = || tokio::time::sleep(Duration::from_secs(30));
    ///     airflow.wait_for_run(run, |run| run.state.is_final(), pause).await
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`AirflowRead::dag_run`], but one that passes by itself is borne four times in a row.
    async fn wait_for_run<U, P, F>(&self, run: &RunKey, until: U, mut pause: P) -> Result<DagRun>
    where
        U: Fn(&DagRun) -> bool + Send + Sync,
        P: FnMut() -> F + Send,
        F: Future<Output = ()> + Send,
    {
        let mut failed = 0;
        loop {
            match self.dag_run(run).await {
                Ok(found) if until(&found) => return Ok(found),
                Ok(_) => failed = 0,
                Err(error) => {
                    failed += 1;
                    if failed >= FAILED_LOOKS || !error.is_retryable() {
                        return Err(error);
                    }
                }
            }
            pause().await;
        }
    }
}

#[async_trait]
impl<T: AirflowRead + ?Sized> AirflowReadExt for T {}
