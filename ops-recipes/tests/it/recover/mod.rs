//! The ladder for a failed run: what comes next, and nights on which it is climbed as far as the evidence asks.

mod guards;
mod kills;
mod ladder;
mod nights;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aurora_client::{AuroraRead, AuroraWrite, MesosRead};
use fleet_ops::{FleetRead, FleetWrite};
use jiff::Timestamp;
use ops_plan::{Outcome, Plan, Registry, Report, RunState, Runner, Runs, Target, Watcher};
use ops_recipes::aurora::{
    AuroraReads, AuroraWrites, CycleMachines, FleetReads, FleetWrites, Order, ScaleReads, Scaling,
};
use ops_recipes::recover::{
    Evidence, GocdDeploys, Ladder, Past, RecoverReads, RecoverRun, RecoverWrites, Rules, Rung, Step, Ways, gather, next,
};
use ops_sandbox::World;
use ops_sandbox::scenario::{self, Recovery, TroubledNight};
use serde::{Deserialize, Serialize};

use crate::desk::approved;

const DAGAO: &str = r#"
key = "jobs/prod/dagao"
resources = { cpus = 1.0, ram-mb = 1024, disk-mb = 512 }
labels = { metapod_transaction = "{{profile.metapod_transaction}}", version = "{{version.dagao}}" }

[[processes]]
name = "dagao"
cmdline = "run dagao --version {{version.dagao}} --transaction {{profile.metapod_transaction}}"
"#;

const SCALE: &str = r#"
key = "jobs/prod/scale"
resources = { cpus = 0.5, ram-mb = 256, disk-mb = 128 }
labels = { MODE = "{{MODE}}", N_NODES = "{{N_NODES}}", version = "{{version.scale_cluster}}" }

[[processes]]
name = "scale"
cmdline = "scale MODE={{MODE}} N_NODES={{N_NODES}} SCALE_TIMEOUT={{SCALE_TIMEOUT}} --version {{version.scale_cluster}}"
"#;

/// What the ladder stands on.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Plot {
    ladder: Ladder,
    rules: Rules,
    ways: Ways,
}

impl Plot {
    fn of(night: &Recovery) -> Self {
        let transaction = night.transaction.to_string();
        let group = &night.stack.on_demand;
        let ladder = Ladder::new(&transaction, night.job.clone(), group)
            .with_run(night.run.clone())
            .with_scale_job(night.scale_job.clone());
        let order = Order::new("dagao.toml", DAGAO).bind("profile.metapod_transaction", transaction);
        let scaling = Scaling::new(Order::new("scale.toml", SCALE), "on-demand", group);
        let cycle = CycleMachines::new(group).with_batch(3);
        Self { ladder, rules: Rules::new().with_nodes(night.nodes), ways: Ways::new(cycle, order, scaling) }
    }
}

/// A night, with the machines in a hurry.
fn night(kind: TroubledNight) -> (World, Recovery) {
    let world = World::seeded(1);
    world.machines_take(Duration::from_millis(100), Duration::from_millis(50));
    let night = scenario::recovery(&world, kind).unwrap();
    (world, night)
}

/// The systems, whichever way they are reached.
#[derive(Clone)]
struct Systems {
    aurora: Arc<dyn AuroraRead>,
    aurora_writes: Arc<dyn AuroraWrite>,
    mesos: Arc<dyn MesosRead>,
    fleet: Arc<dyn FleetRead>,
    fleet_writes: Arc<dyn FleetWrite>,
    more: fn(RecoverReads, &World) -> RecoverReads,
    world: Option<World>,
}

impl Systems {
    /// In memory, with Airflow and the build server.
    fn of(world: &World) -> Self {
        let (aurora, fleet) = (Arc::new(world.aurora()), Arc::new(world.fleet()));
        let more = |reads: RecoverReads, world: &World| {
            let deploys = GocdDeploys::new(Arc::new(world.gocd()), ["dagao".parse().unwrap()]);
            reads.with_airflow(Arc::new(world.airflow())).with_deploys(Arc::new(deploys))
        };
        Self {
            aurora: aurora.clone(),
            aurora_writes: aurora,
            mesos: Arc::new(world.mesos()),
            fleet: fleet.clone(),
            fleet_writes: fleet,
            more,
            world: Some(world.clone()),
        }
    }

    fn reads(&self) -> RecoverReads {
        let aurora = AuroraReads::new(self.aurora.clone()).with_writer(self.aurora.clone());
        let fleet = FleetReads::new(self.fleet.clone());
        let fleet = fleet.with_aurora(self.aurora.clone()).with_mesos(self.mesos.clone());
        let reads = RecoverReads::new(ScaleReads::new(aurora, fleet));
        match &self.world {
            Some(world) => (self.more)(reads, world),
            None => reads,
        }
    }

    fn registry(&self) -> Registry {
        let aurora = AuroraWrites::new(self.aurora_writes.clone(), self.aurora.clone());
        let fleet = FleetWrites::new(self.fleet_writes.clone());
        Registry::new().with::<RecoverRun>(self.reads(), RecoverWrites::new(aurora, fleet))
    }
}

/// A person at the ladder, who says yes to every plan.
struct Person {
    systems: Systems,
    plot: Plot,
    runs: Runs,
    watcher: Option<Arc<dyn Watcher>>,
}

fn target() -> Target {
    Target::new("staging")
}

impl Person {
    fn new(systems: Systems, plot: Plot, folder: &Path) -> Self {
        Self { systems, plot, runs: Runs::at(folder), watcher: None }
    }

    async fn sees(&self) -> Evidence {
        let past = Past::read(&self.runs, &target(), &self.plot.ladder).unwrap();
        gather(&self.systems.reads(), &self.plot.ladder, &self.plot.rules, &past, Timestamp::now()).await.unwrap()
    }

    /// What comes next, once nothing goes on any more.
    async fn next(&self) -> (Step, Evidence) {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let seen = self.sees().await;
            match next(&self.plot.rules, &seen) {
                Step::Wait(why) => assert!(Instant::now() < end, "{why}"),
                step => return (step, seen),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn plan(&self, rung: Rung, seen: &Evidence) -> Plan {
        let recipe = self.plot.ways.climb(&self.plot.ladder, &self.plot.rules, seen, rung);
        self.systems.registry().propose(&recipe, target()).await.unwrap()
    }

    fn runner(&self) -> Runner {
        let runner = Runner::new(self.runs.clone(), "ana");
        match &self.watcher {
            Some(watcher) => runner.watched_by(watcher.clone()),
            None => runner,
        }
    }

    /// One step; what it was.
    async fn step(&self) -> (Step, Option<Report>) {
        let (step, seen) = self.next().await;
        let registry = self.systems.registry();
        let report = match &step {
            Step::Rung(rung) => {
                Some(self.runner().start(&registry, approved(self.plan(*rung, &seen).await)).await.unwrap())
            }
            Step::Resume(open) => {
                let dir = self.runs.find(&open.run).unwrap();
                Some(self.runner().resume(&registry, &dir, false).await.unwrap())
            }
            _ => None,
        };
        (step, report)
    }

    /// As far as the evidence asks: the rungs, and what was said in the end.
    async fn climbs(&self) -> (Vec<Rung>, Step) {
        let mut rungs = Vec::new();
        loop {
            let (step, report) = self.step().await;
            match (&step, report) {
                (Step::Rung(rung), Some(report)) => {
                    assert_eq!(report.outcome, Outcome::Done, "{rung}: {}", report.text());
                    rungs.push(*rung);
                }
                (Step::Resume(open), Some(report)) => {
                    assert_eq!(report.outcome, Outcome::Done, "resumed {}: {}", open.rung, report.text());
                }
                _ => return (rungs, step),
            }
            assert!(rungs.len() <= Rung::ALL.len(), "{rungs:?}");
        }
    }

    /// The rungs that were climbed, by the folder of runs.
    fn climbed(&self) -> Vec<Rung> {
        let done = self.runs.list().unwrap().into_iter().map(Result::unwrap);
        let done = done.filter(|run| run.state == RunState::Ended(Outcome::Done));
        let mut done: Vec<_> = done
            .map(|run| {
                let question: RecoverRun = serde_json::from_str(run.info.question.get()).unwrap();
                question.rung()
            })
            .collect();
        done.sort_unstable();
        done
    }
}
