//! `hold-machines` and `release-machines`: both cases of the runbook, and the duty that stays.

use airflow_client::TaskState;
use ops_plan::{Outcome, Verdict};
use ops_recipes::airflow::{HoldMachines, ReleaseMachines};

use super::{Desk, blocks, clear, failed, night, pass, planned, registry, starts, state, task};
use crate::stage::{texts, verdict};

#[tokio::test]
async fn while_the_job_runs_its_downscale_is_marked_and_later_let_go() {
    let (world, run) = night(&["fx-model"]);
    world.order(&run, ["fx-model"], [("fx-model", 600.0)]);
    pass(&world, 30);
    assert_eq!(state(&world, &run, "fx-model"), TaskState::Running);
    let (registry, desk) = (registry(&world), Desk::new());
    let plan = planned(&world, &HoldMachines::new(run.clone(), task("fx-model"))).await;
    assert_eq!(texts(&plan), ["mark downscale-fx-model: no_status (try 0) → success"]);
    let report = desk.apply(&registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    pass(&world, 700);
    assert_eq!(state(&world, &run, "fx-model"), TaskState::Failed);
    assert_eq!(
        (state(&world, &run, "downscale-fx-model"), starts(&world, &run, "downscale-fx-model")),
        (TaskState::Success, 0)
    );
    let due = desk.due(&registry).await;
    assert_eq!(due.len(), 1);
    assert!(due[0].contains("downscale-fx-model"), "{due:?}");

    let plan = planned(&world, &ReleaseMachines::all_held(run.clone())).await;
    assert_eq!(texts(&plan), ["clear machines that are kept: downscale-fx-model"]);
    assert!(plan.head().notes.iter().any(|note| note.contains("alerts may fire once more")), "{:?}", plan.head().notes);
    let report = desk.apply(&registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    pass(&world, 60);
    assert_eq!(starts(&world, &run, "downscale-fx-model"), 1);
    assert_eq!(state(&world, &run, "fx-model"), TaskState::Failed);
    assert!(desk.due(&registry).await.is_empty());
}

#[tokio::test]
async fn a_release_while_the_job_runs_waits_for_it() {
    let (world, run) = night(&[]);
    world.order(&run, [], [("fx-model", 600.0)]);
    pass(&world, 30);
    let (registry, desk) = (registry(&world), Desk::new());
    desk.apply(&registry, planned(&world, &HoldMachines::new(run.clone(), task("fx-model"))).await).await;
    let plan = planned(&world, &ReleaseMachines::new(run.clone(), vec![task("downscale-fx-model")])).await;
    assert!(plan.head().notes.iter().any(|note| note.contains("wait until these have ended: fx-model")));
    let report = desk.apply(&registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    pass(&world, 10);
    assert_eq!(starts(&world, &run, "downscale-fx-model"), 0);
    pass(&world, 700);
    assert_eq!(starts(&world, &run, "downscale-fx-model"), 1);
}

#[tokio::test]
async fn when_the_machines_are_gone_they_are_made_again_and_kept() {
    let (world, run) = failed(&["fx-model"]);
    assert_eq!(state(&world, &run, "downscale-fx-model"), TaskState::Success);
    let (registry, desk) = (registry(&world), Desk::new());
    let plan = planned(&world, &HoldMachines::new(run.clone(), task("fx-model"))).await;
    assert_eq!(plan.len(), 1, "{:?}", texts(&plan));
    world.order(&run, ["fx-model"], []);
    let report = desk.apply(&registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    pass(&world, 60);
    let ran = |id| starts(&world, &run, id);
    assert_eq!((ran("scale-ec2-fx-model"), ran("itaipu-fx-model"), ran("fx-model")), (2, 2, 2));
    assert_eq!(ran("downscale-fx-model"), 1, "left green: that is the hold");
    assert!(report.text().contains("downscale-fx-model is success: it will not run"), "{}", report.text());
    assert_eq!(desk.due(&registry).await.len(), 1);

    // Released by others: what is owed is seen to be settled.
    clear(&world, &run, &["downscale-fx-model"]).await;
    pass(&world, 60);
    assert!(desk.due(&registry).await.is_empty());
}

#[tokio::test]
async fn a_release_settles_the_hold_of_green_machines() {
    let (world, run) = failed(&["fx-model"]);
    let (registry, desk) = (registry(&world), Desk::new());
    let plan = planned(&world, &HoldMachines::new(run.clone(), task("fx-model"))).await;
    desk.apply(&registry, plan).await;
    pass(&world, 60);
    let plan = planned(&world, &ReleaseMachines::new(run.clone(), vec![task("downscale-fx-model")])).await;
    assert_eq!(plan.head().settles.len(), 1);
    let report = desk.apply(&registry, plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    assert!(desk.due(&registry).await.is_empty());
}

#[tokio::test]
async fn what_cannot_be_held_or_released() {
    let (world, run) = failed(&["fx-model"]);
    let block = blocks(&planned(&world, &HoldMachines::new(run.clone(), task("core-checks"))).await);
    assert!(block[0].contains("nothing after core-checks is known to take machines away"), "{block:?}");
    let block = blocks(&planned(&world, &HoldMachines::new(run.clone(), task("nobody"))).await);
    assert!(block[0].contains("no task nobody"), "{block:?}");
    let block = blocks(&planned(&world, &ReleaseMachines::new(run.clone(), vec![task("nobody")])).await);
    assert!(block[0].contains("no task nobody"), "{block:?}");
    let plan = planned(&world, &ReleaseMachines::all_held(run.clone())).await;
    assert!(plan.is_empty());
    assert_eq!(verdict(&plan, "held"), Some(Verdict::Pass));
}
