//! The recipes for DAG runs whose tasks are jobs of Aurora: `redeploy-dag` and `stop-run` to their ends.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use airflow_client::{RunState, TaskId, TaskState};
use aurora_client::TaskStatus;
use jiff::Timestamp;
use ops_plan::{Outcome, Registry, Verdict};
use ops_recipes::airflow::{AirflowReads, AirflowWrites, RedeployDag, RedeployReads, RedeployWrites, StopRun};
use ops_recipes::aurora::{AuroraKillJobs, AuroraRunJobs, JobPlace};
use ops_recipes::datasets::{DatasetReads, MetapodWrites};
use ops_sandbox::scenario::{self, OnAuroraNight};
use ops_sandbox::{Fault, Operation, World};
use sonar_client::SonarRead;

use super::{Desk, active, pass, propose};
use crate::stage::{texts, verdict};

fn night() -> (World, OnAuroraNight) {
    let world = World::seeded(1).at(Timestamp::now());
    let night = scenario::dagao_on_aurora(&world).unwrap();
    (world, night)
}

fn reads(world: &World, night: &OnAuroraNight) -> AirflowReads {
    let place = JobPlace::new("jobs", "prod").of_transaction(night.night.transaction.to_string());
    AirflowReads::new(Arc::new(world.airflow()))
        .with_writer(Arc::new(world.airflow()))
        .with_jobs(Arc::new(AuroraRunJobs::new(Arc::new(world.aurora()), place)))
}

fn writes(world: &World) -> AirflowWrites {
    let kills = AuroraKillJobs::new(Arc::new(world.aurora()), Arc::new(world.aurora()));
    AirflowWrites::new(Arc::new(world.airflow())).with_jobs(Arc::new(kills))
}

fn registry(world: &World, night: &OnAuroraNight) -> Registry {
    let datasets = DatasetReads::new(Arc::new(world.sonar()), Arc::new(world.metapod()));
    let redeploy = RedeployReads::new(reads(world, night)).with_datasets(datasets);
    let metapod = MetapodWrites::new(Arc::new(world.metapod()));
    Registry::new()
        .with::<RedeployDag>(redeploy, RedeployWrites::new(writes(world)).with_metapod(metapod))
        .with::<StopRun>(reads(world, night), writes(world))
}

fn task(id: &str) -> TaskId {
    id.parse().unwrap()
}

fn state(world: &World, night: &OnAuroraNight, id: &str) -> TaskState {
    let all = world.task_instances(&night.tonight.run);
    all.into_iter().find(|one| one.key.task.as_str() == id).unwrap().state
}

const JOB: &str = "jobs/prod/itaipu-core";

#[tokio::test]
async fn no_second_writer_runs_beside_what_is_taken_back() {
    let (world, night) = night();
    let registry = registry(&world, &night);
    let (run, transaction) = (night.tonight.run.clone(), night.night.transaction);
    assert_eq!(active(&world, JOB).len(), 1);
    let old = active(&world, JOB)[0].id.clone();
    let before = world.aurora_tasks(&JOB.parse().unwrap()).len();
    let ask = RedeployDag::new(run.clone(), vec![task("itaipu-core")]).retracting(transaction);
    let plan = propose(&registry, &ask).await;
    assert_eq!(texts(&plan)[0], "mark itaipu-core: running (try 1) → failed");
    assert_eq!(texts(&plan)[1], "kill 1 process of job itaipu-core");
    assert_eq!(verdict(&plan, "live-writer"), Some(Verdict::Ask), "other jobs of the run work");
    let whole = world.sonar().committed_count(transaction).await.unwrap();
    world.faults().sometimes(1.0, Operation::RetractCommittedDataset, Fault::Delay(Duration::from_millis(5)));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let watching = {
        let (world, seen) = (world.clone(), seen.clone());
        tokio::spawn(async move {
            loop {
                let left = world.sonar().committed_count(transaction).await.unwrap();
                let works = active(&world, JOB).len();
                seen.lock().unwrap().push((left, works));
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
    };
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    watching.abort();
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    let seen = seen.lock().unwrap();
    assert!(seen.iter().any(|(left, _)| *left > 0 && *left < whole), "it was seen in between");
    assert!(seen.iter().all(|(left, works)| *left == whole || *left == 0 || *works == 0), "a second writer: {seen:?}");
    // Killed once, and begun once more.
    pass(&world, 20);
    let tasks = world.aurora_tasks(&JOB.parse().unwrap());
    assert_eq!(tasks.len(), before + 1, "{tasks:?}");
    assert_eq!(tasks.iter().find(|one| one.id == old).unwrap().status, TaskStatus::Killed);
}

#[tokio::test]
async fn a_killed_job_alone_would_have_been_started_again_by_its_task() {
    let (world, night) = night();
    let before = world.aurora_tasks(&JOB.parse().unwrap()).len();
    world.kill_job(&JOB.parse().unwrap());
    pass(&world, 20);
    // That is why the task is marked before.
    assert_eq!(world.aurora_tasks(&JOB.parse().unwrap()).len(), before + 1);
    assert_eq!(state(&world, &night, "itaipu-core"), TaskState::Success);
}

#[tokio::test]
async fn a_stopped_run_leaves_nothing_at_work_and_others_alone() {
    let (world, night) = night();
    let registry = registry(&world, &night);
    let run = night.tonight.run.clone();
    let plan = propose(&registry, &StopRun::new(run.clone())).await;
    let kills = texts(&plan).iter().filter(|text| text.starts_with("kill ")).count();
    assert_eq!(kills, 2, "{:?}", texts(&plan));
    let report = Desk::new().apply_while_time_passes(&world, &registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    for job in [JOB, "jobs/prod/itaipu-reports"] {
        assert!(active(&world, job).is_empty(), "{job}");
    }
    assert_eq!(active(&world, &night.other.to_string()).len(), 1, "another transaction's job lives on");
    let state = airflow_client::AirflowRead::dag_run(&world.airflow(), &run).await.unwrap().state;
    assert_eq!(state, RunState::Failed);
}
