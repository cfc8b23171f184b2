//! `clear-and-rerun`: what has to be cleared together, and what is refused.

use airflow_client::TaskState;
use ops_plan::{Outcome, Verdict};
use ops_recipes::airflow::ClearAndRerun;

use super::{Desk, blocks, failed, night, pass, planned, registry, starts, state, states, task};
use crate::stage::{texts, verdict, word};

#[tokio::test]
async fn a_job_runs_again_with_all_that_hangs_on_it() {
    let (world, run) = failed(&["fx-model"]);
    let recipe =
        ClearAndRerun::new(run.clone(), vec![task("scale-ec2-fx-model"), task("itaipu-fx-model"), task("fx-model")]);
    let plan = planned(&world, &recipe).await;
    assert_eq!(plan.len(), 1, "one call: {:?}", texts(&plan));
    let report = Desk::new().apply(&registry(&world), plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    pass(&world, 60);
    assert!(states(&world, &run).values().all(|state| *state == TaskState::Success), "{:?}", states(&world, &run));
    for again in ["scale-ec2-fx-model", "itaipu-fx-model", "fx-model", "downscale-fx-model"] {
        assert_eq!(starts(&world, &run, again), 2, "{again}");
    }
    for once in ["itaipu-contracts", "policy-model", "databricks_load-models"] {
        assert_eq!(starts(&world, &run, once), 1, "{once}");
    }
}

#[tokio::test]
async fn another_failure_is_asked_about() {
    let (world, run) = failed(&["fx-model", "policy-model"]);
    let plan = planned(&world, &ClearAndRerun::new(run.clone(), vec![task("fx-model")])).await;
    assert_eq!(verdict(&plan, "reruns"), Some(Verdict::Ask));
    let both = ClearAndRerun::new(run, vec![task("fx-model"), task("policy-model")]);
    assert_eq!(verdict(&planned(&world, &both).await, "reruns"), None);
}

#[tokio::test]
async fn what_works_now_and_what_is_not_there_is_refused() {
    let (world, run) = night(&[]);
    world.order(&run, [], [("itaipu-contracts", 600.0)]);
    pass(&world, 5);
    assert_eq!(state(&world, &run, "itaipu-contracts"), TaskState::Running);
    let block = blocks(&planned(&world, &ClearAndRerun::new(run.clone(), vec![task("itaipu-contracts")])).await);
    assert!(block[0].contains("at work: itaipu-contracts"), "{block:?}");
    let block = blocks(&planned(&world, &ClearAndRerun::new(run.clone(), vec![task("nobody")])).await);
    assert!(block[0].contains("no task nobody"), "{block:?}");
    let block = blocks(&planned(&world, &ClearAndRerun::new(run, Vec::new())).await);
    assert!(block[0].contains("no task is named"), "{block:?}");
}

#[tokio::test]
async fn a_job_without_its_machines_is_told() {
    let (world, run) = failed(&["fx-model"]);
    assert_eq!(state(&world, &run, "downscale-fx-model"), TaskState::Success);
    let plan = planned(&world, &ClearAndRerun::new(run.clone(), vec![task("fx-model")])).await;
    let machines = word(&plan.head().findings, "machines").unwrap();
    assert_eq!(machines.verdict, Verdict::Warn);
    assert!(machines.text.contains("scale-ec2-fx-model does not run again"), "{}", machines.text);
    let all = vec![task("scale-ec2-fx-model"), task("itaipu-fx-model"), task("fx-model")];
    assert_eq!(verdict(&planned(&world, &ClearAndRerun::new(run, all)).await, "machines"), None);
}
