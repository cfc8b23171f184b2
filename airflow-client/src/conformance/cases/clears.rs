//! Clears.

use ops_client::conformance::{Outcome, check, same, told};

use super::super::{Night, Orders, Scene};
use super::support::*;
use crate::TaskState::{Running, Success};
use crate::{Clear, ErrorKind, RunState, Spread};

pub(super) async fn clear_failed(scene: Scene<'_>) -> Outcome {
    let run = own(scene, Night::ModelFailed).await?;
    let before = all_tasks(scene, &run).await?;
    scene.stage.order(&run, &Orders::none()).await.map_err(told)?;
    let clear = Clear::failed(run.clone(), ids(&["model-x"])?).spread(Spread::none().downstream());
    let named = refs(&run, &["load", "model-x", "report"])?;
    same("foretold", &named, &reads(scene).preview_clear(&clear).await.map_err(told)?)?;
    same("cleared", &named, &writes(scene).clear(&clear).await.map_err(told)?)?;
    same("the run", &RunState::Success, &ended(scene, &run).await?.state)?;
    let after = all_tasks(scene, &run).await?;
    check(after.iter().all(|task| task.state == Success), "all are well")?;
    // What is well is left alone, also what cleans up behind the task.
    same("what ran again", &vec!["load", "model-x", "report"], &ran_again(&before, &after))?;
    same("tries of model-x", &2, &begun(scene, &run, "model-x").await?)?;
    same("tries of load", &1, &begun(scene, &run, "load").await?)?;
    same("tries of downscale-x", &1, &begun(scene, &run, "downscale-x").await?)
}

pub(super) async fn clear_well(scene: Scene<'_>) -> Outcome {
    let run = own(scene, Night::Well).await?;
    let before = all_tasks(scene, &run).await?;
    let failed = Clear::failed(run.clone(), ids(&["model-x"])?).spread(Spread::none().downstream());
    same("of the failed", &Vec::new(), &writes(scene).clear(&failed).await.map_err(told)?)?;
    same("the tasks", &states(&before), &states(&all_tasks(scene, &run).await?))?;

    let clear = Clear::any(run.clone(), ids(&["load", "downscale-x"])?);
    let named = refs(&run, &["downscale-x", "load"])?;
    same("cleared", &named, &writes(scene).clear(&clear).await.map_err(told)?)?;
    same("the run", &RunState::Success, &ended(scene, &run).await?.state)?;
    let after = all_tasks(scene, &run).await?;
    // `report` follows `load`, but was not named.
    same("what ran again", &vec!["downscale-x", "load"], &ran_again(&before, &after))?;
    same("tries of load", &2, &begun(scene, &run, "load").await?)?;
    same("tries of report", &1, &begun(scene, &run, "report").await?)
}

/// Airflow 2 would say that it cleared it, and leave it alone.
pub(super) async fn clear_running(scene: Scene<'_>) -> Outcome {
    let run = shared(scene, Night::Running).await?;
    let before = all_tasks(scene, &run).await?;
    check(is(&before, "model-x", &Running), "it runs")?;
    for clear in [
        Clear::any(run.clone(), ids(&["model-x"])?),
        Clear::any(run.clone(), ids(&["dataset-x"])?).spread(Spread::none().downstream()),
    ] {
        refused(ErrorKind::Conflict, reads(scene).preview_clear(&clear).await)?;
        refused(ErrorKind::Conflict, writes(scene).clear(&clear).await)?;
    }
    same("the tasks", &states(&before), &states(&all_tasks(scene, &run).await?))
}

pub(super) async fn clear_restarts(scene: Scene<'_>) -> Outcome {
    let run = own(scene, Night::Running).await?;
    let before = all_tasks(scene, &run).await?;
    scene.stage.order(&run, &Orders::none()).await.map_err(told)?;
    let clear = Clear::any(run.clone(), ids(&["model-x"])?).restarting_running();
    same("cleared", &refs(&run, &["model-x"])?, &writes(scene).clear(&clear).await.map_err(told)?)?;
    same("the run", &RunState::Success, &ended(scene, &run).await?.state)?;
    let after = all_tasks(scene, &run).await?;
    check(ran_again(&before, &after).contains(&"model-x"), "it ran again")?;
    same("tries of model-x", &2, &begun(scene, &run, "model-x").await?)
}
