//! The recipes for a DAG run, on a night whose scheduler moves tasks as the real one was seen to.

mod death;
mod first;
mod foretold;
mod kills;
mod machines;
mod real;
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
use ops_plan::{Approval, Approved, Expect, Plan, Recipe, Registry, Report, Runner, Runs, Target, Verdict};
use ops_recipes::airflow::{
    AirflowReads, AirflowWrites, ClearAndRerun, HoldMachines, ReleaseMachines, StopRun, UnblockDownstream,
};
use ops_sandbox::airflow::RunSpec;
use ops_sandbox::{World, scenario};

fn task(id: &str) -> TaskId {
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
fn failed(fail: &[&str]) -> (World, RunKey) {
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

fn registry(world: &World) -> Registry {
    registry_of(&reads(world), world)
}

async fn planned<R: Recipe>(world: &World, recipe: &R) -> Plan {
    registry(world).propose(recipe, Target::new("staging")).await.unwrap()
}

/// Says yes to everything, now.
fn approved(plan: Plan) -> Approved {
    let head = plan.head();
    let mut approval = Approval::new(plan.digest(), "ana", Timestamp::now())
        .expecting(Expect::exactly(head.changes() as u64))
        .accepting("share", "meant");
    for finding in head.findings.iter().filter(|finding| finding.verdict == Verdict::Ask) {
        approval = approval.accepting(&finding.guard, "looked at");
    }
    for card in plan.cards() {
        approval = approval.naming(card.key);
    }
    plan.approve(approval).map_err(|(_, error)| error).unwrap()
}

/// A folder of runs, and a runner for them.
struct Desk {
    runner: Runner,
    _folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { runner: Runner::new(Runs::at(folder.path()), "ana"), _folder: folder }
    }

    async fn apply(&self, registry: &Registry, plan: Plan) -> Report {
        self.runner.start(registry, approved(plan)).await.unwrap()
    }

    /// What is owed, as the world shows it.
    async fn due(&self, registry: &Registry) -> Vec<String> {
        let debts = self.runner.runs().due(Some(registry), Timestamp::now()).await.unwrap();
        assert!(debts.unreadable.is_empty());
        debts.due.into_iter().map(|due| due.obligation.what).collect()
    }
}

async fn clear(world: &World, run: &RunKey, ids: &[&str]) {
    let clear = Clear::any(run.clone(), ids.iter().map(|id| task(id)));
    world.airflow().clear(&clear).await.unwrap();
}

async fn mark(world: &World, run: &RunKey, id: &str, to: NewTaskState) {
    world.airflow().set_task_state(&SetTaskState::new(run.clone(), task(id), to)).await.unwrap();
}

/// What the plan blocks on, guard by guard.
fn blocks(plan: &Plan) -> Vec<String> {
    let blocks = plan.head().findings.iter().filter(|finding| finding.verdict == Verdict::Block);
    blocks.map(|finding| finding.text.clone()).collect()
}
