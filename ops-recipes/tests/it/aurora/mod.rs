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
use ops_plan::{Approval, Approved, Expect, Plan, Recipe, Registry, Report, Runner, Runs, Target, Verdict};
use ops_recipes::aurora::{AuroraReads, AuroraWrites, FleetReads, FleetWrites};
use ops_sandbox::World;
use ops_sandbox::scenario::{self, Stack};

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

    /// Runs a plan while the world's clock goes on, a second every few milliseconds.
    async fn apply(&self, world: &World, registry: &Registry, plan: Plan) -> Report {
        let ticking = {
            let world = world.clone();
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    pass(&world, 1);
                }
            })
        };
        let report = self.runner.start(registry, approved(plan)).await.unwrap();
        ticking.abort();
        report
    }

    async fn due(&self, registry: &Registry) -> Vec<String> {
        let debts = self.runner.runs().due(Some(registry), Timestamp::now()).await.unwrap();
        debts.due.into_iter().map(|due| due.obligation.what).collect()
    }
}

fn blocks(plan: &Plan) -> Vec<String> {
    let blocks = plan.head().findings.iter().filter(|finding| finding.verdict == Verdict::Block);
    blocks.map(|finding| finding.text.clone()).collect()
}
