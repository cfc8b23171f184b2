//! Marks, and what Airflow makes of them.

use ops_client::conformance::{Outcome, check, same, told};

use super::super::{Night, Orders, Scene};
use super::support::*;
use crate::TaskState::{Failed, NoStatus, Running, Success, UpForRetry, UpstreamFailed};
use crate::{Clear, ErrorKind, NewTaskState, RunKey, RunState, SetTaskState, Spread, TaskKey};

async fn mark(scene: Scene<'_>, run: &RunKey, name: &str, state: NewTaskState) -> Outcome {
    let change = SetTaskState::new(run.clone(), id(name)?, state);
    writes(scene).set_task_state(&change).await.map_err(told)
}

/// What a mark clears by itself: what a clear's preview names, without the task.
async fn foretell(scene: Scene<'_>, run: &RunKey, name: &str, wanted: &[&str]) -> Outcome {
    let clear = Clear::failed(run.clone(), ids(&[name])?).spread(Spread::none().downstream());
    let mut foretold = reads(scene).preview_clear(&clear).await.map_err(told)?;
    let task = id(name)?;
    foretold.retain(|named| named.task != task);
    same("foretold", &refs(run, wanted)?, &foretold)
}

/// Airflow clears by itself what follows and failed, and sets the run going.
pub(super) async fn mark_failed(scene: Scene<'_>) -> Outcome {
    let run = own(scene, Night::ModelFailed).await?;
    let before = all_tasks(scene, &run).await?;
    foretell(scene, &run, "model-x", &["load", "report"]).await?;
    scene.stage.order(&run, &Orders::none()).await.map_err(told)?;

    mark(scene, &run, "model-x", NewTaskState::Success).await?;
    same("the marked task", &Success, &task(scene, &run, "model-x").await?.state)?;
    check(!is(&all_tasks(scene, &run).await?, "load", &UpstreamFailed), "what follows is cleared at once")?;
    same("the run", &RunState::Success, &ended(scene, &run).await?.state)?;
    let after = all_tasks(scene, &run).await?;
    check(after.iter().all(|task| task.state == Success), "all are well")?;
    same("what ran again", &vec!["load", "report"], &ran_again(&before, &after))?;
    same("tries of load", &1, &begun(scene, &run, "load").await?)?;
    same("tries of model-x", &1, &begun(scene, &run, "model-x").await?)?;

    // It has the state already, and that is no error.
    mark(scene, &run, "model-x", NewTaskState::Success).await?;
    same("the tasks, marked twice", &states(&after), &states(&all_tasks(scene, &run).await?))?;
    let unknown = SetTaskState::new(run, id("nobody-has-this-task")?, NewTaskState::Success);
    refused(ErrorKind::NotFound, writes(scene).set_task_state(&unknown).await)
}

/// The runbook's own example: the dataset failed, and the model after it is marked.
pub(super) async fn mark_upstream_failed(scene: Scene<'_>) -> Outcome {
    let run = own(scene, Night::DatasetFailed).await?;
    let before = all_tasks(scene, &run).await?;
    same("the model", &UpstreamFailed, &task(scene, &run, "model-x").await?.state)?;
    foretell(scene, &run, "model-x", &["load", "report"]).await?;
    mark(scene, &run, "model-x", NewTaskState::Success).await?;
    // Only the tasks that nothing follows decide how a run ends.
    same("the run", &RunState::Success, &ended(scene, &run).await?.state)?;
    let after = all_tasks(scene, &run).await?;
    let others = ["downscale-x", "load", "model-x", "model-y", "report"].map(|name| (name, Success));
    same("states", &wanted(others.into_iter().chain([("dataset-x", Failed)])), &states(&after))?;
    same("what ran again", &vec!["load", "report"], &ran_again(&before, &after))?;
    same("tries of model-x", &0, &begun(scene, &run, "model-x").await?)
}

pub(super) async fn mark_one_of_two(scene: Scene<'_>) -> Outcome {
    let run = own(scene, Night::BothFailed).await?;
    foretell(scene, &run, "model-x", &["load", "report"]).await?;
    mark(scene, &run, "model-x", NewTaskState::Success).await?;
    same("the run", &RunState::Failed, &ended(scene, &run).await?.state)?;
    let all = [
        ("dataset-x", Success),
        ("downscale-x", Success),
        ("load", UpstreamFailed),
        ("model-x", Success),
        ("model-y", Failed),
        ("report", UpstreamFailed),
    ];
    same("states", &wanted(all), &states(&all_tasks(scene, &run).await?))?;
    same("tries of load", &0, &begun(scene, &run, "load").await?)
}

pub(super) async fn mark_up_for_retry(scene: Scene<'_>) -> Outcome {
    let run = own(scene, Night::Retrying).await?;
    same("the task", &UpForRetry, &task(scene, &run, "retries-twice").await?.state)?;
    mark(scene, &run, "retries-twice", NewTaskState::Success).await?;
    same("the run", &RunState::Success, &ended(scene, &run).await?.state)?;
    same("the marked task", &Success, &task(scene, &run, "retries-twice").await?.state)?;
    same("its tries", &1, &begun(scene, &run, "retries-twice").await?)
}

/// Nobody waits for its process, which is stopped at its next heartbeat.
pub(super) async fn mark_running_success(scene: Scene<'_>) -> Outcome {
    let run = own(scene, Night::Running).await?;
    mark(scene, &run, "model-x", NewTaskState::Success).await?;
    same("the marked task", &Success, &task(scene, &run, "model-x").await?.state)?;
    same("the run", &RunState::Success, &ended(scene, &run).await?.state)?;
    check(all_tasks(scene, &run).await?.iter().all(|task| task.state == Success), "all are well")
}

pub(super) async fn mark_running_failed(scene: Scene<'_>) -> Outcome {
    let run = own(scene, Night::Running).await?;
    mark(scene, &run, "model-x", NewTaskState::Failed).await?;
    same("the run", &RunState::Failed, &ended(scene, &run).await?.state)?;
    let found = states(&all_tasks(scene, &run).await?);
    let failed = [("load", UpstreamFailed), ("model-x", Failed), ("report", UpstreamFailed)];
    let well = ["dataset-x", "downscale-x", "model-y"].map(|name| (name, Success));
    same("states", &wanted(failed.into_iter().chain(well)), &found)
}

/// That is how machines are kept: the job fails, and what would take them away counts as done.
pub(super) async fn mark_before_its_turn(scene: Scene<'_>) -> Outcome {
    let run = own(scene, Night::Running).await?;
    same("the task", &NoStatus, &task(scene, &run, "downscale-x").await?.state)?;
    mark(scene, &run, "downscale-x", NewTaskState::Success).await?;
    let found = all_tasks(scene, &run).await?;
    check(is(&found, "downscale-x", &Success) && is(&found, "model-x", &Running), "what it waited for still runs")?;
    mark(scene, &run, "model-x", NewTaskState::Failed).await?;
    same("the run", &RunState::Failed, &ended(scene, &run).await?.state)?;
    let held = task(scene, &run, "downscale-x").await?;
    same("the marked task", &(Success, 0), &(held.state, held.try_number))?;

    // Later it is cleared, although it is well, and runs. The run fails again, as its other tasks are.
    let clear = Clear::failed(run.clone(), ids(&["downscale-x"])?);
    same("of the failed", &Vec::new(), &writes(scene).clear(&clear).await.map_err(told)?)?;
    let clear = Clear::any(run.clone(), ids(&["downscale-x"])?);
    same("cleared", &refs(&run, &["downscale-x"])?, &writes(scene).clear(&clear).await.map_err(told)?)?;
    let what = "it ran";
    until(scene, &run, what, |tasks| tasks.iter().any(|task| task.key.task == held.key.task && task.try_number > 0))
        .await?;
    same("the run, released", &RunState::Failed, &ended(scene, &run).await?.state)?;
    same("the released task", &Success, &task(scene, &run, "downscale-x").await?.state)?;
    let key = TaskKey::new(id("downscale-x")?);
    same("its tries", &1, &begun_of(scene, &run, &key).await?)
}
