//! Aurora and Mesos: how tasks live, what people do to them, what may be wrong with the cluster, and the night on it.

mod api;
mod closed;
mod http;
mod life;
mod night;
mod peer;
mod people;
mod trouble;

use std::time::Duration;

use aurora_client::{JobKey, Task, TaskStatus};
use ops_sandbox::World;
use ops_sandbox::aurora::{JobOrder, JobSpec};
use ops_sandbox::scenario::{self, Stack};

pub(crate) fn job(name: &str) -> JobKey {
    JobKey::new("jobs", "prod", name).unwrap()
}

/// A stack whose clock stands still until it is moved.
pub(crate) fn stack() -> (World, Stack) {
    let world = World::seeded(1).at("2026-11-25T03:00:00Z".parse().unwrap());
    let stack = scenario::stack(&world);
    (world, stack)
}

pub(crate) fn pass(world: &World, secs: f64) {
    world.advance(Duration::from_secs_f64(secs));
}

/// A job that runs for a minute, and does so already.
pub(crate) fn running(world: &World, name: &str, instances: u32) -> JobKey {
    let key = job(name);
    let order = JobOrder::takes(Duration::from_secs(60));
    world.add_job(JobSpec::new(key.clone()).instances(instances).order(order)).unwrap();
    pass(world, 1.0);
    key
}

pub(crate) fn statuses(world: &World, key: &JobKey) -> Vec<TaskStatus> {
    world.aurora_tasks(key).into_iter().map(|task| task.status).collect()
}

pub(crate) fn history(task: &Task) -> Vec<TaskStatus> {
    task.events.iter().map(|event| event.status).collect()
}
