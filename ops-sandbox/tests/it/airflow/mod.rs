//! Airflow: how its scheduler moves tasks, what marks and clears do, and what its two APIs say.

mod changes;
mod http2;
mod http3;
mod life;

use std::collections::BTreeMap;
use std::time::Duration;

use airflow_client::{AirflowRead, AirflowWrite, DagId, RunKey, SetTaskState, TaskId, TaskKey};
use airflow_client::{NewTaskState, RunState, TaskState};
use ops_sandbox::World;
use ops_sandbox::airflow::{DagSpec, RunSpec, TaskSpec};
use ops_sandbox::scenario;

pub(crate) fn task(id: &str) -> TaskId {
    id.parse().unwrap()
}

pub(crate) fn key(id: &str) -> TaskKey {
    TaskKey::new(task(id))
}

/// A world whose clock stands still until it is moved.
pub(crate) fn still() -> World {
    World::seeded(1).at("2026-11-25T03:00:00Z".parse().unwrap())
}

/// A run of a DAG, made just now.
pub(crate) fn run(world: &World, dag: &DagId, id: &str) -> RunKey {
    world.add_run(dag, RunSpec::new(id.parse().unwrap())).unwrap()
}

/// A run of `dagao` in which these jobs fail.
pub(crate) fn night(world: &World, fail: &[&str]) -> RunKey {
    let dag = scenario::dagao(world).unwrap();
    let run = run(world, &dag, "tonight");
    world.order(&run, fail.iter().copied(), []);
    run
}

/// A DAG of tasks with these arrows.
pub(crate) fn dag(world: &World, arrows: &[(&str, &[&str])]) -> DagId {
    let tasks = arrows.iter().map(|(id, below)| TaskSpec::new(task(id)).followed_by(below.iter().map(|id| task(id))));
    world.deploy(DagSpec::new("small".parse().unwrap(), tasks));
    "small".parse().unwrap()
}

pub(crate) fn pass(world: &World, seconds: u64) {
    world.advance(Duration::from_secs(seconds));
}

/// The states of a run's task instances.
pub(crate) fn states(world: &World, run: &RunKey) -> BTreeMap<String, TaskState> {
    world.task_instances(run).into_iter().map(|one| (one.key.to_string(), one.state)).collect()
}

/// Those in this state.
pub(crate) fn in_state(world: &World, run: &RunKey, state: &TaskState) -> Vec<String> {
    states(world, run).into_iter().filter(|(_, one)| one == state).map(|(name, _)| name).collect()
}

pub(crate) async fn state(world: &World, run: &RunKey) -> RunState {
    world.airflow().dag_run(run).await.unwrap().state
}

pub(crate) async fn mark(world: &World, run: &RunKey, id: &str, state: NewTaskState) {
    world.airflow().set_task_state(&SetTaskState::new(run.clone(), task(id), state)).await.unwrap();
}
