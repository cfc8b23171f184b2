//! The recipes for a DAG run, on a night whose scheduler moves tasks as the real one was seen to.

mod first;
mod foretold;
mod kills;
mod machines;
pub(crate) mod real;
mod redeploy;
#[cfg(feature = "aurora")]
mod redeploy_kills;
mod rerun;
mod stop;
mod unblock;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use airflow_client::{AirflowWrite, Clear, NewTaskState, RunKey, SetTaskState, TaskId, TaskKey, TaskState};
use jiff::Timestamp;
use ops_plan::{Plan, Recipe, Registry, Target};
use ops_recipes::airflow::{
    AirflowReads, AirflowWrites, ClearAndRerun, HoldMachines, ReleaseMachines, StopRun, UnblockDownstream,
};
use ops_sandbox::airflow::RunSpec;
use ops_sandbox::{World, scenario};

use crate::desk::{Desk, approved, blocks};

pub(crate) fn task(id: &str) -> TaskId {
    id.parse().unwrap()
}

fn key(id: &str) -> TaskKey {
    TaskKey::new(task(id))
}

/// A night whose clock stands still until it is moved, and in which these jobs fail.
fn night(fail: &[&str]) -> (World, RunKey) {
    let world = World::seeded(1).at(Timestamp::now());
    let dag = scenario::dagao(&world).unwrap();
    let run = another(&world, "scheduled__2026-11-24T00:00:00+00:00");
    assert_eq!(run.dag, dag);
    world.order(&run, fail.iter().copied(), []);
    (world, run)
}

/// A night that has ended, with these failures; from now on all jobs work.
pub(crate) fn failed(fail: &[&str]) -> (World, RunKey) {
    let (world, run) = night(fail);
    pass(&world, 60);
    world.forget_orders(&run);
    (world, run)
}

fn another(world: &World, id: &str) -> RunKey {
    world.add_run(&"dagao".parse().unwrap(), RunSpec::new(id.parse().unwrap())).unwrap()
}

fn pass(world: &World, seconds: u64) {
    world.advance(Duration::from_secs(seconds));
}

fn states(world: &World, run: &RunKey) -> BTreeMap<String, TaskState> {
    world.task_instances(run).into_iter().map(|one| (one.key.to_string(), one.state)).collect()
}

fn state(world: &World, run: &RunKey, id: &str) -> TaskState {
    states(world, run).remove(id).unwrap()
}

/// How often a task really began to run.
fn starts(world: &World, run: &RunKey, id: &str) -> u64 {
    world.tally(run, &key(id)).unwrap().starts
}

fn reads(world: &World) -> AirflowReads {
    AirflowReads::new(Arc::new(world.airflow())).with_writer(Arc::new(world.airflow()))
}

fn registry_of(reads: &AirflowReads, world: &World) -> Registry {
    let writes = || AirflowWrites::new(Arc::new(world.airflow()));
    Registry::new()
        .with::<UnblockDownstream>(reads.clone(), writes())
        .with::<HoldMachines>(reads.clone(), writes())
        .with::<ReleaseMachines>(reads.clone(), writes())
        .with::<StopRun>(reads.clone(), writes())
        .with::<ClearAndRerun>(reads.clone(), writes())
}

pub(crate) fn registry(world: &World) -> Registry {
    registry_of(&reads(world), world)
}

async fn planned<R: Recipe>(world: &World, recipe: &R) -> Plan {
    registry(world).propose(recipe, Target::new("staging")).await.unwrap()
}

async fn clear(world: &World, run: &RunKey, ids: &[&str]) {
    let clear = Clear::any(run.clone(), ids.iter().map(|id| task(id)));
    world.airflow().clear(&clear).await.unwrap();
}

async fn mark(world: &World, run: &RunKey, id: &str, to: NewTaskState) {
    world.airflow().set_task_state(&SetTaskState::new(run.clone(), task(id), to)).await.unwrap();
}
