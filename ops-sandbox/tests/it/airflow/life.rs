//! What happens by itself.

use std::time::{Duration, Instant};

use airflow_client::{
    AirflowRead, AirflowWrite, DagRunId, ExecutionDate, RunState, TaskFilter, TaskState, TriggerRule, Variable,
};
use ops_sandbox::World;
use ops_sandbox::airflow::{DagSpec, RunSpec, TaskSpec};
use ops_sandbox::metapod::TransactionSpec;
use ops_sandbox::scenario;

use super::{dag, in_state, key, night, pass, run, state, states, still, task};

#[tokio::test]
async fn a_task_goes_from_nothing_to_success() {
    let world = still();
    let dag = dag(&world, &[("a", &[])]);
    let run = run(&world, &dag, "r");
    let mut seen = Vec::new();
    for _ in 0..40 {
        let tasks = world.airflow().task_instances(&run, &TaskFilter::all()).await.unwrap();
        seen.push((state(&world, &run).await, tasks[0].state.clone(), tasks[0].try_number));
        world.advance(Duration::from_millis(100));
    }
    seen.dedup();
    let expected = [
        (RunState::Queued, TaskState::NoStatus, 0),
        (RunState::Running, TaskState::NoStatus, 0),
        (RunState::Running, TaskState::Scheduled, 1),
        (RunState::Running, TaskState::Queued, 1),
        (RunState::Running, TaskState::Running, 1),
        (RunState::Running, TaskState::Success, 1),
        (RunState::Success, TaskState::Success, 1),
    ];
    assert_eq!(seen, expected);
    let one = world.airflow().task_instance(&run, &key("a")).await.unwrap();
    assert_eq!(one.duration, Some(Duration::from_secs(1)));
    assert!(one.queued_at < one.started_at && one.started_at < one.ended_at && one.hostname.is_some());
    assert_eq!(world.tally(&run, &key("a")).unwrap().starts, 1);
}

#[tokio::test]
async fn a_failed_model_stops_what_follows_but_not_its_downscale() {
    let world = still();
    let run = night(&world, &["fx-model"]);
    pass(&world, 60);
    assert_eq!(state(&world, &run).await, RunState::Failed);
    assert_eq!(in_state(&world, &run, &TaskState::Failed), ["fx-model"]);
    let behind = ["databricks_load-models", "downscale-rest", "itaipu-rest", "scale-ec2-rest"];
    assert_eq!(in_state(&world, &run, &TaskState::UpstreamFailed), behind);
    assert_eq!(states(&world, &run)["downscale-fx-model"], TaskState::Success);
    let never = world.airflow().task_instance(&run, &key("itaipu-rest")).await.unwrap();
    assert_eq!((never.try_number, never.started_at), (0, never.ended_at));
    assert!(never.started_at.is_some());
}

#[tokio::test]
async fn only_the_last_tasks_decide_how_a_run_ends() {
    let world = still();
    let tasks = [
        TaskSpec::new(task("fails")).followed_by([task("cleanup")]),
        TaskSpec::new(task("cleanup")).trigger_rule(TriggerRule::AllDone),
    ];
    world.deploy(DagSpec::new("small".parse().unwrap(), tasks));
    let run = run(&world, &"small".parse().unwrap(), "r");
    world.order(&run, ["fails"], []);
    pass(&world, 20);
    assert_eq!(states(&world, &run)["fails"], TaskState::Failed);
    assert_eq!(state(&world, &run).await, RunState::Success);
}

#[tokio::test]
async fn every_trigger_rule_is_kept_by_the_scheduler() {
    // Three before it: one succeeds, one fails, one is upstream_failed.
    let expected = [
        (TriggerRule::AllSuccess, TaskState::UpstreamFailed),
        (TriggerRule::AllFailed, TaskState::Skipped),
        (TriggerRule::AllDone, TaskState::Success),
        (TriggerRule::AllDoneMinOneSuccess, TaskState::Success),
        (TriggerRule::AllSkipped, TaskState::Skipped),
        (TriggerRule::OneSuccess, TaskState::Success),
        (TriggerRule::OneFailed, TaskState::Success),
        (TriggerRule::OneDone, TaskState::Success),
        (TriggerRule::NoneFailed, TaskState::UpstreamFailed),
        (TriggerRule::NoneFailedMinOneSuccess, TaskState::UpstreamFailed),
        (TriggerRule::NoneSkipped, TaskState::Success),
        (TriggerRule::Always, TaskState::Success),
    ];
    let world = still();
    let rules = expected.iter().map(|(rule, _)| TaskSpec::new(task(rule.as_str())).trigger_rule(rule.clone()));
    let below: Vec<_> = expected.iter().map(|(rule, _)| task(rule.as_str())).collect();
    let above = [
        TaskSpec::new(task("works")).followed_by(below.clone()),
        TaskSpec::new(task("fails")).followed_by(below.iter().cloned().chain([task("behind")])),
        TaskSpec::new(task("behind")).followed_by(below.clone()),
    ];
    world.deploy(DagSpec::new("rules".parse().unwrap(), above.into_iter().chain(rules)));
    let run = run(&world, &"rules".parse().unwrap(), "r");
    world.order(&run, ["fails"], []);
    pass(&world, 30);
    let states = states(&world, &run);
    for (rule, end) in expected {
        assert_eq!(states[rule.as_str()], end, "{rule}");
    }
    assert_eq!(state(&world, &run).await, RunState::Failed);
}

#[tokio::test]
async fn a_task_tries_again_as_often_as_it_may() {
    let world = still();
    let dag = scenario::shapes(&world).unwrap();
    let run = run(&world, &dag, "r");
    world.order(&run, ["retries-twice"], []);
    pass(&world, 4);
    assert_eq!(states(&world, &run)["retries-twice"], TaskState::UpForRetry);
    assert_eq!(state(&world, &run).await, RunState::Running);
    pass(&world, 30);
    let one = world.airflow().task_instance(&run, &key("retries-twice")).await.unwrap();
    assert_eq!((one.state, one.try_number, one.max_tries), (TaskState::Failed, 3, 2));
    assert_eq!(world.tally(&run, &one.key).unwrap().starts, 3);
    let tries = world.airflow().tries(&run, &key("retries-twice")).await.unwrap();
    let told: Vec<_> = tries.iter().map(|one| (one.try_number, one.state.clone())).collect();
    assert_eq!(told, [(1, TaskState::Failed), (2, TaskState::Failed), (3, TaskState::Failed)].map(|(n, s)| (n, s)));
    assert_eq!(state(&world, &run).await, RunState::Failed);
}

#[tokio::test]
async fn a_mapped_task_has_an_instance_for_each_item() {
    let world = still();
    let dag = scenario::shapes(&world).unwrap();
    let run = run(&world, &dag, "r");
    world.order(&run, ["file-1"], []);
    pass(&world, 30);
    let states = states(&world, &run);
    let loads: Vec<_> = (0..3).map(|at| states[&format!("loads.load-one[{at}]")].as_str().to_owned()).collect();
    assert_eq!(loads, ["success", "failed", "success"]);
    assert_eq!(states["end"], TaskState::UpstreamFailed);

    // Mapped over what is only known later, it is one until then.
    let late = TaskSpec::new(task("late")).mapped_late(["a", "b"]);
    world
        .deploy(DagSpec::new("late".parse().unwrap(), [TaskSpec::new(task("list")).followed_by([task("late")]), late]));
    let run = super::run(&world, &"late".parse().unwrap(), "r");
    assert_eq!(super::states(&world, &run).into_keys().collect::<Vec<_>>(), ["late", "list"]);
    pass(&world, 30);
    assert_eq!(super::states(&world, &run).into_keys().collect::<Vec<_>>(), ["late[0]", "late[1]", "list"]);
    assert_eq!(state(&world, &run).await, RunState::Success);
}

#[tokio::test]
async fn the_variables_steer_jobs_when_they_begin() {
    let world = still();
    let dag = scenario::dagao(&world).unwrap();
    let run = run(&world, &dag, "r");
    let airflow = world.airflow();
    airflow.set_variable(&Variable::new("sleep_tasks", "{\"fx-model\": 30}")).await.unwrap();
    pass(&world, 12);
    assert_eq!(states(&world, &run)["fx-model"], TaskState::Running);
    // It is read when a try begins: this one has begun.
    airflow.set_variable(&Variable::new("fail_tasks", "[\"fx-model\", \"core-checks\"]")).await.unwrap();
    pass(&world, 40);
    assert_eq!(states(&world, &run)["fx-model"], TaskState::Success);
    assert_eq!(state(&world, &run).await, RunState::Success);
    let second = super::run(&world, &dag, "s");
    airflow.set_variable(&Variable::new("sleep_tasks", "no JSON")).await.unwrap();
    pass(&world, 40);
    assert_eq!(in_state(&world, &second, &TaskState::Failed), ["core-checks", "fx-model"]);
}

#[tokio::test]
async fn only_so_many_runs_go_at_once_and_the_oldest_is_next() {
    let world = still();
    world.deploy(DagSpec::new("one".parse().unwrap(), [TaskSpec::new(task("a"))]).max_active_runs(1));
    let dag = "one".parse().unwrap();
    let make = |id: &str, day: &str| {
        let about = ExecutionDate::new(format!("{day}T00:00:00Z").parse().unwrap());
        let id: DagRunId = id.parse().unwrap();
        world.add_run(&dag, RunSpec::new(id).about(about)).unwrap()
    };
    let first = make("first", "2026-11-20");
    world.advance(Duration::from_millis(500));
    let (newer, older) = (make("newer", "2026-11-22"), make("older", "2026-11-21"));
    world.advance(Duration::from_millis(700));
    assert_eq!(state(&world, &first).await, RunState::Running);
    assert_eq!((state(&world, &newer).await, state(&world, &older).await), (RunState::Queued, RunState::Queued));
    world.advance(Duration::from_millis(1300));
    assert_eq!(state(&world, &first).await, RunState::Success);
    assert_eq!((state(&world, &newer).await, state(&world, &older).await), (RunState::Queued, RunState::Running));
    pass(&world, 5);
    assert_eq!(state(&world, &newer).await, RunState::Success);
}

#[tokio::test]
async fn a_paused_dag_lets_what_runs_end_and_begins_nothing() {
    let world = still();
    let dag = dag(&world, &[("a", &["b"]), ("b", &[])]);
    let first = run(&world, &dag, "first");
    world.advance(Duration::from_millis(800));
    world.airflow().set_paused(&dag, true).await.unwrap();
    let second = run(&world, &dag, "second");
    pass(&world, 60);
    assert_eq!(states(&world, &first)["a"], TaskState::Success);
    assert_eq!(states(&world, &first)["b"], TaskState::NoStatus);
    assert_eq!(state(&world, &second).await, RunState::Queued);
    world.airflow().set_paused(&dag, false).await.unwrap();
    pass(&world, 10);
    assert_eq!((state(&world, &first).await, state(&world, &second).await), (RunState::Success, RunState::Success));
}

#[tokio::test]
async fn a_pool_bounds_what_runs() {
    let world = still();
    world.put_pool("narrow", 2);
    let tasks = (0..6).map(|at| TaskSpec::new(task(&format!("t{at}"))).pool("narrow").takes(Duration::from_secs(10)));
    world.deploy(DagSpec::new("pooled".parse().unwrap(), tasks));
    let run = run(&world, &"pooled".parse().unwrap(), "r");
    pass(&world, 5);
    assert_eq!(in_state(&world, &run, &TaskState::Running).len(), 2);
    assert_eq!(in_state(&world, &run, &TaskState::Scheduled).len(), 4);
    let pools = world.airflow().pools().await.unwrap();
    let narrow = pools.iter().find(|pool| pool.name == "narrow").unwrap();
    assert_eq!((narrow.slots, narrow.running, narrow.open), (2, 2, 0));
    pass(&world, 10);
    assert_eq!(in_state(&world, &run, &TaskState::Running).len(), 2);
    pass(&world, 30);
    assert_eq!(state(&world, &run).await, RunState::Success);
}

#[tokio::test]
async fn a_job_that_died_fails_its_task_or_lets_it_try_again() {
    let world = still();
    let tasks = [
        TaskSpec::new(task("once")).takes(Duration::from_secs(600)),
        TaskSpec::new(task("again")).takes(Duration::from_secs(600)).retries(1, Duration::from_secs(60)),
    ];
    world.deploy(DagSpec::new("jobs".parse().unwrap(), tasks));
    let run = run(&world, &"jobs".parse().unwrap(), "r");
    pass(&world, 5);
    world.fail_task(&run, &key("once")).unwrap();
    world.fail_task(&run, &key("again")).unwrap();
    assert_eq!(states(&world, &run)["once"], TaskState::Failed);
    assert_eq!(states(&world, &run)["again"], TaskState::UpForRetry);
    assert!(world.fail_task(&run, &key("once")).is_err(), "it is dead already");
    pass(&world, 65);
    assert_eq!(states(&world, &run)["again"], TaskState::Running);
    world.finish_task(&run, &key("again")).unwrap();
    assert_eq!(states(&world, &run)["again"], TaskState::Success);
}

#[tokio::test]
async fn a_deploy_gives_a_run_new_tasks_and_takes_old_ones() {
    let world = still();
    let id = dag(&world, &[("a", &["b", "old"]), ("b", &[]), ("old", &[])]);
    let run = run(&world, &id, "r");
    world.advance(Duration::from_millis(900));
    dag(&world, &[("a", &["b", "new"]), ("b", &[]), ("new", &[])]);
    pass(&world, 20);
    let states = states(&world, &run);
    assert_eq!((&states["old"], &states["new"]), (&TaskState::Removed, &TaskState::Success));
    assert_eq!(state(&world, &run).await, RunState::Success);
    assert_eq!(world.airflow().graph(&id).await.unwrap().tasks().len(), 3);
}

#[tokio::test]
async fn what_a_task_commits_is_seen_in_metapod() {
    let world = still();
    let names: Vec<metapod_client::DatasetName> = vec!["model/a".parse().unwrap(), "model/b".parse().unwrap()];
    let transaction = world.add_transaction(TransactionSpec::custom(), names.clone()).unwrap();
    let tasks = [
        TaskSpec::new(task("a")).commits([names[0].clone()]).followed_by([task("b")]),
        TaskSpec::new(task("b")).commits([names[1].clone()]).takes(Duration::from_secs(100)),
    ];
    world.deploy(DagSpec::new("models".parse().unwrap(), tasks));
    let spec = RunSpec::new("r".parse().unwrap()).transaction(transaction);
    world.add_run(&"models".parse().unwrap(), spec).unwrap();
    // Nobody looks at Airflow: it happens all the same, and at its own time.
    let begun = world.now();
    pass(&world, 60);
    assert_eq!(world.committed(transaction), 1);
    let committed = world.datasets(transaction).unwrap()[0].dataset.committed_at.unwrap();
    assert!(committed > begun && committed < begun + jiff::SignedDuration::from_secs(5));
    pass(&world, 60);
    assert_eq!(world.committed(transaction), 2);
}

#[test]
fn five_thousand_tasks_are_moved_without_delay() {
    let world = still();
    let begun = Instant::now();
    // All meet in one task, and each of them ends at its own time.
    let mut tasks: Vec<_> = (0..5_000)
        .map(|at| {
            let takes = Duration::from_millis(1_000 + at * 7);
            TaskSpec::new(task(&format!("t{at:04}"))).takes(takes).pool("all").followed_by([task("z-end")])
        })
        .collect();
    tasks.push(TaskSpec::new(task("z-end")));
    world.put_pool("all", -1);
    world.deploy(DagSpec::new("big".parse().unwrap(), tasks));
    let run = run(&world, &"big".parse().unwrap(), "r");
    pass(&world, 120);
    println!("5,001 tasks moved in {:?}", begun.elapsed());
    let begun = Instant::now();
    assert_eq!(world.task_instances(&run).len(), 5_001);
    println!("and listed in {:?}", begun.elapsed());
    assert_eq!(in_state(&world, &run, &TaskState::Success).len(), 5_001);
    let layered = World::seeded(1).at(world.now());
    let dag = scenario::wide(&layered, "wide", 50, 100).unwrap();
    let begun = Instant::now();
    let wide = super::run(&layered, &dag, "r");
    pass(&layered, 120);
    assert_eq!(in_state(&layered, &wide, &TaskState::Success).len(), 5_000);
    println!("5,000 in 50 layers moved in {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(10));
}
