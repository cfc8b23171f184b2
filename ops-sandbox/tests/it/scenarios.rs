use std::collections::HashSet;

use airflow_client::{AirflowRead, AirflowWrite, NewTaskState, RunState, SetTaskState, TaskId, TaskState};
use metapod_client::{DatasetId, LogicalType, MetapodRead, MetapodWrite, TransactionType};
use ops_sandbox::scenario::{Bulk, bulk};
use ops_sandbox::{Operation, World};
use sonar_client::{DatasetDetail, DatasetFilter, SonarRead};

fn second(id: uuid::Uuid) -> i64 {
    i64::from(id.as_fields().0)
}

#[test]
fn the_night_has_all_families_and_some_failures() {
    let (world, night) = World::nightly(1);
    let datasets = world.datasets(night.transaction).unwrap();
    assert!((300..700).contains(&datasets.len()), "{}", datasets.len());

    let names: Vec<_> = datasets.iter().map(|detail| detail.dataset.name.as_str()).collect();
    for family in
        ["raw-", "contract-", "dataset/", "dataset-fact/", "dataset-dimension/", "model/", "policy/", "archive/"]
    {
        assert!(names.iter().any(|name| name.starts_with(family)), "{family}");
    }
    for twin in ["-avro", "-csv-gz"] {
        assert!(names.iter().any(|name| name.ends_with(twin)), "{twin}");
    }
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());

    let open: HashSet<_> =
        datasets.iter().filter(|detail| !detail.dataset.committed).map(|detail| detail.dataset.name.clone()).collect();
    assert_eq!(open, night.failed.iter().chain(&night.waiting).cloned().collect());
    assert!(!night.failed.is_empty() && !night.waiting.is_empty());
    assert_eq!(world.committed(night.transaction), datasets.len() - open.len());
    assert_eq!(world.committed(night.yesterday), world.datasets(night.yesterday).unwrap().len());
}

#[test]
fn one_schema_bears_a_name_twice() {
    let (world, night) = World::nightly(1);
    let schema = world.dataset(night.duplicate).unwrap().schema.unwrap();
    let twice: Vec<_> = schema.duplicates().iter().map(|attribute| attribute.name.as_str()).collect();
    assert_eq!(twice, [night.duplicate_attribute.as_str()]);

    let others = world.datasets(night.transaction).unwrap();
    let faulty =
        others.iter().filter(|detail| detail.schema.as_ref().is_some_and(|schema| !schema.duplicates().is_empty()));
    assert_eq!(faulty.count(), 1);
    for attribute in others.iter().filter_map(|detail| detail.schema.as_ref()).flat_map(|schema| &schema.attributes) {
        assert!(attribute.id.is_some());
        assert_eq!(attribute.logical_sub_type.is_some(), attribute.logical_type == Some(LogicalType::Array));
    }
}

#[tokio::test]
async fn ids_tell_their_time() {
    let (world, night) = World::nightly(3);
    let transactions = world.sonar().transactions().await.unwrap();
    let tonight = transactions.iter().find(|transaction| transaction.id == night.transaction).unwrap();
    assert!(night.transaction.looks_scheduled() && night.yesterday.looks_scheduled() && night.custom.looks_scheduled());
    let started = tonight.started_at.unwrap();
    assert_eq!(started.to_string()[10..], *"T00:01:04Z");

    let datasets = world.datasets(night.transaction).unwrap();
    for DatasetDetail { dataset, partitions, .. } in &datasets {
        assert_eq!(dataset.id.minted_at(), Some(started), "{}", dataset.name);
        assert_eq!(dataset.committed, !partitions.is_empty());
        for partition in partitions {
            assert_eq!(Some(second(partition.id.uuid())), dataset.committed_at.map(|at| at.as_second()));
        }
    }
    assert!(
        datasets.iter().filter_map(|detail| detail.dataset.committed_at).all(|at| at > started && at <= world.now())
    );
}

#[tokio::test]
async fn the_list_shows_yesterday_and_a_custom_run_beside_the_daily_one() {
    let (world, night) = World::nightly(3);
    let listed = world.sonar().transactions().await.unwrap();
    assert_eq!(listed.len(), 3);
    let today: Vec<_> = listed.iter().filter(|one| one.target_date == Some(night.target_date)).collect();
    let kinds: HashSet<_> = today.iter().filter_map(|one| one.transaction_type.clone()).collect();
    assert_eq!(kinds, HashSet::from([TransactionType::Daily, TransactionType::Custom]));
    let yesterday = listed.iter().find(|one| one.id == night.yesterday).unwrap();
    assert!(yesterday.committed_at.is_some() && today.iter().all(|one| one.committed_at.is_none()));
    assert_eq!(yesterday.reference_date, yesterday.target_date.and_then(|day| day.yesterday().ok()));
}

#[test]
fn the_same_seed_and_clock_give_the_same_world() {
    let at = "2018-01-17T14:00:00Z".parse().unwrap();
    let build = |seed| {
        let world = World::seeded(seed).at(at);
        let night = ops_sandbox::scenario::nightly(&world);
        (night.transaction, world.datasets(night.transaction).unwrap())
    };
    assert_eq!(build(5), build(5));
    assert_ne!(build(5), build(6));
}

#[test]
fn just_after_midnight_the_run_is_still_yesterdays() {
    let world = World::seeded(1).at("2018-01-17T00:05:00Z".parse().unwrap());
    let night = ops_sandbox::scenario::nightly(&world);
    assert_eq!(night.target_date.to_string(), "2018-01-16");
}

#[tokio::test]
async fn a_retract_in_metapod_is_seen_in_sonar_and_counted_once() {
    let world = World::seeded(9);
    let transaction = bulk(&world, Bulk::new(20).with_schema()).unwrap();
    let (metapod, sonar) = (world.metapod(), world.sonar());
    let committed = sonar.datasets(transaction, &DatasetFilter::committed()).await.unwrap();
    assert_eq!(committed.len(), 20);
    assert!(metapod.transaction(transaction).await.unwrap().committed_at.is_some());

    let gone = &committed[7];
    for _ in 0..3 {
        metapod.retract_committed_dataset(gone.id).await.unwrap();
    }
    assert_eq!((world.calls(gone.id), world.effects(gone.id)), (3, 1));
    assert_eq!(sonar.committed_count(transaction).await.unwrap(), 19);
    assert_eq!(metapod.transaction(transaction).await.unwrap().committed_at, None);
    let detail = sonar.details(transaction, std::slice::from_ref(&gone.name)).await.unwrap().remove(0);
    assert!(detail.schema.is_none() && detail.partitions.is_empty() && detail.dataset.path.is_none());

    // Committed again behind the caller's back: other facts, a later time.
    world.recommit(gone.id).unwrap();
    let again = world.dataset(gone.id).unwrap().dataset;
    assert!(again.path != gone.path && again.committed_at > gone.committed_at);
    assert_eq!(world.effects(gone.id), 1, "what a test does directly is not logged");
    assert_eq!(world.log().iter().filter(|line| line.operation.changes()).count(), 1);
}

#[tokio::test]
async fn an_unknown_id_is_not_found() {
    let world = World::seeded(9);
    let stray = DatasetId::from_uuid(uuid::Uuid::nil());
    let error = world.metapod().retract_committed_dataset(stray).await.unwrap_err();
    assert!(error.is_not_found() && error.effect() == ops_client::Effect::None);
    assert_eq!(world.count(Operation::RetractCommittedDataset, stray.uuid()).calls, 1);
    assert_eq!(world.effects(stray), 0);
}

#[tokio::test]
async fn the_dag_run_tells_what_the_catalogue_tells() {
    for at in ["2018-01-17T00:12:00Z", "2018-01-17T03:00:00Z", "2018-01-17T23:59:00Z"] {
        let world = World::seeded(1).at(at.parse().unwrap());
        let night = ops_sandbox::scenario::nightly(&world);
        let ops_sandbox::scenario::Tonight { run, yesterday: before, .. } =
            ops_sandbox::scenario::tonight(&world, &night).unwrap();
        let airflow = world.airflow();
        assert_eq!(run.run.as_str(), "scheduled__2018-01-16T00:00:00+00:00");
        assert_eq!(airflow.dag_run(&run).await.unwrap().state, RunState::Running, "{at}");
        assert_eq!(airflow.dag_run(&before).await.unwrap().state, RunState::Success, "{at}");
        let in_state = |state: TaskState| {
            let tasks = world.task_instances(&run).into_iter();
            tasks.filter(|one| one.state == state).map(|one| one.key.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(in_state(TaskState::Failed), ["churn-risk", "itaipu-credit-limit-history"]);
        assert_eq!(in_state(TaskState::Running), ["itaipu-reports"]);
        assert_eq!(in_state(TaskState::NoStatus), ["downscale-reports"]);
        let behind = in_state(TaskState::UpstreamFailed);
        assert!(behind.contains(&"credit-limit-history".to_owned()) && behind.contains(&"retention-policy".to_owned()));
        assert!(in_state(TaskState::Success).contains(&"downscale-credit-limit-history".to_owned()));

        // Passed over, what follows runs in seconds, and commits what it computes; the other failure stays.
        let committed = world.committed(night.transaction);
        let mark =
            SetTaskState::new(run.clone(), "credit-limit-history".parse::<TaskId>().unwrap(), NewTaskState::Success);
        airflow.set_task_state(&mark).await.unwrap();
        world.advance(std::time::Duration::from_secs(30));
        let behind = in_state(TaskState::UpstreamFailed);
        assert_eq!(behind, ["load-retention", "retention-policy"], "{at}");
        let policy = world.find(night.transaction, "policy/credit-line-policy").unwrap();
        assert!(world.dataset(policy).unwrap().dataset.committed, "{at}");
        assert!(world.committed(night.transaction) > committed);
        let model = world.find(night.transaction, "model/credit-limit-history").unwrap();
        assert!(!world.dataset(model).unwrap().dataset.committed, "what was passed over is empty");
    }
}
