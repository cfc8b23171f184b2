//! Systems that fail.

use ops_client::conformance::{Fault, Outcome, check, same, told};

use super::super::{Night, Scene};
use super::support::*;
use crate::TaskState::Success;
use crate::{DagFilter, Effect, ErrorKind, NewRunState, NewTaskState, SetTaskState, TaskFilter};

pub(super) async fn unavailable(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::Unavailable, ErrorKind::Unavailable).await
}

pub(super) async fn expired(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::ExpiredToken, ErrorKind::Unauthenticated).await
}

pub(super) async fn html(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::Html, ErrorKind::Decode).await
}

/// Every reading tells of the fault, and no change happens.
async fn failing(scene: Scene<'_>, fault: Fault, kind: ErrorKind) -> Outcome {
    let run = shared(scene, Night::ModelFailed).await?;
    let before = all_tasks(scene, &run).await?;
    scene.stage.fault(Some(fault)).await.map_err(told)?;
    refused(kind, reads(scene).dags(&DagFilter::all()).await)?;
    refused(kind, reads(scene).dag_run(&run).await)?;
    refused(kind, reads(scene).task_instances(&run, &TaskFilter::all()).await)?;
    refused(kind, reads(scene).may_change(&run.dag).await)?;
    let changed = writes(scene).set_run_state(&run, NewRunState::Success).await;
    same("what a change says", &kind, &ops_client::conformance::refused(changed)?.kind())?;
    scene.stage.fault(None).await.map_err(told)?;
    same("the tasks", &before, &all_tasks(scene, &run).await?)
}

pub(super) async fn lost_answer(scene: Scene<'_>) -> Outcome {
    let run = own(scene, Night::ModelFailed).await?;
    scene.stage.fault(Some(Fault::LostAnswer)).await.map_err(told)?;
    let mark = SetTaskState::new(run.clone(), id("model-x")?, NewTaskState::Success);
    let error = ops_client::conformance::refused(writes(scene).set_task_state(&mark).await)?;
    check(error.effect() != Effect::None, "it may have happened")?;
    scene.stage.fault(None).await.map_err(told)?;
    same("the marked task", &Success, &task(scene, &run, "model-x").await?.state)
}
