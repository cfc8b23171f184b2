//! The ports: what a program may ask of Airflow, what it may change there, and the one thing that it must ask to be allowed.

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use ops_client::{Probe, Result};
use serde_json::{Map, Value};

use crate::{
    Clear, Dag, DagFilter, DagGraph, DagId, DagRun, Event, EventFilter, Health, ImportError, LogLine, LogRequest,
    NewRunState, Pool, RunFilter, RunKey, SetTaskState, TaskFilter, TaskInstance, TaskKey, TaskRef, Trigger, Variable,
};

/// Reading Airflow. Nothing here changes anything. What is listed is listed whole: pages are followed, and a list that does
/// not add up to the number that the server names is an error of kind `Decode`.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait AirflowRead: Send + Sync {
    /// The release that answers, and what time it has. Needs no login.
    ///
    /// # Errors
    /// Every [`ErrorKind`](ops_client::ErrorKind) of a read; the effect is always `None`. A release that this client does not
    /// know is `Rejected`, and named.
    async fn probe(&self) -> Result<Probe>;

    /// How Airflow says it feels. Needs no login.
    ///
    /// # Errors
    /// As [`AirflowRead::probe`].
    async fn health(&self) -> Result<Health>;

    /// DAGs, by id.
    ///
    /// # Errors
    /// As [`AirflowRead::probe`].
    async fn dags(&self, filter: &DagFilter) -> Result<Vec<Dag>>;

    /// One DAG.
    ///
    /// # Errors
    /// `NotFound` where there is none; otherwise as [`AirflowRead::probe`].
    async fn dag(&self, dag: &DagId) -> Result<Dag>;

    /// The tasks of a DAG and what follows what, as it is now.
    ///
    /// # Errors
    /// As [`AirflowRead::dag`].
    async fn graph(&self, dag: &DagId) -> Result<DagGraph>;

    /// Runs, the newest first (by what they are about; those about nothing by when they may start).
    ///
    /// # Errors
    /// `NotFound` where there is no such DAG; otherwise as [`AirflowRead::probe`].
    async fn dag_runs(&self, filter: &RunFilter) -> Result<Vec<DagRun>>;

    /// One run.
    ///
    /// # Errors
    /// `NotFound` where there is none; otherwise as [`AirflowRead::probe`].
    async fn dag_run(&self, run: &RunKey) -> Result<DagRun>;

    /// The task instances of a run, by key: each instance of a mapped task is one.
    ///
    /// # Errors
    /// `NotFound` where there is no such run; otherwise as [`AirflowRead::probe`].
    async fn task_instances(&self, run: &RunKey, filter: &TaskFilter) -> Result<Vec<TaskInstance>>;

    /// One task instance.
    ///
    /// # Errors
    /// `NotFound` where there is none; otherwise as [`AirflowRead::probe`].
    async fn task_instance(&self, run: &RunKey, task: &TaskKey) -> Result<TaskInstance>;

    /// All tries of a task instance, the first one first, the current one last.
    ///
    /// # Errors
    /// `Rejected` before Airflow 2.10, which does not tell; otherwise as [`AirflowRead::task_instance`].
    async fn tries(&self, run: &RunKey, task: &TaskKey) -> Result<Vec<TaskInstance>>;

    /// Which tasks would get the state, by the server's own dry run. What it clears *besides* is not in it: see
    /// [`NewTaskState::Success`](crate::NewTaskState::Success).
    ///
    /// # Errors
    /// `Forbidden` where the credential may not change it (Airflow asks the same right for a dry run); otherwise as
    /// [`AirflowRead::task_instance`].
    async fn preview_task_state(&self, change: &SetTaskState) -> Result<Vec<TaskRef>>;

    /// Which tasks would be cleared, by the server's own dry run, sorted.
    ///
    /// # Errors
    /// As [`AirflowWrite::clear`].
    async fn preview_clear(&self, clear: &Clear) -> Result<Vec<TaskRef>>;

    /// Whether this credential may change runs of the DAG, found out without any effect.
    ///
    /// # Errors
    /// As [`AirflowRead::dag`]; being forbidden is an answer, not an error.
    async fn may_change(&self, dag: &DagId) -> Result<bool>;

    /// The log of one try, line by line.
    ///
    /// # Errors
    /// `NotFound` where there is no such try; otherwise as [`AirflowRead::probe`]. A line is an error where the stream breaks
    /// off, or brings more than it may; it is then the last one.
    async fn log(&self, request: &LogRequest) -> Result<BoxStream<'static, Result<LogLine>>>;

    /// The fields of a task as they were rendered for its run.
    ///
    /// # Errors
    /// As [`AirflowRead::task_instance`].
    async fn rendered_fields(&self, run: &RunKey, task: &TaskKey) -> Result<Map<String, Value>>;

    /// The names of what a task left for others, sorted.
    ///
    /// # Errors
    /// As [`AirflowRead::task_instance`].
    async fn xcom_keys(&self, run: &RunKey, task: &TaskKey) -> Result<Vec<String>>;

    /// What a task left for others under a name. Where it was a text that is JSON, it is that JSON.
    ///
    /// # Errors
    /// `NotFound` where it left nothing under it; otherwise as [`AirflowRead::task_instance`].
    async fn xcom(&self, run: &RunKey, task: &TaskKey, key: &str) -> Result<Value>;

    /// All variables, by key.
    ///
    /// # Errors
    /// As [`AirflowRead::probe`].
    async fn variables(&self) -> Result<Vec<Variable>>;

    /// One variable.
    ///
    /// # Errors
    /// `NotFound` where there is none; otherwise as [`AirflowRead::probe`].
    async fn variable(&self, key: &str) -> Result<Variable>;

    /// All pools, by name.
    ///
    /// # Errors
    /// As [`AirflowRead::probe`].
    async fn pools(&self) -> Result<Vec<Pool>>;

    /// The DAG files that cannot be read.
    ///
    /// # Errors
    /// As [`AirflowRead::probe`].
    async fn import_errors(&self) -> Result<Vec<ImportError>>;

    /// Who did what, the newest first.
    ///
    /// # Errors
    /// As [`AirflowRead::probe`].
    async fn events(&self, filter: &EventFilter) -> Result<Vec<Event>>;
}

/// Changing Airflow. A program that only previews never holds this. No call is sent twice by the client, unless it
/// certainly had no effect.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait AirflowWrite: Send + Sync {
    /// Gives a task a state. That it has it already is no error.
    ///
    /// # Errors
    /// `NotFound` where there is no such task in the run, `Forbidden` without the right; otherwise every kind. The effect
    /// says what may have happened.
    async fn set_task_state(&self, change: &SetTaskState) -> Result<()>;

    /// Clears tasks of a run and sets it going. Names what was cleared, sorted.
    ///
    /// # Errors
    /// `Invalid` where no task is named or the DAG does not have one of them; `Conflict` where one of them is running and is
    /// not to be restarted; `NotFound` where there is no such run; otherwise as [`AirflowWrite::set_task_state`].
    async fn clear(&self, clear: &Clear) -> Result<Vec<TaskRef>>;

    /// Gives a run a state.
    ///
    /// # Errors
    /// As [`AirflowWrite::set_task_state`].
    async fn set_run_state(&self, run: &RunKey, state: NewRunState) -> Result<()>;

    /// Clears every task of a run: it begins anew.
    ///
    /// # Errors
    /// As [`AirflowWrite::set_task_state`].
    async fn clear_run(&self, run: &RunKey) -> Result<()>;

    /// Forgets a run. Of one that was set to failed the processes must have ended, which takes them some seconds: they report to it.
    ///
    /// # Errors
    /// `Conflict` where it is running: Airflow 3 refuses that (measured on 3.3.2), Airflow 2 would leave its processes
    /// alone, so it is refused there too. `NotFound` where there is none; otherwise as [`AirflowWrite::set_task_state`].
    async fn delete_run(&self, run: &RunKey) -> Result<()>;

    /// Pauses a DAG, or lets it go on. Safe to repeat.
    ///
    /// # Errors
    /// As [`AirflowWrite::set_task_state`].
    async fn set_paused(&self, dag: &DagId, paused: bool) -> Result<()>;

    /// Sets a variable, whether or not it is there. Safe to repeat.
    ///
    /// # Errors
    /// As [`AirflowWrite::set_task_state`].
    async fn set_variable(&self, variable: &Variable) -> Result<()>;

    /// Forgets a variable. That it is not there is no error. Safe to repeat.
    ///
    /// # Errors
    /// As [`AirflowWrite::set_task_state`].
    async fn delete_variable(&self, key: &str) -> Result<()>;
}

/// Making runs. A run of a production DAG is a second production transaction: whoever wants that holds this handle, and
/// nobody holds it by accident.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait AirflowTrigger: Send + Sync {
    /// Makes a run.
    ///
    /// # Errors
    /// `Conflict` where there is a run of this id (or, on Airflow 2, about this instant); otherwise every kind. The effect
    /// says what may have happened: look for the run's id.
    async fn trigger(&self, trigger: &Trigger) -> Result<DagRun>;
}
