//! What the cases have in common.

use std::time::Duration;

use ops_client::conformance::{Outcome, same, told};

use crate::conformance::{Fate, Scene};
use crate::{Effect, Error, ErrorKind, JobKey, Task, TaskFilter, TaskStatus};

const PATIENCE: Duration = Duration::from_secs(600);

/// The tasks of a job, by the port.
pub(super) async fn tasks_of(scene: Scene<'_>, job: &JobKey) -> Outcome<Vec<Task>> {
    scene.stage.ports().reads.tasks(&TaskFilter::of_job(job)).await.map_err(told)
}

/// Waits until the tasks of a job are so.
pub(super) async fn until(
    scene: Scene<'_>,
    job: &JobKey,
    what: &str,
    so: impl Fn(&[Task]) -> bool + Send,
) -> Outcome<Vec<Task>> {
    let (mut waited, mut step) = (Duration::ZERO, Duration::from_millis(100));
    loop {
        let tasks = tasks_of(scene, job).await?;
        if so(&tasks) {
            return Ok(tasks);
        }
        if waited > PATIENCE {
            let statuses: Vec<TaskStatus> = tasks.iter().map(|task| task.status).collect();
            return Err(format!("{job} is not {what} after {} s: {statuses:?}", waited.as_secs()));
        }
        scene.stage.pass(step).await;
        waited += step;
        step = (step * 2).min(Duration::from_secs(15));
    }
}

pub(super) fn all(tasks: &[Task], status: TaskStatus) -> bool {
    !tasks.is_empty() && tasks.iter().all(|task| task.status == status)
}

/// A job whose instances all run, and go on doing so.
pub(super) async fn running(scene: Scene<'_>, job: &JobKey, instances: u32) -> Outcome<Vec<Task>> {
    scene.stage.order(job, Fate::Runs).await.map_err(told)?;
    scene.stage.ports().writes.create(&scene.scenario.small(job, instances)).await.map_err(told)?;
    let wanted = instances as usize;
    until(scene, job, "running", |tasks| tasks.len() == wanted && all(tasks, TaskStatus::Running)).await
}

/// That an error has this kind and effect.
pub(super) fn failed(what: &str, kind: ErrorKind, effect: Effect, error: &Error) -> Outcome {
    same(&format!("the failure of {what}"), &(kind, effect), &(error.kind(), error.effect()))
}
