//! Who may do what, and who did it.

use ops_client::conformance::{Outcome, check, same, told};

use super::super::{Night, Scene, night};
use super::support::*;
use crate::{
    Clear, DagFilter, ErrorKind, EventFilter, NewRunState, NewTaskState, SetTaskState, TaskFilter, Trigger, Variable,
};

pub(super) async fn events(scene: Scene<'_>) -> Outcome {
    let (run, about) = night::fresh("idle").map_err(told)?;
    let admin = scene.stage.admin();
    let trigger = Trigger::new(run.dag.clone(), run.run.clone()).about(about);
    let made = admin.triggers.trigger(&trigger).await.map_err(told)?;
    ended(scene, &run).await?;
    let mark = SetTaskState::new(run.clone(), id("job")?, NewTaskState::Failed);
    admin.writes.set_task_state(&mark).await.map_err(told)?;

    let found = admin.reads.events(&EventFilter::newest().of(run.dag.clone())).await.map_err(told)?;
    check(found.is_sorted_by(|a, b| a.at >= b.at), "the newest is the first")?;
    check(found.iter().all(|event| event.dag.as_ref() == Some(&run.dag)), "they are about the DAG")?;
    let by_admin = |event: &&crate::Event| event.who.as_deref() == Some(admin.name);
    check(found.iter().filter(by_admin).count() >= 2, "both changes are told, and whose they are")?;
    check(!found.iter().any(|event| event.event.starts_with("api.")), "names come without the API's prefix")?;

    let about = EventFilter::newest().of(run.dag.clone()).about(id("job")?);
    let found = admin.reads.events(&about).await.map_err(told)?;
    let task = id("job")?;
    check(found.iter().all(|event| event.task.as_ref() == Some(&task)), "they are about the task")?;
    check(found.iter().any(|event| by_admin(&event)), "the mark is told")?;
    let one = admin.reads.events(&EventFilter::newest().at_most(1)).await.map_err(told)?;
    same("at most one", &1, &one.len())?;
    let since = made.queued_at.or(made.started_at);
    if let Some(since) = since {
        let found = admin.reads.events(&EventFilter::newest().of(run.dag).since(since)).await.map_err(told)?;
        check(found.iter().all(|event| event.at >= since), "none is older")?;
        check(found.iter().any(|event| by_admin(&event)), "the mark came later")?;
    }
    Ok(())
}

pub(super) async fn viewer(scene: Scene<'_>) -> Outcome {
    let run = shared(scene, Night::ModelFailed).await?;
    let viewer = scene.stage.viewer();
    let before = viewer.reads.dag_run(&run).await.map_err(told)?;
    check(!viewer.reads.dags(&DagFilter::all()).await.map_err(told)?.is_empty(), "the viewer sees DAGs")?;
    viewer.reads.graph(&run.dag).await.map_err(told)?;
    let tasks = viewer.reads.task_instances(&run, &TaskFilter::all()).await.map_err(told)?;
    same("what the viewer sees", &all_tasks(scene, &run).await?, &tasks)?;
    check(!viewer.reads.may_change(&run.dag).await.map_err(told)?, "the viewer may not change it")?;

    let forbidden = ErrorKind::Forbidden;
    let mark = SetTaskState::new(run.clone(), id("model-x")?, NewTaskState::Success);
    let clear = Clear::failed(run.clone(), ids(&["model-x"])?);
    refused(forbidden, viewer.reads.preview_task_state(&mark).await)?;
    refused(forbidden, viewer.reads.preview_clear(&clear).await)?;
    refused(forbidden, viewer.writes.set_task_state(&mark).await)?;
    refused(forbidden, viewer.writes.clear(&clear).await)?;
    refused(forbidden, viewer.writes.set_run_state(&run, NewRunState::Success).await)?;
    refused(forbidden, viewer.writes.clear_run(&run).await)?;
    refused(forbidden, viewer.writes.delete_run(&run).await)?;
    refused(forbidden, viewer.writes.set_paused(&run.dag, true).await)?;
    refused(forbidden, viewer.writes.set_variable(&Variable::new("a-viewers-variable", "1")).await)?;
    refused(forbidden, viewer.writes.delete_variable("a-viewers-variable").await)?;
    let (other, _) = night::fresh("short").map_err(told)?;
    refused(forbidden, viewer.triggers.trigger(&Trigger::new(other.dag, other.run)).await)?;
    same("the run", &before, &reads(scene).dag_run(&run).await.map_err(told)?)
}

pub(super) async fn stranger(scene: Scene<'_>) -> Outcome {
    let run = shared(scene, Night::ModelFailed).await?;
    let stranger = scene.stage.stranger();
    let unknown = ErrorKind::Unauthenticated;
    refused(unknown, stranger.reads.dag(&run.dag).await)?;
    refused(unknown, stranger.reads.task_instances(&run, &TaskFilter::all()).await)?;
    refused(unknown, stranger.writes.clear_run(&run).await)?;
    refused(unknown, stranger.reads.may_change(&run.dag).await)
}
