//! What a user relies on.

use std::time::{Duration, Instant};

use metapod_client::Effect;
use ops_client::ErrorKind;
use ops_plan::{Approval, Outcome, Stop, Target};
use ops_restate::Stage;
use ops_sandbox::{Fault, Operation, World};

use crate::stage::{Stand, dataset, ended, in_memory, not_once, plan, put_night, transaction, yes};

/// Long enough for a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread")]
async fn a_night_is_retracted_and_proved() {
    let Some(stand) = Stand::new().await else { return };
    put_night(&stand.world, 1, 700);
    let plan = plan(&stand.host(), 1).await;
    let run = stand.engine.submit(&plan, None, "ada").await.unwrap().run;
    let before = stand.engine.status(&run).await.unwrap().unwrap();
    assert_eq!((before.stage, before.planned, before.digest), (Stage::Waiting, 700, plan.digest()));
    stand.engine.approve(&run, &yes(&plan)).await.unwrap();
    let status = ended(&stand.engine, &run, PATIENCE).await;
    assert!(matches!(status.stage, Stage::Ended { outcome: Outcome::Done, .. }), "{status:?}");
    assert_eq!((status.progress.done, status.progress.performed), (700, 700));
    assert_eq!(not_once(&stand.world, 1, 700), []);
    let report = stand.engine.report(&run).await.unwrap().unwrap();
    assert_eq!((report.changed, report.already, report.left), (700, 0, 0));
    assert!(report.findings.iter().any(|finding| finding.text == "schema is null for 700 datasets"), "{report:?}");
    assert_eq!(stand.engine.runs().await.unwrap(), [run.as_str()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_for_another_plan_is_refused() {
    let Some(stand) = Stand::new().await else { return };
    put_night(&stand.world, 1, 30);
    put_night(&stand.world, 2, 30);
    let (meant, other) = (plan(&stand.host(), 1).await, plan(&stand.host(), 2).await);
    let run = stand.engine.submit(&meant, Some("night-1"), "ada").await.unwrap().run;
    let refused = stand.engine.approve(&run, &yes(&other)).await.unwrap_err();
    assert_eq!((refused.kind(), refused.effect()), (ErrorKind::Invalid, Effect::None));
    let words = refused.to_string();
    assert!(words.contains(&meant.digest().short()) && words.contains(&other.digest().short()), "{words}");
    // All that is missing is told, and the run still waits.
    let empty = Approval::new(meant.digest(), "ada", yes(&meant).at);
    let words = stand.engine.approve(&run, &empty).await.unwrap_err().to_string();
    assert!(words.contains("expected-count") && words.contains("share"), "{words}");
    assert_eq!(stand.engine.status(&run).await.unwrap().unwrap().stage, Stage::Waiting);
    assert_eq!(stand.world.effects(dataset(1, 0)), 0);
    stand.engine.approve(&run, &yes(&meant)).await.unwrap();
    ended(&stand.engine, &run, PATIENCE).await;
    // A word is given once.
    let again = stand.engine.approve(&run, &yes(&meant)).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Conflict);
    assert_eq!(not_once(&stand.world, 1, 30), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_name_is_the_same_run() {
    let Some(stand) = Stand::new().await else { return };
    put_night(&stand.world, 1, 30);
    put_night(&stand.world, 2, 30);
    let meant = plan(&stand.host(), 1).await;
    let first = stand.engine.submit(&meant, None, "ada").await.unwrap();
    let second = stand.engine.submit(&meant, None, "grace").await.unwrap();
    assert_eq!((first.before, second.before, &first.run), (false, true, &second.run));
    let other = plan(&stand.host(), 2).await;
    let refused = stand.engine.submit(&other, Some(&first.run), "ada").await.unwrap_err();
    assert!(refused.to_string().contains("has another plan already"), "{refused}");
    let refused = stand.engine.submit(&other, Some("../etc"), "ada").await.unwrap_err();
    assert!(refused.to_string().contains("no name of a run"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_of_one_subject_one_runs_and_one_is_told_who_holds_it() {
    let Some(stand) = Stand::new().await else { return };
    put_night(&stand.world, 1, 60);
    stand.world.faults().sometimes(1.0, Operation::RetractCommittedDataset, Fault::Delay(Duration::from_millis(200)));
    let first = plan(&stand.host(), 1).await;
    let second = plan(&stand.host(), 1).await;
    stand.engine.submit(&first, Some("first"), "ada").await.unwrap();
    stand.engine.submit(&second, Some("second"), "grace").await.unwrap();
    stand.engine.approve("first", &yes(&first)).await.unwrap();
    stand.until("first", |status| status.progress.performed > 0 || matches!(status.stage, Stage::Running { .. })).await;
    stand.engine.approve("second", &yes(&second)).await.unwrap();
    ended(&stand.engine, "second", PATIENCE).await;
    let report = stand.engine.report("second").await.unwrap().unwrap();
    assert_eq!((report.outcome, report.changed, report.left), (Outcome::Stopped, 0, 60));
    let Some(Stop::Held(who)) = report.stop else { panic!("{report:?}") };
    assert_eq!(who, format!("transaction {} is held by run first of ada", transaction(1)));
    assert_eq!(
        stand.engine.holder("staging", "transaction", &transaction(1).to_string()).await.unwrap().unwrap().0,
        "first"
    );
    assert!(matches!(ended(&stand.engine, "first", PATIENCE).await.stage, Stage::Ended { outcome: Outcome::Done, .. }));
    assert_eq!(not_once(&stand.world, 1, 60), []);
    stand.free("transaction", &transaction(1).to_string()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_is_acknowledged_at_once_and_what_is_out_ends_first() {
    let Some(stand) = Stand::new().await else { return };
    put_night(&stand.world, 1, 600);
    stand.world.faults().sometimes(1.0, Operation::RetractCommittedDataset, Fault::Delay(Duration::from_millis(100)));
    let plan = plan(&stand.host(), 1).await;
    let run = stand.engine.submit(&plan, None, "ada").await.unwrap().run;
    stand.engine.approve(&run, &yes(&plan)).await.unwrap();
    // Beyond the ramp, with all parts out.
    stand.changed(1, 600, 40).await;
    let asked = Instant::now();
    assert!(stand.engine.cancel(&run).await.unwrap());
    let acknowledged = asked.elapsed();
    ended(&stand.engine, &run, PATIENCE).await;
    let over = asked.elapsed();
    println!("a cancel was acknowledged after {acknowledged:?}, the run was over after {over:?}");
    assert!(acknowledged < Duration::from_secs(1), "{acknowledged:?}");
    let report = stand.engine.report(&run).await.unwrap().unwrap();
    assert_eq!((report.outcome, report.stop.clone()), (Outcome::Cancelled, Some(Stop::Asked)), "{report:?}");
    // Every effect is told, and nothing goes on behind the report's back.
    let effects = stand.effects(1, 600);
    assert_eq!((report.changed + report.already, report.left), (effects, 600 - effects), "{report:?}");
    assert!(effects < 600, "it was over before it was cancelled");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(stand.effects(1, 600), effects);
    assert!(!stand.engine.cancel(&run).await.unwrap());
    // What is left is planned again, and done.
    stand.world.faults().clear();
    let rest = crate::stage::plan(&stand.host(), 1).await;
    assert_eq!(rest.len(), 600 - effects);
    let run = stand.engine.submit(&rest, None, "ada").await.unwrap().run;
    stand.engine.approve(&run, &yes(&rest)).await.unwrap();
    ended(&stand.engine, &run, PATIENCE).await;
    assert_eq!(not_once(&stand.world, 1, 600), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cancels_again_and_again_gets_the_same_report() {
    let Some(stand) = Stand::new().await else { return };
    put_night(&stand.world, 1, 600);
    stand.world.faults().sometimes(1.0, Operation::RetractCommittedDataset, Fault::Delay(Duration::from_millis(20)));
    let plan = plan(&stand.host(), 1).await;
    let run = stand.engine.submit(&plan, None, "ada").await.unwrap().run;
    stand.engine.approve(&run, &yes(&plan)).await.unwrap();
    stand.changed(1, 600, 40).await;
    while stand.engine.cancel(&run).await.unwrap() {}
    let report = stand.engine.report(&run).await.unwrap().unwrap();
    let effects = stand.effects(1, 600);
    assert_eq!(
        (report.outcome, report.changed, report.left),
        (Outcome::Cancelled, effects, 600 - effects),
        "{report:?}"
    );
    stand.free("transaction", &transaction(1).to_string()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_engines_own_tools_end_ends_the_run() {
    for (how, outcome) in [("cancel", Outcome::Cancelled), ("kill", Outcome::Unknown)] {
        let Some(stand) = Stand::new().await else { return };
        put_night(&stand.world, 1, 600);
        stand.world.faults().sometimes(
            1.0,
            Operation::RetractCommittedDataset,
            Fault::Delay(Duration::from_millis(50)),
        );
        let plan = plan(&stand.host(), 1).await;
        let run = stand.engine.submit(&plan, None, "ada").await.unwrap().run;
        stand.engine.approve(&run, &yes(&plan)).await.unwrap();
        stand.changed(1, 600, 40).await;
        stand.end_a_part(how).await;
        ended(&stand.engine, &run, PATIENCE).await;
        let report = stand.engine.report(&run).await.unwrap().unwrap();
        assert_eq!(report.outcome, outcome, "{how}: {report:?}");
        let effects = stand.effects(1, 600);
        assert!((40..600).contains(&effects), "{how}: {effects}");
        assert_eq!((report.changed, report.already, report.left), (effects, 0, 600 - effects), "{how}: {report:?}");
        stand.free("transaction", &transaction(1).to_string()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_can_be_cancelled() {
    let Some(stand) = Stand::new().await else { return };
    put_night(&stand.world, 1, 30);
    let plan = plan(&stand.host(), 1).await;
    let run = stand.engine.submit(&plan, None, "ada").await.unwrap().run;
    stand.begun(&run).await;
    assert!(stand.engine.cancel(&run).await.unwrap());
    ended(&stand.engine, &run, PATIENCE).await;
    let report = stand.engine.report(&run).await.unwrap().unwrap();
    assert_eq!((report.outcome, report.changed, report.left), (Outcome::Cancelled, 0, 30));
    assert_eq!(stand.engine.approve(&run, &yes(&plan)).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(stand.effects(1, 30), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_for_elsewhere_is_refused() {
    let Some(stand) = Stand::new().await else { return };
    put_night(&stand.world, 1, 3);
    for target in [Target::new("prod"), Target::production("staging"), Target::sandbox()] {
        let recipe = crate::stage::recipe(1);
        let ask = ops_plan::Ask::new(&recipe, target, jiff::Timestamp::now()).unwrap();
        let plan = ops_plan::Host::plan(&in_memory(&stand.world), ask).await.unwrap();
        let refused = stand.engine.submit(&plan, None, "ada").await.unwrap_err();
        assert_eq!((refused.kind(), refused.effect()), (ErrorKind::Invalid, Effect::None), "{refused}");
    }
    assert_eq!(stand.engine.runs().await.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_that_was_changed_in_the_archive_never_runs() {
    let Some(stand) = Stand::new().await else { return };
    put_night(&stand.world, 1, 300);
    put_night(&stand.world, 2, 1);
    let plan = plan(&stand.host(), 1).await;
    let run = stand.engine.submit(&plan, None, "ada").await.unwrap().run;
    let block = stand.archive().join("runs").join(&run).join("block-00001.jsonl");
    let text = std::fs::read_to_string(&block).unwrap();
    let planned = (0..300).map(|number| dataset(1, number).to_string()).find(|id| text.contains(id)).unwrap();
    std::fs::write(&block, text.replace(&planned, &dataset(2, 0).to_string())).unwrap();
    let refused = stand.engine.approve(&run, &yes(&plan)).await.unwrap_err();
    assert!(refused.to_string().contains("digests differ"), "{refused}");
    assert_eq!(stand.effects(1, 300) + stand.effects(2, 1), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_handlers_plan_with_their_own_credentials() {
    let Some(stand) = Stand::new().await else { return };
    put_night(&stand.world, 1, 30);
    let question = serde_json::value::to_raw_value(&crate::stage::recipe(1)).unwrap();
    let engine = &stand.engine;
    let submitted = engine.plan("staging", "retract-datasets", question.clone(), "by-desk", "ada").await.unwrap();
    let (head, cards) = engine.page("by-desk", 0).await.unwrap();
    assert_eq!((head.digest().unwrap(), cards.len()), (submitted.digest, 30));
    let again = engine.plan("staging", "retract-datasets", question.clone(), "by-desk", "ada").await.unwrap();
    assert_eq!((again.digest, again.before), (submitted.digest, true));
    let other = serde_json::value::to_raw_value(&crate::stage::recipe(2)).unwrap();
    let refused = engine.plan("staging", "retract-datasets", other, "by-desk", "ada").await.unwrap_err();
    assert!(refused.to_string().contains("run by-desk is another one"), "{refused}");
    let unknown = engine.plan("staging", "retract-everything", question, "by-desk-2", "ada").await.unwrap_err();
    assert!(unknown.to_string().contains("there is retract-datasets"), "{unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_known_of_a_run_that_never_was() {
    let Some(stand) = Stand::new().await else { return };
    let world = World::seeded(3);
    put_night(&world, 1, 3);
    let plan = plan(&in_memory(&world), 1).await;
    assert_eq!(stand.engine.status("nobody").await.unwrap(), None);
    assert!(stand.engine.report("nobody").await.unwrap().is_none());
    let refused = stand.engine.approve("nobody", &yes(&plan)).await.unwrap_err();
    assert!(refused.to_string().contains("no plan was handed in"), "{refused}");
    assert_eq!(stand.engine.cancel("nobody").await.unwrap_err().kind(), ErrorKind::Conflict);
    assert!(stand.engine.due().await.unwrap().is_empty());
}
