//! `unblock-downstream`: the runbook's story, its literal case, every guard, and plans that are stale.

use std::sync::Arc;

use airflow_client::{NewTaskState, RunState, TaskState, TriggerRule};
use async_trait::async_trait;
use ops_plan::{Host, Observed, Outcome, Target, Verdict};
use ops_recipes::airflow::{AirflowReads, DagKnowledge, Output, Outputs, TaskOwner, UnblockDownstream};
use ops_sandbox::airflow::{DagSpec, Quirk, TaskSpec};
use ops_sandbox::{Operation, World};

use super::{
    Desk, another, approved, blocks, clear, failed, key, mark, night, pass, planned, reads, registry, registry_of,
    starts, state, states, task,
};
use crate::stage::{shown, texts, verdict, word};

const BEHIND: [&str; 4] = ["databricks_load-models", "downscale-rest", "itaipu-rest", "scale-ec2-rest"];

fn recipe(run: &airflow_client::RunKey, id: &str) -> UnblockDownstream {
    UnblockDownstream::new(run.clone(), task(id)).accepted_by("the fx team")
}

#[tokio::test]
async fn a_plan_is_worth_reading() {
    let (world, run) = failed(&["fx-model"]);
    world.set_time("2026-11-25T04:00:00Z".parse().unwrap());
    let knowledge =
        DagKnowledge::new().with_serving("databricks_*").with_owner(TaskOwner::new("fx-*", "fx-team@example.com"));
    let plan = planned(&world, &recipe(&run, "fx-model").with_knowledge(knowledge)).await;
    let text = shown(&plan);
    // The clocks of the world and of the test differ, and what is long ago for one is not for the other.
    let text: Vec<&str> = text.lines().filter(|line| !line.contains("clock") && !line.contains("began")).collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[tokio::test]
async fn the_runbooks_story() {
    let (world, run) = failed(&["fx-model"]);
    let (registry, desk) = (registry(&world), Desk::new());
    let plan = planned(&world, &recipe(&run, "fx-model")).await;
    let foretold = word(&plan.head().findings, "foretold").unwrap();
    assert_eq!(foretold.verdict, Verdict::Pass, "{}", foretold.text);
    assert!(BEHIND.iter().all(|id| foretold.text.contains(id)), "{}", foretold.text);

    let report = desk.apply(&registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!((report.changed, report.already), (1, 1), "what Airflow clears by itself is not cleared twice");
    assert!(report.line().contains("1 still owed"), "{}", report.line());
    pass(&world, 60);
    assert!(states(&world, &run).values().all(|state| *state == TaskState::Success), "{:?}", states(&world, &run));
    assert!(BEHIND.iter().all(|id| starts(&world, &run, id) == 1));
    assert_eq!(
        starts(&world, &run, "downscale-fx-model"),
        1,
        "a green downscale of what does not run again stays green"
    );

    // The duty stays until the task is gone from the DAG.
    assert_eq!(desk.due(&registry).await.len(), 1);
    let rest = world.task_instances(&run).into_iter().map(|one| one.key.task).filter(|id| *id != task("fx-model"));
    world.deploy(DagSpec::new(run.dag.clone(), rest.map(TaskSpec::new)));
    assert!(desk.due(&registry).await.is_empty());
}

#[tokio::test]
async fn a_second_failure_is_asked_about_and_its_downstream_is_left_alone() {
    let (world, run) = failed(&["fx-model", "policy-model"]);
    let plan = planned(&world, &recipe(&run, "fx-model")).await;
    let reruns = word(&plan.head().findings, "reruns").unwrap();
    assert_eq!(reruns.verdict, Verdict::Ask);
    assert!(reruns.text.contains("because of policy-model"), "{}", reruns.text);
    let report = Desk::new().apply(&registry(&world), plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    pass(&world, 60);
    assert!(BEHIND.iter().all(|id| state(&world, &run, id) == TaskState::UpstreamFailed));
    assert!(BEHIND.iter().all(|id| starts(&world, &run, id) == 0));
    assert_eq!(state(&world, &run, "policy-model"), TaskState::Failed);
}

#[tokio::test]
async fn an_unrelated_failure_is_not_touched() {
    let (world, run) = failed(&["fx-model", "itaipu-core"]);
    let plan = planned(&world, &recipe(&run, "fx-model")).await;
    assert_eq!(verdict(&plan, "reruns"), None);
    let report = Desk::new().apply(&registry(&world), plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    pass(&world, 60);
    assert_eq!(state(&world, &run, "itaipu-core"), TaskState::Failed);
    assert_eq!(state(&world, &run, "core-checks"), TaskState::UpstreamFailed);
    assert_eq!(state(&world, &run, "downscale-rest"), TaskState::Success);
}

#[tokio::test]
async fn the_literal_case_passes_over_what_never_started() {
    let (world, run) = failed(&["itaipu-fx-model"]);
    assert_eq!(state(&world, &run, "fx-model"), TaskState::UpstreamFailed);
    assert_eq!(state(&world, &run, "downscale-fx-model"), TaskState::Success);
    let report = Desk::new().apply(&registry(&world), planned(&world, &recipe(&run, "fx-model")).await).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    pass(&world, 60);
    assert_eq!(state(&world, &run, "itaipu-fx-model"), TaskState::Failed);
    assert_eq!((state(&world, &run, "fx-model"), starts(&world, &run, "fx-model")), (TaskState::Success, 0));
    assert!(BEHIND.iter().all(|id| state(&world, &run, id) == TaskState::Success));
}

/// As in production: what takes the machines of `rest` away runs whatever became of it, and is green.
fn green_downscale() -> (World, airflow_client::RunKey) {
    let (world, run) = night(&["fx-model"]);
    let all_done = |id: &str| {
        let ends = id.starts_with("downscale");
        let known = ops_recipes_graph(&world);
        let spec = TaskSpec::new(task(id)).followed_by(known.downstream(&task(id)).cloned());
        if ends { spec.trigger_rule(TriggerRule::AllDone) } else { spec }
    };
    let ids: Vec<String> = states(&world, &run).into_keys().collect();
    let specs: Vec<TaskSpec> = ids.iter().map(|id| all_done(id)).collect();
    world.deploy(DagSpec::new(run.dag.clone(), specs));
    pass(&world, 60);
    world.forget_orders(&run);
    (world, run)
}

fn ops_recipes_graph(world: &World) -> airflow_client::DagGraph {
    let port = world.airflow();
    futures_util::FutureExt::now_or_never(async move {
        airflow_client::AirflowRead::graph(&port, &"dagao".parse().unwrap()).await.unwrap()
    })
    .unwrap()
}

#[tokio::test]
async fn a_green_downscale_is_cleared_after_what_it_waits_for_has_left_its_end() {
    let (world, run) = green_downscale();
    assert_eq!(state(&world, &run, "downscale-rest"), TaskState::Success);
    let plan = planned(&world, &recipe(&run, "fx-model")).await;
    let phases: Vec<&str> = plan.head().phases.iter().map(|phase| phase.name.as_str()).collect();
    assert_eq!(phases, ["pass over", "follow up", "machines"], "{:?}", texts(&plan));
    let report = Desk::new().apply(&registry(&world), plan).await;
    assert_eq!((report.outcome, report.changed), (Outcome::Done, 2), "{}", report.text());
    assert_eq!(state(&world, &run, "downscale-rest"), TaskState::NoStatus, "it waits for its job");
    pass(&world, 60);
    assert_eq!(starts(&world, &run, "downscale-rest"), 2);
    let ended = |id: &str| world.task_instances(&run).into_iter().find(|one| one.key == key(id)).unwrap();
    assert!(ended("downscale-rest").started_at >= ended("itaipu-rest").ended_at);
}

#[tokio::test]
async fn what_a_race_left_stuck_is_cleared_again() {
    let (world, run) = failed(&["fx-model"]);
    world.quirk(Quirk::StuckAfterMark, 1);
    let desk = Desk::new();
    let report = desk.apply(&registry(&world), planned(&world, &recipe(&run, "fx-model")).await).await;
    pass(&world, 60);
    if report.outcome != Outcome::Done || states(&world, &run).values().any(TaskState::is_failed) {
        // The race came after the last look: the recipe sees it, and mends it.
        let plan = planned(&world, &recipe(&run, "fx-model")).await;
        assert_eq!(plan.len(), 1, "{:?}", texts(&plan));
        let report = desk.apply(&registry(&world), plan).await;
        assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
        pass(&world, 60);
    }
    assert!(states(&world, &run).values().all(|state| *state == TaskState::Success), "{:?}", states(&world, &run));
    assert!(BEHIND.iter().all(|id| starts(&world, &run, id) == 1));
}

#[tokio::test]
async fn a_try_that_rises_by_two_is_no_drift() {
    let (world, run) = failed(&["fx-model"]);
    world.quirk(Quirk::TryRisesByTwo, 10);
    let report = Desk::new().apply(&registry(&world), planned(&world, &recipe(&run, "fx-model")).await).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
}

#[tokio::test]
async fn without_a_free_place_the_run_waits() {
    let (world, run) = failed(&["fx-model"]);
    let ids: Vec<String> = states(&world, &run).into_keys().collect();
    let graph = ops_recipes_graph(&world);
    let specs = ids.iter().map(|id| TaskSpec::new(task(id)).followed_by(graph.downstream(&task(id)).cloned()));
    world.deploy(DagSpec::new(run.dag.clone(), specs.collect::<Vec<_>>()).max_active_runs(1));
    let tomorrow = another(&world, "scheduled__2026-11-25T00:00:00+00:00");
    world.order(&tomorrow, [], [("itaipu-contracts", 600.0)]);
    pass(&world, 5);
    let plan = planned(&world, &recipe(&run, "fx-model")).await;
    let slot = word(&plan.head().findings, "slot").unwrap();
    assert_eq!(slot.verdict, Verdict::Warn);
    assert!(slot.text.contains(tomorrow.run.as_str()), "{}", slot.text);
    let report = Desk::new().apply(&registry(&world), plan).await;
    assert_eq!(report.outcome, Outcome::Done, "waiting is no failure: {}", report.text());
    assert!(report.text().contains("waits in the queue"), "{}", report.text());
    pass(&world, 30);
    let now = airflow_client::AirflowRead::dag_run(&world.airflow(), &run).await.unwrap();
    assert_eq!(now.state, RunState::Queued);
}

#[tokio::test]
async fn states_that_cannot_be_passed_over() {
    let (world, run) = night(&[]);
    world.order(&run, [], [("itaipu-contracts", 600.0)]);
    pass(&world, 5);
    let block = blocks(&planned(&world, &recipe(&run, "itaipu-contracts")).await);
    assert!(block[0].contains("at work"), "{block:?}");
    let block = blocks(&planned(&world, &recipe(&run, "fx-model")).await);
    assert!(block[0].contains("has not failed"), "{block:?}");
    let block = blocks(&planned(&world, &recipe(&run, "fx-modle")).await);
    assert!(block[0].contains("no task fx-modle"), "{block:?}");
    let nowhere = airflow_client::RunKey::new(run.dag.clone(), "never".parse().unwrap());
    let block = blocks(&planned(&world, &recipe(&nowhere, "fx-model")).await);
    assert!(block[0].contains("no run never"), "{block:?}");
    let nothing = airflow_client::RunKey::new("no-dag".parse().unwrap(), run.run.clone());
    let block = blocks(&planned(&world, &recipe(&nothing, "fx-model")).await);
    assert!(block[0].contains("no DAG no-dag"), "{block:?}");
}

#[tokio::test]
async fn who_may_only_read_is_told_before_the_approval() {
    let (world, run) = failed(&["fx-model"]);
    let viewer = Arc::new(world.airflow().as_viewer());
    let reads = AirflowReads::new(viewer.clone()).with_writer(viewer.clone());
    let plan = registry_of(&reads, &world).propose(&recipe(&run, "fx-model"), Target::new("staging")).await.unwrap();
    assert_eq!(verdict(&plan, "right"), Some(Verdict::Block));
    // A viewer can preview what another credential will do: what is cleared is then computed.
    let reads = AirflowReads::new(viewer);
    let plan = registry_of(&reads, &world).propose(&recipe(&run, "fx-model"), Target::new("staging")).await.unwrap();
    assert_eq!(verdict(&plan, "right"), Some(Verdict::Warn));
    assert_eq!(verdict(&plan, "foretold"), Some(Verdict::Warn));
    assert_eq!(plan.len(), 2);
}

struct Told(Vec<Output>);

#[async_trait]
impl Outputs for Told {
    async fn outputs(
        &self,
        _: &airflow_client::DagRun,
        _: &[airflow_client::TaskId],
    ) -> ops_client::Result<Option<Vec<Output>>> {
        Ok(Some(self.0.clone()))
    }
}

#[tokio::test]
async fn half_committed_is_not_empty_and_critical_is_asked() {
    let (world, run) = failed(&["fx-model"]);
    let outputs = Told(vec![Output::new("model/fx-model", false), Output::new("dataset/fx-model", true)]);
    let reads = reads(&world).with_outputs(Arc::new(outputs));
    let knowledge = DagKnowledge::new().with_critical("fx-*");
    let recipe = recipe(&run, "fx-model").with_knowledge(knowledge);
    let plan = registry_of(&reads, &world).propose(&recipe, Target::new("staging")).await.unwrap();
    let empty = word(&plan.head().findings, "empty").unwrap();
    assert!(empty.text.contains("will be empty downstream: model/fx-model"), "{}", empty.text);
    assert!(empty.text.contains("not empty: dataset/fx-model"), "{}", empty.text);
    assert_eq!(verdict(&plan, "critical"), Some(Verdict::Ask));
}

/// Applies a plan after something happened to the world, and says how it ended.
async fn stale(happens: impl AsyncFnOnce(&World, &airflow_client::RunKey)) -> (String, u64) {
    let (world, run) = failed(&["fx-model"]);
    let plan = approved(planned(&world, &recipe(&run, "fx-model")).await);
    happens(&world, &run).await;
    let marks = || -> u64 {
        let log = world.log();
        log.iter().filter(|line| line.operation == Operation::SetTaskState).map(|line| line.count.effects).sum()
    };
    let before = marks();
    let report = Desk::new().runner.start(&registry(&world), plan).await.unwrap();
    assert_ne!(report.outcome, Outcome::Done, "{}", report.text());
    (report.text(), marks() - before)
}

#[tokio::test]
async fn a_stale_plan_stops() {
    let (text, marks) = stale(async |world, run| {
        clear(world, run, &["fx-model"]).await;
        world.order(run, ["fx-model"], []);
        pass(world, 60);
    })
    .await;
    assert!(text.contains("somebody else changed it") && text.contains("try"), "retried in between: {text}");
    assert_eq!(marks, 0);

    let (text, marks) = stale(async |world, run| world.clear_failed(run).unwrap()).await;
    assert!(text.contains("fx-model was failed"), "cleared by somebody else: {text}");
    assert_eq!(marks, 0);

    let (text, marks) = stale(async |world, run| {
        let graph = ops_recipes_graph(world);
        let ids: Vec<String> = states(world, run).into_keys().collect();
        let spec = |id: &String| {
            let spec = TaskSpec::new(task(id)).followed_by(graph.downstream(&task(id)).cloned());
            if id == "databricks_load-models" { spec.followed_by([task("publish")]) } else { spec }
        };
        let specs: Vec<TaskSpec> = ids.iter().map(spec).chain([TaskSpec::new(task("publish"))]).collect();
        world.deploy(DagSpec::new(run.dag.clone(), specs));
    })
    .await;
    assert!(text.contains("the structure of dagao changed around fx-model"), "{text}");
    assert_eq!(marks, 0);
}

#[tokio::test]
async fn undo_tells_the_truth_about_the_task_again() {
    let (world, run) = failed(&["fx-model"]);
    let (registry, desk) = (registry(&world), Desk::new());
    let report = desk.apply(&registry, planned(&world, &recipe(&run, "fx-model")).await).await;
    let dir = desk.runner.runs().find(&report.run).unwrap();
    let undo = desk.runner.plan_undo(&registry, &dir).await.unwrap();
    assert_eq!(texts(&undo), ["mark fx-model: success (try 1) → failed"]);
    assert!(undo.head().notes.iter().any(|note| note.contains("What ran since stays")), "{:?}", undo.head().notes);
    let report = desk.apply(&registry, undo).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert_eq!(state(&world, &run, "fx-model"), TaskState::Failed);
}

#[tokio::test]
async fn a_task_that_is_well_needs_nothing() {
    let (world, run) = failed(&[]);
    let plan = planned(&world, &recipe(&run, "fx-model")).await;
    assert!(plan.is_empty() && blocks(&plan).is_empty());
    mark(&world, &run, "fx-model", NewTaskState::Failed).await;
    assert!(!planned(&world, &recipe(&run, "fx-model")).await.is_empty());
}

#[tokio::test]
async fn what_ran_again_and_failed_anew_is_not_run_once_more() {
    let (world, run) = failed(&["fx-model"]);
    let job = registry(&world).open(&approved(planned(&world, &recipe(&run, "fx-model")).await)).unwrap();
    // As after a crash: the mark was made, and before anybody looked one of those behind it ran and failed.
    world.order(&run, ["scale-ec2-rest"], []);
    mark(&world, &run, "fx-model", NewTaskState::Success).await;
    pass(&world, 60);
    assert_eq!(state(&world, &run, "scale-ec2-rest"), TaskState::Failed);
    assert_eq!(state(&world, &run, "itaipu-rest"), TaskState::UpstreamFailed);
    let seen = job.observe(&[0, 1]).await.unwrap();
    assert_eq!(seen, [Observed::Done, Observed::Done], "held back by another failure: nothing is gained by a clear");
}

#[tokio::test]
async fn the_duty_is_due_when_the_next_run_begins() {
    let (world, run) = failed(&["fx-model"]);
    let desk = Desk::new();
    desk.apply(&registry(&world), planned(&world, &recipe(&run, "fx-model")).await).await;
    let debts = desk.runner.runs().due(Some(&registry(&world)), jiff::Timestamp::now()).await.unwrap();
    let dag = airflow_client::AirflowRead::dag(&world.airflow(), &run.dag).await.unwrap();
    // By the DAG's own word; where it says nothing, by the day of the run.
    let next = dag.next_run.unwrap_or("2026-11-26T00:00:00Z".parse().unwrap());
    assert_eq!(debts.due[0].obligation.deadline, Some(next));
}

#[tokio::test]
async fn yesterdays_run_is_told_from_todays() {
    let (world, run) = failed(&["fx-model"]);
    assert_eq!(verdict(&planned(&world, &recipe(&run, "fx-model")).await, "newest"), Some(Verdict::Pass));
    let tomorrow = another(&world, "scheduled__2026-11-25T00:00:00+00:00");
    let plan = planned(&world, &recipe(&run, "fx-model")).await;
    let newest = word(&plan.head().findings, "newest").unwrap();
    assert_eq!(newest.verdict, Verdict::Warn);
    assert!(newest.text.contains(tomorrow.run.as_str()), "{}", newest.text);
}

#[tokio::test]
async fn an_undo_tells_what_the_mark_clears_besides() {
    let (world, run) = failed(&["fx-model"]);
    let (registry, desk) = (registry(&world), Desk::new());
    world.order(&run, ["databricks_load-models"], []);
    let report = desk.apply(&registry, planned(&world, &recipe(&run, "fx-model")).await).await;
    pass(&world, 60);
    assert_eq!(state(&world, &run, "databricks_load-models"), TaskState::Failed);
    let dir = desk.runner.runs().find(&report.run).unwrap();
    let undo = desk.runner.plan_undo(&registry, &dir).await.unwrap();
    let besides = word(&undo.head().findings, "besides").unwrap();
    assert!(besides.text.contains("databricks_load-models"), "{}", besides.text);
}
