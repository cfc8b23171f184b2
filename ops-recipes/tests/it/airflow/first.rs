//! Airflow among what is looked at first, and what the recipes for datasets learn from it.

use std::sync::Arc;
use std::time::Duration;

use airflow_client::{AirflowRead, DagRun, ExecutionDate, RunKey, TaskState};
use jiff::{SignedDuration, Timestamp};
use ops_recipes::airflow::{AirflowJobs, Outputs, SonarOutputs};
use ops_recipes::datasets::{Job, JobState, Jobs, Knowledge, Writer};
use ops_recipes::first::{AirflowSystem, Severity, System, doctor, recipes_for, triage};
use ops_sandbox::airflow::{DagSpec, RunSpec, TaskSpec};
use ops_sandbox::{World, scenario};

use super::{failed, mark, pass, state, task};
use crate::stage::{self, now, tonight};

const SOON: Duration = Duration::from_secs(5);

fn system(world: &World) -> AirflowSystem {
    AirflowSystem::new(Arc::new(world.airflow()), "prod", "https://airflow.example.com")
}

async fn signs(system: AirflowSystem, now: Timestamp) -> Vec<ops_recipes::first::Sign> {
    system.signs(now).await.unwrap()
}

/// The night of the datasets' tests, with the run of its DAG.
fn both(about: &str, spec: impl FnOnce(RunSpec) -> RunSpec) -> (World, RunKey) {
    let world = stage::night();
    let dag = scenario::dagao(&world).unwrap();
    let about = ExecutionDate::new(about.parse().unwrap());
    let run = world.add_run(&dag, spec(RunSpec::new("r".parse().unwrap()).about(about))).unwrap();
    (world, run)
}

#[tokio::test]
async fn a_failed_run_is_told_with_the_next_command() {
    let (world, run) = failed(&["fx-model"]);
    let found = signs(system(&world), world.now()).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].severity, Severity::Broken);
    assert!(found[0].what.contains("failed: fx-model, 4 upstream_failed behind"), "{}", found[0].what);
    let next = format!("unblock-downstream --env prod --dag dagao --run {} --task fx-model", run.run);
    assert_eq!(found[0].next.as_deref(), Some(&*next));
    // Other DAGs only, or two days later: none of tonight's business.
    let other = system(&world).watching(["shapes".parse().unwrap()]);
    scenario::shapes(&world).unwrap();
    assert!(signs(other, world.now()).await.is_empty());
    assert!(signs(system(&world), world.now() + SignedDuration::from_hours(49)).await.is_empty());
}

#[tokio::test]
async fn what_goes_on_for_too_long_and_what_waits() {
    let (world, run) = super::night(&[]);
    world.order(&run, [], [("fx-model", 60_000.0), ("policy-model", 60_000.0)]);
    pass(&world, 30);
    assert!(signs(system(&world), world.now()).await.is_empty(), "all is well at first");
    let found = signs(system(&world), world.now() + SignedDuration::from_hours(15)).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].what.contains("the run overruns"), "{}", found[0].what);

    // A task in the middle of a run that still goes on has failed: that is told, too.
    mark(&world, &run, "itaipu-core", airflow_client::NewTaskState::Failed).await;
    pass(&world, 5);
    let found = signs(system(&world), world.now()).await;
    assert!(found[0].what.contains("the run is running; failed: itaipu-core"), "{found:?}");

    // A run that finds no place waits, and so does a task that finds no worker.
    let world = World::seeded(1).at(now());
    let dag = "full".parse().unwrap();
    world.deploy(DagSpec::new(dag, [TaskSpec::new(task("t"))]).paused());
    let run = world.add_run(&"full".parse().unwrap(), RunSpec::new("waits".parse().unwrap())).unwrap();
    pass(&world, 21 * 60);
    let found = signs(system(&world), world.now()).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].what.contains("the run waits waits in the queue"), "{found:?}");
    assert_eq!(found[0].severity, Severity::Stuck);
    let next = format!("dag-run --env prod --dag full --run {}", run.run);
    assert_eq!(found[0].next.as_deref(), Some(&*next));
}

#[tokio::test]
async fn a_file_that_cannot_be_read_and_a_part_that_is_not_well() {
    let world = World::seeded(1).at(now());
    world.put_import_error("broken.py", "Traceback:\n  File\nModuleNotFoundError: no module named x\n\n");
    let found = signs(system(&world), now()).await;
    assert_eq!(found[0].what, "cannot read broken.py: ModuleNotFoundError");
}

#[tokio::test]
async fn the_doctor_sees_who_may_change_runs() {
    let (world, _) = failed(&[]);
    let may: Vec<Arc<dyn System>> = vec![Arc::new(system(&world))];
    let told = doctor(&may, world.now(), SOON, tokio::time::sleep).await;
    assert!(told.is_well() && told.to_string().contains("3.3.2"), "{told}");
    let viewer = Arc::new(world.airflow().as_viewer());
    let may_not: Vec<Arc<dyn System>> = vec![Arc::new(system(&world).with_writer(viewer))];
    let told = doctor(&may_not, world.now(), SOON, tokio::time::sleep).await;
    assert!(!told.is_well() && told.to_string().contains("may not change runs of dagao"), "{told}");
    let elsewhere: Vec<Arc<dyn System>> = vec![Arc::new(system(&world).with_writer_elsewhere())];
    let told = doctor(&elsewhere, world.now(), SOON, tokio::time::sleep).await;
    assert!(told.is_well() && told.to_string().contains("was not asked"), "{told}");
    let overview = triage(&may, world.now(), SOON, tokio::time::sleep).await;
    assert!(!overview.found_something(), "{overview}");
}

#[test]
fn an_alert_names_its_recipe() {
    let known = |text: &str| recipes_for(text)[0].known.recipe;
    assert_eq!(known("fx-model is upstream_failed"), "unblock-downstream");
    assert_eq!(known("machines are still up since 04:00"), "release-machines");
    assert_eq!(known("please set the dag run as failed"), "stop-run");
}

fn jobs(world: &World) -> AirflowJobs {
    AirflowJobs::new(Arc::new(world.airflow()), Arc::new(world.sonar()), "dagao".parse().unwrap())
}

fn state_of(jobs: &[Job], name: &str) -> Option<JobState> {
    jobs.iter().find(|job| job.name == name).map(|job| job.state)
}

#[tokio::test]
async fn the_jobs_of_a_transaction_are_the_tasks_of_its_run() {
    // Target date 2026-11-22: the execution date is the day before.
    let (world, run) = both("2026-11-21T00:00:00Z", |spec| spec);
    world.order(&run, ["itaipu-core"], [("fx-model", 600.0)]);
    pass(&world, 30);
    assert_eq!(state(&world, &run, "fx-model"), TaskState::Running);
    let found = jobs(&world).jobs(tonight()).await.unwrap();
    assert_eq!(found.len(), 15);
    assert_eq!(state_of(&found, "fx-model"), Some(JobState::Running));
    assert_eq!(state_of(&found, "itaipu-core"), Some(JobState::Failed));
    assert_eq!(state_of(&found, "core-checks"), Some(JobState::UpstreamFailed));
    assert_eq!(state_of(&found, "itaipu-rest"), Some(JobState::NotReached));
    assert_eq!(state_of(&found, "itaipu-contracts"), Some(JobState::Succeeded));
}

#[tokio::test]
async fn the_run_of_another_day_is_not_taken_for_it() {
    let (world, _) = both("2026-11-22T00:00:00Z", |spec| spec);
    let error = jobs(&world).jobs(tonight()).await.unwrap_err();
    assert!(error.to_string().contains("no run of target date 2026-11-22"), "{error}");
}

#[tokio::test]
async fn of_several_runs_of_a_day_only_what_is_live_is_told_unless_one_was_given_the_transaction() {
    let (world, run) = both("2026-11-21T00:00:00Z", |spec| spec);
    world.order(&run, [], [("fx-model", 600.0)]);
    let about = ExecutionDate::new("2026-11-21T12:00:00Z".parse().unwrap());
    world.add_run(&run.dag, RunSpec::new("by-hand".parse().unwrap()).about(about)).unwrap();
    pass(&world, 60);
    let found = jobs(&world).jobs(tonight()).await.unwrap();
    assert_eq!(found, [Job::new("fx-model", JobState::Running)]);

    let given =
        RunSpec::new("given".parse().unwrap()).about(ExecutionDate::new("2026-11-21T13:00:00Z".parse().unwrap()));
    world.add_run(&run.dag, given.transaction(tonight())).unwrap();
    pass(&world, 60);
    let found = jobs(&world).jobs(tonight()).await.unwrap();
    assert_eq!(found.len(), 15);
    assert_eq!(state_of(&found, "fx-model"), Some(JobState::Succeeded));
}

#[tokio::test]
async fn what_is_live_in_a_run_by_hand_may_work_for_it() {
    let (world, run) = both("2026-11-21T00:00:00Z", |spec| spec.scheduled());
    pass(&world, 60);
    let by_hand = world.add_run(&run.dag, RunSpec::new("by-hand".parse().unwrap())).unwrap();
    world.order(&by_hand, [], [("itaipu-contracts", 600.0)]);
    pass(&world, 5);
    let found = jobs(&world).jobs(tonight()).await.unwrap();
    assert_eq!(state_of(&found, "itaipu-contracts"), Some(JobState::Running));
    assert_eq!(state_of(&found, "fx-model"), Some(JobState::Succeeded));
}

#[tokio::test]
async fn what_a_task_writes_is_read_from_its_transaction() {
    let (world, run) = both("2026-11-21T00:00:00Z", |spec| spec);
    let dag_run: DagRun = world.airflow().dag_run(&run).await.unwrap();
    let knowledge = Knowledge::new().with_writer(Writer::new(stage::NIGHT[0].0, "fx-model"));
    let outputs = SonarOutputs::new(Arc::new(world.sonar()), knowledge);
    let told = outputs.outputs(&dag_run, &[task("fx-model")]).await.unwrap().unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].dataset.as_str(), told[0].committed), (stage::NIGHT[0].0, stage::NIGHT[0].1.is_some()));
    assert_eq!(outputs.outputs(&dag_run, &[task("policy-model")]).await.unwrap(), None, "nobody said what it writes");
    let (world, run) = both("2026-11-22T00:00:00Z", |spec| spec);
    let other: DagRun = world.airflow().dag_run(&run).await.unwrap();
    let error = outputs.outputs(&other, &[task("fx-model")]).await.unwrap_err();
    assert!(error.to_string().contains("no DAILY transaction of target date 2026-11-23"), "{error}");
}
