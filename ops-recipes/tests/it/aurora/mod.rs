//! The recipes for the cluster, on a stack whose tasks and machines take their time.

mod jobs;
mod machines;
mod restart;
mod runs;
mod scale;

use std::sync::Arc;
use std::time::Duration;

use aurora_client::{JobKey, Task, TaskStatus};
use jiff::Timestamp;
use ops_plan::{Plan, Recipe, Registry, Target};
use ops_recipes::aurora::{AuroraReads, AuroraWrites, FleetReads, FleetWrites};
use ops_sandbox::World;
use ops_sandbox::scenario::{self, Stack};

use crate::desk::{Desk, blocks};

/// A stack whose clock stands still until it is moved.
fn stack() -> (World, Stack) {
    let world = World::seeded(1).at(Timestamp::now());
    let stack = scenario::stack(&world);
    (world, stack)
}

fn key(text: &str) -> JobKey {
    text.parse().unwrap()
}

fn pass(world: &World, seconds: u64) {
    world.advance(Duration::from_secs(seconds));
}

/// The tasks of a job that wait, run or are about to end.
fn active(world: &World, job: &str) -> Vec<Task> {
    world.aurora_tasks(&key(job)).into_iter().filter(|task| task.status.is_active()).collect()
}

fn running(world: &World, job: &str) -> usize {
    active(world, job).iter().filter(|task| task.status == TaskStatus::Running).count()
}

fn aurora_reads(world: &World) -> AuroraReads {
    AuroraReads::new(Arc::new(world.aurora())).with_writer(Arc::new(world.aurora()))
}

fn aurora_writes(world: &World) -> AuroraWrites {
    AuroraWrites::new(Arc::new(world.aurora()), Arc::new(world.aurora()))
}

fn fleet_reads(world: &World) -> FleetReads {
    FleetReads::new(Arc::new(world.fleet())).with_aurora(Arc::new(world.aurora())).with_mesos(Arc::new(world.mesos()))
}

fn fleet_writes(world: &World) -> FleetWrites {
    FleetWrites::new(Arc::new(world.fleet())).with_mesos(Arc::new(world.mesos()))
}

async fn propose<R: Recipe>(registry: &Registry, ask: &R) -> Plan {
    registry.propose(ask, Target::new("staging")).await.unwrap()
}
