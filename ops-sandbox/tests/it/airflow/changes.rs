//! What people do, and what Airflow does besides: as it was measured on the real ones.

use std::time::Duration;

use airflow_client::{
    AirflowRead, AirflowTrigger, AirflowWrite, Clear, ErrorKind, ExecutionDate, NewRunState, NewTaskState, RunKey,
    RunState, SetTaskState, Spread, TaskRef, TaskState, Trigger,
};
use ops_sandbox::airflow::{About, Generation, Quirk};
use ops_sandbox::{Operation, World, scenario};

use super::{dag, in_state, key, mark, night, pass, run, state, states, still, task};

const BEHIND: [&str; 4] = ["databricks_load-models", "downscale-rest", "itaipu-rest", "scale-ec2-rest"];

fn names(refs: &[TaskRef]) -> Vec<&str> {
    refs.iter().map(|one| one.task.as_str()).collect()
}

/// A night in which `fx-model` failed, and which has ended.
fn failed() -> (World, RunKey) {
    let world = still();
    let run = night(&world, &["fx-model"]);
    pass(&world, 60);
    world.forget_orders(&run);
    (world, run)
}

#[tokio::test]
async fn a_mark_clears_what_follows_and_sets_the_run_going() {
    let (world, run) = failed();
    let before = states(&world, &run);
    mark(&world, &run, "fx-model", NewTaskState::Success).await;
    assert_eq!(state(&world, &run).await, RunState::Queued);
    assert_eq!(in_state(&world, &run, &TaskState::NoStatus), BEHIND);
    // A clear right after it finds nothing.
    let clear = Clear::failed(run.clone(), [task("fx-model")]).spread(Spread::none().downstream());
    assert_eq!(names(&world.airflow().preview_clear(&clear).await.unwrap()), [""; 0]);
    pass(&world, 30);
    assert_eq!(state(&world, &run).await, RunState::Success);
    assert!(states(&world, &run).values().all(|state| *state == TaskState::Success));
    // The green downscale ran before, and did not run again.
    assert_eq!(before["downscale-fx-model"], TaskState::Success);
    assert_eq!(world.tally(&run, &key("downscale-fx-model")).unwrap().starts, 1);
    assert_eq!(world.tally(&run, &key("itaipu-rest")).unwrap().starts, 1);
    let marked = world.tally(&run, &key("fx-model")).unwrap();
    assert_eq!((marked.starts, marked.marks, marked.clears), (1, 1, 0));
}

#[tokio::test]
async fn previews_name_what_they_would_change_and_change_nothing() {
    let (world, run) = failed();
    let airflow = world.airflow();
    let change = SetTaskState::new(run.clone(), task("fx-model"), NewTaskState::Success);
    assert_eq!(names(&airflow.preview_task_state(&change).await.unwrap()), ["fx-model"]);
    let two = [task("databricks_load-models"), task("scale-ec2-rest")];
    let clear = Clear::failed(run.clone(), two);
    let listed = airflow.preview_clear(&clear).await.unwrap();
    assert_eq!(names(&listed), ["databricks_load-models", "scale-ec2-rest"], "what is named is not extended");
    let spread = airflow.preview_clear(&clear.spread(Spread::none().downstream())).await.unwrap();
    assert_eq!(names(&spread), BEHIND, "failed means upstream_failed too");
    assert_eq!(state(&world, &run).await, RunState::Failed);
    assert_eq!(in_state(&world, &run, &TaskState::UpstreamFailed), BEHIND);
    assert!(world.log().iter().all(|line| line.count.effects == 0));
}

#[tokio::test]
async fn the_runbooks_own_case_ends_well_though_the_dataset_job_stays_failed() {
    let world = still();
    let run = night(&world, &["itaipu-fx-model"]);
    world.order(&run, ["itaipu-fx-model"], [("policy-model", 60.0)]);
    pass(&world, 20);
    assert_eq!(states(&world, &run)["fx-model"], TaskState::UpstreamFailed);
    assert_eq!(states(&world, &run)["policy-model"], TaskState::Running);
    mark(&world, &run, "fx-model", NewTaskState::Success).await;
    pass(&world, 5);
    assert_eq!(
        in_state(&world, &run, &TaskState::NoStatus),
        ["databricks_load-models", "downscale-policy-model", "downscale-rest", "itaipu-rest", "scale-ec2-rest"]
    );
    pass(&world, 90);
    assert_eq!(state(&world, &run).await, RunState::Success);
    assert_eq!(in_state(&world, &run, &TaskState::Failed), ["itaipu-fx-model"]);
}

#[tokio::test]
async fn with_a_second_failed_parent_everything_falls_back() {
    let world = still();
    let run = night(&world, &["fx-model", "policy-model"]);
    pass(&world, 60);
    mark(&world, &run, "fx-model", NewTaskState::Success).await;
    pass(&world, 10);
    assert_eq!(state(&world, &run).await, RunState::Failed);
    assert_eq!(in_state(&world, &run, &TaskState::UpstreamFailed), BEHIND);
}

#[tokio::test]
async fn a_child_cleared_alone_falls_back() {
    let (world, run) = failed();
    world.airflow().clear(&Clear::failed(run.clone(), [task("databricks_load-models")])).await.unwrap();
    assert_eq!(states(&world, &run)["databricks_load-models"], TaskState::NoStatus);
    pass(&world, 5);
    assert_eq!(state(&world, &run).await, RunState::Failed);
    assert_eq!(states(&world, &run)["databricks_load-models"], TaskState::UpstreamFailed);
}

#[tokio::test]
async fn a_failed_descendant_of_its_own_runs_again_too() {
    let world = still();
    let run = night(&world, &["fx-model", "downscale-fx-model"]);
    pass(&world, 60);
    world.forget_orders(&run);
    mark(&world, &run, "fx-model", NewTaskState::Success).await;
    pass(&world, 60);
    let one = world.airflow().task_instance(&run, &key("downscale-fx-model")).await.unwrap();
    assert_eq!((one.state, one.try_number), (TaskState::Success, 2));
}

#[tokio::test]
async fn a_downscale_marked_while_its_job_runs_holds_the_machines() {
    let world = still();
    let run = night(&world, &[]);
    world.order(&run, ["fx-model"], [("fx-model", 60.0)]);
    pass(&world, 20);
    assert_eq!(states(&world, &run)["fx-model"], TaskState::Running);
    mark(&world, &run, "downscale-fx-model", NewTaskState::Success).await;
    let held = world.airflow().task_instance(&run, &key("downscale-fx-model")).await.unwrap();
    assert_eq!((held.state, held.try_number, held.pid), (TaskState::Success, 0, None));
    assert_eq!((held.started_at, held.duration), (held.ended_at, Some(Duration::ZERO)));
    assert_eq!(states(&world, &run)["fx-model"], TaskState::Running);
    pass(&world, 90);
    assert_eq!(states(&world, &run)["fx-model"], TaskState::Failed);
    assert_eq!(world.tally(&run, &key("downscale-fx-model")).unwrap().starts, 0);

    // Released: only a clear of what is well too finds it. The run goes on, and fails again.
    let failed = Clear::failed(run.clone(), [task("downscale-fx-model")]);
    assert_eq!(world.airflow().clear(&failed).await.unwrap(), []);
    let any = Clear::any(run.clone(), [task("downscale-fx-model")]);
    assert_eq!(names(&world.airflow().clear(&any).await.unwrap()), ["downscale-fx-model"]);
    assert_eq!(state(&world, &run).await, RunState::Queued);
    pass(&world, 10);
    let released = world.airflow().task_instance(&run, &key("downscale-fx-model")).await.unwrap();
    assert_eq!((released.state, released.try_number), (TaskState::Success, 1));
    assert_eq!(state(&world, &run).await, RunState::Failed);
}

#[tokio::test]
async fn a_clear_of_a_running_task_restarts_it_on_three_and_does_nothing_on_two() {
    for generation in [Generation::Two, Generation::Three] {
        let world = still();
        let run = night(&world, &[]);
        world.order(&run, [], [("fx-model", 60.0)]);
        pass(&world, 20);
        let airflow = world.airflow().generation(generation);
        let refused = airflow.clear(&Clear::any(run.clone(), [task("fx-model")])).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Conflict);
        let clear = Clear::any(run.clone(), [task("fx-model")]).restarting_running();
        if generation == Generation::Two {
            assert_eq!(airflow.clear(&clear).await.unwrap_err().kind(), ErrorKind::Invalid);
            continue;
        }
        airflow.clear(&clear).await.unwrap();
        assert_eq!(states(&world, &run)["fx-model"], TaskState::Restarting);
        world.advance(Duration::from_millis(1100));
        assert_eq!(states(&world, &run)["fx-model"], TaskState::NoStatus);
        world.forget_orders(&run);
        pass(&world, 20);
        let one = airflow.task_instance(&run, &key("fx-model")).await.unwrap();
        assert_eq!((one.state, one.try_number), (TaskState::Success, 2));
    }
}

#[tokio::test]
async fn a_mark_of_a_running_task_lets_what_follows_start_at_once() {
    let world = still();
    let run = night(&world, &[]);
    world.order(&run, [], [("itaipu-core", 600.0)]);
    pass(&world, 20);
    mark(&world, &run, "itaipu-core", NewTaskState::Failed).await;
    assert_eq!(states(&world, &run)["itaipu-core"], TaskState::Failed);
    pass(&world, 20);
    assert_eq!(states(&world, &run)["core-checks"], TaskState::UpstreamFailed);
    mark(&world, &run, "itaipu-core", NewTaskState::Success).await;
    pass(&world, 20);
    assert_eq!(state(&world, &run).await, RunState::Success);
    pass(&world, 700);
    assert_eq!(world.tally(&run, &key("itaipu-core")).unwrap().starts, 1);
}

#[tokio::test]
async fn a_second_mark_is_well_and_counts_once() {
    let (world, run) = failed();
    for _ in 0..3 {
        mark(&world, &run, "fx-model", NewTaskState::Success).await;
    }
    let count = world.count(Operation::SetTaskState, About::Task(&run, &key("fx-model")).subject());
    assert_eq!((count.calls, count.effects), (3, 1));
    assert_eq!(world.tally(&run, &key("fx-model")).unwrap().marks, 1);
}

#[tokio::test]
async fn marks_work_on_what_waits_for_its_next_try() {
    let world = still();
    let dag = scenario::shapes(&world).unwrap();
    let run = run(&world, &dag, "r");
    world.order(&run, ["retries-twice"], []);
    pass(&world, 4);
    assert_eq!(states(&world, &run)["retries-twice"], TaskState::UpForRetry);
    mark(&world, &run, "retries-twice", NewTaskState::Success).await;
    pass(&world, 30);
    assert_eq!(state(&world, &run).await, RunState::Success);
    assert_eq!(world.tally(&run, &key("retries-twice")).unwrap().starts, 1, "the retry does not happen");
}

#[tokio::test]
async fn a_run_set_failed_skips_what_was_not_reached() {
    let world = still();
    let run = night(&world, &[]);
    world.order(&run, [], [("fx-model", 600.0)]);
    pass(&world, 20);
    world.airflow().set_run_state(&run, NewRunState::Failed).await.unwrap();
    assert_eq!(state(&world, &run).await, RunState::Failed);
    assert_eq!(in_state(&world, &run, &TaskState::Failed), ["fx-model"]);
    let mut unreached = [&BEHIND[..], &["downscale-fx-model"]].concat();
    unreached.sort_unstable();
    assert_eq!(in_state(&world, &run, &TaskState::Skipped), unreached);
    pass(&world, 700);
    assert_eq!(in_state(&world, &run, &TaskState::Failed), ["fx-model"], "nothing goes on");
    // Queued again it goes on; there is nothing left to do.
    world.airflow().set_run_state(&run, NewRunState::Queued).await.unwrap();
    pass(&world, 5);
    assert!(state(&world, &run).await.is_final());
}

#[tokio::test]
async fn what_waits_for_its_next_try_is_skipped_with_its_run() {
    let world = still();
    let dag = scenario::shapes(&world).unwrap();
    let run = run(&world, &dag, "r");
    world.order(&run, ["retries-twice"], []);
    pass(&world, 4);
    world.airflow().set_run_state(&run, NewRunState::Failed).await.unwrap();
    assert_eq!(states(&world, &run)["retries-twice"], TaskState::Skipped);
    pass(&world, 60);
    assert_eq!(world.tally(&run, &key("retries-twice")).unwrap().starts, 1);
}

#[tokio::test]
async fn what_is_queued_still_runs_to_its_end_on_two() {
    for (generation, starts) in [(Generation::Two, 1), (Generation::Three, 0)] {
        let world = still();
        let dag = dag(&world, &[("a", &[])]);
        let run = run(&world, &dag, "r");
        while states(&world, &run)["a"] != TaskState::Queued {
            world.advance(Duration::from_millis(50));
        }
        world.airflow().generation(generation).set_run_state(&run, NewRunState::Failed).await.unwrap();
        assert_eq!(states(&world, &run)["a"], TaskState::Skipped);
        pass(&world, 10);
        assert_eq!(world.tally(&run, &key("a")).unwrap().starts, starts, "{generation:?}");
        assert_eq!(state(&world, &run).await, RunState::Failed);
    }
}

#[tokio::test]
async fn a_run_set_to_success_makes_all_tasks_well_on_two_only() {
    for generation in [Generation::Two, Generation::Three] {
        let (world, run) = failed();
        world.airflow().generation(generation).set_run_state(&run, NewRunState::Success).await.unwrap();
        assert_eq!(state(&world, &run).await, RunState::Success);
        let failed = in_state(&world, &run, &TaskState::Failed).len();
        assert_eq!(failed, if generation == Generation::Two { 0 } else { 1 });
    }
}

#[tokio::test]
async fn a_cleared_run_begins_anew_and_a_deleted_one_is_gone() {
    let (world, run) = failed();
    let airflow = world.airflow();
    airflow.clear_run(&run).await.unwrap();
    assert_eq!(state(&world, &run).await, RunState::Queued);
    assert_eq!(in_state(&world, &run, &TaskState::NoStatus).len(), 15);
    pass(&world, 60);
    assert_eq!(state(&world, &run).await, RunState::Success);
    assert_eq!(airflow.task_instance(&run, &key("fx-model")).await.unwrap().try_number, 2);
    airflow.delete_run(&run).await.unwrap();
    assert!(airflow.dag_run(&run).await.unwrap_err().is_not_found());
    assert!(airflow.delete_run(&run).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_try_can_rise_by_two() {
    let (world, run) = failed();
    world.quirk(Quirk::TryRisesByTwo, 1);
    world.airflow().clear(&Clear::failed(run.clone(), [task("fx-model")])).await.unwrap();
    pass(&world, 30);
    let one = world.airflow().task_instance(&run, &key("fx-model")).await.unwrap();
    assert_eq!((one.state, one.try_number), (TaskState::Success, 3));
    assert_eq!(world.tally(&run, &key("fx-model")).unwrap().starts, 2);
}

#[tokio::test]
async fn a_mark_can_leave_a_task_stuck_until_it_is_cleared_again() {
    let (world, run) = failed();
    world.quirk(Quirk::StuckAfterMark, 1);
    mark(&world, &run, "fx-model", NewTaskState::Success).await;
    pass(&world, 30);
    assert_eq!(state(&world, &run).await, RunState::Failed);
    assert_eq!(in_state(&world, &run, &TaskState::UpstreamFailed), ["databricks_load-models"]);
    world.airflow().clear(&Clear::failed(run.clone(), [task("databricks_load-models")])).await.unwrap();
    pass(&world, 30);
    assert_eq!(state(&world, &run).await, RunState::Success);
}

#[tokio::test]
async fn what_is_not_there_is_told_apart() {
    let (world, run) = failed();
    let airflow = world.airflow();
    let other = RunKey::new(run.dag.clone(), "other".parse().unwrap());
    assert!(airflow.dag_run(&other).await.unwrap_err().is_not_found());
    assert!(airflow.task_instance(&run, &key("nothing")).await.unwrap_err().is_not_found());
    let error = airflow.clear(&Clear::any(run.clone(), [task("nothing")])).await.unwrap_err();
    assert_eq!((error.kind(), error.message().unwrap()), (ErrorKind::Invalid, "dagao has no task nothing"));
    assert_eq!(airflow.clear(&Clear::any(run.clone(), [])).await.unwrap_err().kind(), ErrorKind::Invalid);
    let viewer = world.airflow().as_viewer();
    assert!(!viewer.may_change(&run.dag).await.unwrap() && airflow.may_change(&run.dag).await.unwrap());
    let forbidden = viewer.clear(&Clear::any(run.clone(), [task("fx-model")])).await.unwrap_err();
    assert_eq!(forbidden.kind(), ErrorKind::Forbidden);
    assert_eq!(viewer.delete_run(&run).await.unwrap_err().kind(), ErrorKind::Forbidden);
}

#[tokio::test]
async fn a_run_is_made_once() {
    let world = still();
    let dag = scenario::dagao(&world).unwrap();
    let airflow = world.airflow();
    let about = ExecutionDate::new("2026-11-24T00:00:00Z".parse().unwrap());
    let trigger = Trigger::new(dag.clone(), "mine".parse().unwrap()).about(about).with_note("by hand");
    let made = airflow.trigger(&trigger).await.unwrap();
    assert_eq!((made.state, made.note.as_deref()), (RunState::Queued, Some("by hand")));
    assert_eq!(airflow.trigger(&trigger).await.unwrap_err().kind(), ErrorKind::Conflict);
    let same = Trigger::new(dag.clone(), "other".parse().unwrap()).about(about);
    let two = airflow.clone().generation(Generation::Two);
    assert_eq!(two.trigger(&same).await.unwrap_err().kind(), ErrorKind::Conflict);
    airflow.trigger(&same).await.unwrap();
    let dateless = airflow.trigger(&Trigger::new(dag, "dateless".parse().unwrap())).await.unwrap();
    assert_eq!(dateless.execution_date, None);
}
