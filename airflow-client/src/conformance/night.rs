//! Runs in a known state.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use ops_client::{Effect, Error, ErrorKind, Result};
use serde_json::{Map, Value};

use super::{Orders, Stage, TaskPlan};
use crate::{
    DagId, DagRun, DagRunId, ExecutionDate, LogRequest, RunKey, RunState, TaskFilter, TaskId, TaskInstance, TaskState,
    Trigger,
};

/// How long a run may take until it is as it should be.
const PATIENCE: Duration = Duration::from_secs(240);

/// How often is looked meanwhile.
const GLANCE: Duration = Duration::from_millis(500);

/// A run of a DAG of the scenario, and how it ended or where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Night {
    /// `dagao` ended well.
    Dagao,
    /// `dagao`: `fx-model` failed.
    DagaoFailed,
    /// `short` ended well.
    Well,
    /// `short`: `model-x` failed, so `load` and `report` are `upstream_failed`; `downscale-x` ran.
    ModelFailed,
    /// `short`: `dataset-x` failed, so `model-x`, `load` and `report` are `upstream_failed`; `downscale-x` ran.
    DatasetFailed,
    /// `short`: both `model-x` and `model-y` failed.
    BothFailed,
    /// `short`: `model-x` works, and will for the next ten minutes; `downscale-x`, `load` and `report` have no state.
    Running,
    /// `shapes` ended well.
    Shapes,
    /// `shapes`: `retries-twice` failed and waits for its next try; all others are well.
    Retrying,
    /// `wide_1000` ended well.
    Wide,
}

impl Night {
    /// The DAG.
    pub fn dag(self) -> &'static str {
        match self {
            Self::Dagao | Self::DagaoFailed => "dagao",
            Self::Well | Self::ModelFailed | Self::DatasetFailed | Self::BothFailed | Self::Running => "short",
            Self::Shapes | Self::Retrying => "shapes",
            Self::Wide => "wide_1000",
        }
    }

    fn orders(self) -> Orders {
        let none = Orders::none();
        match self {
            Self::Dagao | Self::Well | Self::Shapes | Self::Wide => none,
            Self::DagaoFailed => none.fails("fx-model"),
            Self::ModelFailed => none.fails("model-x"),
            Self::DatasetFailed => none.fails("dataset-x"),
            Self::BothFailed => none.fails("model-x").fails("model-y"),
            Self::Running => none.sleeps("model-x", 600),
            Self::Retrying => none.fails("retries-twice"),
        }
    }

    fn ends(self) -> Option<RunState> {
        match self {
            Self::Dagao | Self::Well | Self::Shapes | Self::Wide => Some(RunState::Success),
            Self::DagaoFailed | Self::ModelFailed | Self::DatasetFailed | Self::BothFailed => Some(RunState::Failed),
            Self::Running | Self::Retrying => None,
        }
    }

    /// Whether a run that goes on is where it should be.
    fn stands(self, tasks: &[TaskInstance]) -> bool {
        let is = |name: &str, state: &TaskState| {
            tasks.iter().any(|task| task.key.task.as_str() == name && task.state == *state)
        };
        match self {
            Self::Running => is("model-x", &TaskState::Running) && is("model-y", &TaskState::Success),
            Self::Retrying => {
                let mut others = tasks.iter().filter(|task| task.key.task.as_str() != "retries-twice");
                is("retries-twice", &TaskState::UpForRetry) && others.all(|task| task.state == TaskState::Success)
            }
            _ => true,
        }
    }
}

/// The next night: an id that nobody used before, and an instant of its own for it to be about.
pub(super) fn fresh(dag: &str) -> Result<(RunKey, ExecutionDate)> {
    static NIGHTS: AtomicU64 = AtomicU64::new(0);
    let number = NIGHTS.fetch_add(1, Ordering::Relaxed);
    let broken = |error: &dyn std::fmt::Display| Error::invalid("airflow.conformance", error.to_string());
    let now = Timestamp::now();
    // Ten years ago, so that it is no other run's; whole microseconds, which is what Airflow keeps.
    let about = now.checked_sub(SignedDuration::from_hours(24 * 3652)).map_err(|error| broken(&error))?;
    let about = Timestamp::from_microsecond(about.as_microsecond()).map_err(|error| broken(&error))?;
    let run: DagRunId =
        format!("conformance__{}_{number}", now.as_microsecond()).parse().map_err(|error| broken(&error))?;
    let dag: DagId = dag.parse().map_err(|error| broken(&error))?;
    Ok((RunKey::new(dag, run), ExecutionDate::new(about)))
}

/// What the run's conf says under `transaction`.
pub(super) fn transaction(run: &RunKey) -> String {
    format!("transaction of {}", run.run)
}

/// Makes a run, and waits until it is as it should be.
///
/// # Errors
/// Where it cannot be made, or does not get there.
pub async fn make(stage: &(dyn Stage + 'static), night: Night) -> Result<RunKey> {
    let (run, about) = fresh(night.dag())?;
    stage.order(&run, &night.orders()).await?;
    let conf = Map::from_iter([("transaction".to_owned(), Value::from(transaction(&run)))]);
    let trigger = Trigger::new(run.dag.clone(), run.run.clone()).about(about).with_conf(conf);
    stage.admin().triggers.trigger(&trigger.with_note("made by a test")).await?;
    match night.ends() {
        Some(end) => {
            let found = until_ended(stage, &run).await?;
            if found.state != end {
                return Err(lost(&run, &format!("it should end in {end}, and is {}", found.state)));
            }
        }
        None => {
            until(stage, &run, &format!("{night:?}"), |tasks| night.stands(tasks)).await?;
            if night == Night::Running {
                until_at_work(stage, &run, "model-x").await?;
            }
        }
    }
    Ok(run)
}

/// Waits until a run has ended.
pub(super) async fn until_ended(stage: &(dyn Stage + 'static), run: &RunKey) -> Result<DagRun> {
    let mut waited = Duration::ZERO;
    loop {
        let found = stage.admin().reads.dag_run(run).await?;
        if found.state.is_final() {
            return Ok(found);
        }
        if waited >= PATIENCE {
            return Err(lost(run, &format!("it does not end: it is {}", found.state)));
        }
        stage.pass(GLANCE).await;
        waited += GLANCE;
    }
}

/// Waits until the tasks of a run are so.
pub(super) async fn until(
    stage: &(dyn Stage + 'static),
    run: &RunKey,
    what: &str,
    so: impl Fn(&[TaskInstance]) -> bool + Send,
) -> Result<Vec<TaskInstance>> {
    let mut waited = Duration::ZERO;
    loop {
        let tasks = stage.admin().reads.task_instances(run, &TaskFilter::all()).await?;
        if so(&tasks) {
            return Ok(tasks);
        }
        if waited >= PATIENCE {
            let states: Vec<String> = tasks.iter().map(|task| format!("{} {}", task.key, task.state)).collect();
            return Err(lost(run, &format!("it does not come to this: {what}; it is {}", states.join(", "))));
        }
        stage.pass(GLANCE).await;
        waited += GLANCE;
    }
}

/// Waits until the first try of a job really works: a change of a task that is about to begin can be overwritten by what begins
/// (seen on Airflow 2).
pub(super) async fn until_at_work(stage: &(dyn Stage + 'static), run: &RunKey, name: &str) -> Result<()> {
    let task: TaskId = name.parse().map_err(|_| lost(run, "its job has no name"))?;
    let (request, line) = (LogRequest::new(run.clone(), task, 1), TaskPlan::line(name));
    let mut waited = Duration::ZERO;
    while waited < PATIENCE {
        // There may be no log yet.
        if let Ok(mut lines) = stage.admin().reads.log(&request).await {
            while let Some(read) = lines.next().await {
                if read?.text.contains(&line) {
                    return Ok(());
                }
            }
        }
        stage.pass(GLANCE).await;
        waited += GLANCE;
    }
    Err(lost(run, &format!("{name} does not begin to work")))
}

fn lost(run: &RunKey, why: &str) -> Error {
    Error::new("airflow.conformance", ErrorKind::Timeout, Effect::None).with_message(format!("{run}: {why}"))
}
