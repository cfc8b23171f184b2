//! What a change would do, told beforehand.

use ops_client::conformance::{Outcome, check, same, told};

use super::super::{Night, Scene};
use super::support::*;
use crate::{Clear, ErrorKind, NewTaskState, SetTaskState, Spread, TaskKey};

pub(super) async fn preview_mark(scene: Scene<'_>) -> Outcome {
    let run = shared(scene, Night::ModelFailed).await?;
    let mark = SetTaskState::new(run.clone(), id("model-x")?, NewTaskState::Success);
    let named = reads(scene).preview_task_state(&mark).await.map_err(told)?;
    same("what would be marked", &refs(&run, &["model-x"])?, &named)?;
    let unknown = SetTaskState::new(run, id("nobody-has-this-task")?, NewTaskState::Success);
    refused(ErrorKind::NotFound, reads(scene).preview_task_state(&unknown).await)
}

pub(super) async fn preview_clear(scene: Scene<'_>) -> Outcome {
    let run = shared(scene, Night::ModelFailed).await?;
    let model = || id("model-x").map(|id| [id]);
    let below = Spread::none().downstream();
    for (what, clear, names) in [
        ("a failed one", Clear::failed(run.clone(), model()?), &["model-x"][..]),
        ("it and what follows", Clear::failed(run.clone(), model()?).spread(below), &["load", "model-x", "report"]),
        (
            "it and what follows, whatever its state",
            Clear::any(run.clone(), model()?).spread(below),
            &["downscale-x", "load", "model-x", "report"],
        ),
        (
            "it and what comes before",
            Clear::any(run.clone(), model()?).spread(Spread::none().upstream()),
            &["dataset-x", "model-x"],
        ),
        ("what is well, of the failed", Clear::failed(run.clone(), ids(&["dataset-x"])?), &[]),
        ("two by name", Clear::any(run.clone(), ids(&["report", "dataset-x"])?), &["dataset-x", "report"]),
    ] {
        same(what, &refs(&run, names)?, &reads(scene).preview_clear(&clear).await.map_err(told)?)?;
    }
    let run = shared(scene, Night::Shapes).await?;
    let clear = Clear::any(run.clone(), ids(&["loads.load-one"])?);
    let named = reads(scene).preview_clear(&clear).await.map_err(told)?;
    same("a mapped task, named once", &refs(&run, &["loads.load-one"])?, &named)
}

pub(super) async fn clear_unknown(scene: Scene<'_>) -> Outcome {
    let run = shared(scene, Night::Shapes).await?;
    for tasks in [&[][..], &["nobody-has-this-task"], &["end", "nobody-has-this-task"], &["loads"], &["loads.inner"]] {
        let clear = Clear::any(run.clone(), ids(tasks)?);
        refused(ErrorKind::Invalid, reads(scene).preview_clear(&clear).await)?;
        refused(ErrorKind::Invalid, writes(scene).clear(&clear).await)?;
    }
    let unknown = Clear::any(unknown_run_of("shapes")?, ids(&["end"])?);
    refused(ErrorKind::NotFound, reads(scene).preview_clear(&unknown).await)?;
    refused(ErrorKind::NotFound, writes(scene).clear(&unknown).await)
}

pub(super) async fn previews_change_nothing(scene: Scene<'_>) -> Outcome {
    let run = shared(scene, Night::ModelFailed).await?;
    let before = (reads(scene).dag_run(&run).await.map_err(told)?, all_tasks(scene, &run).await?);
    let mark = SetTaskState::new(run.clone(), id("model-x")?, NewTaskState::Success);
    reads(scene).preview_task_state(&mark).await.map_err(told)?;
    let clear = Clear::any(run.clone(), ids(&["dataset-x"])?).spread(Spread::none().downstream());
    check(reads(scene).preview_clear(&clear).await.map_err(told)?.len() == 5, "five would be cleared")?;
    check(reads(scene).may_change(&run.dag).await.map_err(told)?, "it may be changed")?;
    reads(scene).task_instance(&run, &TaskKey::new(id("load")?)).await.map_err(told)?;
    let after = (reads(scene).dag_run(&run).await.map_err(told)?, all_tasks(scene, &run).await?);
    same("the run and its tasks", &before, &after)
}

pub(super) async fn may_change(scene: Scene<'_>) -> Outcome {
    for plan in &scene.scenario.dags {
        check(reads(scene).may_change(&plan.id).await.map_err(told)?, "the administrator may change it")?;
    }
    refused(ErrorKind::NotFound, reads(scene).may_change(&unknown_dag_id()?).await)
}
