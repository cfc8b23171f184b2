//! What is done to whole runs, to DAGs and to variables.

use ops_client::conformance::{Outcome, check, parsed, same, told};

use super::super::{Night, Orders, Scene, night};
use super::support::*;
use crate::TaskState::{Failed, Running, Skipped, Success};
use crate::{DagId, ErrorKind, NewRunState, RunKey, RunState, Trigger, Variable};

pub(super) async fn run_failed(scene: Scene<'_>) -> Outcome {
    let run = own(scene, Night::Running).await?;
    writes(scene).set_run_state(&run, NewRunState::Failed).await.map_err(told)?;
    same("the run", &RunState::Failed, &state(scene, &run).await?)?;
    let all = [
        ("dataset-x", Success),
        ("downscale-x", Skipped),
        ("load", Skipped),
        ("model-x", Failed),
        ("model-y", Success),
        ("report", Skipped),
    ];
    let wanted = wanted(all);
    until(scene, &run, "what ran has failed, the rest is skipped", |tasks| states(tasks) == wanted).await?;
    same("the run, later", &RunState::Failed, &state(scene, &run).await?)
}

/// What becomes of its tasks when a run is set to success differs between Airflow 2 and 3: nothing is said of that here.
pub(super) async fn run_states(scene: Scene<'_>) -> Outcome {
    let run = trigger(scene, "idle", &Orders::none().fails("job")).await?;
    same("the run", &RunState::Failed, &ended(scene, &run).await?.state)?;
    writes(scene).set_run_state(&run, NewRunState::Success).await.map_err(told)?;
    same("the run, said to be well", &RunState::Success, &state(scene, &run).await?)?;
    writes(scene).set_run_state(&run, NewRunState::Failed).await.map_err(told)?;
    same("the run, said to have failed", &RunState::Failed, &state(scene, &run).await?)?;
    writes(scene).set_run_state(&run, NewRunState::Queued).await.map_err(told)?;
    ended(scene, &run).await?;
    // It went on, and found nothing to do.
    same("its tries", &1, &begun(scene, &run, "job").await?)?;
    let unknown = unknown_run_of("idle")?;
    refused(ErrorKind::NotFound, writes(scene).set_run_state(&unknown, NewRunState::Failed).await)
}

pub(super) async fn run_cleared(scene: Scene<'_>) -> Outcome {
    let run = own(scene, Night::Well).await?;
    let before = all_tasks(scene, &run).await?;
    writes(scene).clear_run(&run).await.map_err(told)?;
    check(!state(scene, &run).await?.is_final(), "it goes on")?;
    same("the run", &RunState::Success, &ended(scene, &run).await?.state)?;
    let after = all_tasks(scene, &run).await?;
    let all = vec!["dataset-x", "downscale-x", "load", "model-x", "model-y", "report"];
    same("what ran again", &all, &ran_again(&before, &after))?;
    same("tries of report", &2, &begun(scene, &run, "report").await?)?;
    refused(ErrorKind::NotFound, writes(scene).clear_run(&unknown_run_of("short")?).await)
}

/// How long processes of a failed run go on at most: they report every 5 s, and then need a moment to end.
const PROCESSES_END: std::time::Duration = std::time::Duration::from_secs(15);

pub(super) async fn run_deleted(scene: Scene<'_>) -> Outcome {
    let run = trigger(scene, "idle", &Orders::none().sleeps("job", 600)).await?;
    until(scene, &run, "it works", |tasks| is(tasks, "job", &Running)).await?;
    refused(ErrorKind::Conflict, writes(scene).delete_run(&run).await)
        .map_err(|why| format!("one that runs is deleted: {why}"))?;
    writes(scene).set_run_state(&run, NewRunState::Failed).await.map_err(told)?;
    // As the refusal says: its processes must have ended, and they learn of the mark when they next report.
    scene.stage.pass(PROCESSES_END).await;
    writes(scene).delete_run(&run).await.map_err(told)?;
    refused(ErrorKind::NotFound, reads(scene).dag_run(&run).await)
        .map_err(|why| format!("the deleted run is read: {why}"))?;
    refused(ErrorKind::NotFound, writes(scene).delete_run(&run).await)
        .map_err(|why| format!("the deleted run is deleted once more: {why}"))
}

pub(super) async fn run_slots(scene: Scene<'_>) -> Outcome {
    let first = trigger(scene, "one_at_a_time", &Orders::none().sleeps("dataset-x", 600)).await?;
    until(scene, &first, "it works", |tasks| is(tasks, "dataset-x", &Running)).await?;
    let second = trigger(scene, "one_at_a_time", &Orders::none().sleeps("dataset-x", 600)).await?;
    for _ in 0..6 {
        scene.stage.pass(std::time::Duration::from_millis(500)).await;
        same("the second run", &RunState::Queued, &state(scene, &second).await?)?;
    }
    writes(scene).set_run_state(&first, NewRunState::Failed).await.map_err(told)?;
    until(scene, &second, "it works", |tasks| is(tasks, "dataset-x", &Running)).await?;
    writes(scene).set_run_state(&second, NewRunState::Failed).await.map_err(told)
}

pub(super) async fn run_twice(scene: Scene<'_>) -> Outcome {
    let run = shared(scene, Night::Well).await?;
    let before = reads(scene).dag_run(&run).await.map_err(told)?;
    let (_, other) = night::fresh("short").map_err(told)?;
    let triggers = scene.stage.admin().triggers;
    let again = Trigger::new(run.dag.clone(), run.run.clone()).about(other);
    refused(ErrorKind::Conflict, triggers.trigger(&again).await)?;
    same("the run", &before, &reads(scene).dag_run(&run).await.map_err(told)?)?;
    refused(ErrorKind::NotFound, triggers.trigger(&Trigger::new(unknown_dag_id()?, run.run)).await)
}

pub(super) async fn paused(scene: Scene<'_>) -> Outcome {
    let dag: DagId = parsed("pausable")?;
    for _ in 0..2 {
        writes(scene).set_paused(&dag, true).await.map_err(told)?;
        check(reads(scene).dag(&dag).await.map_err(told)?.paused, "it is paused")?;
    }
    let (run, _) = night::fresh("pausable").map_err(told)?;
    // It is about nothing in particular.
    let trigger = Trigger::new(run.dag.clone(), run.run.clone());
    let made = scene.stage.admin().triggers.trigger(&trigger).await.map_err(told)?;
    same("the run", &(&run, &RunState::Queued), &(&made.key, &made.state))?;
    for _ in 0..4 {
        scene.stage.pass(std::time::Duration::from_millis(500)).await;
        same("the run, meanwhile", &RunState::Queued, &state(scene, &run).await?)?;
    }
    writes(scene).set_paused(&dag, false).await.map_err(told)?;
    check(!reads(scene).dag(&dag).await.map_err(told)?.paused, "it is no longer paused")?;
    same("the run", &RunState::Success, &ended(scene, &run).await?.state)?;
    refused(ErrorKind::NotFound, writes(scene).set_paused(&unknown_dag_id()?, true).await)
}

pub(super) async fn variables(scene: Scene<'_>) -> Outcome {
    let (run, _) = night::fresh("idle").map_err(told)?;
    let key = format!("{}/with a blank", run.run);
    refused(ErrorKind::NotFound, reads(scene).variable(&key).await)?;
    for value in ["first ü", "{\"second\": [1, 2]}", ""] {
        let variable = Variable::new(&*key, value);
        writes(scene).set_variable(&variable).await.map_err(told)?;
        let found = reads(scene).variable(&key).await.map_err(told)?;
        same("its value", &Some(value), &found.value.as_deref())?;
        let all = reads(scene).variables().await.map_err(told)?;
        check(all.is_sorted_by_key(|variable| &variable.key), "they come sorted by key")?;
        same("how often it is listed", &1, &all.iter().filter(|variable| variable.key == key).count())?;
    }
    writes(scene).delete_variable(&key).await.map_err(told)?;
    refused(ErrorKind::NotFound, reads(scene).variable(&key).await)?;
    writes(scene).delete_variable(&key).await.map_err(told)
}

async fn state(scene: Scene<'_>, run: &RunKey) -> Outcome<RunState> {
    Ok(reads(scene).dag_run(run).await.map_err(told)?.state)
}

/// A run of its own, told what to do.
async fn trigger(scene: Scene<'_>, dag: &str, orders: &Orders) -> Outcome<RunKey> {
    let (run, about) = night::fresh(dag).map_err(told)?;
    scene.stage.order(&run, orders).await.map_err(told)?;
    let trigger = Trigger::new(run.dag.clone(), run.run.clone()).about(about);
    let made = scene.stage.admin().triggers.trigger(&trigger).await.map_err(told)?;
    same("the run that was made", &(&run, Some(about)), &(&made.key, made.execution_date))?;
    Ok(run)
}
