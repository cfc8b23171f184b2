//! `stop-run`: the order of things, whose jobs are killed, and the machines that stay.

use std::sync::{Arc, Mutex};

use airflow_client::{DagRun, RunKey, TaskState};
use async_trait::async_trait;
use jiff::SignedDuration;
use ops_client::Result;
use ops_plan::{Outcome, Registry, Target, Verdict};
use ops_recipes::airflow::{AirflowWrites, KillJobs, LiveJob, RunJobs, StopRun};
use ops_sandbox::World;

use super::{Desk, approved, failed, key, night, pass, planned, reads, starts, state};
use crate::stage::{texts, verdict, word};

/// A cluster on which processes run until they are killed; the death of one is the death of its task.
struct Cluster {
    world: World,
    run: RunKey,
    alive: Mutex<Vec<LiveJob>>,
    killed: Mutex<Vec<String>>,
}

impl Cluster {
    fn new(world: &World, run: &RunKey, alive: Vec<LiveJob>) -> Arc<Self> {
        let (alive, killed) = (Mutex::new(alive), Mutex::new(Vec::new()));
        Arc::new(Self { world: world.clone(), run: run.clone(), alive, killed })
    }
}

#[async_trait]
impl RunJobs for Cluster {
    async fn live(&self, _: &DagRun, tasks: &[String]) -> Result<Vec<LiveJob>> {
        Ok(self.alive.lock().unwrap().iter().filter(|job| tasks.contains(&job.job)).cloned().collect())
    }
}

#[async_trait]
impl KillJobs for Cluster {
    async fn kill(&self, ids: &[String]) -> Result<()> {
        // Nothing may be left that would start it again.
        let state = self.world.airflow();
        let run = airflow_client::AirflowRead::dag_run(&state, &self.run).await?;
        assert_eq!(run.state, airflow_client::RunState::Failed, "the run is stopped before its jobs are");
        let mut alive = self.alive.lock().unwrap();
        for dead in alive.iter_mut().filter(|job| ids.contains(&job.id) && job.is_alive()) {
            // It takes a while to die: the stillness counts from then on.
            *dead = dead.clone().ended_at(self.world.now() + SignedDuration::from_secs(90));
            let _ = self.world.fail_task(&self.run, &key(&dead.job));
        }
        self.killed.lock().unwrap().extend(ids.iter().cloned());
        Ok(())
    }
}

/// A run of which `fx-model` works, and the rest waits.
fn at_work() -> (World, RunKey) {
    let (world, run) = night(&[]);
    world.order(&run, [], [("fx-model", 6000.0), ("policy-model", 6000.0)]);
    pass(&world, 30);
    assert_eq!(state(&world, &run, "fx-model"), TaskState::Running);
    (world, run)
}

#[tokio::test]
async fn the_run_is_stopped_first_then_its_own_jobs() {
    let (world, run) = at_work();
    let cluster = Cluster::new(
        &world,
        &run,
        vec![
            LiveJob::new("1-fx", "fx-model", Some(true)),
            LiveJob::new("1-policy", "policy-model", Some(true)),
            LiveJob::new("0-fx", "fx-model", Some(false)),
        ],
    );
    let reads = reads(&world).with_jobs(cluster.clone());
    let writes = AirflowWrites::new(Arc::new(world.airflow())).with_jobs(cluster.clone());
    let registry = Registry::new().with::<StopRun>(reads, writes);
    let plan = registry.propose(&StopRun::new(run.clone()), Target::new("staging")).await.unwrap();
    assert_eq!(
        texts(&plan),
        [
            "set the run scheduled__2026-11-24T00:00:00+00:00: running → failed",
            "kill 1 process of job fx-model",
            "kill 1 process of job policy-model",
            "wait until nothing of the run was live for 60 s",
        ]
    );
    assert_eq!(verdict(&plan, "machines"), Some(Verdict::Warn));
    let desk = Desk::new();
    // The clock of the world goes on while the stillness is awaited.
    let ticking = {
        let world = world.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                pass(&world, 10);
            }
        })
    };
    let report = desk.runner.start(&registry, approved(plan)).await.unwrap();
    ticking.abort();
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    let mut killed = cluster.killed.lock().unwrap().clone();
    killed.sort();
    assert_eq!(killed, ["1-fx", "1-policy"], "yesterday's job of the same name lives on");
    assert_eq!(state(&world, &run, "downscale-fx-model"), TaskState::Skipped);
    assert_eq!(starts(&world, &run, "downscale-fx-model"), 0);
    let due = desk.due(&registry).await;
    assert!(due[0].contains("downscale-fx-model"), "{due:?}");
}

#[tokio::test]
async fn jobs_of_nobody_are_asked_about_and_never_killed() {
    let (world, run) = at_work();
    let cluster = Cluster::new(&world, &run, vec![LiveJob::new("?-fx", "fx-model", None)]);
    let reads = reads(&world).with_jobs(cluster);
    let writes = AirflowWrites::new(Arc::new(world.airflow()));
    let registry = Registry::new().with::<StopRun>(reads, writes);
    let plan = registry.propose(&StopRun::new(run), Target::new("staging")).await.unwrap();
    assert_eq!(verdict(&plan, "live-writer"), Some(Verdict::Ask));
    assert!(word(&plan.head().findings, "live-writer").unwrap().text.contains("?-fx"));
    assert!(!texts(&plan).iter().any(|text| text.contains("kill")), "{:?}", texts(&plan));
}

#[tokio::test]
async fn jobs_that_cannot_be_seen_are_asked_about_and_an_ended_run_needs_nothing() {
    let (world, run) = at_work();
    let plan = planned(&world, &StopRun::new(run)).await;
    assert_eq!(verdict(&plan, "no-evidence"), Some(Verdict::Ask));
    let (world, run) = failed(&["fx-model"]);
    assert!(planned(&world, &StopRun::new(run)).await.is_empty());
}
