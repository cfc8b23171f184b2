//! The nightly run on Aurora: what is done to its jobs is felt by its tasks, and by its datasets.

use std::time::Duration;

use airflow_client::{AirflowWrite, Clear, NewRunState, NewTaskState, RunState, SetTaskState, TaskState};
use aurora_client::TaskStatus::{Failed, Finished, Killed, Killing, Running};
use aurora_client::{AuroraRead, AuroraWrite, Instances, TaskFilter};
use metapod_client::TransactionId;
use ops_sandbox::World;
use ops_sandbox::airflow::{DagSpec, RunSpec, TaskSpec};
use ops_sandbox::aurora::{JobOrder, OnAurora, Trouble};
use ops_sandbox::metapod::TransactionSpec;
use ops_sandbox::scenario::{self, OnAuroraNight};

use super::{job, pass, stack, statuses};
use crate::airflow::{in_state, key, state, states, task};

fn night() -> (World, OnAuroraNight) {
    let world = World::seeded(1).at("2018-01-17T09:00:00Z".parse().unwrap());
    let night = scenario::dagao_on_aurora(&world).unwrap();
    (world, night)
}

#[tokio::test]
async fn jobs_tell_what_the_tasks_tell() {
    let (world, night) = night();
    let run = &night.tonight.run;
    assert_eq!(state(&world, run).await, RunState::Running);
    assert_eq!(in_state(&world, run, &TaskState::Running), ["itaipu-core", "itaipu-reports"]);
    assert_eq!(in_state(&world, run, &TaskState::Failed), ["churn-risk", "itaipu-credit-limit-history"]);
    let live = world.aurora().tasks(&TaskFilter::of_role("jobs").active()).await.unwrap();
    let mut names: Vec<_> = live.iter().map(|task| task.job.name().to_owned()).collect();
    names.sort_unstable();
    assert_eq!(names, ["itaipu-core", "itaipu-reports", "regulatory-report"]);
    let tonight = night.night.transaction.to_string();
    let ours = live.iter().filter(|task| task.config.label("metapod_transaction") == Some(&tonight));
    assert_eq!(ours.count(), 2);
    let core = live.iter().find(|task| task.job.name() == "itaipu-core").unwrap();
    assert_eq!(core.config.label("target_date"), Some("2018-01-17"));
    assert_eq!(core.config.label("version"), Some(night.version.as_str()));
    assert_eq!(core.config.mentions(&format!("--metapod-transaction {tonight}")), Some(true));

    // Yesterday's and tonight's share their jobs: each has ended tasks of both.
    let contracts = world.aurora_tasks(&job("itaipu-contracts"));
    let whose: Vec<_> = contracts.iter().filter_map(|task| task.config.label("target_date")).collect();
    assert_eq!(whose, ["2018-01-16", "2018-01-17"]);
    assert_eq!(statuses(&world, &job("churn-risk")), [Finished, Failed]);
}

#[tokio::test]
async fn after_a_kill_another_writer_starts() {
    let (world, night) = night();
    let (run, core) = (&night.tonight.run, job("itaipu-core"));
    world.aurora().kill(&core, &Instances::All, "").await.unwrap();
    assert_eq!(statuses(&world, &core), [Finished, Killing]);
    assert_eq!(states(&world, run)["itaipu-core"], TaskState::Running);
    pass(&world, 1.0);
    assert_eq!(states(&world, run)["itaipu-core"], TaskState::UpForRetry);
    pass(&world, 6.0);
    assert_eq!(states(&world, run)["itaipu-core"], TaskState::Running);
    assert_eq!(statuses(&world, &core), [Finished, Killed, Running], "another task, which nobody asked for");
}

#[tokio::test]
async fn a_run_that_is_failed_first_starts_no_other_writer() {
    let (world, night) = night();
    let (run, core) = (&night.tonight.run, job("itaipu-core"));
    world.airflow().set_run_state(run, NewRunState::Failed).await.unwrap();
    pass(&world, 1.0);
    assert_eq!(statuses(&world, &core), [Finished, Running], "its job does not care");
    world.aurora().kill(&core, &Instances::All, "").await.unwrap();
    pass(&world, 60.0);
    assert_eq!(statuses(&world, &core), [Finished, Killed]);
    assert_eq!(states(&world, run)["itaipu-core"], TaskState::Failed);
}

/// A DAG of one task on Aurora, which commits a dataset after a minute.
fn single(world: &World) -> (airflow_client::RunKey, TransactionId, metapod_client::DatasetName) {
    let name: metapod_client::DatasetName = "dataset/bills".parse().unwrap();
    let day = "2026-11-25".parse().unwrap();
    let transaction = world.add_transaction(TransactionSpec::daily(day), [name.clone()]).unwrap();
    let spec = TaskSpec::new(task("bills")).takes(Duration::from_secs(60)).retries(1, Duration::from_secs(5));
    let spec = spec.commits([name.clone()]);
    let dag = "single".parse().unwrap();
    world.deploy(DagSpec::new(dag, [spec]).on_aurora(OnAurora::new()));
    let run = world.add_run(&"single".parse().unwrap(), RunSpec::new("r".parse().unwrap()).transaction(transaction));
    (run.unwrap(), transaction, name)
}

#[tokio::test]
async fn a_job_that_nobody_waits_for_still_writes() {
    let (world, _) = stack();
    let (run, transaction, _) = single(&world);
    pass(&world, 10.0);
    world.mark_task(&run, &key("bills"), NewTaskState::Failed).unwrap();
    pass(&world, 20.0);
    assert_eq!((statuses(&world, &job("bills")), world.committed(transaction)), (vec![Running], 0));
    pass(&world, 60.0);
    assert_eq!((statuses(&world, &job("bills")), world.committed(transaction)), (vec![Finished], 1));
    assert_eq!(states(&world, &run)["bills"], TaskState::Failed);
}

#[tokio::test]
async fn who_clears_before_the_old_job_has_ended_gets_none() {
    let (world, _) = stack();
    let (run, ..) = single(&world);
    pass(&world, 10.0);
    let mark = SetTaskState::new(run.clone(), task("bills"), NewTaskState::Failed);
    world.airflow().set_task_state(&mark).await.unwrap();
    world.airflow().clear(&Clear::failed(run.clone(), [task("bills")])).await.unwrap();
    pass(&world, 2.0);
    assert_eq!(states(&world, &run)["bills"], TaskState::UpForRetry, "there is such a job");
    world.kill_job(&job("bills"));
    pass(&world, 10.0);
    assert_eq!(states(&world, &run)["bills"], TaskState::Running);
    assert_eq!(statuses(&world, &job("bills")), [Killed, Running]);
}

#[tokio::test]
async fn a_job_goes_by_what_it_was_told_and_by_what_airflow_is_told() {
    let (world, _) = stack();
    let (run, transaction, _) = single(&world);
    world.order_job(&job("bills"), JobOrder::takes(Duration::from_secs(2)).fails());
    pass(&world, 30.0);
    assert_eq!(statuses(&world, &job("bills")), [Failed, Failed]);
    assert_eq!(states(&world, &run)["bills"], TaskState::Failed);
    world.order_job(&job("bills"), JobOrder::takes(Duration::from_secs(60)));
    world.airflow().clear(&Clear::failed(run.clone(), [task("bills")])).await.unwrap();
    pass(&world, 5.0);
    world.finish_task(&run, &key("bills")).unwrap();
    assert_eq!(statuses(&world, &job("bills")), [Failed, Failed, Finished]);
    assert_eq!(states(&world, &run)["bills"], TaskState::Success);
    assert_eq!(world.committed(transaction), 1);
}

#[tokio::test]
async fn without_a_scheduler_jobs_go_on_and_none_begins() {
    let (world, _) = stack();
    let (run, transaction, _) = single(&world);
    pass(&world, 10.0);
    world.aurora_trouble(Trouble::SchedulerDown);
    let other = world.add_run(&run.dag, RunSpec::new("other".parse().unwrap())).unwrap();
    pass(&world, 60.0);
    assert_eq!(world.committed(transaction), 1, "the job is done");
    assert_eq!(states(&world, &run)["bills"], TaskState::Running, "nobody could tell");
    assert_eq!(states(&world, &other)["bills"], TaskState::Failed);
    world.aurora_trouble(Trouble::Healthy);
    assert_eq!(states(&world, &run)["bills"], TaskState::Success);
}
