//! The way back: only what this run changed, in reverse order, as a plan of its own.

use ops_client::ErrorKind;
use ops_plan::{Danger, Error, Outcome, Verdict};

use crate::lab::{Lab, approve};
use crate::world::{Paint, Reply, Spec};

fn two_coats() -> Paint {
    Paint::phases(vec![(1, (0..3).map(Spec::new).collect()), (1, (3..6).map(Spec::new).collect())])
}

#[tokio::test(start_paused = true)]
async fn an_undo_takes_back_what_this_run_changed_and_nothing_else() {
    let lab = Lab::new();
    // One has another colour before, one is painted by somebody else between plan and run.
    lab.world.set(4, 7);
    let (dir, approved) = lab.prepared(&two_coats()).await;
    lab.world.set(1, 1);
    let report = lab.runner().run(&lab.registry, &dir, approved).await.unwrap();
    assert_eq!((report.outcome, report.changed, report.already), (Outcome::Done, 5, 1));

    let undo = lab.runner().plan_undo(&lab.registry, &dir).await.unwrap();
    let keys: Vec<String> = undo.cards().map(|card| card.key).collect();
    assert_eq!(keys, ["5:1-0", "4:1-7", "3:1-0", "2:1-0", "0:1-0"], "in reverse, without the other's");
    let phases: Vec<&str> = undo.head().phases.iter().map(|phase| phase.name.as_str()).collect();
    assert_eq!(phases, ["undo coat 2", "undo coat 1"]);
    assert_eq!(undo.head().undoes.as_deref(), Some(report.run.as_str()));
    assert!(undo.head().title.contains(&report.run), "{}", undo.head().title);
    assert_eq!(undo.head().subjects.len(), 1, "the same walls are held");
    assert!(undo.head().findings.is_empty());

    let (undo_dir, undo) = lab.runner().prepare(undo).unwrap();
    assert_eq!(undo_dir.info().unwrap().undoes.as_deref(), Some(report.run.as_str()));
    let report = lab.runner().run(&lab.registry, &undo_dir, approve(undo)).await.unwrap();
    assert_eq!((report.outcome, report.changed), (Outcome::Done, 5));
    let values: Vec<i64> = (0..6).map(|thing| lab.world.value(thing)).collect();
    assert_eq!(values, [0, 1, 0, 0, 7, 0]);
    let order = lab.world.state().order.clone();
    assert_eq!(order[5..], keys, "in the order of the plan");

    // The way back of the way back.
    let again = lab.runner().plan_undo(&lab.registry, &undo_dir).await.unwrap();
    let report = lab.runner().start(&lab.registry, approve(again)).await.unwrap();
    assert_eq!(report.outcome, Outcome::Done);
    assert!((0..6).all(|thing| lab.world.value(thing) == 1));
}

#[tokio::test(start_paused = true)]
async fn a_stopped_run_is_undone_as_far_as_it_came() {
    let lab = Lab::new();
    lab.world.reply(4, [Reply::refused(ErrorKind::Rejected)]);
    let paint = Paint::phases(vec![(1, (0..6).map(|i| Spec::new(i).danger(Danger::Disruptive)).collect())]);
    let (dir, report) = lab.run(&paint).await;
    let report = report.unwrap();
    assert_eq!((report.outcome, report.changed), (Outcome::Stopped, 4));
    let undo = lab.runner().plan_undo(&lab.registry, &dir).await.unwrap();
    assert_eq!(undo.len(), 4);
    // A world that moved stops the way back as well.
    lab.world.set(3, 9);
    let report = lab.runner().start(&lab.registry, approve(undo)).await.unwrap();
    assert_eq!(report.outcome, Outcome::Stopped);
    assert_eq!(lab.world.value(3), 9);
}

#[tokio::test(start_paused = true)]
async fn what_has_no_way_back_is_said_before() {
    let lab = Lab::new();
    let specs = vec![Spec::new(0).forgetful(), Spec::new(1), Spec::new(2).forgetful()];
    let (dir, report) = lab.run(&Paint::phases(vec![(1, specs)])).await;
    report.unwrap();
    let undo = lab.runner().plan_undo(&lab.registry, &dir).await.unwrap();
    assert_eq!(undo.len(), 1);
    let finding = &undo.head().findings[0];
    assert_eq!((finding.guard.as_str(), finding.verdict), ("no-way-back", Verdict::Warn));
    assert!(finding.text.starts_with("2 of 3 changes cannot be taken back"), "{}", finding.text);
}

/// Nothing was kept at all: there is no file of facts, and that is no error.
#[tokio::test(start_paused = true)]
async fn a_run_without_facts_can_be_asked_for_its_way_back() {
    let lab = Lab::new();
    let (dir, report) = lab.run(&Paint::alike(2, 1, Spec::forgetful)).await;
    report.unwrap();
    let undo = lab.runner().plan_undo(&lab.registry, &dir).await.unwrap();
    assert!(undo.is_empty());
    assert_eq!(undo.head().findings.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_not_taken_back() {
    let lab = Lab::new();
    let wait = Spec::new(9).danger(Danger::Nothing);
    let paint = Paint::phases(vec![(1, vec![Spec::new(0)]), (1, vec![wait.clone()])]);
    let (dir, approved) = lab.prepared(&paint).await;
    let world = lab.world.clone();
    tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        world.set(9, 1);
    });
    let report = lab.runner().run(&lab.registry, &dir, approved).await.unwrap();
    assert_eq!((report.outcome, report.left), (Outcome::Done, 0));
    let undo = lab.runner().plan_undo(&lab.registry, &dir).await.unwrap();
    assert_eq!(undo.len(), 1);
    assert!(undo.head().findings.is_empty(), "nobody misses a way back from a wait: {:?}", undo.head().findings);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_changed_nothing_has_nothing_to_undo() {
    let lab = Lab::new();
    (0..6).for_each(|thing| lab.world.set(thing, 1));
    let (dir, report) = lab.run(&two_coats()).await;
    assert_eq!(report.unwrap().already, 6);
    let error = lab.runner().plan_undo(&lab.registry, &dir).await.unwrap_err();
    assert!(matches!(&error, Error::Refused(why) if why.problems[0].guard == "nothing-to-undo"), "{error}");
}

/// A process dies before it writes down what it saw: what it may have changed is taken back too, without resuming first.
#[tokio::test(start_paused = true)]
async fn what_a_dead_process_may_have_changed_is_taken_back() {
    let mut deaths = 0;
    for number in 0..40 {
        let lab = Lab::new();
        let (dir, approved) = lab.prepared(&Paint::alike(4, 2, |spec| spec)).await;
        if !lab.run_until(&dir, Some(approved), number).await {
            continue;
        }
        deaths += 1;
        match lab.runner().plan_undo(&lab.registry, &dir).await {
            Ok(undo) => {
                let report = lab.runner().start(&lab.registry, approve(undo)).await.unwrap();
                assert_eq!(report.outcome, Outcome::Done, "event {number}");
            }
            Err(Error::Refused(_)) => {}
            Err(error) => panic!("event {number}: {error}"),
        }
        let values: Vec<i64> = (0..4).map(|thing| lab.world.value(thing)).collect();
        assert_eq!(values, [0; 4], "event {number}");
    }
    assert!(deaths > 5, "{deaths}");
}
