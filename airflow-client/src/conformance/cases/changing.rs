//! Marks and clears, and what Airflow makes of them.

use ops_client::conformance::{Outcome, check, same, told};

use super::super::{Night, Orders, Scene};
use super::support::*;
use crate::TaskState::{Success, UpstreamFailed};
use crate::{Clear, NewTaskState, RunState, SetTaskState, Spread, TaskState};

/// Airflow clears by itself what follows and failed, and sets the run going: foretold by a clear's preview.
pub(super) async fn mark_failed(scene: Scene<'_>) -> Outcome {
    let run = own(scene, Night::ModelFailed).await?;
    let before = all_tasks(scene, &run).await?;
    let clear = Clear::failed(run.clone(), ids(&["model-x"])?).spread(Spread::none().downstream());
    let foretold = reads(scene).preview_clear(&clear).await.map_err(told)?;
    same("foretold", &refs(&run, &["load", "model-x", "report"])?, &foretold)?;
    scene.stage.order(&run, &Orders::none()).await.map_err(told)?;

    let mark = SetTaskState::new(run.clone(), id("model-x")?, NewTaskState::Success);
    writes(scene).set_task_state(&mark).await.map_err(told)?;
    same("the marked task", &Success, &task(scene, &run, "model-x").await?.state)?;
    until(scene, &run, "what follows is cleared", |tasks| {
        ["load", "report"].iter().all(|name| !is(tasks, name, &UpstreamFailed))
    })
    .await?;
    same("the run", &RunState::Success, &ended(scene, &run).await?.state)?;

    let after = all_tasks(scene, &run).await?;
    check(after.iter().all(|task| task.state == Success), "all are well")?;
    for (before, after) in before.iter().zip(&after) {
        let ran_again = matches!(before.key.task.as_str(), "load" | "report");
        same(&format!("that {} ran", after.key), &ran_again, &(after.try_number > before.try_number))?;
    }
    // Once more: it has the state, and that is no error.
    writes(scene).set_task_state(&mark).await.map_err(told)?;
    same("the tasks", &after, &all_tasks(scene, &run).await?)?;
    same("the marked task", &TaskState::Success, &task(scene, &run, "model-x").await?.state)
}
